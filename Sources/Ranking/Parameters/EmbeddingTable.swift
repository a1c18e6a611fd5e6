import Kernels
import Platform
import Tensors

/// A table of parameter rows; what an optimizer keeps of them stands beside it (`OptimizerRows`).
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
  /// Inverse or squared length of each row where scores need it.
  private(set) var scale: AlignedBuffer<Float>?
  private(set) var score: ScoreFunction
  /// `nil` before the first training.
  private(set) var optimizerRows: OptimizerRows?
  /// Whose moments the table holds: the training that was begun last.
  weak var training: TrainingStep?

  /// - Throws: `MemoryError` where the rows do not fit into memory, `TrainingError` where they cannot be numbered.
  init(rowCount: Int, dim: Int, score: ScoreFunction, keepsScale: Bool, constantColumn: Int? = nil) throws {
    guard (1...Self.most).contains(rowCount), (1...Self.most).contains(dim) else {
      throw TrainingError.setting("a table of \(rowCount) rows of \(dim) numbers; want 1 to \(Self.most) of each")
    }
    self.rowCount = rowCount
    self.dim = dim
    self.score = score
    self.constantColumn = constantColumn
    stride = Self.stride(dim)
    values = try Self.buffer(rowCount, stride, 0, Self.purpose(rowCount, dim))
    scale = keepsScale ? try AlignedBuffer(count: rowCount, repeating: 0, for: Self.purpose(rowCount, dim)) : nil
  }

  /// Rows are numbered in 32 bits.
  static let most = Int(Int32.max)

  private static func purpose(_ rowCount: Int, _ dim: Int) -> String { "a table of \(rowCount) rows of \(dim) numbers" }

  private static func buffer(
    _ rowCount: Int, _ stride: Int, _ value: Float, _ purpose: @autoclosure () -> String
  ) throws(MemoryError) -> AlignedBuffer<Float> {
    let count = try Memory.count(rowCount, stride, of: Float.self, for: purpose())
    return try AlignedBuffer(count: count, repeating: value, for: purpose())
  }

  /// Floats from one row of `dim` to the next: whole vectors.
  static func stride(_ dim: Int) -> Int { (dim + 15) / 16 * 16 }

  /// Bytes held, the optimizer's included.
  public var byteCount: Int {
    4 * (values.count + (scale?.count ?? 0)) + (optimizerRows?.byteCount ?? 0)
  }

  /// How rows without a gradient move; `nil` where they stay.
  var idleMotion: IdleMotion? { optimizerRows?.idleMotion }

  /// Makes the optimizer's state new.
  ///
  /// - Throws: `MemoryError`; the state is the earlier one then.
  func resetState(for optimizer: Optimizer) throws { optimizerRows = try OptimizerRows(for: self, optimizer) }

  /// The view that the kernels take. Valid while the table lives and its state is not reset.
  var view: kernel_table {
    let kept = optimizerRows
    return kernel_table(
      values: values.base, first: kept?.first?.base, second: kept?.second?.base,
      epsilon_share: kept?.epsilonShare?.base,
      scale: scale?.base, last: kept?.last.base, seen: kept?.seen.base, stride: Int64(stride), score: score.kernelCode,
      constant_column: Int32(constantColumn ?? -1))
  }

  /// Computes `scale` anew after values were written from outside.
  func refreshScale() {
    guard let scale else { return }
    kernel_row_scales(score.kernelCode, values.base, rowCount, stride, scale.base)
  }

  /// Lets the rows score as they stand. Models that share a parameter may make scores of it in different ways: whichever is trained
  /// asks for its own before each batch.
  ///
  /// - Parameter asking: The training in the middle of whose batch this is.
  func scores(with function: ScoreFunction, asItems: Bool, for asking: TrainingStep? = nil) throws {
    let keepsScale = asItems && function != .dot
    guard score != function || (scale != nil) != keepsScale else { return }
    if training == nil || training !== asking { try checkNoBatchIsUnderWay("made to score in another way") }
    scale = keepsScale ? try AlignedBuffer(count: rowCount, repeating: 0, for: "lengths of \(rowCount) rows") : nil
    score = function
    refreshScale()
  }

  /// Gives the table to a training: what an earlier one left to be caught up with belongs to the parameters.
  func begin(_ training: TrainingStep, optimizer: Optimizer, pool: ThreadPool) throws {
    try checkNoBatchIsUnderWay("given to another trainer")
    idleMotion?.sweep(self, lag: 1, pool: pool)
    optimizerRows?.idleMotion = nil
    try resetState(for: optimizer)
    self.training = training
  }

  /// Refuses what would pull the rows out from under a batch: its loss, schedules and encoding may call anything.
  func checkNoBatchIsUnderWay(_ what: String) throws {
    guard let training, let position = training.batchUnderWay else { return }
    throw TrainingError(
      .busy,
      "parameters of model '\(training.model.name)' cannot be \(what) in the middle of a batch (epoch \(position.epoch), step "
        + "\(position.step)), from its loss, a schedule or encode; do it between two batches")
  }

  // MARK: Rows as they stand now

  /// Rows without padding, `[rowCount, dim]`, including what rows without a gradient have moved since they were last read.
  func currentRows() -> [Float] {
    guard let idleMotion else { return compactValues(values.base) }
    let copy = AlignedBuffer<Float>(count: values.count, repeating: 0)
    let shared = Shared((motion: idleMotion, table: self))
    ThreadPool.shared.run(count: rowCount, grain: 1024) { rows in
      let (motion, table) = shared.value
      motion.copy(table, rows, to: copy.base + rows.lowerBound * table.stride)
    }
    return compactValues(copy.base)
  }

  /// Replaces all rows, `[rowCount, dim]`; what the optimizer remembers of them is kept.
  ///
  /// - Throws: `TrainingError` in the middle of a batch.
  func setRows(_ rows: [Float]) throws {
    try checkNoBatchIsUnderWay("assigned")
    writeRows(rows)
  }

  /// The same for whoever the batch itself asks.
  func writeRows(_ rows: [Float]) {
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
