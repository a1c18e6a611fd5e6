import Platform

/// Which interactions, users and items of a data set stay.
///
/// Ratings and times are looked at first, then what a function says, then counts. Users and items that are left without interactions go, and with them their
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
  /// The first time that stays, in the data's unit.
  public var from: Int64?
  /// The first time behind those that stay (`time < before`), in the data's unit.
  public var before: Int64?
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
    if let from { pairs.append("from = \(from)") }
    if let before { pairs.append("before = \(before)") }
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
  /// - Throws: `DataError.impossible` where ratings or times are asked for and there are none, or nothing is left.
  /// - Complexity: O(interactions) a pass.
  public func filter(_ filter: DatasetFilter) throws(DataError) -> Dataset {
    var isKept = [Bool](repeating: true, count: interactions.count)
    try keepByRating(filter, &isKept)
    try keepByTime(filter, &isKept)
    return try keepRest(filter, isKept, note: filter.description)
  }

  /// The same with a function that is asked, once each in the order of the data, about the interactions that pass by rating and time;
  /// what it lets through is counted.
  ///
  /// - Parameters:
  ///   - isWanted: Is given the user's dense number and the place of the interaction in `interactions.items`.
  ///   - note: What the function is called in the provenance.
  /// - Throws: What the function throws, and as without it.
  public func filter(
    _ filter: DatasetFilter, note: String, where isWanted: (_ user: Int, _ place: Int) throws -> Bool
  ) throws -> Dataset {
    var isKept = [Bool](repeating: true, count: interactions.count)
    try keepByRating(filter, &isKept)
    try keepByTime(filter, &isKept)
    for user in 0..<userCount {
      for place in interactions.rowOffsets[user]..<interactions.rowOffsets[user + 1] where isKept[place] {
        isKept[place] = try isWanted(user, place)
      }
    }
    let rest = filter.description.dropFirst("filter(".count)
    return try keepRest(filter, isKept, note: "filter(\(note)\(rest == ")" ? "" : ", ")\(rest)")
  }

  private func keepRest(_ filter: DatasetFilter, _ passed: [Bool], note: String) throws(DataError) -> Dataset {
    var isKept = passed
    keepByCount(filter, &isKept)
    guard isKept.contains(true) else {
      throw .impossible(what: "\(note) leaves nothing of \(description)", remedy: "ask for less")
    }
    return selecting(isKept, note: note)
  }

  private func keepByTime(_ filter: DatasetFilter, _ isKept: inout [Bool]) throws(DataError) {
    if filter.from == nil, filter.before == nil { return }
    guard let timestamps else {
      throw .impossible(
        what: "\(filter.description) needs times, and the data set \(quoted(name)) has none",
        remedy: "leave the time out")
    }
    for (index, time) in timestamps.enumerated() {
      if let from = filter.from, time < from { isKept[index] = false }
      if let before = filter.before, time >= before { isKept[index] = false }
    }
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
}
