import Interactions
import Platform

/// What a batch is made of, whichever way it is trained: opened, scored, stepped, closed.
extension Trainer {
  /// Everything about the next batch, resolved.
  ///
  /// - Parameter negatives: Dense items in place of drawn ones, `[B, N]`.
  func open(at position: TrainingPosition, _ loss: Loss, _ sampler: Sampler, negatives: [Int32]?) throws
    -> TrainingStep.Batch
  {
    var batch = try settings(at: position, sampler, batchSize: batchSize, negatives: negatives)
    if place == 0 { order = try orderOfEpoch(position.epoch, length: epochLength, shuffled: shuffles) }
    batch.weights = try weights(of: batch, at: position)
    // It may have been given to a trainer with another model or other data in between.
    loss.attach(to: model)
    try loss.attach(to: train)
    let source = ChannelSource(
      model: model, sampler: negatives == nil ? sampler : nil, train: train, weights: batch.weights)
    let offers = source.offers
    try loss.prepare(
      for: LossBatch(
        position: position, rowCount: batch.rowCount, negativeCount: batch.negativeCount, number: batch.place.number,
        offers: offers))
    // A loss that wants what has no remedy says so itself.
    for channel in Channel.all where loss.needs.contains(channel) && !offers.contains(channel) && channel.remedy != nil
    {
      throw TrainingError.setting(channel.complaint("loss '\(loss.name)'", source))
    }
    if checkedLoss !== loss { try checkGroups(of: loss) }
    return batch
  }

  /// Takes note of a batch that is done with, and stands before the next.
  func close(_ position: TrainingPosition, _ value: TrainingStep.BatchValue, _ size: Int, began: Double) -> BatchReport
  {
    model.noteTraining(on: part)
    batchesDone += 1
    if place == 0 { (epochLoss, epochTerms, epochCorrupted, epochBatches, epochSeconds) = (0, TermSums(), nil, 0, 0) }
    epoch = position.epoch
    place += size
    epochLoss += value.loss
    epochTerms.add(value.terms)
    if let corrupted = value.corrupted { epochCorrupted = (epochCorrupted ?? CorruptedSamples()).adding(corrupted) }
    epochBatches += 1
    epochSeconds += monotonicSeconds() - began
    let ends = place >= order.positives.count
    if ends {
      place = 0
      let report = currentEpochReport
      history.append(
        EpochRecord(
          epoch: report.epoch, loss: report.loss, terms: report.terms, corrupted: report.corrupted,
          weights: report.weights, seconds: report.seconds))
    }
    return BatchReport(
      epoch: epoch, step: step, loss: value.loss, terms: value.terms, corrupted: value.corrupted, size: size,
      endsEpoch: ends)
  }

  func run(
    _ batch: TrainingStep.Batch, _ objective: Objective, _ sampler: Sampler, at position: TrainingPosition
  ) throws -> TrainingStep.BatchValue {
    try namingNonFinite(objective, at: position) {
      try trainingStep.run(batch, sampler: sampler, objective: objective) {
        order.copy(place..<place + batch.rowCount, $0, $1, width: $2)
      }
    }
  }

  func forward(
    _ batch: TrainingStep.Batch, _ objective: Objective, _ sampler: Sampler, at position: TrainingPosition
  ) throws -> TrainingStep.Forward {
    try namingNonFinite(objective, at: position) {
      try trainingStep.forward(batch, sampler: sampler, objective: objective) {
        order.copy(place..<place + batch.rowCount, $0, $1, width: $2)
      }
    }
  }

  /// Backward of a batch that was scored: its gradients, with those of the terms.
  func gradients(of forward: TrainingStep.Forward, at position: TrainingPosition) throws -> (
    gradients: GradientSet, terms: [TermValue]
  ) {
    try namingNonFinite(forward.objective, at: position) { try trainingStep.gradients(of: forward) }
  }

  func apply(
    _ gradients: GradientSet, _ batch: TrainingStep.Batch, _ objective: Objective, at position: TrainingPosition
  ) throws {
    try namingNonFinite(objective, at: position) { try trainingStep.apply(gradients, batch) }
  }
}
