/// Items that were listed because little is left.
struct RemainingItems {
  private(set) var items: [Int32] = []
  private var sums: [Double] = []
  var total: Double { sums.last ?? 0 }

  mutating func add(_ item: Int32, _ weight: Double) {
    items.append(item)
    sums.append(total + weight)
  }

  /// By inversion. O(items)
  func item(_ uniform: Double) -> Int32 {
    let goal = uniform * total
    return items[sums.firstIndex { $0 > goal } ?? items.count - 1]
  }
}
