/// What became of one epoch.
public struct EpochRecord: Sendable {
  public let epoch: Int
  /// Mean of the batches' losses, without regularisation.
  public let loss: Double
  /// Seconds spent training, without evaluation.
  public let seconds: Double
  /// Empty in epochs without evaluation.
  public internal(set) var metrics: [(name: String, value: Double)] = []
}

/// The evaluation that early stopping found best.
public struct BestEpoch: Sendable, Equatable {
  public let epoch: Int
  public let metric: String
  /// The part that was evaluated, `valid` or `test`.
  public let part: String
  public let value: Double

  package init(epoch: Int, metric: String, part: String, value: Double) {
    self.epoch = epoch
    self.metric = metric
    self.part = part
    self.value = value
  }
}
