import Tensors

/// The arrays that one batch needs, made anew only when a batch outgrows them.
final class BatchMemory {
  let rowCapacity: Int
  let width: Int
  let stride: Int
  let blockCount: Int
  let chunkRows: Int
  /// Dense users of the rows.
  let users: AlignedBuffer<Int32>
  /// `[B, 1 + N]`: the positive, then its negatives.
  let items: AlignedBuffer<Int32>
  let scores: AlignedBuffer<Float>
  let gradients: AlignedBuffer<Float>
  /// Each row's part of the loss.
  let values: AlignedBuffer<Double>
  /// The rows that score: users after normalisation and dropout.
  let scoringRows: AlignedBuffer<Float>
  let masks: AlignedBuffer<Float>
  /// Gradients with respect to each row's user parameters.
  let rowGradients: AlignedBuffer<Float>
  /// `[chunks, blocks]`: how many entries, then where the next goes.
  let cursors: AlignedBuffer<Int32>
  let entryItems: AlignedBuffer<Int32>
  let entryRows: AlignedBuffer<Int32>
  let entryWeights: AlignedBuffer<Float>
  let groupedRows: AlignedBuffer<Int32>
  let groupedWeights: AlignedBuffer<Float>

  init(rowCapacity: Int, width: Int, stride: Int, blockCount: Int) {
    self.rowCapacity = rowCapacity
    self.width = width
    self.stride = stride
    self.blockCount = blockCount
    // Enough work for a task to be worth handing out, and small enough that a task's scores stay in cache.
    chunkRows = max(4, min(128, 2048 / width))
    let plane = rowCapacity * width
    users = AlignedBuffer(count: rowCapacity, repeating: 0)
    items = AlignedBuffer(count: plane, repeating: 0)
    scores = AlignedBuffer(count: plane, repeating: 0)
    gradients = AlignedBuffer(count: plane, repeating: 0)
    values = AlignedBuffer(count: rowCapacity, repeating: 0)
    scoringRows = AlignedBuffer(count: rowCapacity * stride, repeating: 0)
    masks = AlignedBuffer(count: rowCapacity * stride, repeating: 0)
    rowGradients = AlignedBuffer(count: rowCapacity * stride, repeating: 0)
    cursors = AlignedBuffer(count: ((rowCapacity + chunkRows - 1) / chunkRows) * blockCount, repeating: 0)
    entryItems = AlignedBuffer(count: plane, repeating: 0)
    entryRows = AlignedBuffer(count: plane, repeating: 0)
    entryWeights = AlignedBuffer(count: plane, repeating: 0)
    groupedRows = AlignedBuffer(count: plane, repeating: 0)
    groupedWeights = AlignedBuffer(count: plane, repeating: 0)
  }

  func fits(rows: Int, width: Int) -> Bool { rows <= rowCapacity && width == self.width }
}
