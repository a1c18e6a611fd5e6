/// For some users, items best first, as another program recommends them.
public struct ItemLists: Sendable, Equatable {
  /// `[userCount + 1]`: the list of user `u` is `items[rowOffsets[u]..<rowOffsets[u + 1]]`.
  public let rowOffsets: [Int]
  /// None twice in a list.
  public let items: [Int32]
  /// `[items.count]`, from 0 within each list: items of equal scores share a tier, the next lower score is the next tier.
  public let tiers: [Int32]

  /// - Precondition: `rowOffsets` ascends from 0 to `items.count`; tiers ascend within a list.
  public init(rowOffsets: [Int], items: [Int32], tiers: [Int32]) {
    precondition(rowOffsets.first == 0 && rowOffsets.last == items.count && tiers.count == items.count)
    self.rowOffsets = rowOffsets
    self.items = items
    self.tiers = tiers
  }

  public var userCount: Int { rowOffsets.count - 1 }

  /// Where in `items` and `tiers` the user's list stands.
  public func range(of user: Int) -> Range<Int> { rowOffsets[user]..<rowOffsets[user + 1] }

  /// How a file writes lists.
  public enum Format: String, Sendable, CaseIterable {
    /// `user item item ...`, best first, one user a line.
    case lists
    /// `user item score`, in any order.
    case scores
    /// `user Q0 item rank score tag`, in any order: a run of TREC. The score counts, the rank is not read, as in trec_eval.
    case trec
  }
}
