/// A set of (user, item) pairs as a sparse binary matrix in compressed rows: rows are users, columns are items.
///
/// Dense row and column numbers start at 0 and live inside Perigee only; scripts use a data set's own identifiers.
public struct InteractionMatrix: Sendable, Equatable {
  public let userCount: Int
  public let itemCount: Int
  /// `[userCount + 1]`: the items of user `u` are `items[rowOffsets[u]..<rowOffsets[u + 1]]`.
  public let rowOffsets: [Int]
  /// `[count]`: ascending within a row, no item twice.
  public let items: [Int32]

  /// Number of pairs.
  public var count: Int { items.count }

  /// - Precondition: `rowOffsets` ascends from 0 to `items.count`, every row ascends strictly within `0..<itemCount`.
  public init(userCount: Int, itemCount: Int, rowOffsets: [Int], items: [Int32]) {
    precondition(rowOffsets.count == userCount + 1 && rowOffsets.last == items.count)
    self.userCount = userCount
    self.itemCount = itemCount
    self.rowOffsets = rowOffsets
    self.items = items
  }

  /// Sorts pairs into rows; a pair that occurs more than once is kept once.
  ///
  /// - Complexity: O(pairs + users + items): two stable counting passes.
  public init(userCount: Int, itemCount: Int, users: [Int32], items: [Int32]) {
    precondition(users.count == items.count)
    // By item first, then stably by user: rows come out ascending.
    let byItem = Self.countingOrder(items, bound: itemCount)
    var offsets = [Int](repeating: 0, count: userCount + 1)
    for user in users { offsets[Int(user) + 1] += 1 }
    for user in 0..<userCount { offsets[user + 1] += offsets[user] }
    var cursor = offsets
    var sorted = [Int32](repeating: 0, count: items.count)
    for index in byItem {
      let user = Int(users[Int(index)])
      sorted[cursor[user]] = items[Int(index)]
      cursor[user] += 1
    }
    var kept = 0
    var compact = [Int](repeating: 0, count: userCount + 1)
    for user in 0..<userCount {
      var previous: Int32 = -1
      for position in offsets[user]..<offsets[user + 1] where sorted[position] != previous {
        previous = sorted[position]
        sorted[kept] = previous
        kept += 1
      }
      compact[user + 1] = kept
    }
    sorted.removeLast(sorted.count - kept)
    self.init(userCount: userCount, itemCount: itemCount, rowOffsets: compact, items: sorted)
  }

  private static func countingOrder(_ values: [Int32], bound: Int) -> [Int32] {
    var cursor = [Int](repeating: 0, count: bound + 1)
    for value in values { cursor[Int(value) + 1] += 1 }
    for value in 0..<bound { cursor[value + 1] += cursor[value] }
    var order = [Int32](repeating: 0, count: values.count)
    for (index, value) in values.enumerated() {
      order[cursor[Int(value)]] = Int32(index)
      cursor[Int(value)] += 1
    }
    return order
  }

  /// The items of one user, ascending.
  public func items(of user: Int) -> ArraySlice<Int32> { items[rowOffsets[user]..<rowOffsets[user + 1]] }

  /// Whether the user has the item. O(log row).
  public func contains(user: Int, item: Int32) -> Bool { position(user: user, item: item) != nil }

  /// Where in `items` the pair stands, or nil. O(log row).
  public func position(user: Int, item: Int32) -> Int? {
    var low = rowOffsets[user]
    var high = rowOffsets[user + 1]
    while low < high {
      let middle = (low + high) / 2
      if items[middle] < item { low = middle + 1 } else { high = middle }
    }
    return low < rowOffsets[user + 1] && items[low] == item ? low : nil
  }

  /// Tells the pairs from any others, such as those of another split of the same data.
  ///
  /// - Complexity: O(users + pairs), at memory speed.
  package var fingerprint: UInt64 {
    var hash = ContentHash()
    [userCount, itemCount].withUnsafeBytes { hash.update($0) }
    rowOffsets.withUnsafeBytes { hash.update($0) }
    items.withUnsafeBytes { hash.update($0) }
    return hash.value
  }

  /// The same pairs with users and items exchanged: row i holds the users of item i, ascending.
  ///
  /// - Complexity: O(users + items + pairs).
  public func transposed() -> InteractionMatrix {
    var offsets = [Int](repeating: 0, count: itemCount + 1)
    for item in items { offsets[Int(item) + 1] += 1 }
    for item in 0..<itemCount { offsets[item + 1] += offsets[item] }
    var cursor = offsets
    var users = [Int32](repeating: 0, count: count)
    for user in 0..<userCount {
      for item in self.items(of: user) {
        users[cursor[Int(item)]] = Int32(user)
        cursor[Int(item)] += 1
      }
    }
    return InteractionMatrix(userCount: itemCount, itemCount: userCount, rowOffsets: offsets, items: users)
  }

  /// For each item, how many users have it. `[itemCount]`.
  public func itemCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: itemCount)
    for item in items { counts[Int(item)] += 1 }
    return counts
  }
}
