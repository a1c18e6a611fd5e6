import Interactions
import Platform

/// What items are in the train part, for metrics that ask what is recommended (see `Metric`).
struct ItemProfile: Sendable {
  private let userCount: Int
  /// By item: how many users have it.
  let counts: [Int]
  /// Whether an item is outside those that have 80 % of all interactions.
  private let isTail: [Bool]
  /// The users of each item, for `diversity` alone.
  private let owners: InteractionMatrix?

  /// - Complexity: O(pairs + items · log items)
  init(_ train: InteractionMatrix, hasOwners: Bool) {
    userCount = train.userCount
    var counts = [Int](repeating: 0, count: train.itemCount)
    for item in train.items { counts[Int(item)] += 1 }
    self.counts = counts
    owners = hasOwners ? train.transposed() : nil
    var isTail = [Bool](repeating: false, count: train.itemCount)
    var seen = 0
    // Of equally popular items the one with the lower number first.
    for item in counts.indices.sorted(by: { (counts[$0], $1) > (counts[$1], $0) }) {
      isTail[item] = 5 * seen >= 4 * train.count
      seen += counts[item]
    }
    self.isTail = isTail
  }

  /// Of some lists; NaN for one that says nothing.
  ///
  /// - Parameter kind: One that describes items.
  /// - Complexity: O(items in the lists); of `diversity` O(users of the items in the lists).
  func values(_ kind: Metric.Kind, of lists: [ArraySlice<Int32>]) -> [Double] {
    guard kind == .diversity else { return lists.map { value(kind, $0) } }
    var sums = [Double](repeating: 0, count: userCount)
    return sums.withUnsafeMutableBufferPointer { sums in lists.map { diversity($0, sums) } }
  }

  private func value(_ kind: Metric.Kind, _ list: ArraySlice<Int32>) -> Double {
    guard !list.isEmpty else { return .nan }
    func mean(_ value: (Int) -> Double) -> Double { list.reduce(0) { $0 + value(Int($1)) } / Double(list.count) }
    switch kind {
    case .novelty: return mean { log2(Double(userCount)) - log2(Double(max(counts[$0], 1))) }
    case .popularity: return mean { Double(counts[$0]) }
    case .tail: return mean { isTail[$0] ? 1 : 0 }
    default: preconditionFailure("\(kind) says nothing of items")
    }
  }

  /// The sum of all cosines is the squared length of the sum of the items' unit vectors: no pair is looked at.
  ///
  /// - Parameter sums: A zero for each user, and zeros afterwards.
  private func diversity(_ list: ArraySlice<Int32>, _ sums: UnsafeMutableBufferPointer<Double>) -> Double {
    guard list.count > 1, let owners else { return .nan }
    for item in list {
      let length = 1 / Double(counts[Int(item)]).squareRoot()
      for user in owners.items(of: Int(item)) { sums[Int(user)] += length }
    }
    // What each item has in common with itself.
    var square = -Double(list.count { counts[Int($0)] > 0 })
    for item in list {
      for user in owners.items(of: Int(item)) {
        square += sums[Int(user)] * sums[Int(user)]
        sums[Int(user)] = 0
      }
    }
    return 1 - square / Double(list.count * (list.count - 1))
  }
}

/// How often each item of a catalog is recommended.
struct RecommendedCounts {
  private let counts: [Int]

  init(_ lists: some Sequence<ArraySlice<Int32>>, itemCount: Int) {
    var counts = [Int](repeating: 0, count: itemCount)
    for list in lists { for item in list { counts[Int(item)] += 1 } }
    self.counts = counts
  }

  /// - Parameter kind: One that describes the catalog.
  /// - Returns: NaN where nothing is recommended.
  func value(_ kind: Metric.Kind) -> Double {
    let total = counts.reduce(0, +)
    guard total > 0 else { return .nan }
    if kind == .coverage { return Double(counts.count { $0 > 0 }) / Double(counts.count) }
    let weighted = counts.sorted().enumerated().reduce(0.0) {
      $0 + Double(2 * $1.offset + 1 - counts.count) * Double($1.element)
    }
    return weighted / (Double(counts.count) * Double(total))
  }
}
