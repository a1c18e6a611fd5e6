import Foundation

@testable import Ranking

/// Terms in float64, written to be read.
enum SlowTerms {
  static func covariance(_ rows: [[Double]], _ form: CovarianceTerm.Form) -> Double {
    let count = Double(rows.count)
    let means = rows[0].indices.map { column in rows.reduce(0) { $0 + $1[column] } / count }
    var sum = 0.0
    for i in means.indices {
      for j in means.indices where i != j {
        let number = rows.reduce(0) { $0 + ($1[i] - means[i]) * ($1[j] - means[j]) } / count
        sum += form == .sum ? number : number * number
      }
    }
    return sum
  }

  /// With the target of `fixed` tables held, or of these where there is none.
  static func clusters(_ items: [[Double]], _ centers: [[Double]], tau: Double, target fixed: [[Double]]?) -> Double {
    let q = assignments(items, centers, tau)
    return zip(fixed ?? target(q), q).reduce(0) { sum, rows in
      sum + zip(rows.0, rows.1).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    }
  }

  static func assignments(_ items: [[Double]], _ centers: [[Double]], _ tau: Double) -> [[Double]] {
    items.map { item in
      let r = centers.map { pow(1 + square(zip(item, $0).map { $0 - $1 }) / tau, -(tau + 1) / 2) }
      return r.map { $0 / r.reduce(0, +) }
    }
  }

  static func target(_ q: [[Double]]) -> [[Double]] {
    let mass = q[0].indices.map { k in q.reduce(0) { $0 + $1[k] } }
    return q.map { row in
      let f = row.indices.map { row[$0] * row[$0] / mass[$0] }
      return f.map { $0 / f.reduce(0, +) }
    }
  }

  static func square(_ row: [Double]) -> Double { row.reduce(0) { $0 + $1 * $1 } }

  /// Central differences at every number of some tables.
  static func differences(_ tables: [[[Double]]], _ value: ([[[Double]]]) -> Double) -> [[Double]] {
    var tables = tables
    return tables.indices.map { table in
      tables[table].indices.flatMap { row in
        tables[table][row].indices.map { column in
          let at = tables[table][row][column]
          tables[table][row][column] = at + 1e-5
          let above = value(tables)
          tables[table][row][column] = at - 1e-5
          let below = value(tables)
          tables[table][row][column] = at
          return (above - below) / 2e-5
        }
      }
    }
  }
}

extension Parameter {
  var slowRows: [[Double]] {
    let values = currentValues
    return (0..<rowCount).map { values[$0 * columnCount..<($0 + 1) * columnCount].map(Double.init) }
  }
}
