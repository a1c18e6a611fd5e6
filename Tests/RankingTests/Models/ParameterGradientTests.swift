import Tensors
import Testing

@testable import Ranking

/// What is added to the gradients of parameters that do not score themselves.
@Suite struct ParameterGradientTests {
  @Test(arguments: [1, 3, 64, 70]) func squaredNormAddsEachRowTimesTheWeight(columns: Int) throws {
    let parameter = try Parameter(name: "rows", owner: .item, rowCount: 900, columnCount: columns) { row, column in
      Float(row) - 0.25 * Float(column)
    }
    // Enough rows for more than one task of the pool, not in the order of the table.
    let rows = (0..<700).map { ($0 * 37 + 5) % 900 }
    let gradient = (0..<columns).map { 0.5 + Float($0) }
    let gradients = RowGradients(parameter)
    for row in rows { gradients.add(gradient, row: row) }
    gradients.addSquaredNorm(weight: 0.125, pool: .shared)
    var wanted = [Float](repeating: 0, count: 900 * columns)
    for row in rows {
      for column in 0..<columns {
        wanted[row * columns + column] = gradient[column] + 0.125 * (Float(row) - 0.25 * Float(column))
      }
    }
    #expect(gradients.dense() == wanted)
  }

  /// Each row with a weight of its own; some have a gradient already, in any order or as part of a block.
  @Test(arguments: [1, 3, 16, 64, 70], [false, true]) func squaredNormsCountRows(columns: Int, block: Bool) throws {
    let parameter = try Parameter(name: "rows", owner: .item, rowCount: 900, columnCount: columns) { row, column in
      Float(row) - 0.25 * Float(column)
    }
    let gradients = RowGradients(parameter)
    var wanted = [Float](repeating: 0, count: 900 * columns)
    if block {
      try gradients.takeBlock(pool: .shared) { $0.update(repeating: 0, count: 900 * parameter.rowStride) }
    }
    for row in stride(from: 899, to: 0, by: -7) {
      gradients.add([Float](repeating: 0.5, count: columns), row: row)
      for column in 0..<columns { wanted[row * columns + column] = 0.5 }
    }
    let rows = (0..<700).map { Int32(($0 * 37 + 5) % 900) }
    let weights = rows.indices.map { Float($0 % 4) * 0.125 }
    for threads in [1, 3] {
      gradients.addSquaredNorms(weights: weights, rows: rows, pool: ThreadPool(threadCount: threads))
      for (row, weight) in zip(rows, weights) {
        for column in 0..<columns {
          wanted[Int(row) * columns + column] += weight * (Float(row) - 0.25 * Float(column))
        }
      }
    }
    #expect(gradients.dense() == wanted)
    gradients.addSquaredNorms(weights: [], rows: [], pool: .shared)
    #expect(gradients.dense() == wanted)
  }

  /// A block of all rows, with gradients added before and after it, also to rows that the block leaves at 0.
  @Test(arguments: [1, 3]) func aBlockAddsUpWithSingleRows(_ threads: Int) throws {
    let pool = ThreadPool(threadCount: threads)
    let (rows, columns) = (3000, 5)
    let parameter = try Parameter(name: "rows", owner: .item, rowCount: rows, columnCount: columns) { _, _ in 1 }
    let gradients = RowGradients(parameter)
    var expected = [Float](repeating: 0, count: rows * columns)
    func add(_ row: Int, _ value: Float) {
      gradients.add([Float](repeating: value, count: columns), row: row)
      for column in 0..<columns { expected[row * columns + column] += value }
    }
    for _ in 0..<2 {
      expected = [Float](repeating: 0, count: rows * columns)
      for row in [7, 1, 2998] { add(row, Float(row) / 4) }
      try gradients.takeBlock(pool: pool) { block in
        block.update(repeating: 0, count: rows * parameter.rowStride)
        for row in 0..<rows where row % 3 != 1 {
          for column in 0..<columns {
            block[row * parameter.rowStride + column] = Float(row + column)
            expected[row * columns + column] += Float(row + column)
          }
        }
      }
      for row in [7, 4, 0] { add(row, -0.5) }
      #expect(gradients.dense() == expected)
      #expect(
        Set(gradients.rows) == Set((0..<rows).map(Int32.init)).filter { $0 % 3 != 1 || [1, 4, 7, 2998].contains($0) })
      let squares = expected.reduce(0) { $0 + Double($1) * Double($1) }
      expectClose(gradients.squares(pool: pool), squares, rtol: 1e-9)
      gradients.addSquaredNorm(weight: 2, pool: pool)
      for row in gradients.rows {
        for column in 0..<columns { expected[Int(row) * columns + column] += 2 }
      }
      #expect(gradients.dense() == expected)
      // As values: a copy has no block, and both are the same vector.
      let copy = RowGradients(parameter)
      copy.add(gradients)
      #expect(copy.dense() == expected)
      #expect(copy.rows == gradients.rows && copy.compactValues() == gradients.compactValues())
      expectClose(copy.dot(gradients), gradients.squares(pool: pool), rtol: 1e-9)
      expectClose(gradients.dot(copy), gradients.squares(pool: pool), rtol: 1e-9)
      gradients.scale(0.5)
      #expect(gradients.dense() == expected.map { $0 / 2 } && copy.dense() == expected)
      gradients.clear()
      #expect(gradients.rows.isEmpty && gradients.dense().allSatisfy { $0 == 0 })
    }
    add(5, 3)
    #expect(gradients.rows == [5])
  }
}
