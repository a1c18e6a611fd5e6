import Tensors

/// Triplets whose weights are learned.
extension TrainingStep {
  /// Weighs a batch whose negatives are drawn, unless its epoch is one of the plain loss. The weights read the rows of all items that its
  /// users have: all items are brought up to date.
  func weigh(_ batch: Batch, by importance: TripletImportance, _ loss: Loss, _ memory: BatchMemory) throws
    -> WeighedTriplets?
  {
    guard batch.place.epoch > importance.pretraining else { return nil }
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
    for parameter in [table] + (importance.clusters?.parameters ?? []) {
      parameter.table.idleMotion?.sweep(parameter.table, lag: 1, pool: pool)
      parameter.keepWithinBounds(0..<Int32(parameter.rowCount))
    }
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
