import Platform

/// What the runs were set to: first what differs between them, then the rest.
struct ReportSettings {
  private let report: RunReport
  /// With so many runs a setting is a row, with more of them a column.
  private static let mostColumns = 4

  init(_ report: RunReport) { self.report = report }

  var section: ReportSection? {
    let names = RunListing.distinct(report.records.flatMap { facts($0).map(\.name) })
    let values = report.records.map { record in
      Dictionary(facts(record).map { ($0.name, $0.value) }) { first, _ in first }
    }
    let differing = names.filter { name in Set(values.map { $0[name] ?? "-" }).count > 1 }
    let shared = names.filter { !differing.contains($0) }
    var content: [Markup] = []
    if report.records.count > 1 {
      content.append(
        differing.isEmpty
          ? ReportPage.paragraph("The runs have all their settings in common.")
          : differences(differing, values))
    }
    if !shared.isEmpty {
      let rows = shared.map { [ReportPage.Cell.title($0), .init(values[0][$0] ?? "-")] }
      let title = report.records.count > 1 ? "\(shared.count) that all have" : "All \(shared.count)"
      content.append(ReportPage.folded(title, [ReportPage.table(["setting", "value"], rows)]))
    }
    return ReportSection("settings", "Settings", content)
  }

  /// What was set, and what else decides a run.
  private func facts(_ record: RunRecord) -> [RunRecord.Setting] {
    var facts = [RunRecord.Setting("model", record.model)]
    if let data = record.data {
      facts += [.init("data", data.name), .init("data's checksum", data.checksum), .init("split", data.split)]
    }
    if let seed = record.seed { facts.append(.init("seed", "\(seed)")) }
    facts += record.settings.filter { setting in !facts.contains { $0.name == setting.name } }
    return facts.filter { !$0.value.isEmpty }
  }

  /// Runs that are set alike share a row, or a column.
  private func differences(_ names: [String], _ values: [[String: String]]) -> Markup {
    let alike = RunListing.distinct(values.map { value in names.map { value[$0] ?? "-" }.joined(separator: "\u{0}") })
      .map { key in
        report.records.indices.filter { run in
          names.map { values[run][$0] ?? "-" }.joined(separator: "\u{0}") == key
        }
      }
    if alike.count <= Self.mostColumns {
      let rows = names.map { name in
        [ReportPage.Cell.title(name)] + alike.map { .init(values[$0[0]][name] ?? "-") }
      }
      return ReportPage.table(["what differs"] + alike.map(title), rows)
    }
    let rows = alike.map { runs in
      [ReportPage.Cell.title(title(runs), limit: 120)] + names.map { .init(values[runs[0]][$0] ?? "-") }
    }
    return ReportPage.table(["what differs"] + names, rows)
  }

  private func title(_ runs: [Int]) -> String {
    let names = RunListing.distinct(runs.map { report.records[$0].name })
    let ids = runs.prefix(3).map { report.records[$0].id }.joined(separator: ", ")
    return
      "\(shown(names.joined(separator: ", "), limit: 60)) (\(ids)\(runs.count > 3 ? ", and \(runs.count - 3) more" : ""))"
  }
}
