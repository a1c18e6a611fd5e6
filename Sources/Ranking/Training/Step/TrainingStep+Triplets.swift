import Tensors

/// Triplets whose weights are learned.
extension TrainingStep {
  /// Weighs a batch whose negatives are drawn. The weights read the rows of all items that its users have: all items are brought up to
  /// date.
  func weigh(_ batch: Batch, by importance: TripletImportance, _ loss: Loss, _ memory: BatchMemory) throws
    -> WeighedTriplets
  {
    try importance.check(model, loss, otherWeights: batch.weights != nil)
    guard batch.negativeCount == 1 else {
      throw TrainingError.setting(
        "weighting: a triplet has one negative, and the sampler draws \(batch.negativeCount) for each positive; let its count be 1"
      )
    }
    guard batch.dropout == 0 else {
      throw TrainingError.setting("weighting: wants a model without dropout, and its dropout is \(batch.dropout)")
    }
    guard let users = model.userTable, let table = model.itemTable, let train = batch.train,
      let loss = loss as? BPRLoss
    else { throw TermError.hasNoRows(model) }
    table.table.idleMotion?.sweep(table.table, lag: 1, pool: pool)
    table.keepWithinBounds(0..<Int32(table.rowCount))
    var items = RowGroups(rowCount: model.itemCount)
    items.group(memory.items.base, count: batch.rowCount * memory.width)
    return try importance.weigh(
      TripletBatch(
        users: groups, items: items, userTable: users, itemTable: table, train: train,
        position: TrainingPosition(
          epoch: batch.place.epoch, step: state.stepsDone + 1, evaluations: batch.evaluations),
        scale: loss.reduction == .mean ? 1 / Float(batch.rowCount) : 1, pool: pool))
  }
}
