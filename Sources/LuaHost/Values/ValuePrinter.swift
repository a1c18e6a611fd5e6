import Platform

/// Shows a value to a person: rows and columns where it is that (`ValueTable`), other tables with their entries within limits, handles
/// and reports by `tostring`. The prompt and `perigee.show` both print so.
public struct ValuePrinter {
  /// Longest line before a table is broken over several.
  public var width = 100
  /// How many tables inside each other are opened.
  public var depth = 4
  /// Entries of one table that are shown.
  public var entries = 50
  /// Entries that are shown in all, of tables inside each other.
  public var total = 2000

  /// Columns of a table of rows, in this order; nil for all.
  public var columns: [String]?
  /// Rows of such a table that are shown.
  public var rows = 40
  /// Decimals of its numbers that are not whole.
  public var decimals = 4

  public init() {}

  /// The text of one value. Strings are quoted, except one of several lines that stands alone.
  public func text(of value: LuaValue, in state: LuaState) -> String {
    if case .string(let text) = value, text.bytes.contains(UInt8(ascii: "\n")) { return text.description }
    var progress = Progress(remaining: total)
    if let table = value.asTable, (try? table.hasMetafield("__tostring")) == false,
      let rows = ValueTable(table, columns: columns, most: rows)
    {
      return rows.text(width: width, decimals: decimals) { cell(of: $0, in: state) }
    }
    return text(of: value, in: state, indent: 0, &progress)
  }

  /// One line, texts without quotation marks.
  private func cell(of value: LuaValue, in state: LuaState) -> String {
    if case .string(let text) = value { return shown(text.description, limit: 60) }
    var progress = Progress(remaining: 20)
    let lines = text(of: value, in: state, indent: 0, &progress).split(
      separator: "\n", omittingEmptySubsequences: false)
    let line = lines.first.map(String.init) ?? ""
    return lines.count > 1 || line.count > 60 ? line.prefix(57) + "..." : line
  }

  private struct Progress {
    /// The tables that contain the present place.
    var open: [LuaTable] = []
    /// Entries that may still be shown.
    var remaining: Int
  }

  private func text(of value: LuaValue, in state: LuaState, indent: Int, _ progress: inout Progress) -> String {
    switch value {
    case .nil: return "nil"
    case .boolean(let value): return "\(value)"
    case .integer(let value): return "\(value)"
    case .string(let value): return luaQuoted(value.description)
    case .table(let table):
      if let text = ownText(of: table, value, in: state) { return text }
      return self.text(of: table, in: state, indent: indent, &progress)
    case .function(let function):
      if let name = state.plan(of: function)?.fullName { return "function: \(name)" }
      return (try? state.text(of: value)) ?? "function"
    case .number, .handle, .other:
      do { return try state.text(of: value) } catch { return "(\(value.typeName): \(error))" }
    }
  }

  /// A table that says itself how it is shown.
  private func ownText(of table: LuaTable, _ value: LuaValue, in state: LuaState) -> String? {
    guard (try? table.hasMetafield("__tostring")) == true else { return nil }
    return try? state.text(of: value)
  }

  private func text(of table: LuaTable, in state: LuaState, indent: Int, _ progress: inout Progress) -> String {
    if progress.open.contains(where: { $0.isSame(as: table) }) { return "{ (itself) }" }
    let (shown, hidden) = firstEntries(of: table)
    if shown.isEmpty { return "{}" }
    if progress.open.count >= depth || progress.remaining <= 0 { return "{ ... }" }
    progress.open.append(table)
    progress.remaining -= shown.count
    defer { progress.open.removeLast() }
    var keys: [String?] = []
    var texts: [String] = []
    for (position, entry) in shown.enumerated() {
      keys.append(entry.key.asInteger == position + 1 ? nil : keyText(entry.key))
      texts.append(text(of: entry.value, in: state, indent: indent + 2, &progress))
    }
    func entries(keyWidth: Int) -> [String] {
      zip(keys, texts).map { key, text in
        guard let key else { return text }
        return key + String(repeating: " ", count: max(0, keyWidth - key.count)) + " = " + text
      } + (hidden > 0 ? ["... \(hidden) more"] : [])
    }
    let parts = entries(keyWidth: 0)
    let line = "{ " + parts.joined(separator: ", ") + " }"
    if line.count + indent <= width, !line.contains("\n") { return line }
    let isPlainList = !parts.contains { $0.contains(" = ") || $0.contains("\n") || $0.contains("{") }
    let space = String(repeating: " ", count: indent + 2)
    let widest = keys.map { $0?.count ?? 0 }.max() ?? 0
    let body =
      isPlainList
      ? wrapped(parts, space) : entries(keyWidth: min(widest, 24)).map { space + $0 }.joined(separator: ",\n")
    return "{\n" + body + "\n" + String(repeating: " ", count: indent) + "}"
  }

  /// The first entries in order (1, 2, ..., then other keys sorted), and how many are left out.
  private func firstEntries(of table: LuaTable) -> (shown: [(key: LuaValue, value: LuaValue)], hidden: Int) {
    var shown: [(key: LuaValue, value: LuaValue)] = []
    let length = (try? table.rawCount()) ?? 0
    for position in 0..<min(length, entries) {
      guard let value = try? table.rawGet(position + 1) else { break }
      shown.append((.integer(position + 1), value))
    }
    var named: [(key: LuaValue, value: LuaValue)] = []
    var hidden = 0
    try? table.forEachEntry { key, value in
      if let integer = key.asInteger, integer >= 1, integer <= length {
        if integer > entries { hidden += 1 }
        return
      }
      if named.count < 10 * entries { named.append((key, value)) } else { hidden += 1 }
    }
    named.sort { precedes($0.key, $1.key) }
    let room = max(0, entries - shown.count)
    hidden += max(0, named.count - room)
    return (shown + named.prefix(room), hidden)
  }

  private func precedes(_ a: LuaValue, _ b: LuaValue) -> Bool {
    switch (a.asNumber, b.asNumber) {
    case (let a?, let b?): a < b
    case (_?, nil): true
    case (nil, _?): false
    case (nil, nil): (a.asString ?? a.typeName) < (b.asString ?? b.typeName)
    }
  }

  private func keyText(_ key: LuaValue) -> String {
    if let name = key.asString { return name.isIdentifier ? name : "[\(luaQuoted(name))]" }
    return "[\(key.received)]"
  }

  /// Short entries, several on a line.
  private func wrapped(_ parts: [String], _ space: String) -> String {
    var lines: [String] = []
    var line = space
    for (index, part) in parts.enumerated() {
      let cell = part + (index == parts.count - 1 ? "" : ", ")
      if line.count + cell.count > width, line != space {
        lines.append(line.withoutTrailingSpaces)
        line = space
      }
      line += cell
    }
    return (lines + [line]).joined(separator: "\n")
  }
}

/// A string as Lua source text.
private func luaQuoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.value < 32 || scalar.value == 127: result += "\\\(scalar.value)"
    case _ where scalar.value > 127 && shown(String(scalar)) != String(scalar):
      result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
