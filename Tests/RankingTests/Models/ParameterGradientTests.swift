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
}
