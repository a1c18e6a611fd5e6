import Tensors

/// How a model makes the scores of a batch.
public enum Scoring {
  /// A function of a user's and an item's row: scoring, ranking and the steps of tables are fused.
  case factors(users: RowSource, items: RowSource, ScoreFunction)
  /// A network that scores pairs.
  case pairs(any PairScorer)

  /// Where users' rows come from; `nil` where pairs are scored.
  public var users: RowSource? { if case .factors(let users, _, _) = self { users } else { nil } }
  /// Where items' rows come from; `nil` where pairs are scored.
  public var items: RowSource? { if case .factors(_, let items, _) = self { items } else { nil } }
  /// `nil` where pairs are scored.
  public var function: ScoreFunction? { if case .factors(_, _, let function) = self { function } else { nil } }
}

extension RankingModel {
  /// What keeps its scores from being inner products of its tables' rows, for messages: `has score = "cosine"`.
  var unlikeInnerProducts: String {
    if let function = scoring.function, function != .dot { return "has score = \"\(function.rawValue)\"" }
    if boundary != nil { return "has a boundary" }
    if scoring.items?.table != nil, rowWidth != dim { return "has biases" }
    return "is another kind"
  }
}

/// Where the rows of users or of items come from.
public enum RowSource {
  /// The rows of a parameter as they stand.
  case table(Parameter)
  /// Rows that are computed for the batch. The same object on both sides is asked once, for both.
  case encoded(any RowEncoder)

  public var table: Parameter? { if case .table(let parameter) = self { parameter } else { nil } }
  public var encoder: (any RowEncoder)? { if case .encoded(let encoder) = self { encoder } else { nil } }
}

/// Computes the rows of a batch from parameters, with differentiable tensor operations.
///
/// Scoring, loss and the steps of tables stay fused; gradients of the rows go back through the operations to the parameters.
public protocol RowEncoder: AnyObject {
  /// Whether a user's row depends on the positive beside it, so that each row of a batch has one of its own.
  var encodesEachRow: Bool { get }

  /// - Parameter reader: Reads parameters as tensors that record what is done with them.
  func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> EncodedRows
}

/// Computes the scores of a batch's pairs from parameters, with differentiable tensor operations.
public protocol PairScorer: AnyObject {
  /// - Parameters:
  ///   - request: The batch's distinct users and distinct items.
  ///   - pairs: Which of them meet.
  func scores(_ request: EncodingRequest, _ pairs: ScorePairs, _ reader: ParameterReader) throws -> PairScores
}

/// Whose rows are wanted, and where training is.
public struct EncodingRequest {
  /// Dense users: distinct ones, or one for each row of the batch where the encoder encodes each row; empty where their rows come
  /// from elsewhere.
  public var users: [Int32]
  /// The positive beside each user in training, where the encoder encodes each row.
  public var positives: [Int32]?
  /// Distinct dense items; empty where their rows come from elsewhere.
  public var items: [Int32]
  /// Where training is; `nil` at evaluation.
  public var place: BatchPlace?
  /// Random numbers of this batch, for dropout and for sampled neighbors; `nil` at evaluation, where nothing is dropped.
  public var stream: RandomStream?
  /// Share of what the model drops in this batch, in [0, 1); 0 at evaluation.
  public var dropout: Float = 0
  /// What the training's runs have measured, for schedules that an encoding calls; `nil` at evaluation.
  public var evaluations: EvaluationLog?

  public init(users: [Int32], positives: [Int32]? = nil, items: [Int32] = []) {
    self.users = users
    self.positives = positives
    self.items = items
  }
}

/// Which batch of a training.
public struct BatchPlace: Sendable {
  /// The epoch, from 1.
  public var epoch: Int
  /// The batch in its epoch, from 1.
  public var number: Int

  public init(epoch: Int, number: Int) {
    self.epoch = epoch
    self.number = number
  }
}

/// Which rows meet in a batch's scores.
public struct ScorePairs {
  /// `[B]`: places among the request's users.
  public let users: [Int]
  /// `[B, 1 + N]`: places among the request's items.
  public let items: [Int]

  public init(users: [Int], items: [Int]) {
    self.users = users
    self.items = items
  }
}

/// What an encoder computed for a request.
public struct EncodedRows {
  /// `[users, rowWidth]`, where users were asked for.
  public var users: Tensor?
  /// `[items, rowWidth]`, where items were asked for.
  public var items: Tensor?

  public init(users: Tensor? = nil, items: Tensor? = nil) {
    self.users = users
    self.items = items
  }
}

/// What a pair scorer computed for a batch.
public struct PairScores {
  /// `[B, 1 + N]`: the positive's score, then those of its negatives.
  public var scores: Tensor
  /// `[B]`: each row's boundary, by a model that has one.
  public var boundary: Tensor?

  public init(_ scores: Tensor, boundary: Tensor? = nil) {
    self.scores = scores
    self.boundary = boundary
  }
}
