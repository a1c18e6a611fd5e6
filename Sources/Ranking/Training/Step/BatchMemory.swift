import Tensors

/// The arrays that one batch needs, made anew only when a batch outgrows them.
final class BatchMemory {
  struct Shape: Equatable {
    var rowCapacity: Int
    /// 1 + N
    var width: Int
    var stride: Int
    var blockCount: Int
    var hasItemScores: Bool
  }

  let shape: Shape
  var rowCapacity: Int { shape.rowCapacity }
  var width: Int { shape.width }
  var stride: Int { shape.stride }
  let chunkRows: Int
  /// Dense users of the rows.
  let users: AlignedBuffer<Int32>
  /// `[B, 1 + N]`: the positive, then its negatives.
  let items: AlignedBuffer<Int32>
  let scores: AlignedBuffer<Float>
  let gradients: AlignedBuffer<Float>
  /// Each row's part of the loss.
  let values: AlignedBuffer<Double>
  /// The rows that score: users after normalisation and dropout; behind them the batch's items where items score each other.
  let scoringRows: AlignedBuffer<Float>
  /// Their lengths, for the bound that clipping tries first.
  let scoringLengths: AlignedBuffer<Float>
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
  /// Each row's boundary and the derivative with respect to it, `[B]`.
  let boundary: AlignedBuffer<Float>
  let boundaryGradients: AlignedBuffer<Float>
  /// W, `[stride]`.
  let boundaryWeights: AlignedBuffer<Float>
  /// Scores of the negatives as seen from the positive, and the derivative with respect to them, `[B, N]`.
  let itemScores: AlignedBuffer<Float>?
  let itemScoreGradients: AlignedBuffer<Float>?
  /// The sampler's, `[B, N]`, where it gives one.
  private(set) var logProposal: AlignedBuffer<Float>?
  /// The same for the positives, `[B]`, where the loss reads it.
  private(set) var positiveLogProposal: AlignedBuffer<Float>?

  init(_ shape: Shape) {
    self.shape = shape
    let (rowCapacity, width, stride) = (shape.rowCapacity, shape.width, shape.stride)
    // Enough work for a task to be worth handing out, and small enough that a task's scores stay in cache.
    chunkRows = max(4, min(128, 2048 / width))
    let plane = rowCapacity * width
    let entries = shape.hasItemScores ? 3 * plane : plane
    users = AlignedBuffer(count: rowCapacity, repeating: 0)
    items = AlignedBuffer(count: plane, repeating: 0)
    scores = AlignedBuffer(count: plane, repeating: 0)
    gradients = AlignedBuffer(count: plane, repeating: 0)
    values = AlignedBuffer(count: rowCapacity, repeating: 0)
    let scoringCount = rowCapacity + (shape.hasItemScores ? plane : 0)
    scoringRows = AlignedBuffer(count: scoringCount * stride, repeating: 0)
    scoringLengths = AlignedBuffer(count: scoringCount, repeating: 0)
    masks = AlignedBuffer(count: rowCapacity * stride, repeating: 0)
    rowGradients = AlignedBuffer(count: rowCapacity * stride, repeating: 0)
    cursors = AlignedBuffer(count: ((rowCapacity + chunkRows - 1) / chunkRows) * shape.blockCount, repeating: 0)
    entryItems = AlignedBuffer(count: entries, repeating: 0)
    entryRows = AlignedBuffer(count: entries, repeating: 0)
    entryWeights = AlignedBuffer(count: entries, repeating: 0)
    groupedRows = AlignedBuffer(count: entries, repeating: 0)
    groupedWeights = AlignedBuffer(count: entries, repeating: 0)
    boundary = AlignedBuffer(count: rowCapacity, repeating: 0)
    boundaryGradients = AlignedBuffer(count: rowCapacity, repeating: 0)
    boundaryWeights = AlignedBuffer(count: stride, repeating: 0)
    itemScores = shape.hasItemScores ? AlignedBuffer(count: plane, repeating: 0) : nil
    itemScoreGradients = shape.hasItemScores ? AlignedBuffer(count: plane, repeating: 0) : nil
  }

  /// The items' rows behind the users', `[B, 1 + N, stride]`.
  var partnerRows: UnsafeMutablePointer<Float> { scoringRows.base + rowCapacity * stride }

  func makeLogProposal() -> AlignedBuffer<Float> {
    if let logProposal { return logProposal }
    let made = AlignedBuffer<Float>(count: rowCapacity * width, repeating: 0)
    logProposal = made
    return made
  }

  func makePositiveLogProposal() -> AlignedBuffer<Float> {
    if let positiveLogProposal { return positiveLogProposal }
    let made = AlignedBuffer<Float>(count: rowCapacity, repeating: 0)
    positiveLogProposal = made
    return made
  }

  /// Whether a batch of `other`'s shape has room here.
  func fits(_ other: Shape) -> Bool {
    var smaller = other
    smaller.rowCapacity = rowCapacity
    return other.rowCapacity <= rowCapacity && smaller == shape
  }
}
