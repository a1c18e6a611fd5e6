extension Trainer {
  /// What one batch did.
  public struct BatchReport: Sendable {
    public let epoch: Int
    /// The batch's number over all epochs, from 1.
    public let step: Int
    /// The loss before the step, without regularization.
    public let loss: Double
    /// What the terms added to it, before the step.
    public let terms: [TermValue]
    /// Where the trainer counts them.
    public let corrupted: CorruptedSamples?
    /// Positives in the batch.
    public let size: Int
    /// Whether the epoch ended with this batch.
    public let endsEpoch: Bool
  }

  /// What one epoch did.
  public struct EpochReport: Sendable {
    public let epoch: Int
    /// Mean of the batches' losses.
    public let loss: Double
    /// Of each term the mean over the batches that had it.
    public let terms: [TermValue]
    /// Of the batches in which the trainer counted them; `nil` where there is none.
    public let corrupted: CorruptedSamples?
    /// Of the triplets, where they are learned.
    public let weights: WeightSummary?
    public let batches: Int
    /// Seconds spent in batches.
    public let seconds: Double
  }

  /// The epoch under way so far, or the one just finished.
  public var currentEpochReport: EpochReport {
    EpochReport(
      epoch: epoch, loss: epochLoss / Double(max(1, epochBatches)), terms: epochTerms.means,
      corrupted: epochCorrupted, weights: importance?.summary(of: epoch), batches: epochBatches, seconds: epochSeconds)
  }
}
