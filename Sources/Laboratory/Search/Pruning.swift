/// Values that a trial reported, by epoch, ascending. Larger is better.
struct ReportedCurve {
  var points: [(epoch: Int, value: Double)] = []

  var lastEpoch: Int { points.last?.epoch ?? 0 }

  /// The first value at an epoch or behind it.
  func first(from epoch: Int) -> Double? { points.first { $0.epoch >= epoch }?.value }
}

/// Which trials are not worth more epochs, by what others had at the same point.
///
/// None ends after an epoch that no other has gone beyond: it may be its last, and then there is nothing to save.
public enum Pruning: Equatable, Sendable {
  case none
  /// Successive halving without waiting: at the epochs `first`, `first · factor`, `first · factor²`, ... a trial goes on if it is among the
  /// best 1/`factor` of those that were there before it, itself included, or the best of fewer than `factor`.
  ///
  /// Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020, algorithm 2 (ASHA). Departs from it in that a trial which
  /// falls short ends, where the paper would keep it to be taken up later.
  case halving(first: Int, factor: Int)
  /// A trial ends if its best value so far is below the median of the means, up to the same epoch, of those that finished; as long as
  /// fewer than `trials` did, or up to the epoch `after`, none ends.
  ///
  /// Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section 3.2.2.
  case median(trials: Int, after: Int)

  /// As it is compared when a study goes on.
  var text: String {
    switch self {
    case .none: "none"
    case .halving(let first, let factor): "halving(first = \(first), factor = \(factor))"
    case .median(let trials, let after): "median(trials = \(trials), after = \(after))"
    }
  }

  /// The rung of halving that the last report of a curve reached; `nil` where it reached none that it was not at before.
  func rung(reachedBy curve: ReportedCurve) -> Int? {
    guard case .halving(let first, let factor) = self, let last = curve.points.last, last.epoch >= first else {
      return nil
    }
    var rung = first
    while rung <= last.epoch / factor { rung *= factor }
    let before = curve.points.dropLast().last?.epoch ?? 0
    return before < rung ? rung : nil
  }

  /// Whether a trial goes on after its last report.
  ///
  /// - Parameters:
  ///   - others: Of all other trials that reported (halving), or of those that finished (median).
  func goesOn(_ curve: ReportedCurve, others: [ReportedCurve]) -> Bool {
    guard let last = curve.points.last, others.contains(where: { $0.lastEpoch > last.epoch }) else { return true }
    switch self {
    case .none: return true
    case .halving(_, let factor):
      guard let rung = rung(reachedBy: curve) else { return true }
      let there = others.compactMap { $0.first(from: rung) }
      let kept = max(1, (there.count + 1) / factor)
      return there.count { $0 > last.value } < kept
    case .median(let trials, let after):
      guard last.epoch > after, others.count >= trials, let best = curve.points.map(\.value).max() else { return true }
      let means = others.compactMap { Self.mean($0, upTo: last.epoch) }
      return means.isEmpty || best >= Self.median(means)
    }
  }

  private static func mean(_ curve: ReportedCurve, upTo epoch: Int) -> Double? {
    let values = curve.points.filter { $0.epoch <= epoch }.map(\.value)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
