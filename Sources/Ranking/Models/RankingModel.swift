/// A model that a trainer can train: it gives users and items rows of numbers, and two rows make a score.
///
/// Each side is either a table, whose rows score as they stand and are moved by fused kernels, or is encoded: computed for the
/// batch from parameters with differentiable tensor operations.
public protocol RankingModel: FactorModel {
  /// The name that scripts use.
  var name: String { get }
  var userCount: Int { get }
  var itemCount: Int { get }
  /// Numbers of a row that are learned as a representation; what dropout acts on.
  var dim: Int { get }
  /// Numbers of a row, columns of biases included.
  var rowWidth: Int { get }
  var score: ModelScore { get }
  var userSide: ModelSide { get }
  var itemSide: ModelSide { get }
  /// Everything that the optimizer moves, tables included.
  var trainedParameters: [Parameter] { get }
  /// Probability that an element of a user's row is dropped in training, in [0, 1).
  var dropout: Schedule { get set }
  var dropoutPlace: DropoutPlace { get set }
  /// Every train part that the model has learned from, in that order; saved with it.
  var trainedParts: [TrainedPart] { get set }
  /// The user's boundary between positives and negatives, where the model has one.
  var boundary: Boundary? { get }

  /// The users' rows as they stand now, `[userCount, dim]`, without biases.
  func userEmbeddings() throws -> [Float]
  /// The items' rows as they stand now, `[itemCount, dim]`, without biases.
  func itemEmbeddings() throws -> [Float]
}

/// How a model makes scores of two rows.
public enum ModelScore {
  case function(ScoreFunction)
  /// The model is an `EncodedModel` that computes scores itself.
  case custom

  public var function: ScoreFunction? { if case .function(let function) = self { function } else { nil } }
  /// The name that scripts use.
  public var name: String { function?.rawValue ?? "function" }
}

/// Where the rows of users or of items come from.
public enum ModelSide {
  case table(EmbeddingTable)
  /// The model is an `EncodedModel`.
  case encoded

  var table: EmbeddingTable? { if case .table(let table) = self { table } else { nil } }
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

  /// Bytes held, the optimizer's included, without parameters that account for themselves.
  public var byteCount: Int { trainedParameters.byteCount }

  /// A copy of all parameters as they stand now.
  public func snapshot() -> ModelSnapshot {
    ModelSnapshot(values: trainedParameters.map { ($0.name, $0.currentValues) })
  }

  /// Puts the parameters of a snapshot back; what the optimizer remembers of them is kept.
  ///
  /// - Throws: `TrainingError` in the middle of a batch.
  public func restore(_ snapshot: ModelSnapshot) throws {
    for parameter in trainedParameters {
      guard let values = snapshot.values.first(where: { $0.name == parameter.name })?.values else { continue }
      try parameter.setValues(values)
    }
  }
}

extension [Parameter] {
  /// Bytes of those that do not account for themselves.
  public var byteCount: Int { reduce(0) { $0 + ($1.accountsForItself ? 0 : $1.byteCount) } }
}

/// The values of a model's parameters at one moment.
public struct ModelSnapshot: Sendable {
  public let values: [(name: String, values: [Float])]
}
