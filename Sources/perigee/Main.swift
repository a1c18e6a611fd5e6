import ArgumentParser
import LuaLibrary

/// The command line. A new subcommand is one file here and one name in `subcommands`.
struct Perigee: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perigee",
    abstract: "A laboratory for recommendation from implicit feedback, driven by Lua.",
    version: PerigeeLibrary.version,
    subcommands: [RunCommand.self, ReplCommand.self, HelpCommand.self, ReferenceCommand.self])
}

@main struct Main {
  static func main() {
    let arguments = RunCommand.takeScriptArguments(Array(CommandLine.arguments.dropFirst()))
    Perigee.main(arguments)
  }
}
