import Interactions

/// Groups of the items that are looked for.
struct ItemGroups {
  /// Numbers before names, ascending.
  let names: [String]
  /// For each group what is looked for of it.
  let relevant: [InteractionMatrix]

  /// - Throws: What `group` throws.
  /// - Complexity: O(items + groups · pairs)
  init(_ relevant: InteractionMatrix, users: [Int32], by group: (Int32) throws -> String?) rethrows {
    var groupOfItem = [String?](repeating: nil, count: relevant.itemCount)
    var isWanted = [Bool](repeating: false, count: relevant.itemCount)
    for user in users { for item in relevant.items(of: Int(user)) { isWanted[Int(item)] = true } }
    for item in isWanted.indices where isWanted[item] { groupOfItem[item] = try group(Int32(item)) }
    let names = UserGroups.ordered(Set(groupOfItem.compactMap { $0 }))
    self.names = names
    self.relevant = names.map { name in relevant.filtered { groupOfItem[Int($0)] == name } }
  }
}

extension InteractionMatrix {
  /// The pairs of some items.
  fileprivate func filtered(_ isKept: (Int32) -> Bool) -> InteractionMatrix {
    var (offsets, kept): ([Int], [Int32]) = ([0], [])
    for user in 0..<userCount {
      kept += items(of: user).filter(isKept)
      offsets.append(kept.count)
    }
    return InteractionMatrix(userCount: userCount, itemCount: itemCount, rowOffsets: offsets, items: kept)
  }
}

extension Split {
  /// Quarters of the users by how many items they have in the train part: 1 are the least active; of equally active ones the lower numbers
  /// come first.
  public func quarterByActivity(of users: [Int32]) -> (Int32) -> String? {
    let ranked = users.sorted { (train.items(of: Int($0)).count, $0) < (train.items(of: Int($1)).count, $1) }
    var quarters = [String?](repeating: nil, count: userCount)
    for (place, user) in ranked.enumerated() { quarters[Int(user)] = "\(4 * place / ranked.count + 1)" }
    return { quarters[Int($0)] }
  }

  /// Quarters of the train interactions by how many users have their items: 1 are the least popular items, and those that nobody has.
  public func quarterByPopularity() -> (Int32) -> String? {
    let counts = train.itemCounts()
    var quarters = [String?](repeating: nil, count: itemCount)
    var seen = 0
    for item in counts.indices.sorted(by: { (counts[$0], $0) < (counts[$1], $1) }) {
      quarters[item] = "\(min(4, 4 * seen / max(1, train.count) + 1))"
      seen += Int(counts[item])
    }
    return { quarters[Int($0)] }
  }
}
