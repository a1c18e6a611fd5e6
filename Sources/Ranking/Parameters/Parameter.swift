import Kernels
import Tensors

/// A named table of numbers that the optimizer moves: a margin for each user, a temperature, a matrix of weights.
///
/// Losses and models own parameters. Before a batch is evaluated the training step brings the rows that can be read up to date:
/// of a user's parameter those of the batch's users, of an item's those of its items, of a shared one all. Gradients are added row
/// by row, on one thread, and taken by the optimizer at the end of the batch.
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
  let table: EmbeddingTable
  /// Rows with a gradient in this batch, in the order of their first one.
  private(set) var gradientRows: [Int32] = []
  /// `[gradientRows.count, rowStride]`, padded with zeros.
  private(set) var gradients: [Float] = []
  /// Where each row stands among `gradientRows`, -1 for none. Made when the first gradient comes.
  private var places: [Int32] = []

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
  func sampledRows(atMost count: Int) -> [Float] {
    let rows = min(count, rowCount)
    return (0..<rows).flatMap { index in
      UnsafeBufferPointer(start: values + index * rowCount / rows * rowStride, count: columnCount)
    }
  }

  /// Whether rows belong to users or items, so that a regulariser of embeddings reaches them.
  var isEmbedding: Bool { owner != .shared && columnCount > 1 }

  /// Whether whoever made the parameter accounts for its memory; else its model or its loss does.
  public var accountsForItself = false

  /// Bytes held, the optimizer's included.
  public var byteCount: Int { table.byteCount + gradients.capacity * 4 + places.count * 4 }

  public var rowCount: Int { table.rowCount }
  public var columnCount: Int { table.dim }
  /// Row r begins at `r * rowStride`.
  public var values: UnsafePointer<Float> { UnsafePointer(table.values.base) }
  public var rowStride: Int { table.stride }

  // MARK: Gradients of a batch

  /// Adds to the gradient of a row. The order of calls is the order of the sum.
  ///
  /// - Parameter gradient: `columnCount` numbers.
  public func addGradient(_ gradient: UnsafePointer<Float>, row: Int) {
    let start = place(of: row) * rowStride
    for column in 0..<columnCount { gradients[start + column] += gradient[column] }
  }

  /// Adds to the gradient of a row of one number.
  public func addGradient(_ gradient: Float, row: Int = 0) { gradients[place(of: row) * rowStride] += gradient }

  /// Adds gradients of rows that were gathered: `[places, columnCount]`, summed for each row in the order of its places.
  func addGradients(_ groups: RowGroups, _ gradient: UnsafePointer<Float>, pool: ThreadPool) {
    if gradientRows.isEmpty { return takeGradients(groups, gradient, pool: pool) }
    let targets = groups.rows.map { place(of: Int($0)) * rowStride }
    let columns = columnCount
    let gradient = Shared(gradient)
    gradients.withUnsafeMutableBufferPointer { sums in
      let sums = Shared(sums.baseAddress)
      pool.run(count: targets.count, grain: 256) { range in
        for slot in range {
          let target = sums.value! + targets[slot]
          for member in groups.members[Int(groups.offsets[slot])..<Int(groups.offsets[slot + 1])] {
            kernel_add(target, gradient.value + Int(member) * columns, columns)
          }
        }
      }
    }
  }

  /// The same where there are none yet: no memory is cleared only to be added to.
  private func takeGradients(_ groups: RowGroups, _ gradient: UnsafePointer<Float>, pool: ThreadPool) {
    if places.isEmpty { places = [Int32](repeating: -1, count: rowCount) }
    for (number, row) in groups.rows.enumerated() { places[Int(row)] = Int32(truncatingIfNeeded: number) }
    gradientRows = groups.rows
    let (columns, stride) = (columnCount, rowStride)
    let gradient = Shared(gradient)
    gradients = [Float](unsafeUninitializedCapacity: groups.rows.count * stride) { sums, filled in
      let base = Shared(sums.baseAddress)
      pool.run(count: groups.rows.count, grain: 256) { range in
        for slot in range {
          let target = base.value! + slot * stride
          let members = groups.members[Int(groups.offsets[slot])..<Int(groups.offsets[slot + 1])]
          target.initialize(from: gradient.value + Int(members.first!) * columns, count: columns)
          (target + columns).initialize(repeating: 0, count: stride - columns)
          for member in members.dropFirst() { kernel_add(target, gradient.value + Int(member) * columns, columns) }
        }
      }
      filled = groups.rows.count * stride
    }
  }

  private func place(of row: Int) -> Int {
    if places.isEmpty { places = [Int32](repeating: -1, count: rowCount) }
    if places[row] < 0 {
      places[row] = Int32(gradientRows.count)
      gradientRows.append(Int32(row))
      gradients.append(contentsOf: repeatElement(0, count: rowStride))
    }
    return Int(places[row])
  }

  /// Gives every row a gradient, 0 where none was added: for optimizers that move all rows in every batch.
  func addEveryRow() {
    for row in 0..<rowCount { _ = place(of: row) }
  }

  /// Takes rows whose gradient is all 0 from those that have one, where `drops` agrees.
  func dropRowsOfZeros(where drops: (_ row: Int) -> Bool) {
    let stride = rowStride
    var kept = 0
    gradients.withUnsafeMutableBufferPointer { gradients in
      guard let base = gradients.baseAddress else { return }
      for (slot, row) in gradientRows.enumerated() {
        let source = base + slot * stride
        guard (0..<stride).contains(where: { source[$0] != 0 }) || !drops(Int(row)) else {
          places[Int(row)] = -1
          continue
        }
        if kept < slot {
          (base + kept * stride).update(from: source, count: stride)
          gradientRows[kept] = row
          places[Int(row)] = Int32(kept)
        }
        kept += 1
      }
    }
    gradientRows.removeLast(gradientRows.count - kept)
    gradients.removeLast(gradients.count - kept * stride)
  }

  /// Adds the gradient of weight/2 |row|² to the rows that have a gradient.
  func addSquaredNorm(weight: Float, pool: ThreadPool) {
    let stride = rowStride
    let values = table.values.base
    gradients.withUnsafeMutableBufferPointer { sums in
      gradientRows.withUnsafeBufferPointer { rows in
        let shared = Shared((sums: sums.baseAddress, values: values, rows: rows.baseAddress))
        pool.run(count: rows.count, grain: max(1, 4096 / stride)) { range in
          let (sums, values, rows) = shared.value
          kernel_add_scaled_rows(
            sums! + range.lowerBound * stride, values, rows! + range.lowerBound,
            Int64(range.count), Int64(stride), weight)
        }
      }
    }
  }

  /// Forgets the batch's gradients.
  public func clearGradients() {
    for row in gradientRows { places[Int(row)] = -1 }
    gradientRows.removeAll(keepingCapacity: true)
    gradients.removeAll(keepingCapacity: true)
  }

  /// Squared norm of the batch's gradient, added up in pieces of one length whatever the number of threads.
  func gradientSquares(pool: ThreadPool) -> Double {
    let piece = 1 << 15
    var squares = [Double](repeating: 0, count: (gradients.count + piece - 1) / piece)
    gradients.withUnsafeBufferPointer { gradients in
      squares.withUnsafeMutableBufferPointer { squares in
        let shared = Shared((gradients: gradients.baseAddress, squares: squares))
        pool.run(count: gradients.count, grain: piece) { range in
          shared.value.squares[range.lowerBound / piece] = kernel_sum_of_squares(
            shared.value.gradients! + range.lowerBound, range.count)
        }
      }
    }
    return squares.reduce(0, +)
  }

  /// Moves the rows that have a gradient, scaled by `factor`, and keeps them within bounds. Rows are up to date.
  func step(_ numbers: kernel_step, factor: Float, pool: ThreadPool) {
    let (stride, bounds) = (rowStride, bounds)
    gradients.withUnsafeMutableBufferPointer { gradients in
      gradientRows.withUnsafeBufferPointer { rows in
        let shared = Shared((parameter: self, view: table.view, gradients: gradients.baseAddress, rows: rows))
        pool.run(count: rows.count, grain: max(1, 4096 / stride)) { range in
          let (parameter, view, gradients, rows) = shared.value
          withUnsafePointer(to: view) { view in
            withUnsafePointer(to: numbers) {
              kernel_step_rows(
                $0, view, rows.baseAddress! + range.lowerBound, Int64(range.count),
                gradients! + range.lowerBound * stride, factor)
            }
          }
          guard let bounds else { return }
          for place in range { parameter.bound(Int(rows[place]), bounds) }
        }
      }
    }
  }

  /// Brings rows that were caught up back into the bounds. A row without gradients keeps its direction, so that this is the same as
  /// bounding it after each of the steps that it stood aside.
  func keepWithinBounds(_ rows: some Sequence<Int32>) {
    guard let bounds else { return }
    for row in rows { bound(Int(row), bounds) }
  }

  private func bound(_ row: Int, _ bounds: ClosedRange<Float>) {
    for column in 0..<columnCount {
      let value = table.values.base + row * rowStride + column
      value.pointee = min(max(value.pointee, bounds.lowerBound), bounds.upperBound)
    }
  }
}
