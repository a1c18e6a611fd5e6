import Platform

/// A description made ready for calls: the place of every name, and the checks of arguments.
final class FunctionPlan {
  enum Role {
    case function
    /// A method's first argument is the receiver.
    case method(TypeEntry)
    /// Lua passes both operands, also to a unary operator; more arguments than parameters are ignored.
    case metamethod
  }

  /// One readable name: a parameter, an option, or an option of a nested table (`init.std`).
  struct Slot {
    let path: String
    let description: ParameterDescription
    /// The options below, where this one is a table of options.
    let nested: [Int]
  }

  let description: FunctionDescription
  let fullName: String
  let role: Role
  private(set) var slots: [Slot] = []
  private(set) var places: [String: Int] = [:]
  private(set) var topOptions: [Int] = []
  let parameterCount: Int

  init(_ description: FunctionDescription, fullName: String, role: Role = .function) {
    self.description = description
    self.fullName = fullName
    self.role = role
    parameterCount = description.parameters.count
    for parameter in description.parameters { _ = add(parameter, path: parameter.name) }
    topOptions = description.options.map { add($0, path: $0.name) }
  }

  private func add(_ description: ParameterDescription, path: String) -> Int {
    let place = slots.count
    precondition(places[path] == nil, "\(fullName) describes '\(path)' twice")
    places[path] = place
    slots.append(Slot(path: path, description: description, nested: []))
    let nested = description.type.nestedOptions.map { add($0, path: path + "." + $0.name) }
    slots[place] = Slot(path: path, description: description, nested: nested)
    return place
  }

  /// Checks the arguments (without the receiver) and gives each slot its value or default.
  func bind(_ arguments: [LuaValue]) throws -> [LuaValue] {
    var values = [LuaValue](repeating: .nil, count: slots.count)
    try checkCount(arguments)
    for index in 0..<parameterCount {
      let value = index < arguments.count ? arguments[index] : .nil
      try assign(value, to: index, in: &values)
    }
    if !topOptions.isEmpty {
      let last = parameterCount < arguments.count ? arguments[parameterCount] : .nil
      switch last {
      case .table(let table): try read(table, topOptions, prefix: "", into: &values)
      case .nil: try readAbsent(topOptions, into: &values)
      default: throw LuaArgumentError("want a table of options { \(optionSketch) }, got \(last.received)")
      }
    }
    if let variadic = description.variadic {
      for (index, value) in arguments.dropFirst(parameterCount).enumerated() where variadic.type.matching(value) == nil
      {
        throw LuaArgumentError("\(variadic.name) \(index + 1): \(variadic.type.mismatch(with: value))")
      }
    }
    return values
  }

  private func checkCount(_ arguments: [LuaValue]) throws {
    guard description.variadic == nil else { return }
    if case .metamethod = role { return }
    let most = parameterCount + (topOptions.isEmpty ? 0 : 1)
    guard arguments.count > most else { return }
    // Trailing nils are what an absent argument looks like.
    guard arguments[most...].contains(where: { !$0.isNil }) else { return }
    var names = description.parameters.map(\.name)
    if !topOptions.isEmpty { names.append("a table of options") }
    let list = names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"
    throw LuaArgumentError(
      "want \(most == 0 ? "no" : "\(most)") argument\(most == 1 ? "" : "s")\(list), got \(arguments.count)")
  }

  private func assign(_ value: LuaValue, to place: Int, in values: inout [LuaValue]) throws {
    let slot = slots[place]
    if value.isNil {
      if slot.description.isRequired {
        let kind = place < parameterCount ? "argument" : "option"
        throw LuaArgumentError(
          "\(kind) '\(slot.path)' is missing: want \(slot.description.type.wanted) (\(slot.description.summary.withoutStop))"
        )
      }
      try readAbsent(slot.nested, into: &values, parentAbsent: true)
      return
    }
    guard let canonical = slot.description.type.matching(value) else {
      throw LuaArgumentError("\(slot.path): \(slot.description.type.mismatch(with: value))")
    }
    values[place] = canonical
    if case .table(let table) = canonical, !slot.nested.isEmpty {
      try read(table, slot.nested, prefix: slot.path + ".", into: &values)
    } else {
      try readAbsent(slot.nested, into: &values, parentAbsent: true)
    }
  }

  private func read(_ table: LuaTable, _ places: [Int], prefix: String, into values: inout [LuaValue]) throws {
    var given = [LuaValue](repeating: .nil, count: places.count)
    let names = places.map { slots[$0].description.name }
    try table.forEachEntry { key, value in
      if let name = key.asString, let index = names.firstIndex(of: name) {
        given[index] = value
      } else if let name = key.asString {
        let quotedNames = names.map { prefix + $0 }
        throw LuaArgumentError(
          "unknown option '\(shown(prefix + name))'\(suggestion(for: prefix + name, in: quotedNames))")
      } else {
        throw LuaArgumentError(
          "options are written by name ({ \(optionSketch) }), got the entry [\(key.received)] = \(value.received)")
      }
    }
    for (index, place) in places.enumerated() { try assign(given[index], to: place, in: &values) }
  }

  /// The table of these options is absent: fine unless one of them is required at the top.
  private func readAbsent(_ places: [Int], into values: inout [LuaValue], parentAbsent: Bool = false) throws {
    for place in places {
      if parentAbsent {
        try readAbsent(slots[place].nested, into: &values, parentAbsent: true)
      } else {
        try assign(.nil, to: place, in: &values)
      }
    }
  }

  /// `data = ..., dim = ...`: the required options, or the first ones.
  private var optionSketch: String {
    let required = description.options.filter(\.isRequired)
    let shown = required.isEmpty ? Array(description.options.prefix(2)) : required
    return shown.map { "\($0.name) = ..." }.joined(separator: ", ")
  }
}

extension LuaType {
  /// The options of a nested table, also where the table is one alternative of a union.
  var nestedOptions: [ParameterDescription] {
    switch content {
    case .options(let options): options
    case .union(let types): types.flatMap(\.nestedOptions)
    default: []
    }
  }

  /// The fields of all tables in it, for whoever reads: also of a table that its function checks by itself, and of those in a list,
  /// whose place is `[]`.
  var tables: [(place: String, fields: [ParameterDescription])] {
    switch content {
    case .options(let fields): [("", fields)]
    case .table(let fields): fields.isEmpty ? [] : [("", fields)]
    case .list(let element, _): element.tables.map { ("[]" + $0.place, $0.fields) }
    case .union(let types): types.flatMap(\.tables)
    default: []
    }
  }
}

extension String {
  /// Without the full stop of a sentence, for use inside another.
  var withoutStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
