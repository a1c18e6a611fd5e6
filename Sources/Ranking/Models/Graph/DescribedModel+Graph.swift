import Interactions

// The graph models in files: what they say of themselves, and how they are made from it.

extension LightGCN: DescribedModel {
  public static let kind = "lightgcn"
  /// The graph.
  public static var readsTrainPart: Bool { true }

  public var settings: ModelSettings {
    var settings = ModelSettings()
    settings.set("dim", configuration.dim)
    settings.set("score", configuration.score)
    settings.set("layers", configuration.layers)
    settings.set("normalization", configuration.normalization)
    if let weights = configuration.layerWeights { settings.set("layer_weights", NumberList(weights)) }
    if let boundary = configuration.boundary { settings.set("boundary", boundary) }
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> LightGCN {
    var configuration = Configuration()
    configuration.dim = try settings.value("dim")
    configuration.score = try settings.choice("score")
    configuration.layers = try settings.value("layers")
    configuration.normalization = try settings.choice("normalization")
    configuration.layerWeights = try settings.optional("layer_weights", as: NumberList.self)?.numbers
    configuration.boundary = try settings.optionalChoice("boundary")
    return try LightGCN(configuration, train: train)
  }
}

extension MultiGCCF: DescribedModel {
  public static let kind = "mgccf"
  /// The graphs.
  public static var readsTrainPart: Bool { true }

  public var settings: ModelSettings {
    var settings = ModelSettings()
    settings.set("dim", configuration.dim)
    settings.set("score", configuration.score)
    settings.set("neighbors", configuration.neighbors)
    if let boundary = configuration.boundary { settings.set("boundary", boundary) }
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> MultiGCCF {
    var configuration = Configuration()
    configuration.dim = try settings.value("dim")
    configuration.score = try settings.choice("score")
    configuration.neighbors = try settings.value("neighbors")
    configuration.boundary = try settings.optionalChoice("boundary")
    return try MultiGCCF(configuration, train: train)
  }
}

/// Numbers of a setting as text: `0.5, 0.25, 0.25`.
struct NumberList: LosslessStringConvertible, Equatable {
  let numbers: [Double]

  init(_ numbers: [Double]) { self.numbers = numbers }

  init?(_ text: String) {
    let parts = text.split(separator: ", ", omittingEmptySubsequences: false).map { Double($0) }
    guard !parts.contains(nil) else { return nil }
    numbers = parts.compactMap(\.self)
  }

  var description: String { numbers.map(\.description).joined(separator: ", ") }
}
