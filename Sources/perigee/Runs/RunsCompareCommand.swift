import ArgumentParser
import Laboratory
import Platform

struct RunsCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Groups of runs side by side, with tests of significance over users.",
    discussion: """
      Runs of one name are a group: its mean and deviation over runs. Each group is tested against --baseline, or against the best, \
      by users that both measured: paired t-test, Wilcoxon, permutation, a bootstrap interval; p-values with Holm's correction. The \
      runs must have been evaluated with perigee.evaluate after training.

          perigee runs compare --data gowalla --tag paper --baseline "mf bpr" --format latex
      """)
  @OptionGroup var store: StoreOption
  @Argument(help: "Identifiers; none for all that the filters leave.") var ids: [String] = []
  @OptionGroup var filters: RunFilters
  @Option(help: "What the runs of a group share: a field or a setting.") var by = "name"
  @Option(help: "A metric, such as ndcg@20; several times for several, none for all that each group has.")
  var metric: [String] = []
  @Option(help: "The part whose results are compared.") var on = "test"
  @Option(help: "The group that others are tested against; the best of each metric by default.") var baseline: String?
  @Option(help: "The test that stars speak of: t, wilcoxon or permutation.") var test = RunComparison.Test.student
  @Option(help: "A p below this earns a star.") var level = 0.05
  @Option(help: "Rounds of the permutation test; the bootstrap takes a fifth.") var rounds = 9999
  @Option(help: "text, markdown, latex or csv.") var format = ComparisonFormat.text

  func validate() throws {
    guard level > 0, level < 1 else { throw ValidationError("--level: want a number between 0 and 1, got \(level)") }
    guard (1...100_000).contains(rounds) else {
      throw ValidationError("--rounds: want 1 to 100000, got \(rounds)")
    }
  }

  func run() throws {
    try store.use("perigee runs compare") { store in
      var options = RunComparison.Options()
      (options.part, options.metrics, options.key, options.baseline) = (on, metric, by, baseline)
      (options.test, options.level, options.rounds) = (test, level, rounds)
      let comparison = try RunComparison(filters.runs(store, ids, .withUsers), options)
      print(comparison.written(format))
      if format != .text { for warning in comparison.warnings { printError("perigee: warning: \(warning)") } }
    }
  }
}

extension RunComparison.Test: ExpressibleByArgument {}
extension ComparisonFormat: ExpressibleByArgument {}
