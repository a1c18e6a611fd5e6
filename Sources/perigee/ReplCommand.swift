import ArgumentParser
import Platform

struct ReplCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repl", abstract: "Explore at a prompt.",
    discussion: """
      Values are shown, a `;` at the end silences. `? x` explains, tab completes, `:help` lists the commands. With a pipe \
      instead of a terminal there is no prompt, and the exit code is 1 when any input failed.
      """)

  @OptionGroup var recording: RecordingOptions
  @Option(
    name: .customShort("i"),
    help: ArgumentHelp(
      "Run this script first; its globals, and what it returns, are there afterwards.", valueName: "script"))
  var script: String?

  func run() throws {
    recording.apply()
    let session = try Session()
    let isTerminal = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0
    let repl = try Repl(state: session.state, isTerminal: isTerminal)
    if let script { try repl.runFirst(script) }
    if isTerminal { repl.runStartup() }
    let failed = isTerminal ? repl.runAtTerminal() : repl.runPiped()
    if repl.wasTerminated { throw ExitCode(128 + SIGTERM) }
    if failed { throw ExitCode(1) }
  }
}
