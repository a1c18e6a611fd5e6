import Platform
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
    /// Whether items are dropped, each on its own for each score.
    var dropsItems = false
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
  /// The rows that score: users after normalization and dropout; behind them the batch's items where items score each other,
  /// or what the items met where these are dropped.
  let scoringRows: AlignedBuffer<Float>
  /// Their lengths, for the bound that clipping tries first.
  let scoringLengths: AlignedBuffer<Float>
  let masks: AlignedBuffer<Float>
  /// `[B, 1 + N, stride]`: which elements of the items count, where items are dropped.
  let keptItems: AlignedBuffer<UInt8>?
  /// Gradients with respect to each row's user parameters.
  let rowGradients: AlignedBuffer<Float>
  /// `[chunks, blocks]`: how many entries, then where the next goes.
  let cursors: AlignedBuffer<Int32>
  let entryItems: AlignedBuffer<Int32>
  let entryRows: AlignedBuffer<Int32>
  let entryWeights: AlignedBuffer<Float>
  let groupedRows: AlignedBuffer<Int32>
  let groupedWeights: AlignedBuffer<Float>
  /// W, `[stride]`.
  let boundaryWeights: AlignedBuffer<Float>
  /// What the loss reads besides the scores.
  let channels: ChannelMemory
  /// The derivative with respect to each row's boundary, `[B]`, where the model has boundaries.
  var boundaryGradients: AlignedBuffer<Float> { channels[gradients: .boundary]! }
  /// Whether the proposals are 0 as a constant proposal is, and nothing has been written since.
  private var proposalsAreZero = true

  /// - Throws: `MemoryError`; `TrainingError` for more scores than 32 bits number.
  init(_ shape: Shape) throws {
    self.shape = shape
    let (rowCapacity, width, stride) = (shape.rowCapacity, shape.width, shape.stride)
    // Enough work for a task to be worth handing out, and small enough that a task's scores stay in cache.
    chunkRows = max(4, min(128, 2048 / width))
    let purpose = "a batch of \(rowCapacity) positives with \(width - 1) negatives each"
    let plane = try Memory.count(rowCapacity, width, of: Float.self, for: purpose)
    guard plane <= Int(Int32.max) / 3 else {
      throw TrainingError.setting(
        "\(purpose) has \(plane) scores; want at most \(Int32.max / 3). Try a smaller batch or fewer negatives")
    }
    var bytes = 0
    func buffer<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(_ count: Int) throws -> AlignedBuffer<Element> {
      bytes += count * MemoryLayout<Element>.stride
      return try AlignedBuffer(count: count, repeating: 0, for: purpose)
    }
    let rowFloats = try Memory.count(rowCapacity, stride, of: Float.self, for: purpose)
    let entries = shape.hasItemScores ? 3 * plane : plane
    users = try buffer(rowCapacity)
    items = try buffer(plane)
    scores = try buffer(plane)
    gradients = try buffer(plane)
    values = try buffer(rowCapacity)
    let scoringCount = rowCapacity + (shape.hasItemScores || shape.dropsItems ? plane : 0)
    scoringRows = try buffer(Memory.count(scoringCount, stride, of: Float.self, for: purpose))
    scoringLengths = try buffer(scoringCount)
    masks = try buffer(rowFloats)
    keptItems = shape.dropsItems ? try buffer(Memory.count(plane, stride, of: UInt8.self, for: purpose)) : nil
    rowGradients = try buffer(rowFloats)
    cursors = try buffer(((rowCapacity + chunkRows - 1) / chunkRows) * shape.blockCount)
    entryItems = try buffer(entries)
    entryRows = try buffer(entries)
    entryWeights = try buffer(entries)
    groupedRows = try buffer(entries)
    groupedWeights = try buffer(entries)
    boundaryWeights = try buffer(stride)
    channels = ChannelMemory(rowCapacity: rowCapacity, negativeCount: width - 1)
    fixedBytes = bytes
  }

  private let fixedBytes: Int
  /// Bytes held.
  var byteCount: Int { fixedBytes + channels.byteCount }

  /// The items' rows behind the users', or what the items met, `[B, 1 + N, stride]`.
  var partnerRows: UnsafeMutablePointer<Float> { scoringRows.base + rowCapacity * stride }

  /// Prepares for what a sampler says of this batch's draws; there is room for it.
  func receive(_ gives: SamplerChannels) {
    if gives.contains(.zeroLogProposals), !proposalsAreZero {
      channels[.logProposal]?.fill(0)
      channels[.positiveLogProposal]?.fill(0)
    }
    proposalsAreZero = !gives.contains(.logProposal)
  }

  /// Whether a batch of `other`'s shape has room here.
  func fits(_ other: Shape) -> Bool {
    var smaller = other
    smaller.rowCapacity = rowCapacity
    return other.rowCapacity <= rowCapacity && smaller == shape
  }
}
