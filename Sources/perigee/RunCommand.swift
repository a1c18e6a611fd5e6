import ArgumentParser
import Platform
import LuaHost

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a Lua script.",
    discussion: """
      Everything after SCRIPT goes to the script, options too: they are its table `arg` and its `...`. The exit code is 0, \
      1 after an error of the script, 2 after wrong usage, 130 after Ctrl-C, or 143 after SIGTERM.
      """)

  @OptionGroup var recording: RecordingOptions

  @Argument(help: "The script, a file or a pipe; `-` reads it from standard input.")
  var script: String

  /// What stands behind the script; taken out before the parser sees it, so that `--help` reaches the script.
  nonisolated(unsafe) static var scriptArguments: [String] = []

  /// The arguments of `perigee` without those of the script, which are kept for `run`.
  static func takeScriptArguments(_ arguments: [String]) -> [String] {
    guard arguments.first == "run", let script = scriptIndex(arguments) else { return arguments }
    scriptArguments = Array(arguments[(script + 1)...])
    return Array(arguments[...script])
  }

  /// Where the script stands: the first that is no option, nor the file of one.
  private static func scriptIndex(_ arguments: [String]) -> Int? {
    var index = 1
    while index < arguments.count {
      let argument = arguments[index]
      if argument == "-" || !argument.hasPrefix("-") { return index }
      index += argument == "--store" ? 2 : 1
    }
    return nil
  }

  func run() throws {
    recording.apply()
    let session = try Session()
    let path = script == "-" ? "/dev/stdin" : script
    try session.state.setArguments(script: script, Self.scriptArguments)
    try session.state.addSearchPaths([directory(of: script)])
    try session.state.makeGlobalsStrict()
    session.state.interruption.catchSignals()
    defer { LuaInterruption.releaseSignals() }
    do {
      try session.state.runFile(path, arguments: Self.scriptArguments)
    } catch let error as LuaError {
      fflush(nil)
      printError(error.report)
      throw ExitCode(error.kind == .interrupted ? 128 + (LuaInterruption.lastSignal ?? SIGINT) : 1)
    }
  }
}

private func directory(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

extension LuaError {
  /// What a person sees of an error that nothing caught: the message and the traceback, one line after Ctrl-C.
  var report: String {
    kind == .interrupted || traceback.isEmpty ? message : message + "\n" + traceback
  }
}

func printError(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}
