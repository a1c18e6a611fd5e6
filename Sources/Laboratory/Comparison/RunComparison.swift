import Evaluation
import Platform

/// Groups of runs, such as several seeds of one setting, side by side: means, deviations, gains, and whether the differences are more
/// than chance.
///
/// Tests pair users: of each group every user's mean over its runs, of a pair of groups the users that both measured. Metrics are better
/// where they are larger; those that say what kind of items is recommended (novelty, Gini, ...) have no better side, and get no marks.
/// Each group is tested against the baseline, or against the best where there is none; the p-values of a metric are corrected by Holm's
/// method together.
public struct RunComparison: Sendable {
  public struct Options: Sendable {
    /// The part whose results are compared.
    public var part = "test"
    /// None for those that every group has.
    public var metrics: [String] = []
    /// What runs of a group share: a field or a setting.
    public var key = "name"
    /// The group that others are held against; the best of each metric where `nil`.
    public var baseline: String?
    /// The test that stars speak of.
    public var test = Test.student
    /// p below this earns a star.
    public var level = 0.05
    /// Of the permutation test; the bootstrap takes a fifth.
    public var rounds = 9999
    public var seed: UInt64 = 0

    public init() {}
  }

  public enum Test: String, Sendable, CaseIterable {
    case student = "t"
    case wilcoxon, permutation

    public var title: String {
      switch self {
      case .student: "paired t-test"
      case .wilcoxon: "Wilcoxon's signed-rank test"
      case .permutation: "permutation test"
      }
    }
  }

  public struct Group: Sendable {
    public let name: String
    public let ids: [String]
    /// One for each metric.
    public internal(set) var cells: [Cell]
  }

  /// A metric of a group.
  public struct Cell: Sendable {
    /// Over runs.
    public let moments: SampleMoments
    public internal(set) var isBest = false
    public internal(set) var isSecond = false
    /// More than chance: better than the baseline, or of the best, better than all others.
    public internal(set) var isSignificant = false
    /// Against the reference; `nil` of the reference itself.
    public internal(set) var against: Against?
  }

  /// A group's difference from the reference.
  public struct Against: Sendable {
    public let reference: String
    /// Of the means, 0.05 for 5 %.
    public let gain: Double
    /// Users that both measured; 0 where a run has no values of users: the tests have nothing to say then.
    public let users: Int
    /// Of users' means, and the interval of 95 % that the bootstrap gives.
    public let difference: Double
    public let interval: ClosedRange<Double>?
    public let t: Double
    /// By test, corrected; NaN where there is none.
    public internal(set) var p: [Test: Double]
  }

  public let options: Options
  public let metrics: [String]
  public private(set) var groups: [Group]
  /// What a reader should know before believing the tests.
  public let warnings: [String]

  /// - Parameter records: With values of users.
  /// - Throws: `RunStoreError` where there is nothing to compare.
  public init(_ records: [RunRecord], _ options: Options = Options()) throws {
    let members = Self.members(records, by: options.key)
    guard !members.isEmpty else { throw RunStoreError(.request, "no runs to compare") }
    let metrics = try Self.metrics(members, options)
    if let baseline = options.baseline, !members.contains(where: { $0.name == baseline }) {
      let near = nearestName(to: baseline, in: members.map(\.name)).map { ", did you mean '\(shown($0))'?" } ?? ""
      throw RunStoreError(
        .request,
        "no group is called '\(shown(baseline))'\(near) (\(members.map { shown($0.name) }.joined(separator: ", ")))")
    }
    self.options = options
    self.metrics = metrics
    warnings = Self.warnings(members, metrics, options)
    groups = members.map { name, runs in
      Group(
        name: name, ids: runs.map(\.id),
        cells: metrics.map { metric in
          Cell(moments: SampleMoments(runs.compactMap { $0.result("\(options.part).\(metric)") }))
        })
    }
    for index in metrics.indices { compare(index, members) }
  }

  // MARK: Groups

  private typealias Members = (name: String, runs: [RunRecord])

  /// In the order in which they began.
  private static func members(_ records: [RunRecord], by key: String) -> [Members] {
    let ordered = records.sorted { ($0.started, $0.id) < ($1.started, $1.id) }
    return RunListing.distinct(ordered.map { $0.text(of: key) }).map { name in
      (name, ordered.filter { $0.text(of: key) == name })
    }
  }

  private static func metrics(_ members: [Members], _ options: Options) throws -> [String] {
    let found = members.map { member in
      RunListing.distinct(member.runs.flatMap { $0.results.filter { $0.on == options.part }.map(\.name) })
    }
    let common = found[0].filter { name in found.allSatisfy { $0.contains(name) } }
    for metric in options.metrics {
      guard let index = found.firstIndex(where: { !$0.contains(metric) }) else { continue }
      let near = nearestName(to: metric, in: found[index]).map { "; did you mean '\($0)'?" } ?? ""
      throw RunStoreError(
        .request,
        "no run of '\(shown(members[index].name))' has '\(shown(metric))' on \(options.part)\(near)")
    }
    guard !common.isEmpty else {
      throw RunStoreError(
        .request,
        "the runs share no metric on \(shown(options.part)): evaluate them after training, perigee.evaluate(model, split), or compare "
          + "on another part")
    }
    if !options.metrics.isEmpty { return options.metrics }
    // Those of groups of users or items where somebody asks for them.
    return common.filter { GroupName($0, among: Set(common)) == nil }
  }

  private static func warnings(_ members: [Members], _ metrics: [String], _ options: Options) -> [String] {
    var warnings: [String] = []
    let runs = members.flatMap(\.runs)
    let data = RunListing.distinct(runs.compactMap { $0.data.map { "\($0.name) (\($0.checksum))" } })
    if data.count > 1 { warnings.append("the runs are on different data: \(data.joined(separator: ", "))") }
    let parts = members.map { Set($0.runs.compactMap(\.data?.train)) }
    if data.count == 1, parts.contains(where: { $0 != parts[0] }) {
      warnings.append(
        "the groups were trained on different splits: their users are paired, what was held out of them is not the same"
      )
    }
    let unfinished = runs.filter { $0.state != .finished }.map(\.id)
    if !unfinished.isEmpty { warnings.append("not finished: \(unfinished.joined(separator: ", "))") }
    func has(_ run: RunRecord, _ metric: String) -> Bool {
      run.perUser.contains { $0.on == options.part && $0.name == metric }
    }
    // One that no run has users' values of says something of the catalog, or was measured without.
    let tested = metrics.filter { metric in runs.contains { has($0, metric) } }
    let without = runs.filter { run in tested.isEmpty || !tested.allSatisfy { has(run, $0) } }
    if members.count > 1, !without.isEmpty {
      warnings.append(
        "without values of users, so left out of the tests: \(without.prefix(5).map(\.id).joined(separator: ", "))"
          + (without.count > 5 ? " and \(without.count - 5) more" : ""))
    }
    return warnings
  }

  // MARK: One metric

  private mutating func compare(_ metric: Int, _ members: [Members]) {
    let order = groups.indices.filter { !groups[$0].cells[metric].moments.mean.isNaN }.sorted {
      groups[$0].cells[metric].moments.mean > groups[$1].cells[metric].moments.mean
    }
    guard let best = order.first else { return }
    let hasBetterSide = Self.hasBetterSide(metrics[metric])
    groups[best].cells[metric].isBest = hasBetterSide
    if order.count > 1 { groups[order[1]].cells[metric].isSecond = hasBetterSide }
    let reference = options.baseline.flatMap { name in groups.firstIndex { $0.name == name } } ?? best
    let values = members.map { Self.userMeans($0.runs, options.part, metrics[metric]) }
    let others = groups.indices.filter { $0 != reference }
    for index in others {
      groups[index].cells[metric].against = against(
        reference, groups[index].cells[metric].moments.mean, groups[reference].cells[metric].moments.mean,
        Self.differences(values[index], values[reference]))
    }
    for test in Test.allCases {
      let corrected = PairedTests.holm(others.map { groups[$0].cells[metric].against?.p[test] ?? .nan })
      for (index, p) in zip(others, corrected) { groups[index].cells[metric].against?.p[test] = p }
    }
    if hasBetterSide { star(metric, reference, best, others) }
  }

  private static func hasBetterSide(_ metric: String) -> Bool {
    guard let kind = Metric.Kind(rawValue: String(metric.prefix { $0 != "@" })) else { return true }
    return !kind.describesItems && !kind.describesCatalog
  }

  private mutating func star(_ metric: Int, _ reference: Int, _ best: Int, _ others: [Int]) {
    func isBelow(_ index: Int) -> Bool {
      (groups[index].cells[metric].against?.p[options.test] ?? .nan) < options.level
    }
    if options.baseline == nil {
      groups[best].cells[metric].isSignificant = !others.isEmpty && others.allSatisfy(isBelow)
    } else {
      for index in others where isBelow(index) {
        groups[index].cells[metric].isSignificant =
          groups[index].cells[metric].moments.mean > groups[reference].cells[metric].moments.mean
      }
    }
  }

  private func against(_ reference: Int, _ mean: Double, _ wanted: Double, _ differences: [Double]) -> Against {
    let student = PairedTests.student(differences)
    return Against(
      reference: groups[reference].name, gain: mean / wanted - 1, users: differences.count,
      difference: SampleMoments(differences).mean,
      interval: differences.count < 2
        ? nil : PairedTests.bootstrap(differences, rounds: max(1, options.rounds / 5), seed: options.seed),
      t: student?.t ?? .nan,
      p: [
        .student: student?.p ?? .nan,
        // Nothing differs: no test has anything against it.
        .wilcoxon: differences.isEmpty ? .nan : PairedTests.wilcoxon(differences)?.p ?? 1,
        .permutation: PairedTests.permutation(differences, rounds: options.rounds, seed: options.seed) ?? .nan,
      ])
  }

  /// Of each user the mean over runs, in the order of the first run.
  static func userMeans(_ runs: [RunRecord], _ part: String, _ metric: String) -> [(
    user: String, value: Double
  )] {
    var places: [String: Int] = [:]
    var sums: [(user: String, value: Double, count: Double)] = []
    for run in runs {
      guard let entry = run.perUser.first(where: { $0.on == part && $0.name == metric }) else { continue }
      for (user, value) in zip(entry.users, entry.values) where !value.isNaN {
        if let place = places[user] {
          sums[place].value += value
          sums[place].count += 1
        } else {
          places[user] = sums.count
          sums.append((user, value, 1))
        }
      }
    }
    return sums.map { ($0.user, $0.value / $0.count) }
  }

  private static func differences(
    _ one: [(user: String, value: Double)], _ other: [(user: String, value: Double)]
  ) -> [Double] {
    let values = Dictionary(uniqueKeysWithValues: other.map { ($0.user, $0.value) })
    return one.compactMap { entry in values[entry.user].map { entry.value - $0 } }
  }
}

extension RunRecord {
  /// A field or a setting as text, to group by.
  func text(of key: String) -> String {
    switch key {
    case "id": id
    case "name": name
    case "model": model
    case "data": data?.name ?? ""
    case "seed": seed.map(String.init) ?? ""
    case "state": state.rawValue
    case "version": version
    case "commit": commit ?? ""
    case "host": machine.host
    case "script": script?.path ?? ""
    case "tags": tags.joined(separator: " ")
    default: setting(key) ?? setting("model's \(key)") ?? ""
    }
  }
}
