/// Loss and metrics by epoch: a chart each, a line a run; runs of one experiment look alike.
struct ReportCurves {
  private let report: RunReport
  /// Charts that are seen without being asked for.
  private static let mostOpen = 6

  init(_ report: RunReport) { self.report = report }

  var section: ReportSection? {
    let charts = ([loss] + metrics).compactMap { $0 }
    var content: [Markup] = []
    if !charts.isEmpty {
      content.append(ReportPage.charts(Array(charts.prefix(Self.mostOpen)), name: "curve"))
      if charts.count > Self.mostOpen {
        let rest = Array(charts.dropFirst(Self.mostOpen))
        content.append(ReportPage.folded("\(rest.count) more curves", [ReportPage.charts(rest, name: "curve-more")]))
      }
      let isSeveral = report.records.count > report.experiments.count
      content.append(
        ReportPage.note(
          "One line a run" + (isSeveral ? "; runs of one experiment have one color." : ".")
            + " Metrics as they were measured during training."))
    }
    return ReportSection("curves", "Curves", content)
  }

  private var loss: Chart? {
    var chart = chart("loss") { record in
      record.epochs.compactMap { epoch in epoch.loss.map { .init(Double(epoch.epoch), $0) } }
    }
    let values = chart?.shownPoints.map(\.y) ?? []
    if let low = values.min(), let high = values.max(), low > 0, high / low > 100 { chart?.isYLogarithmic = true }
    return chart
  }

  private var metrics: [Chart] {
    let all = report.records.flatMap(\.metrics)
    let names = Set(all.map(\.name))
    let titles = RunListing.distinct(
      all.filter { GroupName($0.name, among: names) == nil }.map { "\($0.name) on \($0.on)" })
    return titles.compactMap { title in
      chart(title) { record in
        record.metrics.filter { "\($0.name) on \($0.on)" == title }.map { .init(Double($0.epoch), $0.value) }
      }
    }
  }

  /// `nil` where no run has two points.
  private func chart(_ title: String, _ points: (RunRecord) -> [Chart.Point]) -> Chart? {
    var series: [Chart.Series] = []
    for experiment in report.experiments {
      for run in experiment.runs {
        let found = points(run)
        if !found.isEmpty { series.append(.init(report.experiments.count > 1 ? experiment.name : "", found)) }
      }
    }
    guard series.contains(where: { $0.points.count > 1 }) else { return nil }
    return Chart(.line, title: title, x: "epoch", series: series)
  }
}
