import Tensors

@testable import Ranking

/// Networks of several shapes, with numbers large enough that every layer matters.
struct NeuralCase: Sendable, CustomStringConvertible {
  enum Kind: String, Sendable, CaseIterable { case ncf, gmf, neumf }

  var kind: Kind
  var users = 4
  var items = 6
  var dim = 3
  var layers = [5, 3]
  /// Of the embeddings.
  var deviation = 0.8
  var boundary: Boundary.Kind?
  var hasBias = true
  var dropsBetweenLayers = false
  var seed: UInt64 = 3

  var description: String {
    "\(kind.rawValue) \(dim) \(layers) boundary \(boundary?.rawValue ?? "none")\(hasBias ? "" : " no bias")"
      + (dropsBetweenLayers ? " drops between layers" : "")
  }

  /// One of each, with a tower of one layer, without a bias, with every kind of boundary.
  static let all: [NeuralCase] =
    Kind.allCases.map { NeuralCase(kind: $0) }
    + [
      NeuralCase(kind: .ncf, layers: [4]), NeuralCase(kind: .ncf, dim: 1, layers: [1]),
      NeuralCase(kind: .ncf, dim: 5, layers: [9, 6, 5]), NeuralCase(kind: .neumf, dim: 2, layers: [7]),
      NeuralCase(kind: .gmf, hasBias: false),
    ]
    + Boundary.Kind.allCases.flatMap { kind in Kind.allCases.map { NeuralCase(kind: $0, boundary: kind) } }

  func make() throws -> any NeuralModel {
    var configuration = NeuralConfiguration(userCount: users, itemCount: items, dim: dim)
    configuration.initialization = .normal(standardDeviation: deviation)
    configuration.boundary = boundary
    configuration.seed = seed
    let tower = TowerConfiguration(layers: layers)
    let model: any NeuralModel =
      switch kind {
      case .ncf: try NCF(configuration, tower: tower)
      case .gmf: try GMF(configuration, hasBias: hasBias)
      case .neumf: try NeuMF(configuration, towerDim: dim + 1, tower: tower)
      }
    model.dropoutPlace = dropsBetweenLayers ? .layers : .parameters
    // Biases start at 0, where a test would not see them.
    for (number, parameter) in model.trainedParameters.enumerated() where parameter.name.hasSuffix("bias") {
      let stream = RandomStream(seed: seed, purpose: "test biases", number)
      try parameter.setValues(
        parameter.currentValues.indices.map { Float(stream.uniformDouble(at: UInt64($0)) - 0.3) })
    }
    return model
  }

  /// `[users, items]`
  func allScores(_ model: any NeuralModel) throws -> [Float] {
    let scores = try model.scores()
    guard case .source(let source) = scores else {
      return try (0..<users * items).map { Float(try scores.score(user: $0 / items, item: $0 % items)) }
    }
    var all = [Float](repeating: .nan, count: users * items)
    try all.withUnsafeMutableBufferPointer { try source.scores(users: (0..<Int32(users)).map(\.self)[...], into: $0) }
    return all
  }

  func plain(_ model: any NeuralModel) -> PlainNetwork {
    PlainNetwork(model, dropsBetweenLayers: dropsBetweenLayers)
  }
}
