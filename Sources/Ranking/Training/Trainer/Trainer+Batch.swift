import Interactions
import Platform

/// A batch taken apart: its rows, forward, gradients, and the step, by which the trainer goes on to the next one.
///
/// All of it speaks of the batch that the trainer stands before. Until it is applied or passed over nothing moves, and each part may
/// be asked for as often as one likes, with the same result.
extension Trainer {
  /// A batch's scores and loss.
  public struct ForwardReport: Sendable {
    /// The loss, without the L2 term and others.
    public let loss: Double
    /// Negatives of each positive, N.
    public let negativeCount: Int
    /// Dense items, `[B, N]`.
    public let negatives: [Int32]
    /// `[B, 1 + N]`: the positive's score, then those of its negatives.
    public let scores: [Float]
    /// The users' boundaries, `[B]`, where the model has any.
    public let boundaries: [Float]?
  }

  /// Dense users and positives of the batch, `[B]` each.
  public func nextRows() throws -> (users: [Int32], positives: [Int32]) {
    let order = place == 0 ? try orderOfEpoch(epoch + 1, length: epochLength, shuffled: shuffles) : order
    let rows = order.positives[place..<min(place + max(1, batchSize), epochLength)]
    return (rows.map(\.user), rows.map(\.item))
  }

  /// Scores the batch.
  ///
  /// - Parameter negatives: Dense items in place of drawn ones, `[B, N]`; drawn where `nil`.
  /// - Throws: As `trainBatch`.
  public func forward(negatives: [Int32]? = nil) throws -> ForwardReport {
    try inNextBatch { position, objective, sampler in
      let batch = try open(at: position, objective.loss, sampler, negatives: negatives)
      return report(try forward(batch, objective, sampler, at: position))
    }
  }

  /// Scores the batch and collects its gradients, those of the L2 term and of all others included.
  public func gradients(negatives: [Int32]? = nil) throws -> (
    forward: ForwardReport, gradients: GradientSet, terms: [TermValue]
  ) {
    try inNextBatch { position, objective, sampler in
      let batch = try open(at: position, objective.loss, sampler, negatives: negatives)
      let forward = try forward(batch, objective, sampler, at: position)
      let result = try gradients(of: forward, at: position)
      return (report(forward), result.gradients, result.terms)
    }
  }

  /// Steps by gradients, whichever batches they are of, and goes on to the next batch.
  ///
  /// - Parameters:
  ///   - loss: The batch's loss, for the reports.
  ///   - terms: The same of its terms.
  /// - Throws: `TrainingError` where the gradients are not of this trainer's parameters or are no numbers; nothing has moved then.
  public func apply(_ gradients: GradientSet, loss: Double, terms: [TermValue] = []) throws -> BatchReport {
    try inNextBatch { position, objective, sampler in
      let began = monotonicSeconds()
      let batch = try open(at: position, objective.loss, sampler, negatives: nil)
      try apply(gradients, batch, objective, at: position)
      return close(position, .init(loss: loss, terms: terms), batch.rowCount, began: began)
    }
  }

  /// Goes on to the next batch without a step.
  public func passOver(loss: Double, terms: [TermValue] = []) throws -> BatchReport {
    try inNextBatch { position, objective, sampler in
      let began = monotonicSeconds()
      let batch = try open(at: position, objective.loss, sampler, negatives: nil)
      return close(position, .init(loss: loss, terms: terms), batch.rowCount, began: began)
    }
  }

  /// Scores the batch so that the loss shows the parameters for which a snapshot holds values: a loss of a script shows them only
  /// when it is called, and who trains no further batch wants them too. Nothing moves.
  package func showAwaitedParameters() throws {
    guard !trainingStep.state.awaited.isEmpty else { return }
    try inBatch { position, objective, sampler in
      let batch = try open(at: position, objective.loss, sampler, negatives: nil)
      _ = try forward(batch, objective, sampler, at: position)
    }
  }

  private func report(_ forward: TrainingStep.Forward) -> ForwardReport {
    let (memory, rows, count) = (forward.memory, forward.batch.rowCount, forward.batch.negativeCount)
    return ForwardReport(
      loss: forward.value, negativeCount: count,
      negatives: (0..<rows).flatMap { row in
        UnsafeBufferPointer(start: memory.items.base + row * memory.width + 1, count: count)
      }, scores: Array(UnsafeBufferPointer(start: memory.scores.base, count: rows * memory.width)),
      boundaries: model.boundary.map { _ in
        Array(UnsafeBufferPointer(start: memory.channels[.boundary]!.base, count: rows))
      })
  }

  // MARK: Accumulation

  /// Adds a batch's gradients to those of the batches before it, and steps by their mean when there are enough of them, or the epoch
  /// ends. Returns what the batch was.
  func accumulate(
    _ batch: TrainingStep.Batch, _ objective: Objective, _ sampler: Sampler, at position: TrainingPosition
  ) throws -> TrainingStep.BatchValue {
    let forward = try forward(batch, objective, sampler, at: position)
    let (gradients, terms) = try gradients(of: forward, at: position)
    let value = TrainingStep.BatchValue(loss: forward.value, terms: terms, corrupted: forward.corrupted)
    var sum = accumulated ?? AccumulatedGradients()
    try sum.resolve(among: model.trainedParameters.adding(objective.parameters))
    sum.add(gradients)
    guard sum.batches >= accumulation || place + batch.rowCount >= epochLength else {
      accumulated = sum
      return value
    }
    sum.set.scale(1 / Float(sum.batches))
    try apply(sum.set, batch, objective, at: position)
    accumulated = nil
    return value
  }
}
