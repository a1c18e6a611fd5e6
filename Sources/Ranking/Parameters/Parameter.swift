import Kernels
import Tensors

/// A named table of numbers that the optimizer moves: a margin for each user, a temperature, a matrix of weights.
///
/// Losses and models own parameters. Before a batch is evaluated the training step brings the rows that can be read up to date:
/// of a user's parameter those of the batch's users, of an item's those of its items, of a shared one all. Its gradients are
/// collected in a `GradientSet`.
public final class Parameter {
  /// What a row belongs to.
  public enum Owner: String, Sendable, CaseIterable {
    case shared
    case user
    case item
  }

  public let name: String
  public let owner: Owner
  /// Every number is brought into this range after each step, where there is one.
  public var bounds: ClosedRange<Float>?
  /// The largest length of a row, where there is one: after each step a longer row is put back to it, in its direction. Every row of
  /// such a parameter moves at every step where its optimizer moves rows that have no gradient, so that none leaves the ball unseen.
  public internal(set) var longestRow: Float?
  let table: EmbeddingTable

  /// - Parameter initialValue: The value at a row and a column.
  /// - Throws: `MemoryError` or `TrainingError` where there cannot be so many rows and columns.
  public init(
    name: String, owner: Owner, rowCount: Int, columnCount: Int = 1, bounds: ClosedRange<Float>? = nil,
    initialValue: (_ row: Int, _ column: Int) -> Float
  ) throws {
    self.name = name
    self.owner = owner
    self.bounds = bounds
    table = try EmbeddingTable(rowCount: rowCount, dim: columnCount, score: .dot, keepsScale: false)
    for row in 0..<rowCount {
      for column in 0..<columnCount { table.values[row * table.stride + column] = initialValue(row, column) }
    }
  }

  /// How a parameter of a script starts.
  public enum Start: Sendable {
    case number(Float)
    case drawn(Initialization)
  }

  public convenience init(
    name: String, owner: Owner, rowCount: Int, columnCount: Int = 1, bounds: ClosedRange<Float>? = nil,
    initialization start: Start, stream: RandomStream
  ) throws {
    switch start {
    case .number(let number):
      try self.init(name: name, owner: owner, rowCount: rowCount, columnCount: columnCount, bounds: bounds) { _, _ in
        number
      }
    case .drawn(let initialization):
      let draw = initialization.distribution(rows: rowCount, columns: columnCount, stream)
      try self.init(name: name, owner: owner, rowCount: rowCount, columnCount: columnCount, bounds: bounds) {
        Float(draw(UInt64($0 * columnCount + $1)))
      }
    }
  }

  /// The side of a model whose rows are this table's as they stand.
  public func scores(with function: ScoreFunction) throws -> RowSource {
    try table.scores(with: function, asItems: owner == .item)
    return .table(self)
  }

  /// A table of rows that score as they stand.
  init(name: String, owner: Owner, table: EmbeddingTable) {
    self.name = name
    self.owner = owner
    self.table = table
  }

  /// The values as they stand now, `[rowCount, columnCount]`.
  public var currentValues: [Float] {
    let values = table.currentRows()
    guard let bounds else { return values }
    return values.map { min(max($0, bounds.lowerBound), bounds.upperBound) }
  }

  /// Replaces all values, `[rowCount, columnCount]`; what the optimizer remembers of them is kept.
  ///
  /// - Throws: `TrainingError` in the middle of a batch that reads them.
  public func setValues(_ values: [Float]) throws { try table.setRows(values) }

  /// Some rows, spread evenly, as a batch last left them: `[rows, columnCount]`.
  package func sampledRows(atMost count: Int) -> [Float] {
    let rows = min(count, rowCount)
    return (0..<rows).flatMap { index in
      UnsafeBufferPointer(start: values + index * rowCount / rows * rowStride, count: columnCount)
    }
  }

  /// Whether rows belong to users or items, so that a regularizer of embeddings reaches them.
  var isEmbedding: Bool { owner != .shared && columnCount > 1 }

  /// Whether whoever made the parameter accounts for its memory; else its model or its loss does.
  public var accountsForItself = false

  /// Bytes held, the optimizer's included.
  public var byteCount: Int { table.byteCount }

  public var rowCount: Int { table.rowCount }
  public var columnCount: Int { table.dim }
  /// Row r begins at `r * rowStride`.
  public var values: UnsafePointer<Float> { UnsafePointer(table.values.base) }
  public var rowStride: Int { table.stride }

  // MARK: Bounds

  /// Brings rows that were caught up back into the bounds. A row without gradients keeps its direction, so that this is the same as
  /// bounding it after each of the steps that it stood aside.
  func keepWithinBounds(_ rows: some Sequence<Int32>) {
    guard let bounds else { return }
    for row in rows { bound(Int(row), bounds) }
  }

  /// Puts a row that has stepped back to where its limits allow it.
  func limit(_ row: Int, in view: kernel_table) {
    if let bounds { bound(row, bounds) }
    if let longestRow { withUnsafePointer(to: view) { kernel_limit_row($0, Int64(row), longestRow) } }
  }

  var isLimited: Bool { bounds != nil || longestRow != nil }

  private func bound(_ row: Int, _ bounds: ClosedRange<Float>) {
    for column in 0..<columnCount {
      let value = table.values.base + row * rowStride + column
      value.pointee = min(max(value.pointee, bounds.lowerBound), bounds.upperBound)
    }
  }
}
