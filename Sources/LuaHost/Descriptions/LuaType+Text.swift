extension LuaType {
  /// The type in few words, for help and the reference: `integer >= 1`, `"dot" or "cosine"`.
  public var brief: String {
    switch content {
    case .any: "any value"
    case .boolean: "boolean"
    case .integer(let range): "integer" + range.symbols
    case .number(let range): "number" + range.symbols
    case .real: "number (infinite or nan too)"
    case .string: "string"
    case .choice(let names): names.map { "\"\($0)\"" }.joinedAsAlternatives()
    case .table: "table"
    case .options: "table of options"
    case .function(let signature): signature ?? "function"
    case .object(let name, _): name
    case .list(let element, let count): "list of " + (count.map { "\($0.words) " } ?? "") + element.briefInList
    case .map(let element): "table of " + element.briefInList + " by name"
    case .union(let types): types.map(\.brief).joinedAsAlternatives()
    }
  }

  private var briefInList: String {
    switch content {
    case .integer(let range): "integers" + range.symbols
    case .number(let range): "numbers" + range.symbols
    case .string: "strings"
    case .boolean: "booleans"
    case .object(let name, _): name + "s"
    case .list(let element, _): "lists of " + element.briefInList
    case .table: "tables"
    case .options: "tables of options"
    default: brief
    }
  }

  /// The type as LuaCATS writes it. Ranges are not part of that language.
  var annotation: String {
    switch content {
    case .any: "any"
    case .boolean: "boolean"
    case .integer: "integer"
    case .number, .real: "number"
    case .string: "string"
    case .choice(let names): names.map { "\"\($0)\"" }.joined(separator: "|")
    case .table: "table"
    case .options: "table"
    case .function(let signature): signature ?? "function"
    case .object(let name, _): name.annotationName
    case .list(let element, _): element.annotationInBrackets + "[]"
    case .map(let element): "table<string, \(element.annotation)>"
    case .union(let types): types.map(\.annotationInUnion).joined(separator: "|")
    }
  }

  var annotationInUnion: String {
    if case .function(_?) = content { return "(\(annotation))" }
    return annotation
  }

  private var annotationInBrackets: String {
    switch content {
    case .choice, .union, .function: "(\(annotation))"
    default: annotation
    }
  }
}

extension LuaRange {
  /// ` >= 1`, ` in [0, 1)`, or nothing.
  var symbols: String {
    switch (lower, upper) {
    case (.none, .none): return ""
    case (.including(let a), .none): return " >= \(plainText(a))"
    case (.excluding(let a), .none): return " > \(plainText(a))"
    case (.none, .including(let b)): return " <= \(plainText(b))"
    case (.none, .excluding(let b)): return " < \(plainText(b))"
    default:
      let left =
        switch lower {
        case .including(let a): "[\(plainText(a))"
        case .excluding(let a): "(\(plainText(a))"
        case .none: "("
        }
      let right =
        switch upper {
        case .including(let b): "\(plainText(b))]"
        case .excluding(let b): "\(plainText(b)))"
        case .none: ")"
        }
      return " in \(left), \(right)"
    }
  }
}

extension String {
  /// A class name of the editor types: letters, digits, `_` and `.` only.
  var annotationName: String {
    map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." ? String($0) : "_" }.joined()
  }
}

extension LuaDefault {
  /// The default as Lua writes it: `{ 0.1, 0.2 }`, `"dot"`.
  public var text: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): plainText(value)
    case .string(let value): "\"\(value)\""
    case .list(let elements): elements.isEmpty ? "{}" : "{ " + elements.map(\.text).joined(separator: ", ") + " }"
    }
  }
}
