import Platform
import Tensors
import Testing

@testable import Laboratory

/// The tree-structured Parzen estimator: its densities, and that it finds what it looks for.
@Suite struct EstimatorTests {
  // MARK: Densities

  /// The density of the mixture, written down anew: by definition and with a sum in place of the error function.
  private func plainDensity(_ observations: [Double], _ low: Double, _ high: Double, at x: Double) -> Double {
    let range = high - low
    let centers = (observations + [(low + high) / 2]).sorted()
    var sum = 0.0
    var widePartIsDone = false
    for (index, center) in centers.enumerated() {
      var deviation = max(
        index > 0 ? center - centers[index - 1] : 0, index < centers.count - 1 ? centers[index + 1] - center : 0)
      deviation = min(range, max(deviation, range / Double(min(100, centers.count + 1))))
      if center == (low + high) / 2, !widePartIsDone { (deviation, widePartIsDone) = (range, true) }
      func bell(_ x: Double) -> Double { exp(-((x - center) / deviation) * ((x - center) / deviation) / 2) }
      let steps = 4000
      let mass = (0..<steps).reduce(0.0) {
        $0 + bell(low + (Double($1) + 0.5) * range / Double(steps)) * range / Double(steps)
      }
      sum += bell(x) / mass
    }
    return sum / Double(centers.count)
  }

  @Test(arguments: 0..<12) func densitiesAgreeWithTheirDefinition(_ round: Int) {
    let stream = RandomStream(seed: 11, purpose: "densities", round)
    let low = stream.uniformDouble(at: 0) * 10 - 5
    let high = low + 0.01 + stream.uniformDouble(at: 1) * 20
    let observations = (0..<round * 3).map { low + (high - low) * pow(stream.uniformDouble(at: UInt64(10 + $0)), 2) }
    let mixture = ParzenMixture(observations, low: low, high: high)
    for place in 0...20 {
      let x = low + (high - low) * Double(place) / 20
      let plain = plainDensity(observations, low, high, at: x)
      #expect(abs(exp(mixture.logDensity(at: x)) / plain - 1) < 1e-5)
    }
    // Probabilities of parts are sums of the density, and all of them are one.
    let parts = (0..<40).map { low + (high - low) * Double($0) / 40 }
    let probabilities = parts.map { exp(mixture.logProbability(from: $0, to: $0 + (high - low) / 40)) }
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-9)
    let first = (0..<200).reduce(0.0) {
      $0 + exp(mixture.logDensity(at: low + (Double($1) + 0.5) * (high - low) / 8000)) * (high - low) / 8000
    }
    #expect(abs(first / probabilities[0] - 1) < 1e-3)
  }

  @Test func observationsAtTheEndsAndAllTheSameHaveADensity() {
    for observations in [[0.0], [1, 1, 1], [0, 1], [Double](repeating: 0.5, count: 300)] {
      let mixture = ParzenMixture(observations, low: 0, high: 1)
      for x in [0.0, 0.3, 0.5, 1] { #expect(mixture.logDensity(at: x).isFinite) }
      #expect(abs(exp(mixture.logProbability(from: 0, to: 1)) - 1) < 1e-9)
    }
  }

  @Test func drawsHaveTheDensity() {
    let mixture = ParzenMixture([0.1, 0.15, 0.8, 0], low: 0, high: 1)
    var generator = RandomStream(seed: 2, purpose: "draws").generator()
    let count = 20_000
    let drawn = (0..<count).map { _ in mixture.draw(using: &generator) }
    for part in 0..<10 {
      let (from, to) = (Double(part) / 10, Double(part + 1) / 10)
      let share = Double(drawn.count { $0 >= from && $0 < to }) / Double(count)
      #expect(abs(share - exp(mixture.logProbability(from: from, to: to))) < 0.015)
    }
    #expect(drawn.allSatisfy { (0...1).contains($0) })
  }

  @Test func sharesOfChoicesHaveOneMoreObservation() {
    let values: [SearchValue] = [.string("a"), .string("b"), .string("c"), .string("d")]
    #expect(
      TreeParzenEstimator.shares(of: [values[0], values[0], values[1]], among: values) == [
        0.5625, 0.3125, 0.0625, 0.0625,
      ])
    #expect(TreeParzenEstimator.shares(of: [], among: values) == [0.25, 0.25, 0.25, 0.25])
  }

  // MARK: Better and rest

  @Test func theBetterOnesAreParted() throws {
    let dimension = try SearchDimension(.integer(low: 1, high: 100, isLog: false))
    func outcome(_ number: Int, _ standing: TrialOutcome.Standing, has: Bool = true) -> TrialOutcome {
      let setting = SettingDraw.Setting(name: "x", value: .integer(number), dimension: dimension.text)
      return TrialOutcome(number: number, settings: has ? [setting] : [], standing: standing)
    }
    let outcomes =
      [
        outcome(1, .pruned(epoch: 9, 100)), outcome(2, .failed), outcome(3, .finished(1)), outcome(4, .finished(3)),
        outcome(5, .underWay), outcome(6, .finished(9), has: false), outcome(7, .pruned(epoch: 10, -5)),
      ] + (8...16).map { outcome($0, .finished(3 - Double($0))) }
    let parts = TreeParzenEstimator.parted(outcomes, by: "x", dimension)
    // 13 have a value: two are the better ones.
    #expect(parts.better == [.integer(4), .integer(3)])
    #expect(
      parts.rest == ((8...16).map { SearchValue.integer($0) } + [.integer(7), .integer(1), .integer(2), .integer(5)]))
    // The same name with another range is another setting.
    let other = try SearchDimension(.integer(low: 1, high: 101, isLog: false))
    #expect(TreeParzenEstimator.parted(outcomes, by: "x", other).better.isEmpty)
  }

  // MARK: What it finds

  private typealias Settings = [String: SearchValue]

  /// The best value of so many trials.
  private func best(
    _ seed: Int, trials: Int, usesEstimator: Bool, _ space: SearchSpace, _ value: (Settings) -> Double
  ) throws -> Double {
    let estimator = TreeParzenEstimator(seed: UInt64(seed), startup: 10)
    var outcomes: [TrialOutcome] = []
    var best = -Double.infinity
    for trial in 1...trials {
      let settings = try SettingDraw.settings(of: space) { name, dimension in
        usesEstimator
          ? estimator.value(trial: trial, name, dimension, outcomes)
          : RandomSettings.value(seed: UInt64(seed), trial: trial, name, dimension)
      }
      let found = value(Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.value) }))
      outcomes.append(TrialOutcome(number: trial, settings: settings, standing: .finished(found)))
      best = max(best, found)
    }
    return best
  }

  /// The mean over 30 seeds of the best value of 60 trials.
  private func means(_ space: SearchSpace, _ value: (Settings) -> Double) throws -> (estimator: Double, random: Double)
  {
    var sums = (0.0, 0.0)
    for seed in 1...30 {
      sums.0 += try best(seed, trials: 60, usesEstimator: true, space, value) / 30
      sums.1 += try best(seed, trials: 60, usesEstimator: false, space, value) / 30
    }
    return sums
  }

  @Test func itFindsTheTopOfAHill() throws {
    let range = try SearchDimension(.number(low: -5, high: 5, isLog: false))
    let found = try means({ draw in for name in ["x", "y"] { _ = try draw.value(name, range) } }) { settings in
      let (x, y) = (settings["x"]!.number!, settings["y"]!.number!)
      return -(x - 1) * (x - 1) - (y + 2) * (y + 2)
    }
    #expect(found.estimator > 0.5 * found.random)  // negative: half as far from 0
  }

  @Test func itFindsARateAndADimension() throws {
    let rate = try SearchDimension(.number(low: 1e-5, high: 1, isLog: true))
    let size = try SearchDimension(.integer(low: 8, high: 512, isLog: true))
    let found = try means({ draw in
      _ = try draw.value("rate", rate)
      _ = try draw.value("size", size)
    }) { settings in
      let (rate, size) = (log10(settings["rate"]!.number!), log2(settings["size"]!.number!))
      return -(rate + 2.5) * (rate + 2.5) - 0.5 * (size - 6) * (size - 6)
    }
    #expect(found.estimator > 0.5 * found.random)
  }

  @Test func itFindsTheChoiceAndWhatDependsOnIt() throws {
    let kinds = try SearchDimension(.choice((0..<6).map { .integer($0) }))
    let margin = try SearchDimension(.number(low: 0, high: 1, isLog: false))
    let found = try means({ draw in
      if case .integer(let kind) = try draw.value("kind", kinds), kind >= 3 {
        _ = try draw.value("margin \(kind)", margin)
      }
    }) { settings in
      let kind = Int(settings["kind"]!.number!)
      guard let margin = settings["margin \(kind)"]?.number else { return 0.5 + 0.01 * Double(kind) }
      return kind == 4 ? 1 - abs(margin - 0.77) : 0.4 - abs(margin - 0.2)
    }
    // The best choice is one of the worst where its margin is off: hard to find for whoever trusts the first trials.
    #expect(1 - found.estimator < 0.8 * (1 - found.random))
  }

  @Test func theFirstTrialsAreRandomOnes() throws {
    let dimension = try SearchDimension(.number(low: 0, high: 1, isLog: false))
    let estimator = TreeParzenEstimator(seed: 4, startup: 3)
    var outcomes: [TrialOutcome] = []
    for trial in 1...40 {
      let value = estimator.value(trial: trial, "x", dimension, outcomes)
      #expect(value == estimator.value(trial: trial, "x", dimension, outcomes))
      // A failed one is no start.
      let ended = outcomes.count { if case .finished = $0.standing { true } else { false } }
      let isRandom = value == RandomSettings.value(seed: 4, trial: trial, "x", dimension)
      #expect(isRandom == (ended < 3 || estimator.isRandom(trial)))
      outcomes.append(
        TrialOutcome(
          number: trial, settings: [.init(name: "x", value: value, dimension: dimension.text)],
          standing: trial == 2 ? .failed : .finished(Double(trial))))
    }
    #expect(abs((1...1000).count(where: estimator.isRandom) - 150) < 35)
  }
}
