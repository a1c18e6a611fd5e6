import Platform

/// What is wrong with a data set, where, and what to do about it.
public enum DataError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A line that does not say what its format promises.
  case badLine(file: String, line: Int, expected: String, found: String)
  /// A file that cannot be used at all, with the reason and the remedy.
  case badFile(file: String, problem: String, remedy: String)
  /// A name or path that leads nowhere.
  case missing(name: String, searched: [String], remedy: String)
  /// A request that the data cannot fulfill.
  case impossible(what: String, remedy: String)
  /// Whoever asked wants no more (Ctrl-C).
  case interrupted

  public var description: String {
    switch self {
    case .badLine(let file, let line, let expected, let found):
      return
        "\(shownPath(file)):\(line): expected \(expected), found \(found); correct the line or pass on_bad_line = \"skip\""
    case .badFile(let file, let problem, let remedy):
      return "\(shownPath(file)): \(problem); \(remedy)"
    case .missing(let name, let searched, let remedy):
      let places =
        searched.isEmpty ? "" : " (looked in \(searched.map { shown($0, limit: 200) }.joined(separator: ", ")))"
      return "no data set \(quoted(name, limit: 200))\(places); \(remedy)"
    case .impossible(let what, let remedy):
      return "\(what); \(remedy)"
    case .interrupted:
      return "interrupted"
    }
  }
}

extension DataError {
  /// A file that the system, or we, do not open.
  init(_ refusal: FileRefusal) {
    self = .badFile(file: refusal.path, problem: refusal.problem, remedy: Self.remedy(refusal.code))
  }

  /// The operating system's last error about a file, as a sentence.
  static func system(_ path: String, _ problem: String) -> DataError {
    let code = errno
    return .badFile(file: path, problem: "\(problem): \(systemReason())", remedy: remedy(code))
  }

  /// A request for more memory than there is.
  init(_ error: MemoryError, remedy: String) { self = .impossible(what: error.description, remedy: remedy) }

  private static func remedy(_ code: Int32) -> String {
    switch code {
    case 0: "give the path of a data file"
    case ENOENT: "check the path"
    case EACCES: "check the permissions"
    case ENOSPC: "free some space on the disk"
    default: "check the file and its disk"
    }
  }
}
