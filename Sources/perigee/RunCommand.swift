import ArgumentParser
import Laboratory
import LuaHost
import LuaLibrary
import Platform

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a Lua script; `perigee SCRIPT.lua` and `perigee -e TEXT` do so too.",
    discussion: """
      Everything after SCRIPT, or after TEXT, goes to the script, options too: they are its table `arg` and its `...`. The \
      exit code is 0, 1 after an error of the script, 2 after wrong usage, 130 after Ctrl-C, or 143 after SIGTERM.

      A run that was recorded and then killed, interrupted or stopped by an error goes on with --resume ID: its script runs again, \
      where and as it ran, finished runs of it are taken from their checkpoints, and the one in flight goes on, to the bits that it \
      would have reached. `perigee runs list` shows the ID.
      """)

  @OptionGroup var recording: RecordingOptions
  @Option(name: .customShort("e"), help: ArgumentHelp("Run this Lua in place of a script.", valueName: "text"))
  var text: String?

  @Option(help: ArgumentHelp("Go on with a recorded run: its script, folder and arguments.", valueName: "id"))
  var resume: String?
  @Flag(help: "Run the script again whenever it, or another Lua file in its folder, is saved.") var watch = false
  @Flag(help: "With --resume: although the script, the settings or the data have changed.") var force = false

  @Argument(help: "The script, a file or a pipe; `-` reads it from standard input.")
  var script: String?

  func validate() throws {
    if resume != nil {
      guard text == nil, script == nil else {
        throw ValidationError("--resume runs the script of the run; leave out '\(script ?? "-e")'")
      }
      return
    }
    if watch {
      guard let script, script != "-" else { throw ValidationError("--watch wants a script, a file") }
    }
    if force { throw ValidationError("--force is for --resume ID") }
    if text == nil, script == nil { throw ValidationError("want a script, or Lua text behind -e") }
  }

  /// What stands behind the script; taken out before the parser sees it, so that `--help` reaches the script.
  nonisolated(unsafe) static var scriptArguments: [String] = []

  /// The arguments of `perigee` without those of the script, which are kept for `run`.
  static func takeScriptArguments(_ arguments: [String]) -> [String] {
    guard arguments.first == "run", let script = lastOwnIndex(arguments) else { return arguments }
    scriptArguments = Array(arguments[(script + 1)...])
    return Array(arguments[...script])
  }

  /// Where the script stands, the first that is no option, nor the file of one; or the text behind `-e`.
  private static func lastOwnIndex(_ arguments: [String]) -> Int? {
    var index = 1
    while index < arguments.count {
      let argument = arguments[index]
      if argument == "-e" { return index + 1 < arguments.count ? index + 1 : nil }
      // What is resumed has its arguments from the run.
      if argument == "--resume" { return nil }
      if argument == "-" || !argument.hasPrefix("-") { return index }
      index += argument == "--store" ? 2 : 1
    }
    return nil
  }

  func run() throws {
    recording.apply()
    if let resume { return try ResumedScript(resume, isForced: force).run() }
    if watch { return try WatchedScript(script: script!, arguments: Self.scriptArguments).run() }
    RunLaunch.current = RunLaunch(folder: currentFolder, arguments: Self.scriptArguments)
    if let text {
      try runScript("-e", Self.scriptArguments) { try $0.run(text, name: "-e", arguments: Self.scriptArguments) }
    } else {
      let path = script == "-" ? "/dev/stdin" : script!
      try runScript(script!, Self.scriptArguments) { try $0.runFile(path, arguments: Self.scriptArguments) }
    }
  }
}

/// Runs a script in a state of its own, and ends the command with the code of what became of it.
///
/// - Parameter name: What `arg[0]` says of it.
func runScript(_ name: String, _ arguments: [String], _ body: (LuaState) throws -> Void) throws {
  let session = try Session()
  if name != "-", let program = Installation.executable {
    // What `-e` was given, or a script and its arguments, whoever started it.
    SearchProcesses.allow(
      [program] + (name == "-e" ? Array(CommandLine.arguments.dropFirst()) : ["run", name] + arguments))
  }
  try session.state.setArguments(script: name, arguments)
  try session.state.addSearchPaths([name == "-e" ? "." : directory(of: name)])
  try session.state.makeGlobalsStrict()
  session.state.interruption.catchSignals()
  defer { LuaInterruption.releaseSignals() }
  do {
    try body(session.state)
    RunLaunch.current?.end()
  } catch let error as LuaError {
    fflush(nil)
    printError(error.report)
    throw ExitCode(error.kind == .interrupted ? 128 + (LuaInterruption.lastSignal ?? SIGINT) : 1)
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
