/// A Lua file cut into what its comments describe; what they mean is not looked into yet.
struct LuaSource {
  /// `---@field rate? number The step size.`, `---@param ...`, `---@return ...`.
  struct Tag {
    let kind: String
    var text: String
    let line: Int
  }

  struct Class {
    let name: String
    var fields: [Tag]
  }

  struct Function {
    /// `json.encode`, `lab:outcome`; empty for the function that the file returns.
    let path: String
    let arguments: [String]
    let text: [String]
    let tags: [Tag]
    /// From the function's own line to its `end`.
    let body: [Substring]
    let line: Int
  }

  let name: String
  private(set) var head: [String] = []
  private(set) var classes: [Class] = []
  private(set) var functions: [Function] = []
  /// The local that the file returns.
  private(set) var returned: String?

  init(name: String, text: String) {
    self.name = name
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    head = lines.prefix { $0.hasPrefix("--") && !$0.hasPrefix("---") }.map { String($0.dropFirst(2)) }
    var comment = Comment()
    for (index, line) in lines.enumerated().dropFirst(head.count) {
      if line.hasPrefix("--") {
        comment.add(line, number: index + 1)
        continue
      }
      if let (path, arguments) = Self.function(line) {
        let end = lines[index...].firstIndex { $0 == "end" } ?? lines.endIndex - 1
        functions.append(
          Function(
            path: path, arguments: arguments, text: comment.text, tags: comment.tags, body: Array(lines[index...end]),
            line: index + 1))
      }
      if line.hasPrefix("return "), line.dropFirst(7).allSatisfy({ $0.isLetter || $0 == "_" }) {
        returned = String(line.dropFirst(7))
      }
      classes += comment.classes
      comment = Comment()
    }
  }

  /// The name and the arguments of a function that begins on a line and is not local.
  private static func function(_ line: Substring) -> (path: String, arguments: [String])? {
    for start in ["return function(", "function "] where line.hasPrefix(start) {
      let rest = line.dropFirst(start == "function " ? start.count : start.count - 1)
      guard let open = rest.firstIndex(of: "("), let close = rest.firstIndex(of: ")") else { return nil }
      let arguments = rest[rest.index(after: open)..<close].split { $0 == "," || $0 == " " }.map(String.init)
      return (String(rest[..<open]), arguments)
    }
    return nil
  }
}

/// The comment lines before a line of code.
private struct Comment {
  private(set) var text: [String] = []
  private(set) var tags: [LuaSource.Tag] = []
  private(set) var classes: [LuaSource.Class] = []
  private var last = Last.text

  private enum Last { case text, tag, field }

  mutating func add(_ line: Substring, number: Int) {
    let words = line.drop { $0 == "-" }
    guard line.hasPrefix("---@") else {
      goOn(String(words.drop { $0 == " " }))
      return
    }
    let kind = words.dropFirst().prefix { $0 != " " }
    let rest = words.dropFirst(kind.count + 1).drop { $0 == " " }
    let tag = LuaSource.Tag(kind: String(kind), text: String(rest), line: number)
    switch kind {
    case "class":
      classes.append(LuaSource.Class(name: String(rest.prefix { $0 != " " && $0 != ":" }), fields: []))
      last = .field
    case "field" where !classes.isEmpty:
      classes[classes.count - 1].fields.append(tag)
      last = .field
    default:
      tags.append(tag)
      last = .tag
    }
  }

  /// A line without a tag goes on with what stands before it.
  private mutating func goOn(_ words: String) {
    switch last {
    case .text: text.append(words)
    case .tag: tags[tags.count - 1].text += " " + words
    case .field:
      guard let place = classes.indices.last, let field = classes[place].fields.indices.last else { return }
      classes[place].fields[field].text += " " + words
    }
  }
}
