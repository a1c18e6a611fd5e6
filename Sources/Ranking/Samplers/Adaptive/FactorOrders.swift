import Platform
import Tensors

/// The items by each of their factors, and how far these spread.
final class FactorOrders {
  let itemCount: Int
  let factorCount: Int
  /// `[factors, items]`: the items by this factor, the highest first, of equal ones the first.
  let items: [Int32]
  /// Of each factor over the items: Σ (x - mean)² / items.
  let variances: [Double]

  init(itemCount: Int, factorCount: Int, items: [Int32], variances: [Double]) {
    (self.itemCount, self.factorCount, self.items, self.variances) = (itemCount, factorCount, items, variances)
  }

  /// `nil` where a number is none.
  init?(_ rows: RowBlock, threads: ThreadPool) throws {
    let size = try Memory.count(
      rows.rowCount, rows.width, of: Int32.self, for: "\(rows.rowCount) items in the order of \(rows.width) factors")
    var variances = [Double](repeating: 0, count: rows.width)
    items = [Int32](unsafeUninitializedCapacity: size) { items, filled in
      variances.withUnsafeMutableBufferPointer { variances in
        let shared = Shared((rows: rows, items: items.baseAddress!, variances: variances.baseAddress!))
        threads.run(count: rows.width) { factor in
          let (rows, target) = (shared.value.rows, shared.value.items + factor * shared.value.rows.rowCount)
          let column = (0..<rows.rowCount).map { rows[$0][factor] }
          shared.value.variances[factor] = Self.variance(column)
          // NaN has no order; such rows are refused by their variance.
          guard shared.value.variances[factor].isFinite else {
            target.initialize(repeating: 0, count: column.count)
            return
          }
          let order = (0..<Int32(column.count)).sorted {
            let (one, other) = (column[Int($0)], column[Int($1)])
            return one != other ? one > other : $0 < $1
          }
          for (rank, item) in order.enumerated() { target[rank] = item }
        }
      }
      filled = size
    }
    guard variances.allSatisfy(\.isFinite) else { return nil }
    self.variances = variances
    itemCount = rows.rowCount
    factorCount = rows.width
  }

  private static func variance(_ column: [Float]) -> Double {
    let mean = column.reduce(0) { $0 + Double($1) } / Double(column.count)
    return column.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(column.count)
  }

  /// The item of a rank from the top of a factor, or from its bottom.
  @inline(__always) func item(_ factor: Int, _ rank: Int, fromTop: Bool) -> Int32 {
    items[factor * itemCount + (fromTop ? rank : itemCount - 1 - rank)]
  }
}
