import Interactions

// Fitted models made from their files: how they were fitted is no part of their scores.

extension WeightedFactorization: DescribedModel {
  public static let kind = "wrmf"

  public var settings: ModelSettings {
    var settings = ModelSettings()
    settings.set("dim", dim)
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> WeightedFactorization {
    try WeightedFactorization(
      userCount: train.userCount, itemCount: train.itemCount, dim: try settings.value("dim"))
  }
}

extension Popularity: DescribedModel {
  public static let kind = "popularity"
  public var settings: ModelSettings { ModelSettings() }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> Popularity {
    try Popularity(userCount: train.userCount, itemCount: train.itemCount)
  }
}

extension Ease: DescribedModel {
  public static let kind = "ease"
  /// Users are scored from what they have there.
  public static var readsTrainPart: Bool { true }
  public var settings: ModelSettings { ModelSettings() }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> Ease { try Ease(train: train) }
}

extension ItemNeighbors: DescribedModel {
  public static let kind = "item_neighbors"
  public static var readsTrainPart: Bool { true }

  public var settings: ModelSettings {
    var settings = ModelSettings()
    settings.set("k", count)
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> ItemNeighbors {
    try ItemNeighbors(train: train, count: try settings.value("k"))
  }
}
