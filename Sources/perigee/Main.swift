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
      RunCommand.self, ReplCommand.self, RunsCommand.self, StudiesCommand.self, ReportCommand.self, DataCommand.self,
      HelpCommand.self, ReferenceCommand.self,
    ])
}

@main struct Main {
  static func main() {
    useMatrixKernelsOfThisProcessor()
    let given = Array(CommandLine.arguments.dropFirst())
    do { try PerigeeLibrary.checkEnvironment() } catch {
      printError("perigee: \(error)")
      exit(2)
    }
    let arguments = RunCommand.takeScriptArguments(withCommand(given))
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

  /// A script, or Lua text behind `-e`, without its subcommand: `run` is meant.
  private static func withCommand(_ arguments: [String]) -> [String] {
    guard let first = arguments.first, first.hasSuffix(".lua") || first == "-e" else { return arguments }
    return ["run"] + arguments
  }
}
