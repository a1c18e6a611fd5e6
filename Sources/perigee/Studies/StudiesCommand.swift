import ArgumentParser
import Laboratory
import Platform

struct StudiesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "studies", abstract: "List, show and delete searches of settings (`perigee.search`).",
    discussion: """
      They are in the store of runs, $PERIGEE_STORE or ~/.perigee/runs.sqlite; --store FILE names another. The runs that a study made have \
      its name as a tag: `perigee runs list --tag NAME`.
      """,
    subcommands: [StudiesListCommand.self, StudiesShowCommand.self, StudiesDeleteCommand.self],
    defaultSubcommand: StudiesListCommand.self)
}

struct StudiesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Studies, the newest first.")
  @OptionGroup var store: StoreOption

  func run() throws {
    try store.use("perigee studies list") { store in
      let studies = try store.studies()
      if studies.isEmpty { return printError("no studies") }
      print(try StudyListing.cells(studies, in: store).text)
    }
  }
}

struct StudiesShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "The trials of a study, the best first, and what its settings matter.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Its name.") var name: String
  @Option(help: "At most so many trials.") var limit: Int?
  @Flag(help: "All trials as CSV, by number.") var csv = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit: want at least 1, got \(limit)") }
  }

  func run() throws {
    try store.use("perigee studies show") { store in
      let study = Study(try store.study(name), in: store)
      let trials = try study.trials()
      if csv { return print(StudyListing.cells(Array(trials.prefix(limit ?? trials.count))).csv) }
      let shown = study.sorted(trials, byValue: true).prefix(limit ?? trials.count)
      print(StudyListing.summary(study.record, trials))
      if !shown.isEmpty { print(StudyListing.cells(Array(shown)).text) }
      let importance = try study.importance()
      if !importance.isEmpty { print("\n" + StudyListing.cells(importance).text) }
    }
  }
}

struct StudiesDeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a study and its trials; the runs that they made stay.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Its name.") var name: String

  func run() throws { try store.use("perigee studies delete") { try $0.deleteStudy(name) } }
}
