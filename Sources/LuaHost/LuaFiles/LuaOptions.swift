/// The options that a function of a Lua file reads by `options.read("losses.bce", given, { margin = 1, ... })`.
struct LuaOptions {
  struct Option {
    let name: String
    /// nil where the default does not say.
    let type: LuaType?
    let defaultValue: LuaDefault?
    let isOptional: Bool
  }

  /// The name that the function gives itself.
  let reader: String
  let options: [Option]

  /// nil where the function reads none in this way.
  init?(_ body: [Substring]) {
    let text = body.joined(separator: "\n")
    let start = "options.read(\""
    guard let place = text.firstPlace(of: start) else { return nil }
    let rest = text[place...].dropFirst(start.count)
    reader = String(rest.prefix { $0 != "\"" })
    guard let open = rest.firstIndex(of: "{") else { return nil }
    options = Self.entries(rest[open...]).compactMap(Self.option)
  }

  /// What stands between the commas of a table.
  private static func entries(_ table: Substring) -> [Substring] {
    var entries: [Substring] = [], depth = 0, start = table.startIndex
    for index in table.indices {
      switch table[index] {
      case "{", "(":
        depth += 1
        if depth == 1 { start = table.index(after: index) }
      case "}", ")":
        depth -= 1
        if depth == 0 { return entries + [table[start..<index]] }
      case "," where depth == 1:
        entries.append(table[start..<index])
        start = table.index(after: index)
      default: break
      }
    }
    return entries
  }

  private static func option(_ entry: Substring) -> Option? {
    let sides = entry.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks }
    guard sides.count == 2 else { return nil }
    let (name, value) = (sides[0], sides[1])
    switch value {
    case "options.required": return Option(name: name, type: nil, defaultValue: nil, isOptional: false)
    case "options.optional": return Option(name: name, type: nil, defaultValue: nil, isOptional: true)
    default: break
    }
    if value.hasPrefix("options.one_of") {
      let names = value.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter {
        $0.offset % 2 == 1
      }
      let choices = names.map { String($0.element) }
      return Option(name: name, type: .choice(choices), defaultValue: .string(choices.first ?? ""), isOptional: false)
    }
    if value.hasPrefix("{") {
      let numbers = entries(value[...]).compactMap { Double($0.trimmingBlanks) }
      return Option(
        name: name, type: .list(.number), defaultValue: .list(numbers.map { .number($0) }), isOptional: false)
    }
    if value == "true" || value == "false" {
      return Option(name: name, type: .boolean, defaultValue: .boolean(value == "true"), isOptional: false)
    }
    guard let number = Double(value) else { return nil }
    return Option(name: name, type: .number, defaultValue: .number(number), isOptional: false)
  }
}

extension StringProtocol {
  fileprivate var trimmingBlanks: String {
    var text = self.drop { $0 == " " || $0 == "\n" }
    while let last = text.last, last == " " || last == "\n" { text = text.dropLast() }
    return String(text)
  }
}

extension String {
  fileprivate func firstPlace(of part: String) -> String.Index? {
    indices.first { self[$0...].hasPrefix(part) }
  }
}
