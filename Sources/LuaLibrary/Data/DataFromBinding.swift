import Interactions
import LuaHost
import Platform
import Tensors

/// `perigee.data.from { ... }`: a data set from columns that a script has.
enum DataFromBinding {
  static var from: FunctionDescription {
    FunctionDescription(
      "from", "Makes a data set from columns that a script has: the users and items of its interactions.",
      details: """
        Columns are lists or tensors of one axis, as long as each other. Identifiers are strings or whole numbers, `7` and `"7"` the same, \
        and dense order, repeated pairs and times are what a file of the same rows has. A tensor's numbers are exact below 2^24 only, and \
        larger ones are refused: seconds since 1970 come in lists.
        """,
      example: """
        local data = perigee.data.from {
          users = { "ann", "ann", "ben" }, items = { 1, 2, 1 }, ratings = { 4, 5, 3 },
          times = { "2015-01-31", "2015-02-01T08:00:00+01:00", "2015-02-03 12:30:00" },
        }
        """,
      options: [
        .init("users", column, "The user of each interaction."),
        .init("items", column, "The item of each."),
        .init("ratings", column, "The rating of each, or how often.", optional: true),
        .init(
          "times", column, "When each was: numbers in any unit, or dates, which become seconds since 1970.",
          optional: true),
        .init("name", .string, "What the set is called.", default: "from"),
        .init(
          "duplicates", .choice(OpenOptions.Duplicates.self),
          "Which of a user's repeated interactions with an item stays; `max`: the best rated.", default: "first"),
      ],
      returns: [.init("dataset", .object(Dataset.self), "The data set.")]
    ) { call in
      let columns = InteractionColumns(
        users: try call.column("users") { try identifier($0, "a user") },
        items: try call.column("items") { try identifier($0, "an item") },
        ratings: try call.has("ratings") ? call.column("ratings", rating) : nil,
        timestamps: try call.has("times") ? call.column("times", time) : nil)
      return [
        try call.interruptible {
          try Dataset(
            columns, name: call.string("name"), duplicates: call.choice("duplicates"), isInterrupted: $0)
        }
      ]
    }
  }

  private static var column: LuaType { .table.or(.anyTensor) }

  private static func identifier(_ value: LuaValue, _ what: String) throws -> InteractionColumns.Identifier {
    if let number = value.asInteger { return .number(number) }
    if let bytes = value.asBytes, !bytes.isEmpty { return .text(bytes) }
    throw Unfit(wanted: "the identifier of \(what), a string or a whole number")
  }

  private static func rating(_ value: LuaValue) throws -> Float {
    if let number = value.asNumber, Float(number).isFinite { return Float(number) }
    throw Unfit(wanted: "a finite number")
  }

  private static func time(_ value: LuaValue) throws -> Int64 {
    // As in a file: a part of a second is dropped.
    if let number = value.asInteger { return Int64(number) }
    if let number = value.asNumber, abs(number) < 9e18 { return Int64(number.rounded(.down)) }
    if let seconds = value.asString.flatMap(Dataset.seconds) { return seconds }
    throw Unfit(wanted: "a number or a date as \(Dataset.dateForms)")
  }
}

/// What an entry of a column should be.
private struct Unfit: Error {
  let wanted: String
}

extension LuaCall {
  /// The entries of a list or a tensor, each as `convert` makes it.
  fileprivate func column<Value>(_ name: String, _ convert: (LuaValue) throws -> Value) throws -> [Value] {
    let entries = try optionalTensor(name).map { try exact($0, name) } ?? list(name)
    return try entries.enumerated().map { index, entry in
      do { return try convert(entry) } catch let unfit as Unfit {
        throw error(name, "entry [\(index + 1)] is \(entry.inMessage), want \(unfit.wanted)")
      }
    }
  }

  private func list(_ name: String) throws -> [LuaValue] {
    let table = try table(name)
    let entries = try table.array()
    if let key = try table.keyBeside(entries.count) {
      throw error(name, "want a list, but it has the key \(key.inMessage)")
    }
    return entries
  }

  private func exact(_ tensor: Tensor, _ name: String) throws -> [LuaValue] {
    guard tensor.rank == 1 else { throw error(name, "want a tensor of one axis, got one of shape \(tensor.shape)") }
    return try tensor.withElements { elements in
      try elements.enumerated().map { index, value in
        if abs(value) >= 0x1p24 {
          throw error(
            name, "entry [\(index + 1)] is \(value), and a tensor's numbers are exact below 16777216 only: give a list")
        }
        return .number(Double(value))
      }
    }
  }
}

extension LuaValue {
  fileprivate var inMessage: String {
    switch self {
    case .string(let text): quoted(text.bytes)
    case .integer(let value): "\(value)"
    case .number(let value): value.isNaN ? "nan" : "\(value)"
    case .nil: "nil"
    case .boolean(let value): "\(value)"
    default: "a \(typeName)"
    }
  }
}
