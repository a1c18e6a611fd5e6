import Evaluation
import Interactions
import LuaHost

/// Tables of scripts from users to lists of items.
struct ItemTable {
  private let options: EvaluationOptions
  /// The argument that holds the table.
  private let name: String
  private var lists: [Int32: [Int32]] = [:]

  init(_ options: EvaluationOptions, of name: String) {
    self.options = options
    self.name = name
  }

  var isEmpty: Bool { lists.isEmpty }

  /// Adds the list of a user.
  mutating func add(_ key: LuaValue, _ list: LuaTable) throws {
    let user = Int32(try options.call.user(key, of: name, in: options.split.dataset))
    let place = "\(name) of \(options.shownUser(user))"
    let items = try list.array().map { Int32(try options.call.item($0, of: place, in: options.split.dataset)) }
    guard lists.updateValue(items, forKey: user) == nil else {
      throw options.call.error(name, "\(options.shownUser(user)) has two lists, by a string and by a number; give one")
    }
  }

  /// The lists as they are.
  func candidates() -> CandidateLists {
    var offsets = [0]
    var items: [Int32] = []
    for user in 0..<Int32(options.split.userCount) {
      items.append(contentsOf: lists[user] ?? [])
      offsets.append(items.count)
    }
    return CandidateLists(rowOffsets: offsets, items: items)
  }

  /// Lists that are best first, by user.
  func ranked(_ table: LuaTable) throws -> ItemLists {
    var filled = self
    try table.forEachEntry { key, value in
      guard let list = value.asTable else {
        throw options.call.error(name, "want a list of items for each user, got a \(value.typeName)")
      }
      try filled.add(key, list)
    }
    try filled.checkRepeats()
    let lists = filled.candidates()
    let places = (0..<lists.userCount).flatMap { user in
      lists.items(of: user).indices.map { Int32($0 - lists.rowOffsets[user]) }
    }
    return ItemLists(rowOffsets: lists.rowOffsets, items: lists.items, tiers: places)
  }

  private func checkRepeats() throws {
    for (user, items) in lists where Set(items).count < items.count {
      var seen = Set<Int32>()
      let item = items.first { !seen.insert($0).inserted } ?? 0
      throw options.call.error(
        name,
        "the list of \(options.shownUser(user)) has item "
          + "'\(options.split.dataset.itemIdentifiers.shownIdentifier(at: Int(item)))' twice; give each item once")
    }
  }
}
