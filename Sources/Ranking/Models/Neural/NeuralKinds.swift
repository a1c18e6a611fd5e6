import Interactions

// What files of networks say of them.

extension NeuralConfiguration {
  fileprivate func add(to settings: inout ModelSettings) {
    settings.set("dim", dim)
    if let boundary { settings.set("boundary", boundary) }
  }

  fileprivate init(_ settings: ModelSettings, _ train: InteractionMatrix) throws {
    self.init(userCount: train.userCount, itemCount: train.itemCount, dim: try settings.value("dim"))
    boundary = try settings.optionalChoice("boundary")
  }
}

/// `32, 16, 8`
private struct LayerList: LosslessStringConvertible {
  let outputs: [Int]
  var description: String { outputs.map(String.init).joined(separator: ", ") }

  init(_ outputs: [Int]) { self.outputs = outputs }

  init?(_ text: String) {
    let parts = text.split(separator: ", ")
    outputs = parts.compactMap { Int($0) }
    guard outputs.count == parts.count else { return nil }
  }
}

extension NCF: DescribedModel {
  public static let kind = "ncf"

  public var settings: ModelSettings {
    var settings = ModelSettings()
    configuration.add(to: &settings)
    settings.set("layers", LayerList(layers))
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> NCF {
    try NCF(
      NeuralConfiguration(settings, train),
      tower: TowerConfiguration(layers: settings.value("layers", as: LayerList.self).outputs))
  }
}

extension GMF: DescribedModel {
  public static let kind = "gmf"

  public var settings: ModelSettings {
    var settings = ModelSettings()
    configuration.add(to: &settings)
    settings.set("bias", output.bias != nil)
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> GMF {
    try GMF(NeuralConfiguration(settings, train), hasBias: settings.value("bias"))
  }
}

extension NeuMF: DescribedModel {
  public static let kind = "neumf"

  public var settings: ModelSettings {
    var settings = ModelSettings()
    configuration.add(to: &settings)
    settings.set("mlp_dim", towerDim)
    settings.set("layers", LayerList(layers))
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> NeuMF {
    try NeuMF(
      NeuralConfiguration(settings, train), towerDim: settings.value("mlp_dim"),
      tower: TowerConfiguration(layers: settings.value("layers", as: LayerList.self).outputs))
  }
}
