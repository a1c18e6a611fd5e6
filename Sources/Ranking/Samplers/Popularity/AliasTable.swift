import Kernels

/// Draws from a discrete distribution in constant time.
///
/// Walker, "An efficient method for generating discrete random variables with general distributions", ACM TOMS 1977; built in linear
/// time as Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE TSE 1991. Only entries of positive
/// weight have a column, so that rounding never draws one of weight 0. A column's threshold has 32 bits: probabilities are right to
/// 2⁻³² of a column's.
struct AliasTable {
  /// What a column stands for, and what it gives otherwise.
  let columns: [Column]
  /// The sum of all weights.
  let total: Double

  typealias Column = kernel_alias_column

  /// - Parameter weights: Finite and not negative, one for each item, some above 0.
  /// - Complexity: O(items), once.
  init(weights: [Double]) {
    columns = Self.columns(of: weights.indices.lazy.map { Int32($0) }, weights: weights)
    total = weights.reduce(0, +)
  }

  /// The columns of the items among some that have a weight.
  ///
  /// - Parameter weights: Of all items.
  static func columns(of items: some Sequence<Int32>, weights: [Double]) -> [Column] {
    let items = items.filter { weights[Int($0)] > 0 }
    let total = items.reduce(0) { $0 + weights[Int($1)] }
    precondition(!items.isEmpty && total.isFinite)
    var columns = items.map { Column(threshold: 1 << 32, item: $0, alias: $0) }
    // In units of a column's share.
    var shares = items.map { weights[Int($0)] / total * Double(items.count) }
    var small = shares.indices.filter { shares[$0] < 1 }
    var large = shares.indices.filter { shares[$0] >= 1 }
    while let low = small.popLast() {
      // By rounding some may be left: their share is 1.
      guard let high = large.last else { break }
      columns[low].threshold = UInt64(shares[low] * 0x1p32)
      columns[low].alias = columns[high].item
      shares[high] -= 1 - shares[low]
      if shares[high] < 1 { small.append(large.removeLast()) }
    }
    return columns
  }
}
