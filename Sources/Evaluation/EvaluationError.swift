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
  /// `relevant` (such as `the test part`) has no pair of the `chosen` users; nil: of any.
  case nobodyToEvaluate(relevant: String, chosen: Int? = nil)
  /// The metric reads more than the beginning of a ranking, which is all that lists have.
  case needsWholeRanking(metric: String)
  /// The metric asks what items are in a train part, and only pairs were given.
  case needsTrainPart(metric: String)
  case noGivenCandidates
  case noSuchCandidate(user: Int, item: Int, itemCount: Int)
  /// None of `users`, who have an item in the part, has a candidate.
  case nobodyHasCandidates(users: Int)
  /// A model gave another number of scores than it was asked for.
  case wrongScoreCount(user: Int, found: Int, wanted: Int)
  /// The model's boundary of a user is not a number.
  case boundaryIsNotANumber(user: Int)

  public var description: String {
    switch self {
    case .unknownMetric(let name, let nearest):
      "unknown metric '\(shown(name))'\(nearest.map { ", did you mean '\($0)'? The" } ?? "; the") metrics are "
        + Metric.Kind.allCases.map { $0.hasLength ? "\($0.rawValue)@k" : $0.rawValue }.joined(separator: ", ")
    case .malformedMetric(let name, let reason): "metric '\(name)': \(reason)"
    case .noMetrics: "no metrics to compute; name at least one, such as 'recall@20'"
    case .listTooLong(let what, let k, let itemCount):
      "\(what): a list of \(k) is longer than the catalog; want k from 1 to \(itemCount), the number of items"
    case .shapeMismatch(let what, let found, let wanted): "\(what) has \(found), the model's scores have \(wanted)"
    case .scoreIsNotANumber(let user, let item):
      "the model's score of user \(user) for item \(item) is not a number (NaN); the training has diverged: "
        + "try a lower learning rate or a smaller initialization"
    case .boundaryIsNotANumber(let user):
      "the model's boundary of user \(user) is not a number (NaN); the training has diverged: try a lower learning rate or a smaller "
        + "initialization"
    case .noSuchUser(let user, let userCount): "user \(user): want 0 to \(userCount - 1), there are \(userCount) users"
    case .noValidPart: "the split has no validation part; evaluate on test, or split with one"
    case .nobodyToEvaluate(let relevant, nil): "no user has an item in \(relevant): there is nothing to evaluate"
    case .nobodyToEvaluate(let relevant, let chosen?):
      "none of the \(chosen) chosen users has an item in \(relevant): there is nothing to evaluate"
    case .needsWholeRanking(let metric):
      "\(metric) reads the whole ranking, and lists hold only its beginning; leave it out"
    case .needsTrainPart(let metric):
      "\(metric) asks how many users have an item in the train part, and the pairs do not come from a split; evaluate on a split"
    case .noGivenCandidates:
      "the split has no candidates of its own: want data that came with lists (NCF's .test.negative, candidates.txt) and the split that "
        + "came with it; or draw them, { count = 100, seed = 1 }"
    case .noSuchCandidate(let user, let item, let itemCount):
      "user \(user) has candidate \(item): want items from 0 to \(itemCount - 1), there are \(itemCount)"
    case .nobodyHasCandidates(let users):
      "none of the \(users) users to evaluate has a candidate to be ranked with: there is nothing to evaluate"
    case .wrongScoreCount(let user, let found, let wanted):
      "the model gave \(found) scores for the \(wanted) candidates of user \(user); want one for each"
    }
  }
}
