/// The metrics of a model: a value for each user that has relevant items, and their means.
public struct EvaluationResult: Sendable, Equatable {
  /// As asked for, in that order.
  public let metrics: [Metric]
  /// Users that have relevant items, ascending. All others are left out of every mean.
  public let users: [Int32]
  /// For each metric the values of `users`. `auc` is NaN for a user all of whose rankable items are relevant, or none is.
  public let perUser: [[Double]]
  /// For each metric the mean over `users` (`auc`: over those where it is defined; NaN if there are none).
  public let means: [Double]
  /// For each metric the number of users in its mean.
  public let definedCounts: [Int]

  init(metrics: [Metric], users: [Int32], perUser: [[Double]]) {
    self.metrics = metrics
    self.users = users
    self.perUser = perUser
    let defined = perUser.map { $0.filter { !$0.isNaN } }
    definedCounts = defined.map(\.count)
    // Not 0 / 0, whose NaN has a sign.
    means = defined.map { $0.isEmpty ? .nan : $0.reduce(0, +) / Double($0.count) }
  }

  /// The mean of a metric, nil where it was not asked for.
  public subscript(metric: Metric) -> Double? { metrics.firstIndex(of: metric).map { means[$0] } }

  /// The mean of a metric by its name, such as `"recall@20"`; nil where it was not asked for.
  public subscript(name: String) -> Double? { metrics.firstIndex { $0.description == name }.map { means[$0] } }
}
