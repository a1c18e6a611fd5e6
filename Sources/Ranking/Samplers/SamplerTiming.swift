/// What the negatives of a batch cost, in seconds: the fastest of several repeats.
public struct SamplerTiming: Sendable {
  /// `refresh` the first time, with all that is due: clusters that are made anew.
  public let firstRefresh: Double
  /// The same for a batch that the sampler knows.
  public let refresh: Double
  /// All draws of the batch.
  public let draw: Double
  /// Negatives of the batch.
  public let negatives: Int
}

extension Trainer {
  /// Draws the negatives of the batch that the trainer stands before, `repeats` times, and trains nothing.
  ///
  /// - Throws: As `trainBatch`.
  public func timeSampler(repeats: Int) throws -> SamplerTiming {
    try inNextBatch { position, objective, sampler in
      let batch = try open(at: position, objective.loss, sampler, negatives: nil)
      return try trainingStep.timeNegatives(batch, sampler, objective, repeats: repeats) {
        order.copy(place..<place + batch.rowCount, $0, $1, width: $2)
      }
    }
  }
}
