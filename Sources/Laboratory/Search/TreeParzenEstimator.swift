import Platform
import Tensors

/// What a trial came to, as those that choose the next settings see it. Larger is better.
struct TrialOutcome {
  enum Standing {
    case finished(Double)
    /// Ended early at an epoch, with the value that it reported there.
    case pruned(epoch: Int, Double)
    case failed
    case underWay
  }
  let number: Int
  let settings: [SettingDraw.Setting]
  let standing: Standing
}

/// The tree-structured Parzen estimator, one setting at a time.
///
/// Bergstra, Bardenet, Bengio, Kégl, "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, section 4. The trials that have a setting
/// are parted into the better 15 % (at least one, at most 25) and the rest; of 24 values drawn from the density l of the better ones the
/// one with the largest l/g is taken, g that of the rest: it has the largest expected improvement among them.
///
/// Departs from the paper in that 15 % of the trials, by chance, are random ones altogether: a choice whose first trials had bad values of what
/// depends on it would hardly be tried again. The first `startup` trials are random, too. Trials that were pruned stand behind all finished
/// ones, those that came farther first; failed ones and those under way in other processes count among the rest, which keeps processes apart
/// that choose at the same time. Values are a pure function of the seed, the trial's number, the setting's name, and the outcomes.
struct TreeParzenEstimator {
  let seed: UInt64
  /// Trials that must have ended, failed ones aside, before it chooses.
  let startup: Int
  static let candidates = 24
  static let betterShare = 0.15
  static let randomShare = 0.15

  /// O(trials · candidates).
  func value(trial: Int, _ name: String, _ dimension: SearchDimension, _ outcomes: [TrialOutcome]) -> SearchValue {
    let parts = Self.parted(outcomes, by: name, dimension)
    guard Self.endedCount(outcomes) >= startup, !parts.better.isEmpty, !isRandom(trial) else {
      return RandomSettings.value(seed: seed, trial: trial, name, dimension)
    }
    var generator = RandomSettings.stream(seed: seed, trial: trial, name: name).substream(1).generator()
    if case .choice(let values) = dimension.kind {
      return Self.choice(of: values, better: parts.better, rest: parts.rest, &generator)
    }
    return Self.place(in: dimension, better: parts.better, rest: parts.rest, &generator)
  }

  /// Whether a trial is a random one, whatever others came to.
  func isRandom(_ trial: Int) -> Bool {
    RandomStream(seed: seed, purpose: "search at random", trial).uniformDouble(at: 0) < Self.randomShare
  }

  private static func endedCount(_ outcomes: [TrialOutcome]) -> Int {
    outcomes.count { outcome in
      switch outcome.standing {
      case .finished, .pruned: true
      case .failed, .underWay: false
      }
    }
  }

  /// The values of a setting in the better trials that have it, and in the others.
  static func parted(_ outcomes: [TrialOutcome], by name: String, _ dimension: SearchDimension) -> (
    better: [SearchValue], rest: [SearchValue]
  ) {
    let text = dimension.text
    let having = outcomes.compactMap { outcome in
      outcome.settings.first { $0.name == name && $0.dimension == text }.map { (outcome, $0.value) }
    }
    let ended = having.filter { rank($0.0) != nil }.sorted { rank($0.0)! < rank($1.0)! }
    let others = having.filter { rank($0.0) == nil }
    let count = ended.isEmpty ? 0 : min(25, Int((betterShare * Double(ended.count)).rounded(.up)))
    return (ended.prefix(count).map(\.1), (ended.dropFirst(count) + others).map(\.1))
  }

  /// The order of trials, the best first; `nil` for one that has no value.
  private static func rank(_ outcome: TrialOutcome) -> (Int, Double, Int)? {
    switch outcome.standing {
    case .finished(let value): (0, -value, outcome.number)
    case .pruned(let epoch, let value): (1 + (Int.max / 2 - epoch), -value, outcome.number)
    case .failed, .underWay: nil
    }
  }

  // MARK: One setting

  private static func choice(
    of values: [SearchValue], better: [SearchValue], rest: [SearchValue], _ generator: inout RandomStream.Generator
  ) -> SearchValue {
    let good = shares(of: better, among: values)
    let bad = shares(of: rest, among: values)
    let drawn = (0..<candidates).map { _ in place(of: generator.share(), in: good) }
    return values[best(drawn) { log(good[$0]) - log(bad[$0]) }]
  }

  /// How often each value was taken, with one more observation spread over all.
  static func shares(of taken: [SearchValue], among values: [SearchValue]) -> [Double] {
    values.map { value in
      (Double(taken.count { $0 == value }) + 1 / Double(values.count)) / Double(taken.count + 1)
    }
  }

  private static func place(of share: Double, in shares: [Double]) -> Int {
    var sum = 0.0
    for (index, part) in shares.enumerated() {
      sum += part
      if share < sum { return index }
    }
    return shares.count - 1
  }

  private static func place(
    in dimension: SearchDimension, better: [SearchValue], rest: [SearchValue],
    _ generator: inout RandomStream.Generator
  ) -> SearchValue {
    let (low, high) = dimension.coordinates
    let good = ParzenMixture(better.compactMap(dimension.coordinate), low: low, high: high)
    let bad = ParzenMixture(rest.compactMap(dimension.coordinate), low: low, high: high)
    let drawn = (0..<candidates).map { _ in good.draw(using: &generator) }
    let found = best(drawn) { x in
      guard case .integer(let number) = dimension.value(ofCoordinate: x) else {
        return good.logDensity(at: x) - bad.logDensity(at: x)
      }
      let edge = dimension.edge(number)
      return good.logProbability(from: edge.low, to: edge.high) - bad.logProbability(from: edge.low, to: edge.high)
    }
    return dimension.value(ofCoordinate: found)
  }

  /// The first with the largest value.
  private static func best<Candidate>(_ candidates: [Candidate], _ value: (Candidate) -> Double) -> Candidate {
    var best = (candidates[0], value(candidates[0]))
    for candidate in candidates.dropFirst() {
      let value = value(candidate)
      if value > best.1 { best = (candidate, value) }
    }
    return best.0
  }
}
