/// What is wrong with a data set, where, and what to do about it.
public enum DataError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A line that does not say what its format promises.
  case badLine(file: String, line: Int, expected: String, found: String)
  /// A file that cannot be used at all, with the reason and the remedy.
  case badFile(file: String, problem: String, remedy: String)
  /// A name or path that leads nowhere.
  case missing(name: String, searched: [String], remedy: String)
  /// A request that the data cannot fulfil.
  case impossible(what: String, remedy: String)

  public var description: String {
    switch self {
    case .badLine(let file, let line, let expected, let found):
      return "\(file):\(line): expected \(expected), found \(found); correct the line or pass on_bad_line = \"skip\""
    case .badFile(let file, let problem, let remedy):
      return "\(file): \(problem); \(remedy)"
    case .missing(let name, let searched, let remedy):
      let places = searched.isEmpty ? "" : " (looked in \(searched.joined(separator: ", ")))"
      return "no data set \"\(name)\"\(places); \(remedy)"
    case .impossible(let what, let remedy):
      return "\(what); \(remedy)"
    }
  }
}

/// Text of a file as it stands in a message: quoted, cut at 60 characters, control characters made visible.
func quoted(_ bytes: UnsafeRawBufferPointer) -> String {
  let text = String(decoding: bytes.prefix(240), as: UTF8.self)
  var shown = ""
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index == 60 { return "\"\(shown)…\"" }
    switch scalar {
    case "\t": shown += "\\t"
    case "\"": shown += "\\\""
    case _ where scalar.value < 32 || scalar.value == 127 || scalar.value == 0xFFFD: shown += "?"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return bytes.count > 240 ? "\"\(shown)…\"" : "\"\(shown)\""
}
