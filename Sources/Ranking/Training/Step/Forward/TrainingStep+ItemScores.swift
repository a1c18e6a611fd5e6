import Kernels
import Tensors

/// Scores between items, for losses that compare the positive with its negatives directly (SML, UIB Eq. 9).
///
/// The score of negative n as seen from positive p sends gradients to both. Each is an entry like those of users' scores, with
/// the other item's row in the place of the user's: so the rows of the batch's items are copied behind the users' scoring rows.
extension TrainingStep {
  func scoreItems(_ rows: Range<Int>, _ memory: BatchMemory, _ sides: BatchSides) {
    let (width, stride) = (memory.width, memory.stride)
    let partners = memory.partnerRows
    let (table, itemRows) = (sides.items, sides.itemRows)
    let scores = memory.channels[.itemScores]!.base
    kernel_copy_scoring_rows(
      scoreCode, table.values.base, table.scale?.base, itemRows + rows.lowerBound * width,
      Int64(rows.count * width), Int64(stride), partners + rows.lowerBound * width * stride)
    for row in rows {
      let positive = Int(itemRows[row * width])
      kernel_score_rows(
        scoreCode, partners + row * width * stride, table.scale?[positive] ?? 0, table.values.base, table.scale?.base,
        itemRows + row * width + 1, width - 1, stride, scores + row * (width - 1))
    }
  }

  func countItemEntries(
    _ rows: Range<Int>, _ memory: BatchMemory, _ sides: BatchSides, _ counts: UnsafeMutablePointer<Int32>
  ) {
    forEachItemEntry(rows, memory, sides) { item, _, _ in counts[Int(item) >> blockShift] += 1 }
  }

  /// Puts the entries behind those of the users' scores.
  func scatterItemEntries(
    _ rows: Range<Int>, _ memory: BatchMemory, _ sides: BatchSides, _ cursors: UnsafeMutablePointer<Int32>
  ) {
    forEachItemEntry(rows, memory, sides) { item, partner, weight in
      let place = Int(cursors[Int(item) >> blockShift])
      cursors[Int(item) >> blockShift] += 1
      memory.entryItems[place] = item
      memory.entryRows[place] = partner
      memory.entryWeights[place] = weight
    }
  }

  private func forEachItemEntry(
    _ rows: Range<Int>, _ memory: BatchMemory, _ sides: BatchSides,
    _ body: (_ item: Int32, _ partner: Int32, _ weight: Float) -> Void
  ) {
    let count = memory.width - 1
    let firstPartner = memory.rowCapacity
    let gradients = memory.channels[gradients: .itemScores]!.base
    for row in rows {
      let items = sides.itemRows + row * memory.width
      let weights = gradients + row * count
      for n in 0..<count where weights[n] != 0 {
        let place = Int32(firstPartner + row * memory.width)
        body(items[1 + n], place, weights[n])
        body(items[0], place + 1 + Int32(n), weights[n])
      }
    }
  }
}
