/// What can be evaluated, asked for recommendations and saved: models that a trainer trains and models that a solver fits.
public protocol ScoredModel: AnyObject {
  /// The name that scripts use.
  var name: String { get }
  var userCount: Int { get }
  var itemCount: Int { get }
  /// How scores are made, as scripts name it; kept in files and compared when one is loaded.
  var scoreName: String { get }
  /// All that the model has learned, by name: what is saved.
  var trainedParameters: [Parameter] { get }
  /// Every train part that the model has learned from, in that order; saved with it.
  var trainedParts: [TrainedPart] { get set }
  /// Bytes held besides parameters: a graph, memory to work in.
  var workingBytes: Int { get }

  /// The scores of all users and items as the parameters stand now.
  ///
  /// - Throws: What computing the rows throws; a table's never do.
  func scores() throws -> ModelScores
}

/// A model that represents each user and each item by a row of numbers.
public protocol EmbeddingModel: ScoredModel {
  /// Numbers of a row that are learned as a representation; what dropout acts on.
  var dim: Int { get }
  /// The users' rows as they stand now, `[userCount, dim]`, without biases.
  func userEmbeddings() throws -> [Float]
  /// The items' rows as they stand now, `[itemCount, dim]`, without biases.
  func itemEmbeddings() throws -> [Float]
}

/// A model's scores of all users and items: what evaluation, recommendation and export take.
public enum ModelScores {
  /// A product of two rows, multiplied out and ranked in one pass.
  case factors(FactorScores)
  /// Scores that are written block by block.
  case source(any ScoreSource)

  public var userCount: Int {
    switch self {
    case .factors(let factors): factors.userCount
    case .source(let source): source.userCount
    }
  }

  public var itemCount: Int {
    switch self {
    case .factors(let factors): factors.itemCount
    case .source(let source): source.itemCount
    }
  }

  /// The score of one pair, both dense.
  public func score(user: Int, item: Int) throws -> Double {
    switch self {
    case .factors(let factors): factors.score(user: user, item: item)
    case .source(let source): try Double(source.scores(user: Int32(user), items: [Int32(item)])[0])
    }
  }
}

extension ScoredModel {
  /// Bytes held, the optimizer's included, without parameters that account for themselves.
  public var byteCount: Int { trainedParameters.byteCount + workingBytes }
  public var workingBytes: Int { 0 }

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

  package init(values: [(name: String, values: [Float])]) { self.values = values }
}
