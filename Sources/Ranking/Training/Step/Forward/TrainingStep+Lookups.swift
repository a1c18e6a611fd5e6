import Kernels

/// Dropout on rows as they are looked up: a user's once for its row of the batch, an item's anew for each score.
extension TrainingStep {
  /// - Throws: `TrainingError` where the model's scores are no inner products of tables, or the loss compares items.
  func dropsItems(_ batch: Batch, _ loss: Loss) throws -> Bool {
    guard batch.dropout > 0, model.dropoutPlace == .lookups else { return false }
    guard case .factors(.table, .table, .dot) = model.scoring, !loss.needs.contains(.itemScores) else {
      throw TrainingError.setting(
        "dropout on lookups is for inner products of tables, mf with score 'dot', and losses that do not compare items; model "
          + "'\(model.name)' has score '\(model.scoreName)', the loss is '\(loss.name)'. Drop on scoring rows instead")
    }
    return true
  }

  func droppedItems(_ batch: Batch, _ memory: BatchMemory) -> kernel_dropped_items {
    kernel_dropped_items(
      key: batch.dropoutStream.substream(1).key, first_score: UInt64(batch.firstPlace * memory.width),
      rate: batch.dropout, dim: Int64(model.dim), kept: memory.keptItems!.base, partners: memory.partnerRows)
  }
}
