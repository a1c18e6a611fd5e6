import ArgumentParser
import Laboratory

struct RunsTagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "tag", abstract: "Add tags to a run, or take them away.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Its identifier.") var id: String
  @Argument(help: "Tags to add.") var tags: [String] = []
  @Option(name: .shortAndLong, help: "A tag to take away; several times for several.") var remove: [String] = []

  func validate() throws {
    if tags.isEmpty, remove.isEmpty { throw ValidationError("want tags to add, or --remove TAG") }
  }

  func run() throws { try store.use("perigee runs tag") { try $0.tag(id, add: tags, remove: remove) } }
}

struct RunsNoteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "note", abstract: "Set the notes on a run.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Its identifier.") var id: String
  @Argument(help: "The notes, in quotes.") var notes: String

  func run() throws { try store.use("perigee runs note") { try $0.note(id, notes) } }
}

struct RunsRenameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rename", abstract: "Give a run another name.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Its identifier.") var id: String
  @Argument(help: "The name.") var name: String

  func run() throws { try store.use("perigee runs rename") { try $0.rename(id, name) } }
}

struct RunsDeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete runs.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Their identifiers.") var ids: [String]

  func run() throws {
    try store.use("perigee runs delete") { store in
      // All are found before the first goes.
      let found = try ids.map { try store.run($0).id }
      for id in found { try store.delete(id) }
    }
  }
}
