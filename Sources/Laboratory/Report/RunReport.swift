import Platform

/// Runs as one page of HTML for a person who was not there: what they are, what came of them and whether that is more than chance, curves,
/// how users and groups fared, settings, and where all of it comes from.
///
/// The page stands for itself: its style and its charts are in it, it fetches nothing and runs nothing, and opens without a network. What
/// comes from runs is escaped.
public struct RunReport: Sendable {
  public struct Options: Sendable {
    /// Said by the runs where `nil`.
    public var title: String?
    /// What runs of an experiment share, several seeds for example: a field or a setting.
    public var key = "name"
    /// The experiment that others are tested against; the best of each metric where `nil`.
    public var baseline: String?
    /// The metrics that are compared; all that are common where empty.
    public var metrics: [String] = []

    public init() {}
  }

  /// Runs that share a name.
  struct Experiment {
    let name: String
    let runs: [RunRecord]
  }

  let options: Options
  /// In the order in which they began.
  let records: [RunRecord]
  let experiments: [Experiment]
  /// As many experiments can be told apart in a chart: all colors but gray, which is the background's.
  static let mostInChart = 7
  private let now: Double

  /// - Parameters:
  ///   - records: With values of users.
  ///   - now: When it is written, seconds since 1970.
  /// - Throws: `RunStoreError` where there is nothing to report, or no experiment is called as the baseline.
  public init(_ records: [RunRecord], _ options: Options = Options(), now: Double = wallClockSeconds()) throws {
    guard !records.isEmpty else { throw RunStoreError(.request, "no runs to report") }
    self.options = options
    self.now = now
    let records = records.sorted { ($0.started, $0.id) < ($1.started, $1.id) }
    self.records = records
    experiments = RunListing.distinct(records.map { $0.text(of: options.key) }).map { name in
      Experiment(name: name, runs: records.filter { $0.text(of: options.key) == name })
    }
    if let baseline = options.baseline, !experiments.contains(where: { $0.name == baseline }) {
      let near = nearestName(to: baseline, in: experiments.map(\.name)).map { ", did you mean '\(shown($0))'?" } ?? ""
      throw RunStoreError(.request, "no experiment is called '\(shown(baseline))'\(near)")
    }
  }

  /// - Throws: `FileRefusal`, or `RunStoreError` as `RunComparison` does.
  public func write(to path: String) throws { try DraftFile.write(html(), to: path) }

  /// - Throws: `RunStoreError` where metrics that were asked for are not there.
  public func html() throws -> String {
    let results = try ReportResults(self)
    let sections = [
      results.section, ReportCurves(self, results.leading).section, ReportUsers(self).section,
      ReportGroups(self, results.leading).section,
      ReportRuns(self).section, ReportSettings(self).section, ReportOrigins(self).section,
    ].compactMap { $0 }
    let header = Markup.element(
      "header", [:], .element("h1", [:], .init(title)), .element("p", ["class": "lead"], .init(lead)),
      results.verdict, warnings(results.warnings), navigation(sections))
    let body = sections.map { section in
      Markup.element("section", ["id": section.id], [.element("h2", [:], .init(section.title))] + section.content)
    }
    let footer = Markup.element(
      "footer", [:],
      .init(
        "Written by Perigee on \(Moment.text(now)). This page holds all it shows; nothing is loaded from elsewhere."))
    return ReportPage.html(title: title, [header, .element("main", [:], body), footer])
  }

  // MARK: The head of the page

  private var title: String {
    if let title = options.title { return title }
    let names = experiments.map(\.name).filter { !$0.isEmpty }
    if names.count == 1 { return names[0] }
    let all = names.joined(separator: ", ")
    return names.isEmpty || all.count > 80 ? "\(experiments.count) experiments" : all
  }

  /// How many of what, when, for how long.
  private var lead: String {
    let runs = records.count == 1 ? "One run" : "\(records.count) runs"
    let of = experiments.count > 1 && experiments.count < records.count ? " of \(experiments.count) experiments" : ""
    let data = RunListing.distinct(records.compactMap(\.data?.name).filter { !$0.isEmpty })
    let on = data.isEmpty ? "" : " on \(data.joined(separator: ", "))"
    let (first, last) = (Moment.text(records[0].started), Moment.text(records[records.count - 1].started))
    let when = first == last ? first : "\(first) to \(last)"
    let time = Moment.duration(records.reduce(0) { $0 + $1.seconds })
    return "\(runs)\(of)\(on), begun \(when), \(time) of training. \(states)"
  }

  private var states: String {
    RunRecord.State.allCases.compactMap { state in
      let count = records.count { $0.state == state }
      if count == 0 { return nil }
      return count == records.count && count > 1 ? "All \(state.rawValue)." : "\(count) \(state.rawValue)."
    }.joined(separator: " ")
  }

  private func warnings(_ warnings: [String]) -> Markup {
    let failed = records.filter { $0.state == .failed }.prefix(3).map { record in
      "\(record.name) (\(record.id)) failed" + (record.message.map { ": \(shown($0, limit: 300))" } ?? "")
    }
    let all = failed + warnings
    guard !all.isEmpty else { return .nothing }
    return .element("ul", ["class": "warnings"], all.map { .element("li", [:], .init($0)) })
  }

  private func navigation(_ sections: [ReportSection]) -> Markup {
    .element("nav", [:], sections.map { .element("a", ["href": "#\($0.id)"], .init($0.title)) })
  }
}

/// A part of the page.
struct ReportSection {
  let id: String
  let title: String
  let content: [Markup]

  /// `nil` where there is nothing to say.
  init?(_ id: String, _ title: String, _ content: [Markup]) {
    guard !content.isEmpty else { return nil }
    (self.id, self.title, self.content) = (id, title, content)
  }
}
