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
  /// For each of `names` the values of `users`. `auc` is NaN for a user all of whose rankable items are relevant, or none is.
  public let perUser: [[Double]]
  /// For each of `names` the mean over `users` (over those where it is defined; NaN if there are none).
  public let means: [Double]
  /// For each of `names` the number of users in its mean.
  public let definedCounts: [Int]
  /// The groups of users, numbers before names; empty where nobody asked for groups.
  public let groups: [Group]
  /// What is to know of the candidates; nil where all items were ranked.
  public let candidates: CandidateReport?

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
    var perUser = plan.settings.metrics.map { _ in [Double]() }
    if let lists { perUser = lists.values(of: plan.settings.metrics, relevant: plan.relevant, pool: pool) }
    for (index, metric) in plan.settings.metrics.enumerated() where metric.kind == .auc { perUser[index] = areas ?? [] }
    for metric in plan.settings.customMetrics {
      perUser.append(try lists?.values(of: metric, relevant: plan.relevant) ?? [])
    }
    metrics = plan.settings.metrics
    names = plan.metricNames
    users = plan.users
    self.perUser = perUser
    (means, definedCounts) = Self.means(perUser)
    groups = (plan.groups.map { Array(zip($0.names, $0.members)) } ?? []).map { name, members in
      let (means, counts) = Self.means(perUser.map { values in members.map { values[$0] } })
      return Group(name: name, userCount: members.count, means: means, definedCounts: counts)
    }
    candidates = plan.candidateReport
  }

  private static func means(_ perUser: [[Double]]) -> (means: [Double], counts: [Int]) {
    let defined = perUser.map { $0.filter { !$0.isNaN } }
    // Not 0 / 0, whose NaN has a sign.
    return (defined.map { $0.isEmpty ? .nan : $0.reduce(0, +) / Double($0.count) }, defined.map(\.count))
  }
}

extension JudgedLists {
  /// For each metric the values of the users; empty for those that do not read a list.
  fileprivate func values(of metrics: [Metric], relevant: InteractionMatrix, pool: ThreadPool) -> [[Double]] {
    let calculator = MetricValues(metrics: metrics)
    let users = lists.users
    var flat = [Double](repeating: 0, count: users.count * metrics.count)
    flat.withUnsafeMutableBufferPointer { flat in
      let flat = Shared(flat)
      pool.run(count: users.count, grain: 256) { positions in
        for position in positions {
          let hits = hits(at: position, relevant: relevant)
          let relevantCount = relevant.items(of: Int(users[position])).count
          for (index, metric) in metrics.enumerated() where metric.kind.hasLength {
            flat.value[index * users.count + position] = calculator.value(
              of: metric, hits: hits, relevantCount: relevantCount)
          }
        }
      }
    }
    return metrics.enumerated().map { index, metric in
      metric.kind.hasLength ? Array(flat[index * users.count..<(index + 1) * users.count]) : []
    }
  }

  fileprivate func values(of metric: CustomMetric, relevant: InteractionMatrix) throws -> [Double] {
    try lists.users.enumerated().map { position, user in
      try metric.value(
        lists.items(at: position).prefix(metric.length), relevant.items(of: Int(user)), user)
    }
  }
}
