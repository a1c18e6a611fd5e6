import Kernels
import Tensors

/// A table of parameter rows and what an optimizer keeps for each of them.
///
/// Rows are padded with zeros to a multiple of 16 floats and aligned to 64 bytes, so that no kernel has a loop tail.
public final class EmbeddingTable {
  public let rowCount: Int
  /// Meaningful floats in a row.
  public let dim: Int
  /// Floats from one row to the next.
  public let stride: Int
  /// A column that is always 1: the partner of the other table's bias.
  let constantColumn: Int?

  let values: AlignedBuffer<Float>
  private(set) var first: AlignedBuffer<Float>?
  private(set) var second: AlignedBuffer<Float>?
  private(set) var epsilonShare: AlignedBuffer<Float>?
  /// Inverse or squared length of each row where scores need it.
  private(set) var scale: AlignedBuffer<Float>?
  let last: AlignedBuffer<Int32>
  let seen: AlignedBuffer<Int32>
  private(set) var score: ScoreFunction
  /// The motion of rows that had no gradient lately; set by the optimizer while it is under way.
  var idleMotion: IdleMotion?
  /// Whose moments the table holds: the training that was begun last.
  weak var training: TrainingStep?

  init(rowCount: Int, dim: Int, score: ScoreFunction, keepsScale: Bool, constantColumn: Int? = nil) {
    self.rowCount = rowCount
    self.dim = dim
    self.score = score
    self.constantColumn = constantColumn
    stride = Self.stride(dim)
    values = AlignedBuffer(count: rowCount * stride, repeating: 0)
    scale = keepsScale ? AlignedBuffer(count: rowCount, repeating: 0) : nil
    last = AlignedBuffer(count: rowCount, repeating: 0)
    seen = AlignedBuffer(count: rowCount, repeating: 0)
  }

  /// Floats from one row of `dim` to the next: whole vectors.
  static func stride(_ dim: Int) -> Int { (dim + 15) / 16 * 16 }

  /// Bytes held, the optimizer's included.
  public var byteCount: Int {
    let floats = [first, second, epsilonShare, scale].reduce(values.count) { $0 + ($1?.count ?? 0) }
    return (floats + last.count + seen.count) * 4
  }

  /// Makes the optimizer's state new.
  func resetState(for optimizer: Optimizer) {
    let hasFirst = optimizer.usesFirstMoment
    let hasSecond = optimizer.usesSecondMoment
    first = hasFirst ? AlignedBuffer(count: values.count, repeating: 0) : nil
    second = hasSecond ? AlignedBuffer(count: values.count, repeating: optimizer.initialSecondMoment) : nil
    epsilonShare = optimizer.isDenseAdam ? AlignedBuffer(count: rowCount, repeating: 0) : nil
    last.fill(0)
    seen.fill(0)
  }

  /// The view that the kernels take. Valid while the table lives and its state is not reset.
  var view: kernel_table {
    kernel_table(
      values: values.base, first: first?.base, second: second?.base, epsilon_share: epsilonShare?.base,
      scale: scale?.base, last: last.base, seen: seen.base, stride: Int64(stride), score: score.kernelCode,
      constant_column: Int32(constantColumn ?? -1))
  }

  /// Computes `scale` anew after values were written from outside.
  func refreshScale() {
    guard let scale else { return }
    kernel_row_scales(score.kernelCode, values.base, rowCount, stride, scale.base)
  }

  /// Lets the rows score as they stand.
  func scores(with function: ScoreFunction, asItems: Bool) {
    score = function
    scale = asItems && function != .dot ? AlignedBuffer(count: rowCount, repeating: 0) : nil
    refreshScale()
  }

  /// Gives the table to a training: what an earlier one left to be caught up with belongs to the parameters.
  func begin(_ training: TrainingStep, optimizer: Optimizer, pool: ThreadPool) {
    idleMotion?.sweep(self, lag: 1, pool: pool)
    idleMotion = nil
    resetState(for: optimizer)
    self.training = training
  }

  // MARK: Rows as they stand now

  /// Rows without padding, `[rowCount, dim]`, including what rows without a gradient have moved since they were last read.
  func currentRows() -> [Float] {
    guard let idleMotion else { return compactValues(values.base) }
    let copy = AlignedBuffer<Float>(count: values.count, repeating: 0)
    ThreadPool.shared.run(count: rowCount, grain: 1024) { rows in
      idleMotion.copy(self, rows, to: copy.base + rows.lowerBound * stride)
    }
    return compactValues(copy.base)
  }

  /// Replaces all rows, `[rowCount, dim]`; what the optimizer remembers of them is kept.
  func setRows(_ rows: [Float]) {
    precondition(rows.count == rowCount * dim)
    rows.withUnsafeBufferPointer { rows in
      for row in 0..<rowCount {
        (values.base + row * stride).update(from: rows.baseAddress! + row * dim, count: dim)
        if let constantColumn { values[row * stride + constantColumn] = 1 }
      }
    }
    idleMotion?.markCurrent(self)
    refreshScale()
  }

  /// The rows without padding, `[rowCount, dim]`.
  func compactValues(_ source: UnsafePointer<Float>) -> [Float] {
    [Float](unsafeUninitializedCapacity: rowCount * dim) { buffer, count in
      for row in 0..<rowCount {
        (buffer.baseAddress! + row * dim).update(from: source + row * stride, count: dim)
      }
      count = rowCount * dim
    }
  }
}

/// How a score is made of a user's and an item's row.
public enum ScoreFunction: String, Sendable, CaseIterable {
  /// `<u, v>`
  case dot
  /// `<u/|u|, v/|v|>`, with a norm floor of 1e-12.
  case cosine
  /// `-|u - v|²`
  case euclidean

  var kernelCode: Int32 {
    switch self {
    case .dot: Int32(KERNEL_SCORE_DOT.rawValue)
    case .cosine: Int32(KERNEL_SCORE_COSINE.rawValue)
    case .euclidean: Int32(KERNEL_SCORE_EUCLIDEAN.rawValue)
    }
  }
}
