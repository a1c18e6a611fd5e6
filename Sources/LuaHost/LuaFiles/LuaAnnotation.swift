/// Reads a type as LuaCATS writes it: `string[]`, `"a"|"b"`, `fun(epoch: integer): number`, `Split?`.
struct LuaAnnotation {
  private(set) var rest: Substring
  private let classes: [String: LuaSource.Class]
  /// Classes that are being read: one that holds itself ends there.
  private let within: [String]

  init(_ text: String, classes: [String: LuaSource.Class], within: [String] = []) {
    rest = text[...]
    self.classes = classes
    self.within = within
  }

  /// The type at the beginning, and whether it may be nil; nil where there is none.
  mutating func type() -> (LuaType, isOptional: Bool)? {
    var types: [LuaType] = [], choices: [String] = [], isOptional = false
    repeat {
      guard let one = part() else { return nil }
      switch one {
      case .choice(let name): choices.append(name)
      case .nothing: isOptional = true
      case .type(let type): types.append(type)
      }
      if take("?") { isOptional = true }
    } while take("|")
    if !choices.isEmpty { types.insert(.choice(choices), at: 0) }
    guard let first = types.first else { return nil }
    return (types.count == 1 ? first : .union(types), isOptional)
  }

  private enum Part {
    case type(LuaType)
    case choice(String)
    case nothing
  }

  private mutating func part() -> Part? {
    if take("\"") {
      let name = rest.prefix { $0 != "\"" }
      rest = rest.dropFirst(name.count + 1)
      return .choice(String(name))
    }
    let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
    rest = rest.dropFirst(word.count)
    if word == "..." || word.isEmpty { return nil }
    if word == "nil" { return .nothing }
    var type = word == "fun" ? function() : named(String(word))
    while rest.hasPrefix("[]") {
      rest = rest.dropFirst(2)
      type = .list(type)
    }
    return .type(type)
  }

  private mutating func function() -> LuaType {
    var text = "fun" + balanced("(", ")")
    guard take(":") else { return .function(text) }
    text += ":"
    repeat {
      let blank = rest.prefix { $0 == " " }
      let before = rest.dropFirst(blank.count)
      rest = before
      guard type() != nil else { break }
      text += " " + before.dropLast(rest.count) + (rest.first == "," ? "," : "")
    } while take(",")
    return .function(text)
  }

  private mutating func named(_ name: String) -> LuaType {
    switch name {
    case "any": return .any
    case "boolean": return .boolean
    case "integer": return .integer
    case "number": return .number
    case "string": return .string
    case "function": return .function
    case "table":
      let parts = balanced("<", ">")
      return parts.isEmpty ? .table : .unchecked(name + parts)
    default:
      guard let known = classes[name], !within.contains(name) else { return .unchecked(name) }
      return .options(known.fields.compactMap { ParameterDescription($0, classes: classes, within: within + [name]) })
    }
  }

  private mutating func balanced(_ open: Character, _ close: Character) -> String {
    guard rest.first == open else { return "" }
    var depth = 0
    let text = rest.prefix { character in
      if depth == 0, character != open { return false }
      depth += character == open ? 1 : character == close ? -1 : 0
      return true
    }
    rest = rest.dropFirst(text.count)
    return String(text)
  }

  private mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }
}

extension ParameterDescription {
  /// `name? type What it is.`; nil where that is not what the tag says.
  init?(_ tag: LuaSource.Tag, classes: [String: LuaSource.Class], within: [String] = []) {
    let word = tag.text.prefix { $0 != " " }
    let name = word.hasSuffix("?") ? word.dropLast() : word
    var annotation = LuaAnnotation(
      String(tag.text.dropFirst(word.count).drop { $0 == " " }), classes: classes, within: within)
    guard !name.isEmpty, let (type, isOptional) = annotation.type() else { return nil }
    let summary = annotation.rest.drop { $0 == " " }
    guard !summary.isEmpty else { return nil }
    self.init(String(name), type, String(summary), optional: isOptional || word.hasSuffix("?"))
  }
}

extension ReturnDescription {
  /// `type name What it is.`
  init?(_ tag: LuaSource.Tag, classes: [String: LuaSource.Class]) {
    var annotation = LuaAnnotation(tag.text, classes: classes)
    guard let (type, _) = annotation.type() else { return nil }
    let words = annotation.rest.drop { $0 == " " }
    let name = words.prefix { $0 != " " }
    let summary = words.dropFirst(name.count).drop { $0 == " " }
    guard !name.isEmpty, !summary.isEmpty else { return nil }
    self.init(String(name), type, String(summary))
  }
}

extension LuaType {
  /// A type that only its name says something of.
  fileprivate static func unchecked(_ name: String) -> LuaType {
    LuaType(content: .object(name: name, matches: { _ in false }))
  }
}
