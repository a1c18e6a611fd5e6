import Interactions

@testable import Ranking

/// Weighted least squares as the paper writes them, in float64: a matrix of d x d for each row, eliminated.
struct SlowSquares {
  let train: InteractionMatrix
  let confidence: Double
  let regularization: Double

  typealias Rows = [[Double]]

  func objective(_ users: Rows, _ items: Rows) -> Double {
    var sum = 0.0
    for row in users + items { sum += regularization * dot(row, row) }
    for (user, x) in users.enumerated() {
      for (item, y) in items.enumerated() {
        let observed = train.contains(user: user, item: Int32(item))
        let error = (observed ? 1 : 0) - dot(x, y)
        sum += (observed ? confidence : 1) * error * error
      }
    }
    return sum
  }

  /// The rows of the users for the items' rows.
  func users(for items: Rows) -> Rows { rows(train, for: items) }
  func items(for users: Rows) -> Rows { rows(train.transposed(), for: users) }

  private func rows(_ pairs: InteractionMatrix, for fixed: Rows) -> Rows {
    let dim = fixed[0].count
    return (0..<pairs.userCount).map { row in
      var matrix = Rows(repeating: [Double](repeating: 0, count: dim), count: dim)
      var right = [Double](repeating: 0, count: dim)
      for (number, y) in fixed.enumerated() {
        let observed = pairs.contains(user: row, item: Int32(number))
        for a in 0..<dim {
          for b in 0..<dim { matrix[a][b] += (observed ? confidence : 1) * y[a] * y[b] }
          if observed { right[a] += confidence * y[a] }
        }
      }
      for a in 0..<dim { matrix[a][a] += regularization }
      return solve(matrix, right)
    }
  }
}

func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for (x, y) in zip(a, b) { sum += x * y }
  return sum
}

/// Gauss elimination with pivots.
func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
  let size = right.count
  var rows = zip(matrix, right).map { $0 + [$1] }
  for column in 0..<size {
    let best = (column..<size).max { abs(rows[$0][column]) < abs(rows[$1][column]) }!
    rows.swapAt(column, best)
    for row in 0..<size where row != column {
      let factor = rows[row][column] / rows[column][column]
      if factor == 0 { continue }
      for place in column...size { rows[row][place] -= factor * rows[column][place] }
    }
  }
  return (0..<size).map { rows[$0][size] / rows[$0][$0] }
}

extension Parameter {
  /// The rows as they stand, in float64.
  var doubles: [[Double]] {
    let values = currentValues
    return (0..<rowCount).map { row in values[row * columnCount..<(row + 1) * columnCount].map(Double.init) }
  }
}
