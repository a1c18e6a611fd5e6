import ArgumentParser
import LuaLibrary
import Platform

/// The command line. A new subcommand is one file here and one name in `subcommands`.
struct Perigee: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perigee",
    abstract: "A laboratory for recommendation from implicit feedback, driven by Lua.",
    version: PerigeeLibrary.version,
    subcommands: [
      RunCommand.self, ReplCommand.self, RunsCommand.self, DataCommand.self, HelpCommand.self, ReferenceCommand.self,
    ])
}

@main struct Main {
  static func main() {
    useMatrixKernelsOfThisProcessor()
    let given = Array(CommandLine.arguments.dropFirst())
    if let problem = startProblem(given) {
      printError("perigee: \(problem)")
      exit(2)
    }
    let arguments = RunCommand.takeScriptArguments(given)
    do {
      var command = try Perigee.parseAsRoot(arguments)
      try command.run()
    } catch {
      // The parser's own code for wrong usage is 64; shells and scripts know 2.
      let code = Perigee.exitCode(for: error)
      guard code == .validationFailure else { Perigee.exit(withError: error) }
      printError(Perigee.fullMessage(for: error))
      Perigee.exit(withError: ExitCode(2))
    }
  }

  /// What can be told before the parser, which would say less.
  private static func startProblem(_ arguments: [String]) -> String? {
    do { try PerigeeLibrary.checkEnvironment() } catch { return "\(error)" }
    guard let first = arguments.first, first.hasSuffix(".lua") else { return nil }
    return "\(shownPath(first)) is a script; say: perigee run \(shownPath(first))"
  }
}
