import Tensors

/// The numbers of a batch: schedules asked, ranges checked.
extension Trainer {
  /// - Parameter negatives: Dense items in place of drawn ones, `[B, N]`.
  func settings(
    at position: TrainingPosition, _ sampler: Sampler, batchSize: Int, negatives: [Int32]?
  ) throws -> TrainingStep.Batch {
    func number(_ schedule: Schedule, _ name: String, _ range: ClosedRange<Double>) throws -> Double {
      try checked(schedule.value(at: position), name, range)
    }
    func checked(_ value: Double, _ name: String, _ range: ClosedRange<Double>) throws -> Double {
      guard range.contains(value) else {
        throw TrainingError.setting(
          "\(name) is \(value.isNaN ? "nan" : "\(value)") at epoch \(position.epoch), step \(position.step); want a number from \(range.lowerBound) to \(range.upperBound)"
        )
      }
      return value
    }
    guard batchSize >= 1 else { throw TrainingError.setting("batch is \(batchSize); want at least 1") }
    let rowCount = min(batchSize, epochLength - place)
    if let negatives, negatives.isEmpty || negatives.count % rowCount != 0 {
      throw TrainingError.setting(
        "\(negatives.count) negatives were given for a batch of \(rowCount) positives; want as many for each")
    }
    let count = try checked(
      negatives.map { Double($0.count / rowCount) } ?? sampler.negativeCount(at: position, rowCount: rowCount),
      "count of negatives", 1...1e6)
    guard count == count.rounded() else {
      throw TrainingError.setting("count of negatives is \(count) at epoch \(position.epoch); want a whole number")
    }
    try regularization?.scope.check(model, "regularization")
    let regularization = try regularization.map {
      (weight: try number($0.weight, "regularization weight", 0...1e9), scope: $0.scope)
    }
    guard corruption != .boundary || model.boundary != nil else {
      throw TrainingError.setting(
        "corrupted samples are to be counted by the boundary, and model '\(model.name)' has none; make it with boundary = \"linear\", or "
          + "count pairs")
    }
    return TrainingStep.Batch(
      rowCount: rowCount, negativeCount: Int(count), firstPlace: place,
      place: BatchPlace(epoch: position.epoch, number: place / batchSize + 1), evaluations: evaluations,
      train: train, negatives: RandomStream(seed: seed, purpose: "negatives", position.epoch),
      givenNegatives: negatives,
      dropoutStream: RandomStream(seed: seed, purpose: "dropout", position.epoch),
      encodingStream: RandomStream(seed: seed, purpose: "encoding", position.epoch, place),
      dropout: Float(try number(model.dropout, "dropout", 0...0.999)),
      corruption: corruption,
      rate: try number(optimizer.rate, "rate", 0...1e6),
      weightDecay: try number(optimizer.weightDecay, "weight decay", 0...1e6),
      clip: try optimizer.clip.map { try number($0, "clip", 1e-30...1e30) },
      regularization: regularization?.weight == 0 ? nil : regularization,
      groups: try optimizer.groups.map { group in
        GroupNumbers(
          rate: try number(group.rate ?? optimizer.rate, "rate of \(group.names)", 0...1e6),
          weightDecay: try number(
            group.weightDecay ?? optimizer.weightDecay, "weight decay of \(group.names)", 0...1e6),
          clip: try group.clip.map { try number($0, "clip of \(group.names)", 1e-30...1e30) })
      })
  }
}
