import Interactions
import Tensors

/// The metrics of a model: a value for each user that has relevant items, and their means.
public struct EvaluationResult: Sendable, Equatable {
  /// What was asked for by name, in that order.
  public let metrics: [Metric]
  /// Names of all that was measured: `metrics`, then the metrics that the caller computed.
  public let names: [String]
  /// Users that have relevant items and, where candidates are ranked, any of those; ascending. All others are left out of every mean.
  public let users: [Int32]
  /// For each of `names` the values of `users`. `auc` is NaN for a user all of whose rankable items are relevant, or none is; metrics of
  /// all lists are NaN for all.
  public let perUser: [[Double]]
  /// For each of `names` the mean over `users` (over those where it is defined; NaN if there are none).
  public let means: [Double]
  /// For each of `names` the number of users in its mean.
  public let definedCounts: [Int]
  /// The groups of users, numbers before names; empty where nobody asked for groups.
  public let groups: [Group]
  /// What is looked for of each group of items, numbers before names: the means of metrics of hits, over the users who have any.
  public let itemGroups: [ItemGroup]
  /// What is to know of the candidates; nil where all items were ranked.
  public let candidates: CandidateReport?

  /// The means of some of the items that are looked for.
  public struct ItemGroup: Sendable, Equatable {
    public let name: String
    /// Users who have any of them to be found.
    public let userCount: Int
    /// How many are looked for, over all users.
    public let pairCount: Int
    /// Those of `metrics` that read hits.
    public let metrics: [Metric]
    public let means: [Double]
  }

  /// The means of some of the users.
  public struct Group: Sendable, Equatable {
    public let name: String
    public let userCount: Int
    /// As those of the whole.
    public let means: [Double]
    public let definedCounts: [Int]
  }

  /// All means by name, those of groups as `ndcg@10/group`; the names are `EvaluationPlan.resultNames`.
  public var named: [(name: String, value: Double)] {
    Array(zip(names, means))
      + groups.flatMap { group in zip(names, group.means).map { ("\($0)/\(group.name)", $1) } }
      + itemGroups.flatMap { group in
        zip(group.metrics, group.means).map { ("\($0)/items/\(group.name)", $1) }
      }
  }

  /// The mean of a metric, nil where it was not asked for.
  public subscript(metric: Metric) -> Double? { metrics.firstIndex(of: metric).map { means[$0] } }

  /// The mean of a metric by its name, such as `"recall@20"`; nil where it was not asked for.
  public subscript(name: String) -> Double? { names.firstIndex(of: name).map { means[$0] } }
}

extension EvaluationResult {
  /// - Parameters:
  ///   - lists: nil where no metric reads one.
  ///   - areas: For each user the area under the curve; nil where it was not asked for.
  init(_ plan: EvaluationPlan, lists: JudgedLists?, areas: [Double]?, pool: ThreadPool) throws {
    let asked = plan.settings.metrics
    var perUser = asked.map { _ in [Double](repeating: .nan, count: plan.users.count) }
    if let lists {
      let places = asked.indices.filter { asked[$0].kind.readsHits }
      let values = lists.values(of: plan.hitMetrics, relevant: plan.relevant, pool: pool)
      for (place, values) in zip(places, values) { perUser[place] = values }
      for (index, metric) in asked.enumerated() where metric.kind.describesItems {
        perUser[index] = lists.values(of: metric, plan.profile!, pool: pool)
      }
    }
    for (index, metric) in asked.enumerated() where metric.kind == .auc { perUser[index] = areas ?? [] }
    for metric in plan.settings.customMetrics {
      perUser.append(try lists?.values(of: metric, relevant: plan.relevant) ?? [])
    }
    metrics = asked
    names = plan.metricNames
    users = plan.users
    self.perUser = perUser
    func means(_ members: [Int]) -> (means: [Double], counts: [Int]) {
      var (means, counts) = Self.means(perUser.map { values in members.map { values[$0] } })
      for (index, metric) in asked.enumerated() where metric.kind.describesCatalog {
        means[index] = lists?.value(of: metric, members, itemCount: plan.relevant.itemCount) ?? .nan
        counts[index] = members.count
      }
      return (means, counts)
    }
    (self.means, definedCounts) = means(Array(plan.users.indices))
    groups = (plan.groups.map { Array(zip($0.names, $0.members)) } ?? []).map { name, members in
      let (means, counts) = means(members)
      return Group(name: name, userCount: members.count, means: means, definedCounts: counts)
    }
    itemGroups =
      lists.map { lists in
        (plan.itemGroups.map { Array(zip($0.names, $0.relevant)) } ?? []).map { name, relevant in
          ItemGroup(name, lists, relevant, plan.hitMetrics, pool)
        }
      } ?? []
    candidates = plan.candidateReport
  }

  private static func means(_ perUser: [[Double]]) -> (means: [Double], counts: [Int]) {
    let defined = perUser.map { $0.filter { !$0.isNaN } }
    // Not 0 / 0, whose NaN has a sign.
    return (defined.map { $0.isEmpty ? .nan : $0.reduce(0, +) / Double($0.count) }, defined.map(\.count))
  }
}

extension EvaluationResult.ItemGroup {
  fileprivate init(
    _ name: String, _ lists: JudgedLists, _ relevant: InteractionMatrix, _ metrics: [Metric], _ pool: ThreadPool
  ) {
    self.name = name
    self.metrics = metrics
    let wanted = lists.lists.users.enumerated().filter { !relevant.items(of: Int($1)).isEmpty }.map(\.offset)
    userCount = wanted.count
    pairCount = lists.lists.users.reduce(0) { $0 + relevant.items(of: Int($1)).count }
    let values = lists.values(of: metrics, relevant: relevant, pool: pool)
    means = values.map { values in
      wanted.isEmpty ? .nan : wanted.reduce(0) { $0 + values[$1] } / Double(wanted.count)
    }
  }
}

extension JudgedLists {
  /// For each metric, all of hits, the values of the users.
  ///
  /// - Parameter relevant: What is looked for, or some of it: 0 for a user who has none of it.
  fileprivate func values(of metrics: [Metric], relevant: InteractionMatrix, pool: ThreadPool) -> [[Double]] {
    let calculator = MetricValues(metrics: metrics)
    let users = lists.users
    var flat = [Double](repeating: 0, count: users.count * metrics.count)
    flat.withUnsafeMutableBufferPointer { flat in
      let flat = Shared(flat)
      pool.run(count: users.count, grain: 256) { positions in
        for position in positions {
          let relevantCount = relevant.items(of: Int(users[position])).count
          if relevantCount == 0 { continue }
          let hits = hits(at: position, relevant: relevant)
          for (index, metric) in metrics.enumerated() {
            flat.value[index * users.count + position] = calculator.value(
              of: metric, hits: hits, relevantCount: relevantCount)
          }
        }
      }
    }
    return metrics.indices.map { Array(flat[$0 * users.count..<($0 + 1) * users.count]) }
  }

  /// What a metric says of the items of each user's list.
  fileprivate func values(of metric: Metric, _ profile: ItemProfile, pool: ThreadPool) -> [Double] {
    let users = lists.users
    var values = [Double](repeating: 0, count: users.count)
    values.withUnsafeMutableBufferPointer { values in
      let values = Shared(values)
      pool.run(count: users.count, grain: 256) { positions in
        let own = positions.map { lists.items(at: $0).prefix(metric.k) }
        for (position, value) in zip(positions, profile.values(metric.kind, of: own)) { values.value[position] = value }
      }
    }
    return values
  }

  /// What a metric says of the lists of some users together.
  fileprivate func value(of metric: Metric, _ members: [Int], itemCount: Int) -> Double {
    RecommendedCounts(members.lazy.map { lists.items(at: $0).prefix(metric.k) }, itemCount: itemCount)
      .value(metric.kind)
  }

  fileprivate func values(of metric: CustomMetric, relevant: InteractionMatrix) throws -> [Double] {
    try lists.users.enumerated().map { position, user in
      try metric.value(
        lists.items(at: position).prefix(metric.length), relevant.items(of: Int(user)), user)
    }
  }
}
