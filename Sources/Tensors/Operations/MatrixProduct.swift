import COpenBLAS
import Platform

/// The product of matrices by OpenBLAS, whose own threads are off: the rows are cut over our pool, at borders that depend on
/// the shapes only, so that the bits are the same at any number of threads.
struct MatrixProduct {
  private let left: Tensor
  private let right: Tensor
  private let leftIsVector: Bool
  private let rightIsVector: Bool
  private let batch: [Int]
  private let rows: Int
  private let inner: Int
  private let columns: Int

  /// Floating-point operations of one task: enough to be worth handing over, and to pack the right matrix once more; fewer
  /// with a vector, where every operation reads its own element.
  private var taskOperations: Int { rows == 1 || columns == 1 ? 1 << 19 : 1 << 23 }

  /// Asked for before any call of BLAS.
  static let singleThreaded: Void = openblas_set_num_threads(1)

  init(_ left: Tensor, _ right: Tensor) throws {
    guard left.rank > 0, right.rank > 0 else {
      throw TensorError.shapes(
        operation: "matmul", left: left.shape, right: right.shape,
        wanted: "vectors or matrices; * multiplies by a number")
    }
    leftIsVector = left.rank == 1
    rightIsVector = right.rank == 1
    self.left = leftIsVector ? try left.insertingAxis(0) : left
    self.right = rightIsVector ? try right.insertingAxis(1) : right
    rows = self.left.shape[self.left.rank - 2]
    inner = self.left.shape[self.left.rank - 1]
    columns = self.right.shape[self.right.rank - 1]
    guard self.right.shape[self.right.rank - 2] == inner else {
      throw TensorError.shapes(
        operation: "matmul", left: left.shape, right: right.shape,
        wanted: "as many columns on the left as rows on the right")
    }
    guard max(rows, inner, columns) <= Int(Int32.max) else {
      throw TensorError.shapes(operation: "matmul", left: left.shape, right: right.shape, wanted: "lengths below 2^31")
    }
    do {
      batch = try broadcastShape(
        Array(self.left.shape.dropLast(2)), Array(self.right.shape.dropLast(2)), operation: "matmul")
    } catch {
      throw TensorError.shapes(
        operation: "matmul", left: left.shape, right: right.shape,
        wanted: "batch axes (all but the last two) that are equal or 1")
    }
  }

  func run() throws -> Tensor {
    _ = Self.singleThreaded
    let result = try product()
    var shape = batch
    if !leftIsVector { shape.append(rows) }
    if !rightIsVector { shape.append(columns) }
    return try result.reshaped(shape)
  }

  /// `batch + [rows, columns]`
  private func product() throws -> Tensor {
    if let depth = innerStep, batch.allSatisfy({ $0 == 1 }) {
      let (a, b) = (try Self.readable(left), try Self.readable(right))
      let count = (inner + depth - 1) / depth
      let parts = try Tensor(uninitialized: [count] + batch + [rows, columns], operation: "matmul")
      withExtendedLifetime((a, b)) { multiplyParts(a, b, depth, into: parts.storage.pointer) }
      return try parts.sum(axes: [0])
    }
    let result = try Tensor(uninitialized: batch + [rows, columns], operation: "matmul")
    if inner == 0 {
      try result.fill(0)
    } else if result.count > 0 {
      let count = result.count / (rows * columns)
      try Memory.require(count, of: (Place, Place, Place).self, for: "a product of \(count) pairs of matrices")
      let (a, b) = (try Self.readable(left), try Self.readable(right))
      withExtendedLifetime((a, b)) { multiply(a, b, into: result.storage.pointer) }
    }
    return result
  }

  /// Where the result is small and its sums are long, as in the gradient of a layer's weights: the length of the parts that the
  /// sums are cut into, which are then added in order. `nil` where the result gives work enough for all threads.
  private var innerStep: Int? {
    guard inner >= 2048, (1...1 << 14).contains(rows * columns) else { return nil }
    let depth = max(512, taskOperations / (2 * rows * columns))
    return depth * 2 <= inner ? depth : nil
  }

  private func multiplyParts(_ a: Tensor, _ b: Tensor, _ depth: Int, into out: UnsafeMutablePointer<Float>) {
    let (x, y, out) = (Matrix(a, at: 0), Matrix(b, at: 0), Shared(out))
    ThreadPool.shared.run(count: inner, grain: depth) { [rows, columns] range in
      Block(rows: rows, columns: columns).multiply(
        x, y, x.fromColumn(range.lowerBound), y.fromRow(range.lowerBound),
        out.value + range.lowerBound / depth * rows * columns, rows, columns, range.count)
    }
  }

  /// Where the two matrices of one product are.
  private typealias Place = (Matrix, Matrix)

  /// A matrix as BLAS wants it: one of its axes has stride 1.
  private struct Matrix {
    private let shared: Shared<UnsafeMutablePointer<Float>>
    let leading: Int
    let isTransposed: Bool

    init(_ x: Tensor, at offset: Int) {
      let (high, wide) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
      isTransposed = !Self.isRowMajor(x)
      let stride = isTransposed ? x.strides[x.rank - 1] : x.strides[x.rank - 2]
      leading = max(stride, isTransposed ? high : wide, 1)
      shared = Shared(x.storage.pointer + x.offset + offset)
    }

    var base: UnsafeMutablePointer<Float> { shared.value }

    static func isRowMajor(_ x: Tensor) -> Bool {
      let (high, wide) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
      return (x.strides[x.rank - 1] == 1 || wide == 1) && (x.strides[x.rank - 2] >= wide || high == 1)
    }

    static func isColumnMajor(_ x: Tensor) -> Bool {
      let (high, wide) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
      return (x.strides[x.rank - 2] == 1 || high == 1) && (x.strides[x.rank - 1] >= high || wide == 1)
    }

    /// The matrix from row `row` on.
    func fromRow(_ row: Int) -> UnsafeMutablePointer<Float> { base + row * (isTransposed ? 1 : leading) }

    /// The matrix from column `column` on.
    func fromColumn(_ column: Int) -> UnsafeMutablePointer<Float> { base + column * (isTransposed ? leading : 1) }

    var order: CBLAS_TRANSPOSE { isTransposed ? CblasTrans : CblasNoTrans }
  }

  private static func readable(_ x: Tensor) throws -> Tensor {
    // BLAS counts strides in 32 bits.
    let isCountable = x.strides.suffix(2).allSatisfy { $0 <= Int(Int32.max) }
    return isCountable && (Matrix.isRowMajor(x) || Matrix.isColumnMajor(x)) ? x : try x.copy()
  }

  private func multiply(_ a: Tensor, _ b: Tensor, into out: UnsafeMutablePointer<Float>) {
    let batches = batch.reduce(1, *)
    let loop = StridedLoop(
      shape: batch,
      operands: [a, b].map {
        broadcastStrides(shape: Array($0.shape.dropLast(2)), strides: Array($0.strides.dropLast(2)), to: batch)
      })
    var offsets: [(Int, Int)] = []
    loop.forEachRun(in: 0..<batches) { _, positions, length in
      for step in 0..<length {
        offsets.append((positions[0] + step * loop.runStride(0), positions[1] + step * loop.runStride(1)))
      }
    }
    let matrices = offsets.map { (Matrix(a, at: $0.0), Matrix(b, at: $0.1)) }
    // Rows are cut; a wide product of few rows is cut by columns.
    let cutsRows = rows >= columns || rows >= 512
    let length = cutsRows ? rows : columns
    let operationsOfOne = 2 * inner * (cutsRows ? columns : rows)
    let wanted = max(64, taskOperations / max(1, operationsOfOne))
    let pieces = max(1, length / wanted)
    let step = (length + pieces - 1) / pieces
    let cuts = (length + step - 1) / step
    let out = Shared(out)
    let product = { @Sendable [rows, columns, inner] (task: Int) in
      let (index, start) = (task / cuts, task % cuts * step)
      let (x, y) = matrices[index]
      let part = Block(rows: rows, columns: columns)
      let target = out.value + index * rows * columns
      let count = min(step, length - start)
      if cutsRows {
        part.multiply(x, y, x.fromRow(start), y.base, target + start * columns, count, columns, inner)
      } else {
        part.multiply(x, y, x.base, y.fromColumn(start), target + start, rows, count, inner)
      }
    }
    // Small products of a large batch are handed over in groups.
    let group = max(1, taskOperations / max(1, operationsOfOne * step))
    ThreadPool.shared.run(count: matrices.count * cuts, grain: group) { for task in $0 { product(task) } }
  }

  /// Multiplies a part of the result. Which routine of BLAS does it depends on the whole result, as the bits do.
  private struct Block {
    let rows: Int
    let columns: Int

    /// `high` rows and `wide` columns of the product, from the given corners, sums of `deep` products each.
    func multiply(
      _ a: Matrix, _ b: Matrix, _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>,
      _ out: UnsafeMutablePointer<Float>, _ high: Int, _ wide: Int, _ deep: Int
    ) {
      let (m, n, k) = (Int32(high), Int32(wide), Int32(deep))
      if columns == 1 {
        // A vector on the right: its elements are `step` apart.
        let step = b.isTransposed ? 1 : b.leading
        cblas_sgemv(
          CblasRowMajor, a.order, a.isTransposed ? k : m, a.isTransposed ? m : k, 1, left, Int32(a.leading), right,
          Int32(step),
          0, out, 1)
      } else if rows == 1 {
        // A vector on the left: the transposed product.
        let step = a.isTransposed ? a.leading : 1
        cblas_sgemv(
          CblasRowMajor, b.isTransposed ? CblasNoTrans : CblasTrans, b.isTransposed ? n : k, b.isTransposed ? k : n, 1,
          right,
          Int32(b.leading), left, Int32(step), 0, out, 1)
      } else {
        cblas_sgemm(
          CblasRowMajor, a.order, b.order, m, n, k, 1, left, Int32(a.leading), right, Int32(b.leading), 0, out,
          Int32(columns))
      }
    }
  }
}

extension Tensor {
  /// The matrix product: `[m, k] · [k, n] = [m, n]`.
  ///
  /// A vector on the left is a row, on the right a column, and that axis is missing in the result; two vectors give a number.
  /// Axes before the last two are a batch and broadcast: `[b, m, k] · [k, n] = [b, m, n]`.
  public func matrixProduct(_ other: Tensor) throws -> Tensor { try Operation.matrixProduct.evaluate(self, other) }
}
