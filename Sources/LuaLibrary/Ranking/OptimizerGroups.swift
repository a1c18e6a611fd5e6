import LuaHost
import Ranking

/// Reads `groups = { { parameters = { "margin" }, rate = 0.1 }, ... }` of an optimizer.
struct OptimizerGroups {
  static var fields: [OptionDescription] {
    [
      .init(
        "parameters", .string.or(.list(.string, count: 1...256)),
        "Names of parameters of the model or the loss; `layer*` is all that begin with `layer`."),
      .init("rate", .schedule(.rate), "Their step size.", optional: true),
      .init("weight_decay", .schedule(.decay), "Their L2.", optional: true),
      .init(
        "clip", .schedule(.clip),
        "Largest norm of their gradient, which then does not count in the norm of the rest.", optional: true),
    ]
  }

  private static let keys = fields.map(\.name)
  private let call: LuaCall
  private let optimizer: Optimizer

  init(_ call: LuaCall, _ optimizer: Optimizer) {
    self.call = call
    self.optimizer = optimizer
  }

  func read() throws -> [Optimizer.Group] {
    try (call.optionalTable("groups")?.array() ?? []).enumerated().map { index, value in
      guard let table = value.asTable else { throw problem(index, "want a table, got \(value.typeName)") }
      try checkKeys(table, index)
      return Optimizer.Group(
        names: try names(table, index), rate: try schedule("rate", .rate, of: table, index),
        weightDecay: try schedule("weight_decay", .decay, of: table, index),
        clip: try schedule("clip", .clip, of: table, index))
    }
  }

  private func problem(_ index: Int, _ text: String) -> Error { call.error("groups", "entry [\(index + 1)]: \(text)") }

  private func checkKeys(_ table: LuaTable, _ index: Int) throws {
    try table.forEachEntry { key, _ in
      let name = key.asString ?? key.asInteger.map(String.init) ?? key.typeName
      guard Self.keys.contains(name) else {
        throw problem(index, "unknown option '\(name)'\(suggestion(for: name, in: Self.keys))")
      }
    }
  }

  private func names(_ table: LuaTable, _ index: Int) throws -> [String] {
    let value = try table.get("parameters")
    if let one = value.asString { return [one] }
    let names = try value.asTable?.array().compactMap(\.asString) ?? []
    guard !names.isEmpty else { throw problem(index, "parameters: want names of parameters, got \(value.typeName)") }
    return names
  }

  /// - Parameter range: What a number may be; the bounds are those of the same option outside of groups.
  private func schedule(
    _ key: String, _ range: LuaRange, of table: LuaTable, _ index: Int
  ) throws -> Schedule? {
    let value = try table.get(key)
    if value.isNil { return nil }
    if let number = value.asNumber {
      guard range.contains(number) else {
        throw problem(index, "\(key): want a number\(range.words(integer: false)), got \(number)")
      }
    } else if value.asFunction == nil, value.asObject(ScheduleShape.self) == nil {
      throw problem(index, "\(key): want a number, a schedule or a function, got \(value.typeName)")
    }
    return try call.schedule(of: value, ownedBy: optimizer)
  }
}
