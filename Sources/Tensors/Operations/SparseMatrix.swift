import Kernels
import Platform

/// A matrix most of whose elements are 0, in compressed rows: for a graph's neighbors, normalized or not.
///
///     // 0 2 0
///     // 1 0 3
///     let matrix = try SparseMatrix(
///       rows: 2, columns: 3, rowOffsets: [0, 1, 3], columnIndices: [1, 0, 2], values: [2, 1, 3])
///     try matrix.matrixProduct(x)              // x: [3, n], the result: [2, n]
///
/// It does not change and has no gradient of its own; the product has one with respect to the dense matrix.
public final class SparseMatrix: Sendable {
  public let rows: Int
  public let columns: Int
  private let compressed: CompressedRows
  /// Made when it is first asked for: the derivative of a product needs it.
  private let transposed = Locked<CompressedRows?>(nil)

  /// - Parameters:
  ///   - rowOffsets: `rows + 1` positions, ascending from 0: row r has the entries `rowOffsets[r]..<rowOffsets[r + 1]`.
  ///   - columnIndices: For each entry its column. Entries of one place add up.
  ///   - values: For each entry its value.
  /// - Throws: `TensorError.argument` that says which number does not fit.
  public init(rows: Int, columns: Int, rowOffsets: [Int], columnIndices: [Int], values: [Float]) throws {
    func fail(_ reason: String) -> TensorError { .argument(operation: "sparse", reason: reason) }
    try Self.check(rows: rows, columns: columns)
    guard rowOffsets.count == rows + 1, rowOffsets.first == 0, rowOffsets.last == values.count else {
      throw fail(
        "\(rowOffsets.count) row offsets from \(rowOffsets.first ?? -1) to \(rowOffsets.last ?? -1); want \(rows + 1) for "
          + "\(rows) rows, from 0 to the number of values, \(values.count)")
    }
    for row in 0..<rows where rowOffsets[row] > rowOffsets[row + 1] {
      throw fail("row offset \(row) is \(rowOffsets[row]), the next is \(rowOffsets[row + 1]); want ascending offsets")
    }
    guard columnIndices.count == values.count else {
      throw fail("\(columnIndices.count) column indices for \(values.count) values; want as many")
    }
    for (entry, column) in columnIndices.enumerated() where !(0..<columns).contains(column) {
      throw fail("entry \(entry) is in column \(column); want 0..<\(columns)")
    }
    self.rows = rows
    self.columns = columns
    compressed = CompressedRows(
      offsets: rowOffsets, indices: columnIndices.map { Int32($0) }, values: values)
  }

  /// From the row, the column and the value of each entry, in any order.
  public convenience init(rows: Int, columns: Int, rowIndices: [Int], columnIndices: [Int], values: [Float]) throws {
    guard rowIndices.count == values.count, columnIndices.count == values.count else {
      throw TensorError.argument(
        operation: "sparse",
        reason: "\(rowIndices.count) row indices and \(columnIndices.count) column indices for \(values.count) values; "
          + "want as many")
    }
    try Self.check(rows: rows, columns: columns)
    var offsets = [Int](repeating: 0, count: rows + 1)
    for (entry, row) in rowIndices.enumerated() {
      guard (0..<rows).contains(row) else {
        throw TensorError.argument(operation: "sparse", reason: "entry \(entry) is in row \(row); want 0..<\(rows)")
      }
      offsets[row + 1] += 1
    }
    for row in 0..<rows { offsets[row + 1] += offsets[row] }
    var next = offsets
    var places = [Int](repeating: 0, count: values.count)
    for (entry, row) in rowIndices.enumerated() {
      places[next[row]] = entry
      next[row] += 1
    }
    try self.init(
      rows: rows, columns: columns, rowOffsets: offsets, columnIndices: places.map { columnIndices[$0] },
      values: places.map { values[$0] })
  }

  private static func check(rows: Int, columns: Int) throws {
    guard (0...Int(Int32.max)).contains(rows), (0...Int(Int32.max)).contains(columns) else {
      throw TensorError.argument(
        operation: "sparse", reason: "\(rows) rows and \(columns) columns; want 0 or more, below 2^31")
    }
    // Where each row begins, and how far it is filled.
    try Memory.require(rows, of: (Int, Int).self, for: "a sparse matrix of \(rows) rows")
  }

  /// Number of entries.
  public var count: Int { compressed.values.count }

  /// Memory, with the transpose where it was needed.
  public var byteCount: Int { compressed.byteCount + (transposed.withLock { $0?.byteCount } ?? 0) }

  /// This matrix times a dense one: `[rows, columns] · [columns, ...] = [rows, ...]`. A vector gives a vector.
  ///
  /// - Complexity: O(entries · width), on all threads; the bits do not depend on how many.
  public func matrixProduct(_ dense: Tensor) throws -> Tensor {
    try Operation.sparseProduct(self, transposed: false).evaluate(dense)
  }

  /// The transpose of this matrix times a dense one: `[columns, rows] · [rows, ...] = [columns, ...]`.
  public func transposedMatrixProduct(_ dense: Tensor) throws -> Tensor {
    try Operation.sparseProduct(self, transposed: true).evaluate(dense)
  }

  func product(_ dense: Tensor, transposed isTransposed: Bool) throws -> Tensor {
    let (height, wanted) = isTransposed ? (columns, rows) : (rows, columns)
    guard dense.rank > 0, dense.shape[0] == wanted else {
      throw TensorError.shapes(
        operation: "sparse matmul", left: [height, wanted], right: dense.shape,
        wanted: "as many rows on the right as columns on the left")
    }
    let matrix = isTransposed ? try transpose() : compressed
    let source = try dense.contiguous()
    let result = try Tensor(uninitialized: [height] + dense.shape.dropFirst(), operation: "sparse matmul")
    let width = dense.shape.dropFirst().reduce(1, *)
    let out = Shared(result.storage.pointer)
    source.withBase { base in
      let base = Shared(base)
      matrix.indices.withUnsafeBufferPointer { indices in
        matrix.values.withUnsafeBufferPointer { values in
          let (indices, values) = (Shared(indices), Shared(values))
          // Rows may be of very different lengths: small tasks, taken as threads come free.
          ThreadPool.shared.run(count: width == 0 ? 0 : height, grain: 64) { range in
            for row in range {
              let start = matrix.offsets[row]
              kernel_sum_rows(
                out.value + row * width, base.value, width, indices.value.baseAddress.map { $0 + start },
                values.value.baseAddress.map { $0 + start }, matrix.offsets[row + 1] - start, width)
            }
          }
        }
      }
    }
    return result
  }

  private func transpose() throws -> CompressedRows {
    try transposed.withLock { made in
      if let made { return made }
      try Memory.require(
        columns + count, of: (Int, Int).self, for: "the transpose of a sparse matrix of \(columns) columns")
      let result = compressed.transposed(columns: columns)
      made = result
      return result
    }
  }
}

private struct CompressedRows: Sendable {
  let offsets: [Int]
  let indices: [Int32]
  let values: [Float]

  var byteCount: Int { 8 * offsets.count + 4 * indices.count + 4 * values.count }

  /// By counting; entries of a column stay in the order of the rows.
  func transposed(columns: Int) -> CompressedRows {
    var starts = [Int](repeating: 0, count: columns + 1)
    for column in indices { starts[Int(column) + 1] += 1 }
    for column in 0..<columns { starts[column + 1] += starts[column] }
    var next = starts
    var rowsOfEntries = [Int32](repeating: 0, count: indices.count)
    var turned = [Float](repeating: 0, count: indices.count)
    for row in 0..<offsets.count - 1 {
      for entry in offsets[row]..<offsets[row + 1] {
        let column = Int(indices[entry])
        rowsOfEntries[next[column]] = Int32(row)
        turned[next[column]] = values[entry]
        next[column] += 1
      }
    }
    return CompressedRows(offsets: starts, indices: rowsOfEntries, values: turned)
  }
}
