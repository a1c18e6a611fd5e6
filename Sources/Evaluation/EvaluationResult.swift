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

  init(metrics: [Metric], users: [Int32], perUser: [[Double]]) {
    self.metrics = metrics
    self.users = users
    self.perUser = perUser
    means = perUser.map { values in
      let defined = values.lazy.filter { !$0.isNaN }
      return defined.reduce(0, +) / Double(defined.count)
    }
  }

  /// The mean of a metric, nil where it was not asked for.
  public subscript(metric: Metric) -> Double? { metrics.firstIndex(of: metric).map { means[$0] } }

  /// The mean of a metric by its name, such as `"recall@20"`; nil where it was not asked for.
  public subscript(name: String) -> Double? { metrics.firstIndex { $0.description == name }.map { means[$0] } }
}
