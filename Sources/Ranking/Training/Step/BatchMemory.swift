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
  /// The sampler's proposal, `[B, N]`, where it gives one.
  private(set) var logProposal: AlignedBuffer<Float>?
  /// The same for the positives, `[B]`, where the loss reads it.
  private(set) var positiveLogProposal: AlignedBuffer<Float>?
  /// The sampler's trials, `[B]`, where it gives any.
  private(set) var trials: AlignedBuffer<Float>?
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
    let scoringCount = rowCapacity + (shape.hasItemScores ? plane : 0)
    scoringRows = try buffer(Memory.count(scoringCount, stride, of: Float.self, for: purpose))
    scoringLengths = try buffer(scoringCount)
    masks = try buffer(rowFloats)
    rowGradients = try buffer(rowFloats)
    cursors = try buffer(((rowCapacity + chunkRows - 1) / chunkRows) * shape.blockCount)
    entryItems = try buffer(entries)
    entryRows = try buffer(entries)
    entryWeights = try buffer(entries)
    groupedRows = try buffer(entries)
    groupedWeights = try buffer(entries)
    boundary = try buffer(rowCapacity)
    boundaryGradients = try buffer(rowCapacity)
    boundaryWeights = try buffer(stride)
    itemScores = shape.hasItemScores ? try buffer(plane) : nil
    itemScoreGradients = shape.hasItemScores ? try buffer(plane) : nil
    fixedBytes = bytes
  }

  private let fixedBytes: Int
  /// Bytes held.
  var byteCount: Int {
    fixedBytes + 4 * [logProposal, positiveLogProposal, trials].reduce(0) { $0 + ($1?.count ?? 0) }
  }

  /// The items' rows behind the users', `[B, 1 + N, stride]`.
  var partnerRows: UnsafeMutablePointer<Float> { scoringRows.base + rowCapacity * stride }

  /// Makes room for what a sampler says of this batch's draws, and for nothing else.
  func receive(_ gives: SamplerChannels, ofPositives: Bool) throws {
    let purpose = "what the sampler says of a batch"
    func buffer(_ present: AlignedBuffer<Float>?, _ count: Int, _ isGiven: Bool) throws -> AlignedBuffer<Float>? {
      guard isGiven else { return nil }
      return try present ?? AlignedBuffer(count: count, repeating: 0, for: purpose)
    }
    logProposal = try buffer(logProposal, rowCapacity * (width - 1), gives.hasLogProposal)
    positiveLogProposal = try buffer(positiveLogProposal, rowCapacity, gives.hasPositiveLogProposal && ofPositives)
    trials = try buffer(trials, rowCapacity, gives.contains(.trials))
    if gives.contains(.zeroLogProposals), !proposalsAreZero {
      logProposal?.fill(0)
      positiveLogProposal?.fill(0)
    }
    proposalsAreZero = !gives.contains(.logProposal)
  }

  /// What the sampler said, for the loss.
  func addSampled(to plane: inout ScorePlane) {
    plane.logProposal = logProposal.map { UnsafePointer($0.base) }
    plane.positiveLogProposal = positiveLogProposal.map { UnsafePointer($0.base) }
    plane.trials = trials.map { UnsafePointer($0.base) }
  }

  /// Whether a batch of `other`'s shape has room here.
  func fits(_ other: Shape) -> Bool {
    var smaller = other
    smaller.rowCapacity = rowCapacity
    return other.rowCapacity <= rowCapacity && smaller == shape
  }
}
