import Evaluation
import Platform

/// What the models are worth to groups of users, and in finding groups of items, where runs were evaluated so.
struct ReportGroups {
  private let report: RunReport
  /// Experiments that have bars; the tables have all.
  private let leading: Set<String>
  private static let mostCharts = 6

  init(_ report: RunReport, _ leading: Set<String>) { (self.report, self.leading) = (report, leading) }

  /// A metric of one part by groups.
  private struct Subject: Hashable {
    let part: String
    let metric: String
    let isOfItems: Bool

    var title: String { "\(metric) on \(part) by group of \(isOfItems ? "items" : "users")" }
  }

  var section: ReportSection? {
    let found = groups
    let subjects = found.map(\.subject)
    var content: [Markup] = []
    if !subjects.isEmpty {
      content.append(
        ReportPage.charts(found.prefix(Self.mostCharts).map { chart($0.subject, $0.groups) }, name: "groups"))
      content.append(ReportPage.folded("Tables", found.map { table($0.subject, $0.groups) }))
      content.append(
        ReportPage.note(
          "Groups are called as the evaluation called them. By groups = \"activity\", 1 are the quarter of the users who have the least; by "
            + "item_groups = \"popularity\", 1 are the items that the fewest users have, and 4 the most popular, a quarter of the train "
            + "interactions each."))
    }
    return ReportSection("groups", "Groups", content)
  }

  /// In the order in which runs have them.
  private var groups: [(subject: Subject, groups: [String])] {
    var order: [Subject] = []
    var groups: [Subject: [String]] = [:]
    for record in report.records {
      for (part, results) in Dictionary(grouping: record.results, by: \.on).sorted(by: { $0.key < $1.key }) {
        let names = Set(results.map(\.name))
        for result in results {
          guard let name = GroupName(result.name, among: names) else { continue }
          let subject = Subject(part: part, metric: name.metric, isOfItems: name.isOfItems)
          if groups[subject] == nil { order.append(subject) }
          if groups[subject]?.contains(name.group) != true { groups[subject, default: []].append(name.group) }
        }
      }
    }
    return order.map { ($0, groups[$0] ?? []) }
  }

  private func value(_ experiment: RunReport.Experiment, _ subject: Subject, _ group: String) -> Double {
    SampleMoments(
      experiment.runs.compactMap { run in
        let results = run.results.filter { $0.on == subject.part }
        let names = Set(results.map(\.name))
        return results.first { result in
          guard let name = GroupName(result.name, among: names) else { return false }
          return name.metric == subject.metric && name.isOfItems == subject.isOfItems && name.group == group
        }?.value
      }
    ).mean
  }

  /// A number alone says nothing.
  private static func title(_ group: String) -> String { Int(group) == nil ? group : "group \(group)" }

  private func chart(_ subject: Subject, _ groups: [String]) -> Chart {
    let having = report.experiments.filter { experiment in
      leading.contains(experiment.name) && groups.contains { !value(experiment, subject, $0).isNaN }
    }
    return .bars(
      title: subject.title, categories: groups.map(Self.title), y: subject.metric,
      values: having.map { experiment in
        (report.experiments.count > 1 ? experiment.name : "", groups.map { value(experiment, subject, $0) })
      })
  }

  private func table(_ subject: Subject, _ groups: [String]) -> Markup {
    let rows = report.experiments.map { experiment in
      [ReportPage.Cell.title(experiment.name)]
        + groups.map { group in
          let value = value(experiment, subject, group)
          return .number(value.isNaN ? "-" : decimal(value, 4))
        }
    }
    return ReportPage.table([report.options.key] + groups.map(Self.title), rows, caption: subject.title)
  }
}
