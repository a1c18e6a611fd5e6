import Platform

/// What the models are worth on each part, and whether differences are more than chance.
struct ReportResults {
  private let report: RunReport
  /// One a part that has results, test first; none of a part whose runs share no metric.
  private let comparisons: [(part: String, comparison: RunComparison)]
  /// Parts whose runs have nothing in common.
  private let uneven: [String]

  /// - Throws: `RunStoreError` where a metric that was asked for is not there.
  init(_ report: RunReport) throws {
    self.report = report
    let parts = RunListing.distinct(report.records.flatMap { $0.results.map(\.on) })
    let ordered = ["test", "valid"].filter(parts.contains) + parts.filter { !["test", "valid"].contains($0) }
    var comparisons: [(String, RunComparison)] = []
    var uneven: [String] = []
    for part in ordered {
      var options = RunComparison.Options()
      (options.part, options.key, options.baseline) = (part, report.options.key, report.options.baseline)
      options.metrics = Self.metrics(report, part)
      // Runs that failed before they were measured have nothing to compare.
      let measured = report.experiments.filter { $0.runs.contains { run in run.results.contains { $0.on == part } } }
      if let baseline = options.baseline, !measured.contains(where: { $0.name == baseline }) { options.baseline = nil }
      if options.metrics.isEmpty {
        uneven.append(part)
      } else {
        comparisons.append((part, try RunComparison(measured.flatMap(\.runs), options)))
      }
    }
    (self.comparisons, self.uneven) = (comparisons, uneven)
  }

  /// Those that were asked for, or all that each measured experiment has, but for those of groups.
  private static func metrics(_ report: RunReport, _ part: String) -> [String] {
    if !report.options.metrics.isEmpty, part == "test" { return report.options.metrics }
    let each = report.experiments.map { experiment in
      RunListing.distinct(experiment.runs.flatMap { $0.results.filter { $0.on == part }.map(\.name) })
    }.filter { !$0.isEmpty }
    let all = Set(each.flatMap { $0 })
    return each[0].filter { name in
      each.allSatisfy { $0.contains(name) } && GroupName(name, among: all) == nil
        && (report.options.metrics.isEmpty || report.options.metrics.contains(name))
    }
  }

  /// What a reader should know first. Only the first part has values of users, as a rule.
  var warnings: [String] { comparisons.first?.comparison.warnings ?? [] }

  /// As many of the experiments as charts can tell apart: the best by the first metric, then those that have none.
  var leading: Set<String> {
    let ranked = comparisons.first.map { Self.ranked($0.comparison).map(\.name) } ?? []
    return Set((ranked + report.experiments.map(\.name).filter { !ranked.contains($0) }).prefix(RunReport.mostInChart))
  }

  /// Groups by the first metric, the largest first.
  private static func ranked(_ comparison: RunComparison) -> [RunComparison.Group] {
    comparison.groups.sorted { one, other in
      let (a, b) = (one.cells[0].moments.mean, other.cells[0].moments.mean)
      return a.isNaN ? false : b.isNaN || a > b
    }
  }

  /// The best experiment in a sentence.
  var verdict: Markup {
    guard let (part, comparison) = comparisons.first, comparison.groups.count > 1 else { return .nothing }
    for (index, metric) in comparison.metrics.enumerated() {
      guard let best = comparison.groups.first(where: { $0.cells[index].isBest }) else { continue }
      let cell = best.cells[index]
      let reference = comparison.options.baseline
      let isTested = comparison.groups.contains { ($0.cells[index].against?.users ?? 0) > 0 }
      let clearly = Self.clearly(
        cell, than: reference ?? "each of the others", isReference: reference == best.name, isTested: isTested,
        level: comparison.options.level)
      return .element(
        "p", ["class": "verdict"],
        .init("Best on \(part) by \(metric): "), .element("b", [:], .init(best.name)),
        .init(" with \(comparison.number(best, cell, plusMinus: " ± "))\(clearly)."))
    }
    return .nothing
  }

  /// Whether the best is more than chance, as the end of a sentence.
  private static func clearly(
    _ cell: RunComparison.Cell, than others: String, isReference: Bool, isTested: Bool, level: Double
  ) -> String {
    if isReference { return ", which is the baseline" }
    if !isTested { return "; no values of users tell whether that is more than chance" }
    return cell.isSignificant
      ? ", clearly better than \(others) (p < \(level))" : "; that it is better than \(others) may be chance"
  }

  var section: ReportSection? {
    var content: [Markup] = []
    for (index, entry) in comparisons.enumerated() {
      let parts = [table(entry.comparison)] + tests(entry.comparison)
      if index == 0 {
        content += [ReportPage.heading("On \(entry.part)")] + parts
      } else {
        content.append(ReportPage.folded("On \(entry.part)", parts))
      }
    }
    content += uneven.map { ReportPage.folded("On \($0): runs that share no metric", [each($0)]) }
    if content.isEmpty {
      content = [
        ReportPage.paragraph(
          "Nothing was measured. perigee.evaluate(model, split) after training adds results to a run that is recorded.")
      ]
    }
    return ReportSection("results", "Results", content)
  }

  // MARK: Tables

  private func table(_ comparison: RunComparison) -> Markup {
    let isMany = comparison.groups.count > RunReport.mostInChart
    let rows = (isMany ? Self.ranked(comparison) : comparison.groups).map { group -> [ReportPage.Cell] in
      [.title(group.name), .number("\(group.ids.count)")]
        + group.cells.map { cell in
          let text = comparison.number(group, cell, plusMinus: " ± ") + (cell.isSignificant ? " *" : "")
          let isAlone = comparison.groups.count == 1
          let style = isAlone ? nil : cell.isBest ? "best" : cell.isSecond ? "second" : nil
          return .init(.element("span", ["class": style], .init(text)), isNumber: true)
        }
    }
    let several = comparison.groups.contains { $0.ids.count > 1 }
    let spread = several ? "Mean ± standard deviation over runs. " : ""
    let marks = comparison.groups.count > 1 ? "Bold: best; underlined: second; \(comparison.legend)." : ""
    return ReportPage.table([report.options.key, "runs"] + comparison.metrics, rows) + ReportPage.note(spread + marks)
  }

  private func tests(_ comparison: RunComparison) -> [Markup] {
    // Evaluations during training leave no values of users.
    let isTested = comparison.groups.contains { group in group.cells.contains { ($0.against?.users ?? 0) > 0 } }
    guard isTested else { return [] }
    let content: [Markup] = [
      ReportPage.table(comparison.differences),
      ReportPage.note(
        "Differences of users' means, with the bootstrap's interval; p-values of tests that pair users, by Holm's correction over the "
          + "experiments of a metric. Without values of users there is nothing to test."),
    ]
    return [ReportPage.folded("Differences and tests", content)]
  }

  /// A row for each run with all that it has.
  private func each(_ part: String) -> Markup {
    let names = RunListing.distinct(report.records.flatMap { $0.results.filter { $0.on == part }.map(\.name) })
    let rows = report.records.map { record -> [ReportPage.Cell] in
      [.title(record.name), .init(record.id)]
        + names.map { name in .number(record.result("\(part).\(name)").map { decimal($0, 4) } ?? "-") }
    }
    return ReportPage.table(["name", "run"] + names, rows)
  }
}
