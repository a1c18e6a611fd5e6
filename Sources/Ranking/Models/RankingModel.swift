/// A model that a trainer trains: it says how scores are made, and of which parameters.
public protocol RankingModel: EmbeddingModel {
  /// Numbers of a row, columns of biases included.
  var rowWidth: Int { get }
  var scoring: Scoring { get }
  /// Probability that an element of a user's row is dropped in training, in [0, 1).
  var dropout: Schedule { get set }
  var dropoutPlace: DropoutPlace { get set }
  /// The user's boundary between positives and negatives, where the model has one.
  var boundary: Boundary? { get }
}

/// Where dropout acts on a user's row, in training only.
public enum DropoutPlace: String, Sendable, CaseIterable {
  /// On the row that scores, after it was normalised (SimpleX, MML).
  case scoring
  /// On the parameters, before they are normalised (BSL).
  case parameters
}

extension RankingModel {
  public var boundary: Boundary? { nil }
  /// A score function by its name, or "function" for a network's.
  public var scoreName: String { scoring.function?.rawValue ?? "function" }

  /// The parameter whose rows score as the users' as they stand; `nil` where rows or scores are computed.
  var userTable: Parameter? { scoring.users?.table }
  /// The parameter whose rows score as the items' as they stand; `nil` where rows or scores are computed.
  var itemTable: Parameter? { scoring.items?.table }
}
