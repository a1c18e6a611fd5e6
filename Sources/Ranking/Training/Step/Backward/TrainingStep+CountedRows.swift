import Tensors

/// The L2 terms that count the rows of a batch, in models that compute their rows or scores (`CountedRows`).
extension TrainingStep {
  /// Adds them to the rows of parameters that the batch looked up.
  func addNormsOfCountedRows(_ work: UpdateWork) {
    guard let weight = work.batch.weightPerOccurrence, case .parameters(let users, let items) = model.countedRows else {
      return
    }
    for parameter in users { addSquaredNorms(groups, weight, to: parameter) }
    itemGroups.group(work.memory.items.base, count: work.batch.rowCount * work.memory.width)
    for parameter in items { addSquaredNorms(itemGroups, weight, to: parameter) }
  }

  /// Each row as often as it was looked up.
  func addSquaredNorms(_ groups: RowGroups, _ weight: Float, to parameter: Parameter) {
    gradients.of(parameter).addSquaredNorms(
      weights: groups.counts.map { weight * Float($0) }, rows: groups.rows, pool: pool)
  }

  /// Adds them to the gradients of rows that were computed, `[rows, columns]`.
  ///
  /// - Parameter counts: How often each row was looked up.
  func addComputedNorms(
    to gradients: Tensor, _ rows: EmbeddingTable, _ work: UpdateWork, counts: () -> [Int]
  ) throws {
    guard let weight = work.batch.weightPerOccurrence, case .computed = model.countedRows else { return }
    let columns = gradients.shape[1]
    try gradients.withMutableElements { gradients in
      for (row, count) in counts().enumerated() {
        for column in 0..<columns {
          gradients[row * columns + column] += weight * Float(count) * rows.values[row * rows.stride + column]
        }
      }
    }
  }

  func userCounts(_ work: UpdateWork) -> [Int] {
    guard model.scoring.users?.encoder?.encodesEachRow != true else {
      return [Int](repeating: 1, count: work.batch.rowCount)
    }
    return groups.counts
  }

  /// Of the batch's distinct items, in their order.
  func itemCounts(_ work: UpdateWork) -> [Int] {
    var counts = [Int](repeating: 0, count: encoded!.numberedItems.count)
    for place in 0..<work.batch.rowCount * work.memory.width { counts[Int(encoded!.itemSlots[place])] += 1 }
    return counts
  }
}

extension TrainingStep.Batch {
  /// What an L2 term that counts rows multiplies a row by for each time that the batch looks it up; `nil` for other terms.
  var weightPerOccurrence: Float? {
    regularization.flatMap { $0.scope.weightPerOccurrence($0.weight, rowCount: rowCount) }
  }
}
