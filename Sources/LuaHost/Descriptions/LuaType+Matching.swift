import Platform

extension LuaType {
  /// The value in its canonical form (an integer type turns `64.0` into `64`), or `nil` when it is not of this type.
  /// Nested options are checked by `OptionReader`, which has their names.
  func matching(_ value: LuaValue) -> LuaValue? {
    switch content {
    case .any: return value.isNil ? nil : value
    case .boolean: return value.asBoolean == nil ? nil : value
    case .integer(let range):
      guard let integer = value.asInteger, range.contains(Double(integer)) else { return nil }
      return .integer(integer)
    case .number(let range):
      guard let number = value.asNumber, number.isFinite, range.contains(number) else { return nil }
      return value
    case .real: return value.asNumber == nil ? nil : value
    case .string: if case .string = value { return value } else { return nil }
    case .choice(let names): return value.asString.map(names.contains) == true ? value : nil
    case .table, .options: return value.asTable == nil ? nil : value
    case .function: return value.asFunction == nil ? nil : value
    case .object(_, let matches):
      guard let payload = value.asHandle?.object(as: Any.self), matches(payload) else { return nil }
      return value
    case .list: return value.asTable.map(isList) == true ? value : nil
    case .map(let element): return value.asTable.map { isMap($0, of: element) } == true ? value : nil
    case .union(let types):
      for type in types {
        if let result = type.matching(value) { return result }
      }
      return nil
    }
  }

  private func isList(_ table: LuaTable) -> Bool {
    guard case .list(let element, let count) = content, let length = try? table.rawCount() else { return false }
    if let count, !count.contains(length) { return false }
    return firstBadEntry(of: table, element, length: length) == nil
  }

  private func isMap(_ table: LuaTable, of element: LuaType) -> Bool {
    firstBadEntry(of: table, element) == nil
  }

  /// A short account of the first entry of a table that keeps it from being a list of `element`.
  private func firstBadEntry(of table: LuaTable, _ element: LuaType, length: Int) -> String? {
    if case .number(let range) = element.content, case .none = range.lower, case .none = range.upper,
      let numbers = try? table.numbers()
    {
      // The fast way for long lists of numbers; extra keys are still looked for below.
      if let index = numbers.firstIndex(where: { !$0.isFinite }) {
        return "entry [\(index + 1)] is \(plainText(numbers[index]))"
      }
    } else {
      do {
        for (index, value) in try table.array().enumerated() where element.matching(value) == nil {
          return "entry [\(index + 1)] is \(value.received)"
        }
      } catch { return "\(error)" }
    }
    do { return try table.keyBeside(length).map { "it has the key \($0.received)" } } catch { return "\(error)" }
  }

  /// The same for a table of `element` by name.
  private func firstBadEntry(of table: LuaTable, _ element: LuaType) -> String? {
    var bad: String?
    do {
      try table.forEachEntry { key, value in
        guard bad == nil, key.asString == nil || element.matching(value) == nil else { return }
        bad = "entry [\(key.received)] is \(value.received)"
      }
    } catch { return "\(error)" }
    return bad
  }

  /// What was wanted and what came: `want an integer of at least 1, got 64.5`.
  func mismatch(with value: LuaValue) -> String {
    if let handle = value.asHandle, handle.isFreed {
      return "the \(handle.typeName) was freed"
    }
    if case .choice(let names) = content, let name = value.asString, let nearest = nearestName(to: name, in: names) {
      return "want \(wanted), got \(value.received), did you mean \"\(nearest)\"?"
    }
    if case .list(let element, let count) = content, let table = value.asTable, let length = try? table.rawCount() {
      if let bad = firstBadEntry(of: table, element, length: length) { return "want \(wanted), but \(bad)" }
      if count != nil { return "want \(wanted), got \(length) \(length == 1 ? "entry" : "entries")" }
    }
    if case .map(let element) = content, let table = value.asTable {
      if let bad = firstBadEntry(of: table, element) { return "want \(wanted), but \(bad)" }
    }
    return "want \(wanted), got \(value.received)"
  }

  /// The type in words: `an integer of at least 1`.
  var wanted: String {
    switch content {
    case .any: "a value"
    case .boolean: "true or false"
    case .integer(let range): "an integer" + range.words(integer: true)
    case .number(let range): range.isUnbounded ? "a finite number" : "a number" + range.words(integer: false)
    case .real: "a number"
    case .string: "a string"
    case .choice(let names): names.map { "\"\($0)\"" }.joinedAsAlternatives()
    case .table: "a table"
    case .options: "a table of options"
    case .function: "a function"
    case .object(let name, _): name.withArticle
    case .list(let element, let count):
      "a list of " + (count.map { $0.words + " " } ?? "") + element.plural
    case .map(let element): "a table of \(element.plural) by name"
    case .union(let types): types.map(\.wanted).joinedAsAlternatives()
    }
  }

  private var plural: String {
    switch content {
    case .any: "values"
    case .boolean: "booleans"
    case .integer(let range): "integers" + range.words(integer: true)
    case .number(let range): (range.isUnbounded ? "finite numbers" : "numbers") + range.words(integer: false)
    case .real: "numbers"
    case .string: "strings"
    case .choice(let names): "names (" + names.map { "\"\($0)\"" }.joinedAsAlternatives() + ")"
    case .table, .options: "tables"
    case .function: "functions"
    case .object(let name, _): "\(name)s"
    case .list(let element, _): "lists of " + element.plural
    case .map(let element): "tables of \(element.plural) by name"
    case .union(let types): types.map(\.plural).joinedAsAlternatives()
    }
  }
}

extension LuaRange {
  var isUnbounded: Bool { if case .none = lower, case .none = upper { true } else { false } }

  /// ` of at least 1`, ` from 0 to below 1`, or nothing.
  public func words(integer: Bool) -> String {
    func text(_ bound: Double) -> String { plainText(bound) }
    return switch (lower, upper) {
    case (.none, .none): ""
    case (.including(let a), .none): " of at least \(text(a))"
    case (.excluding(let a), .none): " above \(text(a))"
    case (.none, .including(let b)): " of at most \(text(b))"
    case (.none, .excluding(let b)): " below \(text(b))"
    case (.including(let a), .including(let b)): " from \(text(a)) to \(text(b))"
    case (.including(let a), .excluding(let b)): " from \(text(a)) to below \(text(b))"
    case (.excluding(let a), .including(let b)): " above \(text(a)) up to \(text(b))"
    case (.excluding(let a), .excluding(let b)): " above \(text(a)) and below \(text(b))"
    }
  }
}

extension ClosedRange<Int> {
  var words: String {
    if lowerBound == upperBound { return "\(lowerBound)" }
    if upperBound == .max { return "at least \(lowerBound)" }
    return "\(lowerBound) to \(upperBound)"
  }
}

extension LuaValue {
  /// The value as an error message shows it.
  var received: String {
    switch self {
    case .nil: "nil"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): plainText(value)
    case .string(let value): quoted(value.start, limit: 40)
    case .table: "a table"
    case .function: "a function"
    case .handle(let handle): handle.typeName.withArticle
    case .other(let reference): reference.luaTypeName.withArticle
    }
  }
}

/// A number as Lua writes it, without a trailing `.0`, `nan` and `inf` in words.
func plainText(_ value: Double) -> String {
  if value.isNaN { return "nan" }
  if value.isInfinite { return value < 0 ? "-inf" : "inf" }
  if let integer = Int(exactly: value), integer.magnitude < 1 << 53 { return "\(integer)" }
  return "\(value)"
}

extension String {
  /// `a Split`, `an integer`.
  var withArticle: String {
    guard let first = first?.lowercased() else { return self }
    return ("aeio".contains(first) ? "an " : "a ") + self
  }
}

extension [String] {
  /// `a`, `a or b`, `a, b or c`.
  func joinedAsAlternatives() -> String {
    guard count > 1 else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " or " + self[count - 1]
  }
}
