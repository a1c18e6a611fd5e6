import Tensors

/// Triplets whose weights are learned.
extension TrainingStep {
  /// Weighs a batch whose negatives are drawn, unless its epoch is one of the plain loss. The weights read the rows of all items that its
  /// users have: all items are brought up to date, and everything where the step is recorded.
  func weigh(_ batch: Batch, by importance: TripletImportance, _ loss: Loss, _ memory: BatchMemory, _ sides: BatchSides)
    throws -> (any WeighedTriplets)?
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
    // Checked in plain epochs too: not an hour later.
    guard batch.place.epoch > importance.pretraining else { return nil }
    guard let (users, table) = TripletImportance.tables(of: model), let train = batch.train,
      let loss = loss as? BPRLoss
    else { throw TermError.hasNoRows(model) }
    let records = importance.records(model)
    for parameter in [table].adding(records ? model.trainedParameters : []) + (importance.clusters?.parameters ?? []) {
      parameter.table.idleMotion?.sweep(parameter.table, lag: 1, pool: pool)
      parameter.keepWithinBounds(0..<Int32(parameter.rowCount))
    }
    itemGroups.group(memory.items.base, count: batch.rowCount * memory.width)
    return try importance.weigh(
      TripletBatch(
        model: model, users: groups, items: itemGroups, userTable: users, itemTable: table,
        encoding: records ? nil : encoding(batch, sides, itemGroups), train: train,
        position: TrainingPosition(
          epoch: batch.place.epoch, step: state.stepsDone + 1, evaluations: batch.evaluations),
        scale: loss.reduction == .mean ? 1 / Float(batch.rowCount) : 1,
        everyItemMoves: everyRowSteps(table, batch, batch.numbers), pool: pool))
  }

  /// Which of a graph's rows the users and items of the batch have.
  private func encoding(_ batch: Batch, _ sides: BatchSides, _ items: RowGroups) -> TripletImportancePass.Encoding? {
    guard let graph = model as? LightGCN else { return nil }
    func rows(_ groups: RowGroups, _ slots: UnsafeMutablePointer<Int32>) -> [Int32] {
      groups.rows.indices.map { slots[Int(groups.members[Int(groups.offsets[$0])])] }
    }
    return .init(
      propagation: graph.propagation, users: (UnsafePointer(sides.users.values.base), sides.users.stride),
      items: (UnsafePointer(sides.items.values.base), sides.items.stride), userRows: rows(groups, sides.userRows),
      itemRows: rows(items, sides.itemRows))
  }
}
