import Tensors

/// What networks over embeddings of users and items have in common.
public struct NeuralConfiguration: Sendable {
  public var userCount: Int
  public var itemCount: Int
  /// Length of an embedding.
  public var dim: Int
  /// Of the embeddings. N(0, 0.01) is that of He et al.'s code.
  public var initialization: Initialization = .normal(standardDeviation: 0.01)
  /// Of the weights that make the score.
  public var outputInitialization: LayerInitialization = .lecunUniform
  /// The boundary between a user's positives and negatives (UIB, Eq. 3), of the embedding as it enters the network; none where
  /// `nil`.
  public var boundary: Boundary.Kind?
  public var seed: UInt64 = 0

  public init(userCount: Int, itemCount: Int, dim: Int = 32) {
    self.userCount = userCount
    self.itemCount = itemCount
    self.dim = dim
  }

  func check(_ model: String) throws {
    guard userCount >= 1, itemCount >= 1, dim >= 1 else {
      throw TrainingError.setting(
        "\(model): wants at least one user, one item and one dimension; got \(userCount) users, \(itemCount) items, dim \(dim)"
      )
    }
  }

  func makeBoundary() throws -> Boundary? {
    try boundary.map { try Boundary($0, dim: dim, userCount: userCount, seed: seed) }
  }
}

/// The hidden layers of a network.
public struct TowerConfiguration: Sendable {
  /// Outputs of each hidden layer, the first of which reads an embedding of a user and one of an item.
  public var layers: [Int]
  public var initialization: LayerInitialization = .glorotUniform

  public init(layers: [Int]) { self.layers = layers }

  /// Halving, as He et al.: 64-32-16-8 for embeddings of 32, of which 64 are the two beside each other.
  public init(halvingFrom dim: Int) { self.init(layers: [dim, max(1, dim / 2), max(1, dim / 4)]) }

  func check(_ model: String) throws {
    guard !layers.isEmpty, layers.allSatisfy({ $0 >= 1 }) else {
      throw TrainingError.setting(
        "\(model): layers are \(layers); want at least one, each of at least 1 output: layers = { 32, 16, 8 }")
    }
  }
}

/// A network that scores pairs of embeddings.
protocol NeuralModel: RankingModel, PairScorer {
  var configuration: NeuralConfiguration { get }
  /// What represents users and items.
  var embeddings: EmbeddingPair { get }
  /// All embeddings that a pair looks up.
  var lookedUp: [EmbeddingPair] { get }
}

extension NeuralModel {
  public var userCount: Int { configuration.userCount }
  public var itemCount: Int { configuration.itemCount }
  public var dim: Int { configuration.dim }
  public var rowWidth: Int { configuration.dim }
  public var scoring: Scoring { .pairs(self) }
  public var dropsByItself: Bool { true }
  var lookedUp: [EmbeddingPair] { [embeddings] }
  /// Embeddings, before dropout; no layers.
  public var countedRows: CountedRows? { .parameters(users: lookedUp.map(\.users), items: lookedUp.map(\.items)) }
  public func userEmbeddings() -> [Float] { embeddings.users.currentValues }
  public func itemEmbeddings() -> [Float] { embeddings.items.currentValues }
}
