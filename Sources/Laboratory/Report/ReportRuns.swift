import Platform

/// Each run: what it is called, how it went and ended, tags and notes.
struct ReportRuns {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  var section: ReportSection? {
    let hasTags = report.records.contains { !$0.tags.isEmpty }
    let titles =
      ["run", "name", "state", "seed", "started", "training", "epochs", "best epoch"] + (hasTags ? ["tags"] : [])
    let rows = report.records.map { record -> [ReportPage.Cell] in
      [
        .init(.element("code", [:], .init(record.id))), .title(record.name), state(record),
        .number(record.seed.map(String.init) ?? "-"), .init(Moment.text(record.started)),
        .init(Moment.duration(record.seconds)), .number("\(record.epochs.last?.epoch ?? 0)"),
        .init(record.best.map { "\($0.epoch): \($0.metric) \(decimal($0.value, 4)) on \($0.on)" } ?? "-"),
      ] + (hasTags ? [.init(record.tags.joined(separator: ", "))] : [])
    }
    let table = ReportPage.table(titles, rows)
    let content = report.records.count > 20 ? [ReportPage.folded("All \(report.records.count) runs", [table])] : [table]
    return ReportSection("runs", "Runs", content + ends + files + notes)
  }

  private func state(_ record: RunRecord) -> ReportPage.Cell {
    .init(.element("span", ["class": "state \(record.state.rawValue)"], .init(record.state.rawValue)))
  }

  /// How the runs ended, in words.
  private var ends: [Markup] {
    let told = report.records.compactMap { record in record.message.map { (record, $0) } }
    guard !told.isEmpty else { return [] }
    return [ReportPage.folded("How they ended", [list(told.map { ("\($0.0.name) (\($0.0.id))", $0.1) })])]
  }

  /// What the runs left.
  private var files: [Markup] {
    let found = report.records.flatMap { record in
      ((record.checkpoint.map { [("checkpoint", $0)] } ?? []) + record.artifacts.map { ($0.kind, $0.path) }).map {
        (record, $0)
      }
    }
    guard !found.isEmpty else { return [] }
    return [ReportPage.folded("Files", [list(found.map { ("\($0.0.name) (\($0.0.id))", "\($0.1.0): \($0.1.1)") })])]
  }

  private var notes: [Markup] {
    let noted = report.records.filter { !$0.notes.isEmpty }
    guard !noted.isEmpty else { return [] }
    return [ReportPage.heading("Notes"), list(noted.map { ("\($0.name) (\($0.id))", $0.notes) })]
  }

  private func list(_ entries: [(String, String)]) -> Markup {
    .element(
      "dl", [:],
      entries.flatMap { [Markup.element("dt", [:], .init($0.0)), Markup.element("dd", [:], .init($0.1))] })
  }
}
