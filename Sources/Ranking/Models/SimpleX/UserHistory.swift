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
    public var segments: [Int] = []
    /// Length of each history.
    public var lengths: [Int] = []
  }

  /// - Parameter leavingOut: For each user an item that its history leaves out.
  public func lists(of users: [Int32], leavingOut targets: [Int32]?) -> Lists {
    var lists = Lists()
    for (segment, user) in users.enumerated() {
      let all = train.items[train.rowOffsets[Int(user)]..<train.rowOffsets[Int(user) + 1]]
      let target = targets?[segment]
      let kept = target.map { target in all.filter { $0 != target } } ?? Array(all)
      let counted = kept.suffix(maximum)
      lists.items += counted
      lists.segments += repeatElement(segment, count: counted.count)
      lists.lengths.append(counted.count)
    }
    return lists
  }
}
