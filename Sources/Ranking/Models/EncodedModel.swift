import Tensors

/// A model whose rows are computed for each batch from parameters, with differentiable tensor operations.
///
/// Scoring, loss and the steps of tables stay fused; gradients of the rows go back through the operations to the parameters.
public protocol EncodedModel: RankingModel {
  /// Whether a user's row depends on the positive beside it, so that each row of a batch has one of its own.
  var encodesEachRow: Bool { get }

  /// Computes the rows, or the scores, of a batch.
  ///
  /// - Parameter reader: Reads parameters as tensors that record what is done with them.
  func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> Encoding
}

/// Whose rows are wanted.
public struct EncodingRequest {
  /// Dense users: distinct ones, or one for each row of the batch where the model encodes each row.
  public var users: [Int32]
  /// The positive beside each user in training; `nil` at evaluation.
  public var positives: [Int32]?
  /// Distinct dense items; empty where the items' side is a table.
  public var items: [Int32]
  /// For models that compute scores: `[users of the batch's rows, 1 + N]` as places in `users` and `items`.
  public var pairs: ScorePairs?
  /// Where training is; `nil` at evaluation. For messages.
  public var place: BatchPlace?
  /// What the training's runs have measured, for schedules that an encoding calls; `nil` at evaluation.
  public var evaluations: EvaluationLog?

  public init(users: [Int32], positives: [Int32]? = nil, items: [Int32] = [], pairs: ScorePairs? = nil) {
    self.users = users
    self.positives = positives
    self.items = items
    self.pairs = pairs
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

/// What a model computed for a request.
public struct Encoding {
  /// `[users, rowWidth]`; `nil` where the users' side is a table.
  public var users: Tensor?
  /// `[items, rowWidth]`; `nil` where the items' side is a table.
  public var items: Tensor?
  /// `[B, 1 + N]`, where the model computes scores itself and was given pairs.
  public var scores: Tensor?

  public init(users: Tensor? = nil, items: Tensor? = nil, scores: Tensor? = nil) {
    self.users = users
    self.items = items
    self.scores = scores
  }
}
