import LuaHost

/// Values of a described type: mostly ordinary ones, sometimes at a border of what is allowed, sometimes beyond.
extension ProgramWriter {
  mutating func value(_ type: LuaType, _ parameter: ParameterDescription?) -> String {
    if choices.chance(hostility) { return hostile() }
    switch type.content {
    case .any: return anything()
    case .boolean: return choices.chance(0.5) ? "true" : "false"
    case .integer(let range): return integer(range)
    case .number(let range): return number(range)
    case .real: return choices.chance(0.1) ? choices.pick(Literals.extremes) : number(LuaRange())
    case .string: return string(parameter)
    case .choice(let names): return Literals.quoted(choices.pick(names))
    case .table: return table()
    case .function(let text): return function(Signature(text ?? "fun()"))
    case .object(let name, _): return object(name.lowercased())
    case .list(let element, let count): return list(element, count, parameter)
    case .map(let element): return map(element, parameter)
    case .options(let inner): return options(inner, of: nil)
    case .union(let types): return value(choices.pick(types), parameter)
    }
  }

  /// A value that need not be of the wanted type.
  mutating func hostile() -> String {
    switch choices.below(10) {
    case 0..<4: return choices.pick(Literals.extremes)
    case 4..<6 where !slots.isEmpty: return choices.pick(slots).expression
    case 6: return "{ \(choices.pick(Literals.hostile)), \(choices.pick(Literals.extremes)) }"
    default: return choices.pick(Literals.hostile)
    }
  }

  private mutating func anything() -> String {
    switch choices.below(6) {
    case 0...1 where !slots.isEmpty: return choices.pick(slots).expression
    case 2: return string(nil)
    case 3: return table()
    case 4: return choices.pick(["true", "nil", "{}"])
    default: return "\(choices.below(6))"
    }
  }

  private mutating func integer(_ range: LuaRange) -> String {
    let lower = whole(range.lower) ?? choices.pick([1, 0, 0, -2])
    if choices.chance(0.05) {
      let upper = whole(range.upper)
      let borders = [lower, lower + 1, upper ?? .max, (upper ?? .max) - 1].map(integerText)
      return choices.pick(upper == nil ? borders + ["2^31", "2^53", "65537", "1000000"] : borders)
    }
    return "\(lower + choices.size(atMost: 12))"
  }

  private func whole(_ bound: LuaRange.Bound) -> Int? {
    switch bound {
    case .none: nil
    case .including(let value), .excluding(let value): Int(exactly: value.rounded())
    }
  }

  private func integerText(_ value: Int) -> String { value == .min ? "math.mininteger" : "\(value)" }

  private mutating func number(_ range: LuaRange) -> String {
    if choices.chance(0.05) {
      let borders = ["1e308", "-1e308", "5e-324", "1e-30", "1e9", "-0.0", "3e38", "1 - 2^-53"]
      return choices.pick(borders.filter { $0.hasPrefix("1 -") || range.contains(Double($0)!) } + ["1"])
    }
    let ordinary = ["1", "0.5", "0.1", "2", "0.25", "0", "-1", "1e-3", "10", "-0.7", "100"]
    let fitting = ordinary.filter { range.contains(Double($0)!) }
    return fitting.isEmpty ? bound(range) : choices.pick(fitting)
  }

  private func bound(_ range: LuaRange) -> String {
    switch (range.lower, range.upper) {
    case (.including(let value), _), (.excluding(let value), _), (_, .including(let value)), (_, .excluding(let value)):
      "\(value)"
    default: "1"
    }
  }

  mutating func string(_ parameter: ParameterDescription?) -> String {
    if case .string(let text)? = parameter?.defaultValue, choices.chance(0.5) { return Literals.quoted(text) }
    let words = choices.chance(0.5) ? catalog.words : Literals.names
    return Literals.quoted(choices.pick(words.isEmpty ? Literals.names : words))
  }

  /// Most tables that a function checks by itself are numbers, nested.
  private mutating func table() -> String {
    switch choices.below(5) {
    case 0: return "{}"
    case 1: return numbers()
    case 2: return "{ " + (0...choices.below(3)).map { _ in "{ 1, 2, 3 }" }.joined(separator: ", ") + " }"
    case 3 where !slots.isEmpty: return "{ \(choices.pick(slots).expression), \(choices.pick(slots).expression) }"
    default: return "{ " + (0...choices.below(3)).map { _ in numbers() }.joined(separator: ", ") + " }"
    }
  }

  private mutating func numbers() -> String {
    "{ " + (0..<choices.below(4)).map { _ in number(LuaRange()) }.joined(separator: ", ") + " }"
  }

  private mutating func list(
    _ element: LuaType, _ count: ClosedRange<Int>?, _ parameter: ParameterDescription?
  ) -> String {
    let count = choices.within((count?.lowerBound ?? 0)...min(count?.upperBound ?? 4, (count?.lowerBound ?? 0) + 4))
    if case .list(let defaults)? = parameter?.defaultValue, choices.chance(0.3) {
      return LuaDefault.list(defaults).text
    }
    let values = (0..<count).map { _ in value(element, nil) }
    return "{ " + values.joined(separator: ", ") + " }"
  }

  private mutating func map(_ element: LuaType, _ parameter: ParameterDescription?) -> String {
    let keys = choices.chance(0.7) ? ["user", "item"] : ["a", "[1]", "[\"\"]", "[2.5]"]
    let entries = keys.prefix(1 + choices.below(keys.count)).map { "\($0) = \(value(element, nil))" }
    return "{ " + entries.joined(separator: ", ") + " }"
  }
}
