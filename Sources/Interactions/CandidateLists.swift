/// For some users, the items that sampled evaluation ranks the held-out item among, as published with the data.
///
/// Lists are kept as they are: order, repetitions and items of the user's train part included (published lists have both).
public struct CandidateLists: Sendable, Equatable {
  /// `[userCount + 1]`: the candidates of user `u` are `items[rowOffsets[u]..<rowOffsets[u + 1]]`.
  public let rowOffsets: [Int]
  public let items: [Int32]

  /// - Precondition: `rowOffsets` ascends from 0 to `items.count`.
  public init(rowOffsets: [Int], items: [Int32]) {
    precondition(rowOffsets.first == 0 && rowOffsets.last == items.count)
    self.rowOffsets = rowOffsets
    self.items = items
  }

  /// The lists of users 0, 1, and so on.
  public init(_ lists: [[Int32]]) {
    var offsets = [0]
    for list in lists { offsets.append(offsets.last! + list.count) }
    self.init(rowOffsets: offsets, items: Array(lists.joined()))
  }

  public var userCount: Int { rowOffsets.count - 1 }

  /// The candidates of one user in published order; empty where there are none.
  public func items(of user: Int) -> ArraySlice<Int32> { items[rowOffsets[user]..<rowOffsets[user + 1]] }
}
