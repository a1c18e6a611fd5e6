import Platform

/// The best items of some users, best first.
///
/// Items stand by score descending; of equal scores the item with the lower number comes first, in every part of Perigee.
public struct RankedLists: Sendable, Equatable {
  /// The users the lists belong to, in the order they were asked for.
  public let users: [Int32]
  /// Places reserved for each list.
  public let k: Int
  /// `[users.count]`: items in each list; below `k` where fewer items are rankable.
  public let counts: [Int32]
  /// `[users.count, k]`, row major; places past a list's count hold -1.
  public let items: [Int32]
  /// `[users.count, k]`, row major; places past a list's count hold 0.
  public let scores: [Float]

  /// The items of the list at `position`, best first.
  public func items(at position: Int) -> ArraySlice<Int32> {
    items[position * k..<position * k + Int(counts[position])]
  }

  /// The scores of the list at `position`, descending.
  public func scores(at position: Int) -> ArraySlice<Float> {
    scores[position * k..<position * k + Int(counts[position])]
  }

  /// - Throws: `MemoryError` where so many lists cannot be kept.
  static func checkMemory(users: Int, k: Int) throws {
    _ = try Memory.count(users, k, of: (Int32, Float).self, for: "lists of \(k) items for \(users) users")
  }
}
