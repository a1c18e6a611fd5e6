/// HTML or SVG in which text from outside is text: what is put in as a string is escaped, in elements and in attributes.
struct Markup: Equatable, ExpressibleByStringInterpolation {
  private(set) var source: String

  private init(source: String) { self.source = source }

  /// A literal, or with `\( )` text from outside.
  init(stringLiteral text: String) { source = Self.escaped(text) }

  init(_ text: String) { source = Self.escaped(text) }

  static let nothing = Markup(source: "")

  /// What this program itself wrote: a style sheet.
  static func own(_ source: StaticString) -> Markup { Markup(source: "\(source)") }

  /// `<name a="b">...</name>`; attributes without a value are left out.
  static func element(_ name: StaticString, _ attributes: Attributes = [:], _ content: Markup...) -> Markup {
    element(name, attributes, content)
  }

  static func element(_ name: StaticString, _ attributes: Attributes = [:], _ content: [Markup]) -> Markup {
    var source = "<\(name)"
    for (key, value) in attributes { if let value { source += " \(key)=\"\(escaped(value))\"" } }
    guard !content.isEmpty else { return Markup(source: source + (isVoid(name) ? "/>" : "></\(name)>")) }
    source += ">"
    for part in content { source += part.source }
    return Markup(source: source + "</\(name)>")
  }

  typealias Attributes = KeyValuePairs<StaticString, String?>

  static func joined(_ parts: [Markup], separator: String = "") -> Markup {
    Markup(source: parts.map(\.source).joined(separator: separator))
  }

  static func + (left: Markup, right: Markup) -> Markup { Markup(source: left.source + right.source) }
  static func += (left: inout Markup, right: Markup) { left.source += right.source }

  private static func isVoid(_ name: StaticString) -> Bool { ["br", "meta"].contains("\(name)") }

  /// What XML cannot hold becomes the replacement character.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case _
      where scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) || (0xfffe...0xffff).contains(scalar.value):
        result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
