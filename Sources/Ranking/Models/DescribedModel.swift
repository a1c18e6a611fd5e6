import Interactions

/// A model that says what it is and can be made from that: a file of one makes the model without being told.
///
/// To have a kind of model saved and made in this way, conform to this and add a line to `ModelKinds.all`.
public protocol DescribedModel: ScoredModel {
  /// The name that scripts use: `mf`.
  static var kind: String { get }

  /// Whether its scores depend on the train part itself, not on its users and items alone: it is then made from a split.
  static var readsTrainPart: Bool { get }

  /// What decides its scores besides its parameters; none is called `kind`, `data`, `dropout` or `dropout_on`.
  var settings: ModelSettings { get }

  /// A model with these settings, whose parameters are to be replaced.
  ///
  /// - Throws: `TrainingError` for settings that cannot be.
  static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> Self
}

extension DescribedModel {
  public static var readsTrainPart: Bool { false }
  var kind: String { Self.kind }
}

/// Every kind of model that can be made from a file.
public enum ModelKinds {
  public static var all: [any DescribedModel.Type] {
    [
      MatrixFactorization.self,
      SymmetricMetric.self,
      SimpleX.self,
      WeightedFactorization.self,
      Popularity.self,
      Ease.self,
      ItemNeighbors.self,
      LightGCN.self,
      MultiGCCF.self,
      NCF.self,
      GMF.self,
      NeuMF.self,
    ]
  }

  static func kind(named name: String) -> (any DescribedModel.Type)? { all.first { $0.kind == name } }
}

// MARK: Kinds

extension MatrixFactorization: DescribedModel {
  public static let kind = "mf"

  public var settings: ModelSettings {
    var settings = ModelSettings()
    settings.set("dim", configuration.dim)
    settings.set("score", configuration.score)
    settings.set("biases", configuration.biases)
    if let boundary = configuration.boundary { settings.set("boundary", boundary) }
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> MatrixFactorization {
    var configuration = Configuration(
      userCount: train.userCount, itemCount: train.itemCount,
      dim: try settings.integer("dim", in: 1...EmbeddingTable.most))
    configuration.score = try settings.choice("score")
    configuration.biases = try settings.value("biases")
    configuration.boundary = try settings.optionalChoice("boundary")
    return try MatrixFactorization(configuration)
  }
}

extension SimpleX: DescribedModel {
  public static let kind = "simplex"
  /// The histories.
  public static var readsTrainPart: Bool { true }

  public var settings: ModelSettings {
    var settings = ModelSettings()
    settings.set("dim", configuration.dim)
    settings.set("score", configuration.score)
    settings.set("gate", configuration.gate)
    settings.set("aggregator", configuration.aggregator)
    settings.set("history", configuration.history)
    settings.set("mask", configuration.mask)
    settings.set("exclude_positive", configuration.excludesPositive)
    if let most = configuration.maximumHistory { settings.set("max_history", most) }
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> SimpleX {
    var configuration = Configuration()
    configuration.dim = try settings.integer("dim", in: 1...EmbeddingTable.most)
    configuration.score = try settings.choice("score")
    configuration.gate = try settings.value("gate")
    configuration.aggregator = try settings.choice("aggregator")
    configuration.history = try settings.choice("history")
    configuration.mask = try settings.choice("mask")
    configuration.excludesPositive = try settings.value("exclude_positive")
    configuration.maximumHistory = try settings.optional("max_history")
    return try SimpleX(configuration, train: train)
  }
}
