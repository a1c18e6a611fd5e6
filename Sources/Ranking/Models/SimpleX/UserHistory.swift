import Interactions

/// The items that each user has, as the histories of a batch.
public struct UserHistory {
  private let train: InteractionMatrix
  private let maximum: Int
  /// Length of the longest history, which is what others are padded to.
  public let longest: Int

  public init(_ train: InteractionMatrix, maximum: Int?) {
    self.train = train
    self.maximum = maximum ?? Int.max
    let counts = (0..<train.userCount).map { train.rowOffsets[$0 + 1] - train.rowOffsets[$0] }
    longest = min(self.maximum, counts.max() ?? 0)
  }

  /// Histories one after another, and for each item of them the number of its history.
  public struct Lists {
    public var items: [Int32] = []
    public var histories: [Int32] = []
    /// Length of each history.
    public var lengths: [Int] = []
  }

  /// - Parameter leavingOut: For each user an item that its history leaves out.
  public func lists(of users: [Int32], leavingOut targets: [Int32]?) -> Lists {
    var lists = Lists()
    let most = users.reduce(0) { $0 + train.rowOffsets[Int($1) + 1] - train.rowOffsets[Int($1)] }
    lists.items.reserveCapacity(most)
    lists.histories.reserveCapacity(most)
    lists.lengths.reserveCapacity(users.count)
    for (number, user) in users.enumerated() {
      let first = lists.items.count
      let all = train.items[train.rowOffsets[Int(user)]..<train.rowOffsets[Int(user) + 1]]
      // A row ascends and holds no item twice.
      if let targets, let place = all.firstIndex(of: targets[number]) {
        lists.items.append(contentsOf: all[..<place])
        lists.items.append(contentsOf: all[(place + 1)...])
      } else {
        lists.items.append(contentsOf: all)
      }
      let excess = lists.items.count - first - maximum
      if excess > 0 { lists.items.removeSubrange(first..<first + excess) }
      let length = lists.items.count - first
      lists.histories.append(contentsOf: repeatElement(Int32(truncatingIfNeeded: number), count: length))
      lists.lengths.append(length)
    }
    return lists
  }
}
