import Ranking

/// Stops a run when a metric has not improved for a while.
public struct EarlyStopping {
  public let metric: String
  /// Evaluations without improvement that end the run.
  public let patience: Int
  /// By how much a value must exceed the best to count.
  public let minimumImprovement: Double
  public private(set) var best: (epoch: Int, value: Double)?
  /// Evaluations since the best one.
  private(set) var misses = 0

  public init(metric: String, patience: Int, minimumImprovement: Double = 0) {
    self.metric = metric
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }

  enum Outcome { case improved, notImproved, noEvaluation }

  mutating func note(_ metrics: [(name: String, value: Double)], epoch: Int) throws -> Outcome {
    guard !metrics.isEmpty else { return .noEvaluation }
    guard let value = metrics.first(where: { $0.name == metric })?.value else {
      throw TrainingError.setting(
        "early stopping watches '\(metric)', but the evaluation gives \(metrics.map(\.name).joined(separator: ", "))")
    }
    if !value.isNaN, best.map({ value > $0.value + minimumImprovement }) ?? true {
      best = (epoch, value)
      misses = 0
      return .improved
    }
    misses += 1
    return .notImproved
  }

  /// Begins anew.
  mutating func reset() { (best, misses) = (nil, 0) }

  /// Goes on where a checkpoint was.
  mutating func resume(best: (epoch: Int, value: Double)?, misses: Int) { (self.best, self.misses) = (best, misses) }

  public var isExhausted: Bool { misses >= patience }
}
