import ArgumentParser
import LuaHost
import Platform

struct HelpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "help", abstract: "Explain a part of the Lua library, or a subcommand.")

  @Argument(help: "A full name such as perigee.losses.mml or Split:users, a part of one, or a subcommand.")
  var name: String?

  func run() throws {
    guard let name else { return print(Perigee.helpMessage()) }
    if let command = Perigee.configuration.subcommands.first(where: { $0.configuration.commandName == name }) {
      return print(Perigee.helpMessage(for: command))
    }
    let session = try Session()
    session.state.helpWidth = terminalColumns(STDOUT_FILENO).map { max(40, $0 - 1) }
    print(session.state.help(LuaValue(name)))
  }
}
