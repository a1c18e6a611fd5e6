import Interactions

/// Weights of positives and triplets.
extension Trainer {
  /// Lets positives count by weights from the next batch on; `nil` takes them away.
  ///
  /// - Throws: `TrainingError` where there is not one number from 0 for each interaction of the train part.
  public func weigh(by weighting: Weighting?) throws {
    if case .interactions(let weights) = weighting {
      guard weights.count == train.count else {
        throw TrainingError.setting(
          "\(weights.count) weights for \(train.count) interactions of the train part; want one for each, user after user"
        )
      }
      if let place = weights.firstIndex(where: { !(0..<Float.infinity).contains($0) }) {
        let user = (0..<train.userCount).first { train.rowOffsets[$0 + 1] > place } ?? 0
        throw TrainingError.setting(
          "weight \(place + 1), of user number \(user + 1) with item number \(train.items[place] + 1), is "
            + "\(weights[place].isNaN ? "nan" : "\(weights[place])"); want a number from 0")
      }
    }
    self.weighting = weighting
  }

  /// Those of the next batch, whose order is drawn.
  func weights(of batch: TrainingStep.Batch, at position: TrainingPosition) throws -> BatchWeights? {
    guard let weighting else { return nil }
    let rows = order.positives[place..<place + batch.rowCount]
    switch weighting {
    case .interactions(let weights):
      return BatchWeights(rows.map { weights[train.position(user: Int($0.user), item: $0.item)!] })
    case .function(let function):
      let weights = try function(
        WeightedBatch(
          users: rows.map(\.user), positives: rows.map(\.item),
          negativeCount: batch.negativeCount, position: position, place: batch.place))
      let wanted = batch.rowCount * (weights.isByTriplet ? batch.negativeCount : 1)
      guard weights.numbers.count == wanted else {
        throw TrainingError.setting(
          "\(weights.numbers.count) weights for \(batch.rowCount) positives of \(batch.negativeCount) negatives each; want \(wanted)"
        )
      }
      return weights
    }
  }
}
