/// Loss and metrics by epoch: a chart each, a line a run; runs of one experiment look alike.
struct ReportCurves {
  private let report: RunReport
  /// Experiments that have colors; the others are a gray background.
  private let leading: Set<String>
  /// Charts that are seen without being asked for.
  private static let mostOpen = 6

  init(_ report: RunReport, _ leading: Set<String>) { (self.report, self.leading) = (report, leading) }

  var section: ReportSection? {
    let charts = ([loss] + metrics).compactMap { $0 }
    var content: [Markup] = []
    if !charts.isEmpty {
      content.append(ReportPage.charts(Array(charts.prefix(Self.mostOpen)), name: "curve"))
      if charts.count > Self.mostOpen {
        let rest = Array(charts.dropFirst(Self.mostOpen))
        content.append(ReportPage.folded("\(rest.count) more curves", [ReportPage.charts(rest, name: "curve-more")]))
      }
      content.append(ReportPage.note(legend))
    }
    return ReportSection("curves", "Curves", content)
  }

  private var legend: String {
    let others = report.experiments.count - leading.count
    return "One line a run"
      + (report.records.count > report.experiments.count ? "; runs of one experiment have one color" : "")
      + (others > 0 ? "; the \(leading.count) best experiments have colors, \(others) others are gray" : "")
      + ". Metrics as they were measured during training."
  }

  private var loss: Chart? {
    var chart = chart("loss") { record in
      record.epochs.compactMap { epoch in epoch.loss.map { .init(Double(epoch.epoch), $0) } }
    }
    let values = chart?.shownPoints.map(\.y) ?? []
    if let low = values.min(), let high = values.max(), low > 0, high / low > 100 {
      chart?.isYLogarithmic = true
      chart?.title += ", logarithmic"
    }
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
        guard !found.isEmpty else { continue }
        series.append(.init(report.experiments.count > 1 ? experiment.name : "", found))
        series[series.count - 1].isFaint = !leading.contains(experiment.name)
      }
    }
    guard series.contains(where: { $0.points.count > 1 }) else { return nil }
    var chart = Chart(.line, title: title, x: "epoch", series: series)
    // Beside one long run short ones would be a line that stands.
    let lengths = series.compactMap { $0.points.last?.x }.sorted()
    if lengths[lengths.count - 1] > 10 * lengths[lengths.count / 2] {
      chart.isXLogarithmic = true
      chart.xTitle = "epoch, logarithmic"
    }
    return chart
  }
}
