import Evaluation
import Interactions
import LuaHost
import Platform

/// `metrics = { "ndcg@20", rare = function(list, truth, user) ... end }`: names of metrics, and metrics that a script computes.
struct MetricOptions {
  private(set) var metrics: [Metric] = []
  private(set) var custom: [CustomMetric] = []
  private let options: EvaluationOptions

  static var descriptions: [OptionDescription] {
    [
      .init(
        "metrics", .string.or(.table),
        "Names such as `recall@20`, and functions by a name of their own: `{ \"ndcg@20\", rare = function(list, truth, user) ... end }`. "
          + "A function gets the user's list, identifiers best first; the items looked for as a table `{ [item] = true }`; and the user. It is "
          + "called for each user when all are ranked, and returns a number, of which the mean is taken.",
        default: ["recall@20", "ndcg@20"]
      ).completing(words),
      .init(
        "length", .integer(atLeast: 1),
        "Items in the list that a function of `metrics` gets, 20 if left out; `[\"novelty@10\"] = function ...` says it for one.",
        optional: true),
    ]
  }

  /// `ndcg@` first, then usual lengths.
  private static func words(_ typed: String) -> [String] {
    Metric.Kind.allCases.flatMap { kind in
      if !kind.hasLength { return [kind.rawValue] }
      return typed.contains("@") ? [1, 5, 10, 20, 50, 100].map { "\(kind.rawValue)@\($0)" } : ["\(kind.rawValue)@"]
    }
  }

  /// Keys of a result that are no metrics.
  static let reservedNames = [
    "users", "auc_users", "per_user", "user", "groups", "item_groups", "candidates", "users_without",
  ]

  init(_ options: EvaluationOptions) throws {
    self.options = options
    guard let table = options.value("metrics").asTable else {
      metrics = try options.call.strings(options.name("metrics")).map { try Metric($0) }
      try checkLength()
      return
    }
    let names = try table.array()
    metrics = try names.map { try metric(named: $0) }
    var functions: [(String, LuaFunction)] = []
    try table.forEachEntry { key, value in
      if let index = key.asInteger, 1...max(1, names.count) ~= index, !names.isEmpty { return }
      functions.append(try function(key, value))
    }
    // Lua's order is any.
    custom = try functions.sorted { $0.0 < $1.0 }.map { try made($0.0, $0.1) }
    if metrics.isEmpty, custom.isEmpty {
      throw options.error("metrics", "the table is empty; name at least one, such as \"recall@20\"")
    }
    guard metrics.count + custom.count <= 64 else {
      throw options.error("metrics", "want at most 64, got \(metrics.count + custom.count)")
    }
    try checkLength()
  }

  private func checkLength() throws {
    if custom.isEmpty, options.call.has(options.name("length")) {
      throw options.error(
        "length", "is for functions in metrics, of which there are none; 'recall@20' has its length in its name")
    }
  }

  private func metric(named value: LuaValue) throws -> Metric {
    guard let name = value.asString else {
      throw options.error(
        "metrics",
        "want names such as \"recall@20\", got a \(value.typeName) among them; a function needs a name: "
          + "{ rare = function(list, truth, user) ... end }")
    }
    return try Metric(name)
  }

  private func function(_ key: LuaValue, _ value: LuaValue) throws -> (String, LuaFunction) {
    guard let name = key.asString else {
      throw options.error(
        "metrics", "want a list of names and functions by name, got a \(value.typeName) at a \(key.typeName)")
    }
    guard let function = value.asFunction else {
      throw options.error(
        "metrics",
        "'\(shown(name))': want a function(list, truth, user), got a \(value.typeName); Perigee's own metrics are written "
          + "without a key: { \"recall@20\" }")
    }
    let stem = name.prefix { $0 != "@" }
    if Metric.Kind(rawValue: String(stem)) != nil || Self.reservedNames.contains(name) {
      throw options.error(
        "metrics", "'\(shown(name))' means something else in a result; give the function another name")
    }
    return (name, function)
  }

  private func made(_ name: String, _ function: LuaFunction) throws -> CustomMetric {
    let (options, data) = (options, options.split.dataset)
    return CustomMetric(name, length: try length(of: name)) { list, relevant, user in
      let items = data.itemIdentifiers
      let value = try options.call(
        function,
        [
          items.identifiers(list.lazy.map { Int($0) }),
          IdentifierSet(items.identifiers(relevant.lazy.map { Int($0) })),
          data.userIdentifiers.luaString(at: Int(user)),
        ], of: "metrics.\(shown(name))", for: user)
      guard let number = value.asNumber, number.isFinite else {
        let got = value.asNumber.map { "\($0)" } ?? value.typeName
        throw options.error(
          "metrics", "'\(shown(name))' must return a finite number, it returned \(got) for \(options.shownUser(user))")
      }
      return number
    }
  }

  /// What stands behind `@`, or else `length`.
  private func length(of name: String) throws -> Int {
    let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      return options.call.optionalInteger(options.name("length")) ?? min(20, options.split.itemCount)
    }
    guard let length = Int(parts[1]), length >= 1 else {
      throw options.error("metrics", "'\(shown(name))': want the length of the list after '@', a whole number from 1")
    }
    return length
  }
}

/// A table whose keys are identifiers, each `true`.
private struct IdentifierSet: LuaConvertible {
  let identifiers: [LuaString]

  init(_ identifiers: [LuaString]) { self.identifiers = identifiers }

  func push(onto state: LuaState) throws {
    let table = state.makeTable()
    for identifier in identifiers { try table.set(identifier, true) }
    table.push(onto: state)
  }
}
