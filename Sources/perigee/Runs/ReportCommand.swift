import ArgumentParser
import Laboratory
import Platform

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write runs that were recorded as one page of HTML.",
    discussion: """
      Results with tests of significance, curves, how users and groups fared, settings, data, machine, scripts and notes. The page stands \
      for itself: it opens without a network, on light and dark screens, and can be sent to anybody. Runs of one name are an experiment, \
      several seeds for example.

          perigee report --tag margins --baseline "mf bpr" --out margins.html
      """)
  @OptionGroup var store: StoreOption
  @Argument(help: "Identifiers of runs; none for all that the filters leave.") var ids: [String] = []
  @OptionGroup var filters: RunFilters
  @Option(help: ArgumentHelp("The page; one that is there is replaced.", valueName: "file")) var out = "report.html"
  @Option(help: "What stands above the page; by the runs if left out.") var title: String?
  @Option(help: "What runs of an experiment share: a field or a setting.") var by = "name"
  @Option(help: "A metric, such as ndcg@20; several times for several, none for all that each has.")
  var metric: [String] = []
  @Option(help: "The experiment that others are tested against; the best of each metric by default.")
  var baseline: String?

  func run() throws {
    try store.use("perigee report") { store in
      var options = RunReport.Options()
      (options.title, options.key, options.metrics, options.baseline) = (title, by, metric, baseline)
      let records = try filters.runs(store, ids, .withUsers)
      try RunReport(records, options).write(to: out)
      print("\(records.count == 1 ? "1 run" : "\(records.count) runs"): \(shownPath(out))")
    }
  }
}
