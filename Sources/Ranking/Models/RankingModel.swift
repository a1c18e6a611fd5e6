/// A model that a trainer trains: it says how scores are made, and of which parameters.
public protocol RankingModel: EmbeddingModel {
  /// Numbers of a row, columns of biases included.
  var rowWidth: Int { get }
  var scoring: Scoring { get }
  /// Probability that an element of a user's row is dropped in training, in [0, 1); `dropoutPlace` may say that others are too.
  var dropout: Schedule { get set }
  var dropoutPlace: DropoutPlace { get set }
  /// The user's boundary between positives and negatives, where the model has one.
  var boundary: Boundary? { get }
  /// Margins that the model keeps for losses that learn them; `nil` where a loss has its own.
  var margins: LearnedMargins? { get }
  /// Whether the model does its dropout itself, as requests ask for it; else elements of the users' scoring rows are dropped.
  var dropsByItself: Bool { get }
  /// Which rows an L2 term counts that counts the rows of a batch; `nil` where that means nothing. Not asked about tables that score.
  var countedRows: CountedRows? { get }
}

/// What a batch looks up, in models that compute their rows or scores.
public enum CountedRows {
  /// Rows of these parameters: of the first for each user of the batch, of the others for each item.
  case parameters(users: [Parameter], items: [Parameter])
  /// The rows that were computed.
  case computed
}

/// Where dropout acts, in training only: on a user's row, or in a network on embeddings and more.
public enum DropoutPlace: String, Sendable, CaseIterable {
  /// On the row that scores, after it was normalized (SimpleX, MML).
  case scoring
  /// On the parameters, before they are normalized (BSL); in a network on each embedding as it is looked up.
  case parameters
  /// On the user's row and, anew for each score, on the item's, as UIB's code drops what it looks up: of matrix factorization with inner
  /// products. Networks do so with `parameters`.
  case lookups
  /// In a network also on the outputs of each hidden layer. Elsewhere there are none.
  case layers
}

/// A margin of each user and one of each item, between 0 and 1 and at first 1.
public struct LearnedMargins {
  public let users: Parameter
  public let items: Parameter

  /// - Throws: `MemoryError`; `TrainingError` where there cannot be so many.
  init(userCount: Int, itemCount: Int) throws {
    users = try Parameter(name: "user_margin", owner: .user, rowCount: userCount, bounds: 0...1) { _, _ in 1 }
    items = try Parameter(name: "item_margin", owner: .item, rowCount: itemCount, bounds: 0...1) { _, _ in 1 }
  }
}

extension RankingModel {
  public var boundary: Boundary? { nil }
  public var margins: LearnedMargins? { nil }
  public var dropsByItself: Bool { false }
  public var countedRows: CountedRows? { nil }
  /// A score function by its name, or "function" for a network's.
  public var scoreName: String { scoring.function?.rawValue ?? "function" }

  /// The parameter whose rows score as the users' as they stand; `nil` where rows or scores are computed.
  var userTable: Parameter? { scoring.users?.table }
  /// The parameter whose rows score as the items' as they stand; `nil` where rows or scores are computed.
  var itemTable: Parameter? { scoring.items?.table }
}
