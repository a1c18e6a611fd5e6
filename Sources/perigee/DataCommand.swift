import ArgumentParser
import Interactions
import LuaHost
import Platform

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "List, describe and fetch data sets.",
    discussion: "Known sets are looked for in $PERIGEE_DATA, then in ~/.perigee/data.",
    subcommands: [ListCommand.self, InfoCommand.self, FetchCommand.self], defaultSubcommand: ListCommand.self)
}

private struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "The sets that are known by name.")

  func run() {
    let header = ["name", "users", "items", "interactions", "where"]
    let rows = DataCatalog.all.map { known in
      [
        known.name, "\(known.users)", "\(known.items)", "\(known.interactions)",
        DataCatalog.path(of: known) ?? "not here: perigee data fetch \(known.name)",
      ]
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max()! }
    for row in [header] + rows {
      let cells = row.indices.map { column -> String in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return (1...3).contains(column) ? space + row[column] : column == 4 ? row[column] : row[column] + space
      }
      print(cells.joined(separator: "  "))
    }
  }
}

private struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Describe a known set, or count the one at a path.",
    discussion: """
      Columns are named as in `perigee.data.open`, by the header or by place; other options of it are written as in Lua:

          perigee data info mine.csv --columns user=CustomerID,item=StockCode,time=4
          perigee data info mine.csv 'separator = ";"' 'on_bad_line = "skip"'
      """)

  @Argument(help: "A known name, or the path of a file or folder.") var name: String
  @Argument(help: "How to read it, in quotes: 'header = false'.") var options: [String] = []
  @Option(
    help:
      "Which columns of a table mean what: user=NAME,item=NAME, also rating, time and title; NAME of the header, or a number."
  )
  var columns: String?

  func run() throws {
    do {
      let known = DataCatalog.find(name)
      if let known { describe(known) }
      if let known, DataCatalog.path(of: known) == nil {
        return print("get it      perigee data fetch \(known.name)")
      }
      let dataset = try open()
      for file in dataset.provenance.files { print("file        \(shownPath(file))") }
      print("format      \(dataset.provenance.format), checksum \(dataset.checksum)")
      for note in dataset.provenance.notes { print("note        \(note)") }
      // With options Lua's `open` has told them.
      for warning in dataset.provenance.warnings where options.isEmpty && columns == nil {
        printError("perigee: warning: \(warning)")
      }
      report(dataset.statistics())
    } catch {
      printError("perigee data info: \(error)")
      if options.isEmpty, columns == nil, "\(error)".contains(" = ") {
        printError("  (options go behind the name, in quotes: perigee data info NAME 'on_bad_line = \"skip\"')")
      }
      throw ExitCode(1)
    }
  }

  /// The options as Lua writes them.
  private var arguments: [String] {
    get throws {
      guard let columns else { return options }
      let entries = try columns.split(separator: ",").map { entry in
        let sides = entry.split(separator: "=", maxSplits: 1).map(String.init)
        guard sides.count == 2 else {
          throw ValidationError("--columns wants user=NAME,item=NAME, got \(quoted(columns))")
        }
        return "[\(luaText(sides[0]))] = \(Int(sides[1]).map(String.init) ?? luaText(sides[1]))"
      }
      return options + ["columns = { \(entries.joined(separator: ", ")) }"]
    }
  }

  /// The set, by way of Lua where there are options: they are described, read and checked in one place.
  private func open() throws -> Dataset {
    let arguments = try arguments
    if arguments.isEmpty { return try Dataset.open(name) }
    let source = "return require('perigee').data.open(..., { \(arguments.joined(separator: ", ")) })"
    let session = try Session()
    return try withExtendedLifetime(session) {
      let values = try session.state.run(source, name: "options", arguments: [name])
      guard let dataset = values.first?.asObject(Dataset.self) else { preconditionFailure("open gives a data set") }
      return dataset
    }
  }

  /// A string as Lua writes it, in characters that no shell and no quote can change.
  private func luaText(_ text: String) -> String {
    let escaped = text.utf8.map { byte in
      let digits = String(byte)
      return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
    return "\"\(escaped.joined())\""
  }

  private func describe(_ known: KnownDataset) {
    print("\(known.name): \(known.title)")
    print("publisher   \(known.publisher)")
    print("terms       \(known.terms)")
    print("published   \(known.users) users, \(known.items) items, \(known.interactions) interactions")
  }

  private func report(_ statistics: DatasetStatistics) {
    print("counted     \(statistics.users) users, \(statistics.items) items, \(statistics.interactions) interactions")
    print("density     \(rounded(statistics.density * 100, 4)) %")
    if let parts = statistics.parts {
      print("split       \(parts.train) train, \(parts.valid) valid, \(parts.test) test")
    }
    for (name, counts) in [("per user", statistics.perUser), ("per item", statistics.perItem)] {
      print(
        "\(name)    min \(counts.minimum), median \(rounded(counts.median, 1)), mean \(rounded(counts.mean, 2)), max \(counts.maximum), without any \(counts.zeros), Gini \(rounded(counts.gini, 3))"
      )
    }
    if let ratings = statistics.ratings { print("ratings     \(ratings.lowerBound) to \(ratings.upperBound)") }
    if let times = statistics.times { print("times       \(times.lowerBound) to \(times.upperBound)") }
    if statistics.duplicates > 0 { print("duplicates  \(statistics.duplicates), left out") }
    if statistics.badLines > 0 { print("bad lines   \(statistics.badLines), left out") }
  }

  private func rounded(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}

private struct FetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Bring known sets to this machine and verify them.",
    discussion: """
      A set is put into $PERIGEE_DATA, or into ~/.perigee/data. It gets its place only when every checksum and count is right: \
      a fetch that fails or is interrupted leaves what was there.
      """)

  @Argument(help: "Known names.") var names: [String]

  func run() throws {
    var failed = false
    for name in names {
      do throws(DataError) {
        let known = try DataCatalog.named(name)
        if let path = DataCatalog.path(of: known) {
          print("\(known.name) is already in \(path)")
        } else {
          _ = try DataFetcher(report: { print($0) }).fetch(known)
        }
      } catch {
        printError("perigee data fetch: \(error)")
        failed = true
      }
    }
    if failed { throw ExitCode(1) }
  }
}
