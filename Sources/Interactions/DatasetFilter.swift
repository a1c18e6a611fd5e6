import Platform

/// Which interactions, users and items of a data set stay.
///
/// Ratings are looked at first, then counts. Users and items that are left without interactions go, and with them their
/// identifiers; a published split stays with the interactions that stay.
public struct DatasetFilter: Sendable, Hashable {
  /// How often users and items with too few interactions are taken out.
  public enum Passes: Sendable, Hashable {
    /// Until nothing changes: the core where every user and every item has its minimum.
    case untilStable
    /// Users once, then items once by what is left; a user may end below the minimum.
    case usersThenItems
    /// Items once, then users once.
    case itemsThenUsers
  }

  /// The least rating that counts as an interaction (`rating >= minimumRating`).
  public var minimumRating: Float?
  /// The rating that an interaction must exceed (`rating > ratingAbove`).
  public var ratingAbove: Float?
  /// The least number of interactions of a user.
  public var minimumPerUser = 0
  /// The least number of interactions of an item.
  public var minimumPerItem = 0
  public var passes = Passes.untilStable

  public init() {}

  /// As a script would write it, such as `filter(min_per_user = 5)`.
  public var description: String {
    var pairs: [String] = []
    if let minimumRating { pairs.append("min_rating = \(minimumRating)") }
    if let ratingAbove { pairs.append("rating_above = \(ratingAbove)") }
    if minimumPerUser > 0 { pairs.append("min_per_user = \(minimumPerUser)") }
    if minimumPerItem > 0 { pairs.append("min_per_item = \(minimumPerItem)") }
    switch passes {
    case .untilStable: break
    case .usersThenItems: pairs.append("passes = \"users_then_items\"")
    case .itemsThenUsers: pairs.append("passes = \"items_then_users\"")
    }
    return "filter(\(pairs.joined(separator: ", ")))"
  }
}

extension Dataset {
  /// The set with what the filter lets through. Chain filters where the order matters: TIL filters by count, then by rating,
  /// then by count again.
  ///
  /// - Throws: `DataError.impossible` where ratings are asked for and there are none, or nothing is left.
  /// - Complexity: O(interactions) a pass.
  public func filter(_ filter: DatasetFilter) throws(DataError) -> Dataset {
    var isKept = [Bool](repeating: true, count: interactions.count)
    try keepByRating(filter, &isKept)
    keepByCount(filter, &isKept)
    guard isKept.contains(true) else {
      throw .impossible(
        what: "\(filter.description) leaves nothing of \(description)", remedy: "lower the minimum")
    }
    return selecting(isKept, note: filter.description)
  }

  private func keepByRating(_ filter: DatasetFilter, _ isKept: inout [Bool]) throws(DataError) {
    if filter.minimumRating == nil, filter.ratingAbove == nil { return }
    guard let ratings else {
      throw .impossible(
        what: "\(filter.description) needs ratings, and the data set \(quoted(name)) has none",
        remedy: "leave the rating out")
    }
    for index in ratings.indices {
      if let least = filter.minimumRating, !(ratings[index] >= least) { isKept[index] = false }
      if let limit = filter.ratingAbove, !(ratings[index] > limit) { isKept[index] = false }
    }
  }

  private func keepByCount(_ filter: DatasetFilter, _ isKept: inout [Bool]) {
    switch filter.passes {
    case .usersThenItems:
      _ = dropUsers(below: filter.minimumPerUser, &isKept)
      _ = dropItems(below: filter.minimumPerItem, &isKept)
    case .itemsThenUsers:
      _ = dropItems(below: filter.minimumPerItem, &isKept)
      _ = dropUsers(below: filter.minimumPerUser, &isKept)
    case .untilStable:
      while true {
        let users = dropUsers(below: filter.minimumPerUser, &isKept)
        let items = dropItems(below: filter.minimumPerItem, &isKept)
        if !users, !items { return }
      }
    }
  }

  /// Takes out the interactions of users with fewer than `minimum`; returns whether there were any.
  private func dropUsers(below minimum: Int, _ isKept: inout [Bool]) -> Bool {
    if minimum <= 1 { return false }
    var changed = false
    for user in 0..<userCount {
      let row = interactions.rowOffsets[user]..<interactions.rowOffsets[user + 1]
      let count = row.count { isKept[$0] }
      if count == 0 || count >= minimum { continue }
      for index in row { isKept[index] = false }
      changed = true
    }
    return changed
  }

  private func dropItems(below minimum: Int, _ isKept: inout [Bool]) -> Bool {
    if minimum <= 1 { return false }
    var counts = [Int](repeating: 0, count: itemCount)
    for (index, item) in interactions.items.enumerated() where isKept[index] { counts[Int(item)] += 1 }
    var changed = false
    for (index, item) in interactions.items.enumerated() where isKept[index] && counts[Int(item)] < minimum {
      isKept[index] = false
      changed = true
    }
    return changed
  }

  /// The set with some interactions, the users and items they concern, and nothing else.
  private func selecting(_ isKept: [Bool], note: String) -> Dataset {
    var newItem = [Int32](repeating: -1, count: itemCount)
    for (index, item) in interactions.items.enumerated() where isKept[index] { newItem[Int(item)] = 0 }
    let keptItems = renumber(&newItem)
    var newUser = [Int32](repeating: -1, count: userCount)
    var offsets = [0]
    var columns: [Int32] = []
    for user in 0..<userCount {
      let before = columns.count
      for index in interactions.rowOffsets[user]..<interactions.rowOffsets[user + 1] where isKept[index] {
        columns.append(newItem[Int(interactions.items[index])])
      }
      if columns.count == before { continue }
      newUser[user] = 0
      offsets.append(columns.count)
    }
    let keptUsers = renumber(&newUser)
    func kept<Value>(_ values: [Value]?) -> [Value]? {
      values.map { zip($0, isKept).compactMap { $1 ? $0 : nil } }
    }
    var provenance = provenance
    provenance.notes.append(note)
    return Dataset(
      name: name,
      interactions: InteractionMatrix(
        userCount: keptUsers.count, itemCount: keptItems.count, rowOffsets: offsets, items: columns),
      ratings: kept(ratings), timestamps: kept(timestamps), parts: kept(parts),
      userIdentifiers: userIdentifiers.selecting(keptUsers), itemIdentifiers: itemIdentifiers.selecting(keptItems),
      titles: titles.map { Titles($0.table.selecting(keptItems)) },
      userTitles: userTitles.map { Titles($0.table.selecting(keptUsers)) },
      candidates: candidates?.selecting(users: keptUsers, newItem: newItem),
      planted: planted?.selecting(users: keptUsers, items: keptItems), provenance: provenance)
  }

  /// Numbers what is not -1 from 0 in order; returns the old numbers.
  private func renumber(_ new: inout [Int32]) -> [Int32] {
    var kept: [Int32] = []
    for old in new.indices where new[old] >= 0 {
      new[old] = Int32(kept.count)
      kept.append(Int32(old))
    }
    return kept
  }
}

extension CandidateLists {
  /// The lists of some users; candidates that are no longer items (-1) go.
  func selecting(users: [Int32], newItem: [Int32]) -> CandidateLists {
    var offsets = [0]
    var kept: [Int32] = []
    for user in users {
      for item in items(of: Int(user)) where newItem[Int(item)] >= 0 { kept.append(newItem[Int(item)]) }
      offsets.append(kept.count)
    }
    return CandidateLists(rowOffsets: offsets, items: kept)
  }
}

extension PlantedInterests {
  func selecting(users: [Int32], items: [Int32]) -> PlantedInterests {
    PlantedInterests(
      interestCount: interestCount, interestOfItem: items.map { interestOfItem[Int($0)] },
      interestsOfUser: users.map { interestsOfUser[Int($0)] })
  }
}
