import Evaluation
import Interactions
import LuaHost

/// `users`, `groups` and `item_groups`: who is evaluated, and whose means, and what items', are computed beside those of all.
struct UserOptions {
  private let options: EvaluationOptions

  init(_ options: EvaluationOptions) { self.options = options }

  static var descriptions: [OptionDescription] {
    [
      .init(
        "users", .list(.string.or(.integer)).or(.function("fun(user: string): boolean")),
        "Who is evaluated, of those with items in the part: identifiers, or a function that says it of each.",
        optional: true),
      .init(
        "groups", .choice(["activity"]).or(.function("fun(user: string): string|integer|nil")),
        "The name of the group that a user belongs to, or nil for none; \"activity\": quarters of the users by how many items they have in the "
          + "train part, 1 the least active. The means of each group stand in `groups` beside those of all.",
        optional: true),
      .init(
        "item_groups", .choice(["popularity"]).or(.function("fun(item: string): string|integer|nil")),
        "The same of items: what is looked for of each group is measured by itself, by metrics of hits; \"popularity\": quarters of the train "
          + "interactions by how many users have their items, 1 the least popular items. Stands in `item_groups`.",
        optional: true),
    ]
  }

  /// The users that the script chose; nil where it said nothing.
  func chosen(_ part: EvaluationPart) throws -> [Int32]? {
    let value = options.value("users")
    if let table = value.asTable {
      return try table.array().map {
        Int32(try options.call.user($0, of: options.name("users"), in: options.split.dataset))
      }
    }
    guard let function = value.asFunction else { return nil }
    return try candidates(part).filter { try isChosen($0, function) }
  }

  /// Whom a function is asked about: those with items in the part.
  private func candidates(_ part: EvaluationPart) -> [Int32] {
    let split = options.split
    guard let matrix = part == .test ? split.test : split.valid else { return [] }
    return (0..<Int32(split.userCount)).filter { !matrix.items(of: Int($0)).isEmpty }
  }

  private func isChosen(_ user: Int32, _ function: LuaFunction) throws -> Bool {
    let value = try options.call(function, [identifier(of: user)], of: "users", for: user)
    if value.isNil { return false }
    guard let isChosen = value.asBoolean else {
      throw options.error(
        "users",
        "the function must return true or false, it returned a \(value.typeName) for \(options.shownUser(user))")
    }
    return isChosen
  }

  /// The name of a user's group, of those who are evaluated.
  func group(among users: [Int32]?, _ part: EvaluationPart) -> ((Int32) throws -> String?)? {
    if options.value("groups").asString == "activity" {
      let evaluated = users.map { chosen in candidates(part).filter(Set(chosen).contains) } ?? candidates(part)
      return options.split.quarterByActivity(of: evaluated)
    }
    return named(by: "groups", options.split.dataset.userIdentifiers) { "user '\($0)'" }
  }

  /// The name of an item's group.
  var itemGroup: ((Int32) throws -> String?)? {
    if options.value("item_groups").asString == "popularity" { return options.split.quarterByPopularity() }
    return named(by: "item_groups", options.split.dataset.itemIdentifiers) { "item '\($0)'" }
  }

  private func named(
    by option: String, _ identifiers: IdentifierMap, _ shown: @escaping (String) -> String
  ) -> ((Int32) throws -> String?)? {
    guard let function = options.value(option).asFunction else { return nil }
    let options = options
    return { number in
      let subject = shown(identifiers.shownIdentifier(at: Int(number)))
      let value = try options.call(function, [identifiers.luaString(at: Int(number))], of: option, for: subject)
      if value.isNil { return nil }
      guard let name = value.asInteger.map(String.init) ?? value.asString else {
        throw options.error(
          option,
          "the function must return a name, a whole number or nil, it returned a \(value.typeName) for \(subject)")
      }
      return name
    }
  }

  private func identifier(of user: Int32) -> LuaString {
    options.split.dataset.userIdentifiers.luaString(at: Int(user))
  }
}
