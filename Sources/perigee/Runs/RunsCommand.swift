import ArgumentParser
import Laboratory
import Platform

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List, show, tag, compare and export runs that were recorded.",
    discussion: """
      `perigee run --record SCRIPT` records runs in the store $PERIGEE_STORE, or ~/.perigee/runs.sqlite; --store FILE names another, \
      here and there. A run is named by its identifier, or by as much of its beginning as no other has.
      """,
    subcommands: [
      RunsListCommand.self, RunsShowCommand.self, RunsCompareCommand.self, RunsTagCommand.self, RunsNoteCommand.self,
      RunsRenameCommand.self, RunsDeleteCommand.self, RunsExportCommand.self, RunsImportCommand.self,
    ], defaultSubcommand: RunsListCommand.self)
}

/// The store that a command works on.
struct StoreOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The store; $PERIGEE_STORE by default, or ~/.perigee/runs.sqlite.", valueName: "file"))
  var store: String?

  /// Runs the command with the store; what is wrong is told without the parser's words around it.
  func use(_ command: String, of group: String = "runs", _ body: (RunStore) throws -> Void) throws {
    do { try body(RunStore(existing: store ?? RunStore.standardPath)) } catch let error as ExitCode {
      throw error
    } catch {
      printError("perigee \(group) \(command): \(error)")
      throw ExitCode(1)
    }
  }
}

/// Which runs.
struct RunFilters: ParsableArguments {
  @Option(help: "Only runs with this tag; several times for several.") var tag: [String] = []
  @Option(help: "Only runs of this name.") var name: String?
  @Option(help: "Only runs on this data set.") var data: String?
  @Option(help: "Only runs of this model.") var model: String?
  @Option(help: "Only runs that are running, finished, interrupted or failed.") var state: RunRecord.State?
  @Option(help: "Only runs since a day (2026-11-27), or not longer ago than 12h, 7d, 2w.") var since: String?
  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Only runs of which this holds: 'ndcg@20 > 0.1 and seed = 1'. Fields, settings or metrics.",
      valueName: "condition"))
  var conditions: [String] = []

  func query() throws -> RunQuery {
    var query = RunQuery()
    query.tags = tag
    query.name = name
    query.data = data
    query.model = model
    query.state = state
    query.since = try since.map { try Moment.parse($0) }
    query.conditions = conditions
    return query
  }

  /// The runs that are named, or else those that the filters leave.
  func runs(_ store: RunStore, _ ids: [String], _ detail: RunDetail) throws -> [RunRecord] {
    if ids.isEmpty { return try store.runs(query(), detail) }
    return try ids.map { try store.run($0, detail) }
  }
}

extension RunRecord.State: ExpressibleByArgument {}

/// How runs are written.
struct RunFormat: ParsableArguments {
  @Flag(help: "As JSON, a run a line.") var json = false
  @Flag(help: "As CSV, a run a row, with all results and settings.") var csv = false

  func validate() throws {
    if json, csv { throw ValidationError("--json and --csv cannot both be") }
  }

  /// - Parameter text: What a person gets.
  func text(_ records: [RunRecord], orElse text: () -> String) -> String {
    if json { return records.map(RunJournal.line).joined(separator: "\n") }
    return csv ? RunListing.spreadsheet(records).csv : text()
  }
}

struct RunsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Runs, the newest first.")
  @OptionGroup var store: StoreOption
  @OptionGroup var filters: RunFilters
  @Option(help: "Sort by a field, a setting or a metric: numbers downwards, texts upwards.") var sort: String?
  @Flag(help: "The other way round.") var reverse = false
  @Option(help: "At most so many.") var limit: Int?
  @OptionGroup var format: RunFormat

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit: want at least 1, got \(limit)") }
  }

  func run() throws {
    try store.use("list") { store in
      var query = try filters.query()
      (query.sort, query.isReversed, query.limit) = (sort, reverse, limit)
      let records = try store.runs(query, format.json ? .whole : .summary)
      if records.isEmpty, !format.json, !format.csv { return printError("no runs") }
      if records.isEmpty, format.json { return }
      print(format.text(records) { RunListing.cells(records).text })
    }
  }
}

struct RunsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "All that is known of runs.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Their identifiers.") var ids: [String]
  @Flag(help: "The script's text alone, as it was when it ran.") var script = false
  @OptionGroup var format: RunFormat

  func run() throws {
    try store.use("show") { store in
      let records = try ids.map { try store.run($0) }
      if script { return print(records.map { $0.script?.text ?? "" }.joined(separator: "\n"), terminator: "") }
      print(format.text(records) { records.map(\.text).joined(separator: "\n\n\n") })
    }
  }
}

struct RunsExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write runs with everything that is known of them.",
    discussion:
      "JSON by default, a run a line, with values of users: `perigee runs import` reads it into another store.")
  @OptionGroup var store: StoreOption
  @Argument(help: "Identifiers; none for all that the filters leave.") var ids: [String] = []
  @OptionGroup var filters: RunFilters
  @Flag(help: "Without values of users.") var withoutUsers = false
  @OptionGroup var format: RunFormat

  func run() throws {
    try store.use("export") { store in
      let records = try filters.runs(store, ids, withoutUsers || format.csv ? .whole : .withUsers)
      if records.isEmpty { return printError("no runs") }
      print(format.text(records) { records.map(RunJournal.line).joined(separator: "\n") })
    }
  }
}

struct RunsImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Add runs that were exported, or kept beside a store that could not be written.")
  @Option(
    help: ArgumentHelp("The store; $PERIGEE_STORE by default, or ~/.perigee/runs.sqlite.", valueName: "file"))
  var store: String?
  @Argument(help: "Files of runs, one JSON object a line.") var files: [String]

  func run() throws {
    do {
      let store = try RunStore(store ?? RunStore.standardPath)
      for file in files { try store.importRuns(file).forEach { print($0) } }
    } catch {
      printError("perigee runs import: \(error)")
      throw ExitCode(1)
    }
  }
}
