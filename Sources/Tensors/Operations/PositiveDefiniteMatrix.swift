import COpenBLAS
import Platform

/// A symmetric positive definite matrix in float64 that becomes its Cholesky factor, the factor's inverse, or its own inverse, in
/// place.
///
///     let matrix = try PositiveDefiniteMatrix(size: 2, for: "an example")
///     matrix[0, 0] = 4; matrix[1, 0] = 2; matrix[1, 1] = 3
///     try matrix.invert()                                    // matrix[1, 0] is -0.25
///
/// Only the part on and below the diagonal is read and written. Tiles of 128 x 128 are spread over the threads of a pool; each is
/// computed by the same operations in the same order, so that the bits do not depend on how many threads there are.
///
/// Golub, Van Loan, "Matrix Computations", 4th edition, 4.2.9 (block Cholesky); the inverse as LAPACK's `potri` goes about it.
public final class PositiveDefiniteMatrix {
  public let size: Int
  private let values: AlignedBuffer<Double>
  private let pool: ThreadPool

  /// The pivot at which a matrix turned out not to be positive definite, or to hold what is not a number.
  public struct NotPositiveDefinite: Error, Equatable {
    public let row: Int
  }

  private static let tile = 128

  /// All zeros, row major.
  ///
  /// - Throws: `MemoryError` where 8 · size² bytes cannot be had.
  public init(size: Int, for purpose: @autoclosure () -> String, pool: ThreadPool = .shared) throws {
    precondition((1...Int(Int32.max)).contains(size))
    self.size = size
    self.pool = pool
    values = try AlignedBuffer(
      count: Memory.count(size, size, of: Double.self, for: purpose()), repeating: 0, for: purpose())
  }

  /// Row r begins at `r * size`.
  public var base: UnsafeMutablePointer<Double> { values.base }

  public subscript(row: Int, column: Int) -> Double {
    get { values[row * size + column] }
    set { values[row * size + column] = newValue }
  }

  /// The matrix becomes L of L L' = itself.
  ///
  /// - Parameter check: Called between two rounds of tiles; what it throws ends the work, and the matrix holds neither.
  /// - Throws: `NotPositiveDefinite`.
  /// - Complexity: size³ / 3 operations.
  public func factorize(check: () throws -> Void = {}) throws {
    _ = MatrixProduct.singleThreaded
    for block in blocks {
      try check()
      try factorizeDiagonal(block)
      let below = blocksBelow(block)
      forEach(below) { [self] in
        multiplyByInverseTranspose(of: block, rows: $0)
      }
      let pairs = below.flatMap { row in below.filter { $0.lowerBound <= row.lowerBound }.map { (row, $0) } }
      forEach(pairs) { [self] row, column in
        multiply(-1, (row, block), (column, block), transposingRight: true, addingTo: at(row, column), size)
      }
    }
  }

  /// The factor L becomes its inverse.
  ///
  /// - Complexity: size³ / 3 operations, a strip of size · 128 numbers.
  public func invertFactor(check: () throws -> Void = {}) throws {
    _ = MatrixProduct.singleThreaded
    let width = min(size, Self.tile)
    let strip = try AlignedBuffer<Double>(count: size * width, repeating: 0, for: "a strip of the inverse")
    for block in blocks.reversed() {
      try check()
      let below = blocksBelow(block)
      // What is below this block is inverted already; its product with the strip goes to `strip`, which the strip's own rows are
      // needed for until it is whole.
      forEach(below) { [self] row in
        let target = strip.base + row.lowerBound * width
        target.update(repeating: 0, count: row.count * width)
        for inner in below where inner.lowerBound <= row.lowerBound {
          multiply(1, (row, inner), (inner, block), transposingRight: false, addingTo: target, width)
        }
      }
      invertDiagonal(block)
      forEach(below) { [self] row in
        cblas_dgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(row.count), Int32(block.count), Int32(block.count), -1,
          strip.base + row.lowerBound * width, Int32(width), at(block, block), Int32(size), 0, at(row, block),
          Int32(size))
      }
    }
  }

  /// The matrix becomes its inverse.
  ///
  /// - Throws: `NotPositiveDefinite`.
  /// - Complexity: size³ operations.
  public func invert(check: () throws -> Void = {}) throws {
    try factorize(check: check)
    try invertFactor(check: check)
    try multiplyTransposed(check: check)
  }

  /// M becomes the lower part of M' M. A row of blocks reads itself and those below it, which still stand.
  private func multiplyTransposed(check: () throws -> Void) throws {
    for row in blocks {
      try check()
      let columns = blocks.filter { $0.lowerBound <= row.lowerBound }
      let strip = try AlignedBuffer<Double>(count: row.count * size, repeating: 0, for: "a strip of the inverse")
      forEach(columns) { [self] column in
        for inner in [row] + blocksBelow(row) {
          cblas_dgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(row.count), Int32(column.count), Int32(inner.count), 1,
            at(inner, row), Int32(size), at(inner, column), Int32(size), 1, strip.base + column.lowerBound, Int32(size))
        }
      }
      for line in 0..<row.count {
        let width = row.lowerBound + line + 1
        (base + (row.lowerBound + line) * size).update(from: strip.base + line * size, count: width)
      }
    }
  }

  // MARK: Tiles

  private var blocks: [Range<Int>] {
    Swift.stride(from: 0, to: size, by: Self.tile).map { $0..<min(size, $0 + Self.tile) }
  }

  private func blocksBelow(_ block: Range<Int>) -> [Range<Int>] { blocks.filter { $0.lowerBound > block.lowerBound } }

  private func at(_ row: Range<Int>, _ column: Range<Int>) -> UnsafeMutablePointer<Double> {
    base + row.lowerBound * size + column.lowerBound
  }

  /// Runs `body` for each element on all threads: each writes tiles of its own.
  private func forEach<Element>(_ elements: [Element], _ body: (Element) -> Void) {
    withoutActuallyEscaping(body) { body in
      let shared = Shared((elements: elements, body: body))
      pool.run(count: elements.count) { shared.value.body(shared.value.elements[$0]) }
    }
  }

  /// target += scale · left · right, of two tiles of the matrix.
  private func multiply(
    _ scale: Double, _ left: (Range<Int>, Range<Int>), _ right: (Range<Int>, Range<Int>), transposingRight: Bool,
    addingTo target: UnsafeMutablePointer<Double>, _ stride: Int
  ) {
    let wide = transposingRight ? right.0.count : right.1.count
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, transposingRight ? CblasTrans : CblasNoTrans, Int32(left.0.count), Int32(wide),
      Int32(left.1.count), scale, at(left.0, left.1), Int32(size), at(right.0, right.1), Int32(size), 1, target,
      Int32(stride))
  }

  private func multiplyByInverseTranspose(of block: Range<Int>, rows: Range<Int>) {
    cblas_dtrsm(
      CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, Int32(rows.count), Int32(block.count), 1,
      at(block, block), Int32(size), at(rows, block), Int32(size))
  }

  /// What is above the diagonal of the tile becomes 0, so that it multiplies as a triangle.
  private func factorizeDiagonal(_ block: Range<Int>) throws {
    let (start, count) = (at(block, block), block.count)
    for row in 0..<count {
      let line = start + row * size
      for column in 0..<row {
        let other = start + column * size
        var sum = line[column]
        for inner in 0..<column { sum -= line[inner] * other[inner] }
        line[column] = sum / other[column]
      }
      var pivot = line[row]
      for inner in 0..<row { pivot -= line[inner] * line[inner] }
      guard pivot > 0, pivot.isFinite else { throw NotPositiveDefinite(row: block.lowerBound + row) }
      line[row] = pivot.squareRoot()
      for column in row + 1..<max(count, row + 1) { line[column] = 0 }
    }
  }

  private func invertDiagonal(_ block: Range<Int>) {
    let (start, count) = (at(block, block), block.count)
    // Columns from the left, each from the diagonal down: what is read of the factor is right of the column, or the element itself.
    for column in 0..<count {
      for row in column..<count {
        let line = start + row * size
        var sum = row == column ? 1.0 : 0
        for inner in column..<row { sum -= line[inner] * start[inner * size + column] }
        line[column] = sum / line[row]
      }
    }
  }
}
