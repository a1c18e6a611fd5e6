import Platform

/// What can be wrong with an evaluation's input. Users and items are dense numbers from 0.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
  /// `nearest` is the metric that was probably meant; nil where none is near.
  case unknownMetric(name: String, nearest: String?)
  case malformedMetric(name: String, reason: String)
  case noMetrics
  /// A list of `k` was asked for by `what` (a metric or a function), but there are only `itemCount` items.
  case listTooLong(what: String, k: Int, itemCount: Int)
  /// `what` has another number of users or items than the scores.
  case shapeMismatch(what: String, found: String, wanted: String)
  /// The model's score is not a number.
  case scoreIsNotANumber(user: Int, item: Int)
  case noSuchUser(user: Int, userCount: Int)
  case noValidPart
  case nobodyToEvaluate(part: String)

  public var description: String {
    switch self {
    case .unknownMetric(let name, let nearest):
      "unknown metric '\(shown(name))'\(nearest.map { ", did you mean '\($0)'? The" } ?? "; the") metrics are "
        + Metric.Kind.allCases.map { $0.hasLength ? "\($0.rawValue)@k" : $0.rawValue }.joined(separator: ", ")
    case .malformedMetric(let name, let reason): "metric '\(name)': \(reason)"
    case .noMetrics: "no metrics to compute; name at least one, such as 'recall@20'"
    case .listTooLong(let what, let k, let itemCount):
      "\(what): a list of \(k) is longer than the catalogue; want k from 1 to \(itemCount), the number of items"
    case .shapeMismatch(let what, let found, let wanted): "\(what) has \(found), the model's scores have \(wanted)"
    case .scoreIsNotANumber(let user, let item):
      "the model's score of user \(user) for item \(item) is not a number (NaN); the training has diverged: "
        + "try a lower learning rate or a smaller initialisation"
    case .noSuchUser(let user, let userCount): "user \(user): want 0 to \(userCount - 1), there are \(userCount) users"
    case .noValidPart: "the split has no validation part; evaluate on test, or split with one"
    case .nobodyToEvaluate(let part): "no user has an item in the \(part) part: there is nothing to evaluate"
    }
  }
}
