import Platform
import LuaLibrary

/// The lines of an input that is not finished.
struct PendingInput {
  private(set) var text = ""
  /// The number of its first line in piped input.
  var firstLine = 1
  private(set) var isEmpty = true

  mutating func append(_ line: String) {
    text = isEmpty ? line : text + "\n" + line
    isEmpty = false
  }

  mutating func clear() { self = PendingInput() }
}

/// A line that is not Lua.
enum ReplCommandLine {
  case help, quit, time, who
  case explain(String)
  case shell(String)
  case unknown(String)

  init?(_ line: String) {
    let text = line.trimmingSpaces
    if text.hasPrefix("?") {
      self = .explain(String(text.dropFirst()).trimmingSpaces)
      return
    }
    if text.hasPrefix("!") {
      self = .shell(String(text.dropFirst()))
      return
    }
    // `::name::` is a label of Lua.
    guard text.hasPrefix(":"), !text.hasPrefix("::") else { return nil }
    switch text {
    case ":help", ":h", ":?": self = .help
    case ":quit", ":q", ":exit": self = .quit
    case ":time": self = .time
    case ":who": self = .who
    default: self = .unknown(text)
    }
  }
}

enum ReplText {
  static var version: String { PerigeeLibrary.version }

  static let commands = """
    x            shows the value of an expression, and so does `= x`; with `;` at
                 the end it does not
    _            the last value that was not nil
    perigee      shows what there is
    ? x          explains a module, a function, a handle or a name, as help(x) does
    ? word       searches names, options and the documentation: ? early stopping
    :who         shows the globals that you made, as who() does
    ! command    runs a command of the shell
    :time        shows how long each input takes, or stops showing it
    :quit        leaves, as Ctrl-D does
    Ctrl-C       stops what runs, or gives up the line; all made so far stays
    Tab          completes names; fields after a dot, methods after a colon, options
                 in braces; in strings data sets, metrics, files, words of an option

    An unfinished input goes on in the next line. An input that begins with `local`
    defines a global, because a local would end with its line. Lists of rows are
    shown as tables; in scripts perigee.show(rows) does that. ~/.perigee/history has
    the history, line by line; ~/.perigee/startup.lua, or $PERIGEE_STARTUP, runs
    first.
    """

  static let greeting = """
    Perigee \(version), Lua 5.4. `perigee` shows what there is, `? word` searches,
    Tab completes, `:help` lists the commands, Ctrl-D leaves.
    """

  /// Seconds of a clock that never goes back.
  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  static func duration(_ seconds: Double) -> String {
    func rounded(_ value: Double) -> String {
      let digits = value >= 100 ? 1.0 : value >= 10 ? 10.0 : 100.0
      return "\((value * digits).rounded() / digits)"
    }
    if seconds < 1e-3 { return rounded(seconds * 1e6) + " us" }
    return seconds < 1 ? rounded(seconds * 1e3) + " ms" : rounded(seconds) + " s"
  }
}

extension String {
  var trimmingSpaces: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  var endsWithSemicolon: Bool { trimmingSpaces.hasSuffix(";") }

  /// Without a leading `local`, so that what a pasted script defines outlives its line. A variable with an attribute
  /// (`<close>`, `<const>`) stays local.
  var withoutLocal: String {
    let text = trimmingSpaces
    guard text.hasPrefix("local "), let line = text.split(separator: "\n").first else { return self }
    let names = line.prefix { $0 != "=" }
    // `local a, b` without values means nil, which a global of that name must then be as well.
    guard !names.contains("<") else { return self }
    let rest = String(text.dropFirst("local ".count))
    if rest.hasPrefix("function ") || line.contains("=") { return rest }
    return self
  }
}
