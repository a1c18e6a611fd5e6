/// Groups of the users who are evaluated.
struct UserGroups {
  /// Numbers before names, ascending.
  let names: [String]
  /// For each group the positions of its users among those who are evaluated.
  let members: [[Int]]

  /// - Throws: What `group` throws.
  init(of users: [Int32], by group: (Int32) throws -> String?) rethrows {
    var found: [String: [Int]] = [:]
    for (position, user) in users.enumerated() {
      if let name = try group(user) { found[name, default: []].append(position) }
    }
    names = Self.ordered(found.keys)
    members = names.map { found[$0] ?? [] }
  }
  /// Numbers before names, ascending.
  static func ordered(_ names: some Collection<String>) -> [String] {
    names.sorted { first, second in
      switch (Int(first), Int(second)) {
      case (let a?, let b?) where a != b: a < b
      case (_?, nil): true
      case (nil, _?): false
      default: first < second
      }
    }
  }
}
