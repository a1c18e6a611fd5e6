import Evaluation
import Platform

/// How the values of a metric are spread over users: of each experiment every user's mean over its runs.
struct ReportUsers {
  private let report: RunReport
  /// More outlines in a chart cannot be told apart.
  private static let mostInChart = 5
  private static let mostCharts = 4

  init(_ report: RunReport) { self.report = report }

  var section: ReportSection? {
    let titles = RunListing.distinct(report.records.flatMap { $0.perUser.map { "\($0.on)\u{0}\($0.name)" } })
    let spreads = titles.map { title in
      let parts = title.split(separator: "\u{0}", omittingEmptySubsequences: false).map(String.init)
      return spread(parts[0], parts[1])
    }
    var content: [Markup] = []
    let charts = spreads.prefix(Self.mostCharts).map(\.chart)
    if !charts.isEmpty { content.append(ReportPage.charts(Array(charts), name: "users")) }
    let tables = spreads.prefix(Self.mostCharts).map(\.table)
    let isLong = report.experiments.count > 2 * RunReport.mostInChart
    content += isLong && !tables.isEmpty ? [ReportPage.folded("Tables", tables)] : tables
    if spreads.count > Self.mostCharts {
      content.append(
        ReportPage.folded(
          "\(spreads.count - Self.mostCharts) more metrics", spreads.dropFirst(Self.mostCharts).map(\.table)))
    }
    if report.experiments.count > Self.mostInChart {
      content.append(ReportPage.note("Charts have the \(Self.mostInChart) experiments with the largest mean."))
    }
    return ReportSection("users", "Over users", content)
  }

  private func spread(_ part: String, _ metric: String) -> (chart: Chart, table: Markup) {
    let values = report.experiments.map { experiment in
      (name: experiment.name, values: RunComparison.userMeans(experiment.runs, part, metric).map(\.value))
    }.filter { !$0.values.isEmpty }
    let best = values.sorted { SampleMoments($0.values).mean > SampleMoments($1.values).mean }.prefix(Self.mostInChart)
    let drawn = values.filter { one in best.contains { $0.name == one.name } }
    let chart = Chart.histogram(
      title: "Users by \(metric) on \(part)", x: metric, y: "users",
      values: drawn.map { (report.experiments.count > 1 ? $0.name : "", $0.values) })
    let rows = values.map { name, values in
      let sorted = values.sorted()
      let quartiles = [0.25, 0.5, 0.75].map { ReportPage.Cell.number(decimal(Self.quantile(sorted, $0), 4)) }
      let zeros = Double(values.count { $0 == 0 }) / Double(values.count)
      return [
        ReportPage.Cell.title(name), .number("\(values.count)"), .number(decimal(SampleMoments(values).mean, 4)),
      ] + quartiles + [.number("\(decimal(100 * zeros, 1)) %")]
    }
    let table = ReportPage.table(
      [report.options.key, "users", "mean", "a quarter below", "half below", "three quarters below", "have 0"], rows,
      caption: "\(metric) of users on \(part)")
    return (chart, table)
  }

  /// Between the two nearest of sorted values.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let (below, above) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
