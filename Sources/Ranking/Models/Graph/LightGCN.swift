import Interactions
import Tensors

/// LightGCN: rows of users and items are smoothed over the graph of the train part, and nothing else.
///
/// He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation", SIGIR 2020, Eq. 3-8:
///
///     E_{k+1} = A E_k,   out = Σ_k w_k E_k,   A = D^-1/2 B D^-1/2
///
/// E_0, the ego rows, are the parameters. A node without edges keeps `w_0 E_0`. The L2 scopes that count rows count the ego rows of
/// the batch, as the public code does.
///
/// - Complexity: a batch O(K · edges · dim) forward and backward; see `GraphPropagation`.
public final class LightGCN: RankingModel, RowEncoder {
  public struct Configuration: Sendable {
    /// Length of a row.
    public var dim = 64
    public var score: ScoreFunction = .dot
    /// K, at least 1.
    public var layers = 3
    /// w_0...w_K; 1 / (K + 1) each where `nil`.
    public var layerWeights: [Double]?
    public var normalization: GraphNormalization = .symmetric
    /// Normal with deviation 0.1 where `nil`.
    public var initialization: Initialization?
    /// The boundary between a user's positives and negatives, of the propagated row (UIB, section 4.1); none where `nil`.
    public var boundary: Boundary.Kind?
    public var seed: UInt64 = 0

    public init() {}

    func weights() throws -> [Float] {
      guard layers >= 1 else { throw TrainingError.setting("lightgcn: layers is \(layers); want at least 1") }
      guard let layerWeights else { return [Float](repeating: 1 / Float(layers + 1), count: layers + 1) }
      guard layerWeights.count == layers + 1 else {
        throw TrainingError.setting(
          "lightgcn: \(layerWeights.count) layer weights for \(layers) layers; want \(layers + 1), the first for the rows themselves"
        )
      }
      guard layerWeights.allSatisfy({ Float($0).isFinite }), layerWeights.contains(where: { Float($0) != 0 }) else {
        throw TrainingError.setting("lightgcn: layer weights are \(layerWeights); want finite numbers, not all 0")
      }
      return layerWeights.map { Float($0) }
    }
  }

  public let name = "lightgcn"
  public let configuration: Configuration
  /// Probability that an element of an ego row is dropped in training, before the rows are propagated, in [0, 1).
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .scoring
  public var trainedParts: [TrainedPart] = []
  public let userCount: Int
  public let itemCount: Int
  public let trainedParameters: [Parameter]
  public let boundary: Boundary?
  /// The ego rows.
  public let users: Parameter
  public let items: Parameter
  let propagation: GraphPropagation
  private let train: InteractionMatrix
  /// Made where rows are asked for as recorded operations.
  private var wholeGraph: SparseMatrix?

  /// - Parameter train: Whose pairs are the edges.
  /// - Throws: `TrainingError` for settings that mean nothing, `MemoryError`.
  public init(_ configuration: Configuration, train: InteractionMatrix) throws {
    let weights = try configuration.weights()
    guard configuration.dim >= 1 else {
      throw TrainingError.setting("lightgcn: dim is \(configuration.dim); want at least 1")
    }
    (self.configuration, self.train) = (configuration, train)
    (userCount, itemCount) = (train.userCount, train.itemCount)
    let start = configuration.initialization ?? .normal(standardDeviation: 0.1)
    (users, items) = try Parameter.embeddings(
      of: train, dim: configuration.dim, start: start, seed: configuration.seed)
    boundary = try configuration.boundary.map {
      try Boundary($0, dim: configuration.dim, userCount: train.userCount, seed: configuration.seed)
    }
    trainedParameters = [users, items] + (boundary.map { [$0.parameter] } ?? [])
    propagation = try GraphPropagation(
      InteractionGraph(train), configuration.normalization, weights: weights, dim: configuration.dim)
  }

  public var dim: Int { configuration.dim }
  public var rowWidth: Int { configuration.dim }
  public var scoring: Scoring { .factors(users: .encoded(self), items: .encoded(self), configuration.score) }
  public var encodesEachRow: Bool { false }
  public var dropsByItself: Bool { true }
  public var countedRows: CountedRows? { .parameters(users: [users], items: [items]) }
  public var workingBytes: Int { propagation.byteCount }

  public func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> EncodedRows {
    if let users = reader.table(of: users), let items = reader.table(of: items) {
      return try recorded(request, of: users, items)
    }
    let wanted = [request.users, request.items]
    let (dropout, pool) = (EgoDropout(request), reader.pool)
    let rows = try reader.withAllRows(of: users) { users, userStride in
      try reader.withAllRows(of: items) { items, itemStride in
        try propagation.rows(
          wanted, of: [(users, userStride), (items, itemStride)], dropout: dropout, pool: pool)
      }
    }
    let recorded = reader.recording(rows) { [propagation, users, items] gradients, set in
      try set.of(users).takeBlock(pool: pool) { userBlock in
        try set.of(items).takeBlock(pool: pool) { itemBlock in
          try propagation.differentiate(
            wanted, gradients, into: [userBlock, itemBlock], dropout: dropout, pool: pool)
        }
      }
    }
    return EncodedRows(users: recorded[0], items: recorded[1])
  }

  /// The same as recorded operations on whole tables, which can be differentiated twice. Without dropout.
  private func recorded(_ request: EncodingRequest, of users: Tensor, _ items: Tensor) throws -> EncodedRows {
    let graph = try wholeGraph ?? SparseMatrix(graphOf: train, normalization: configuration.normalization)
    wholeGraph = graph
    var layer = try Tensor.concatenate([users, items], axis: 0)
    let weights = try configuration.weights()
    var sum = try layer * weights[0]
    for weight in weights.dropFirst() {
      layer = try graph.matrixProduct(layer)
      sum = try sum + layer * weight
    }
    return EncodedRows(
      users: try sum.gather(request.users.map { Int($0) }),
      items: try sum.gather(request.items.map { userCount + Int($0) }))
  }

  // MARK: Evaluation

  /// All rows, propagated once.
  private func allRows() throws -> (users: [Float], items: [Float]) {
    let request = EncodingRequest(
      users: (0..<userCount).map(Int32.init), items: (0..<itemCount).map(Int32.init))
    let rows = try encode(request, .evaluation())
    return (try rows.users!.elements(), try rows.items!.elements())
  }

  /// The propagated rows.
  public func userEmbeddings() throws -> [Float] { try allRows().users }
  public func itemEmbeddings() throws -> [Float] { try allRows().items }

  public func scores() throws -> ModelScores {
    let rows = try allRows()
    return .factors(
      FactorScores(
        configuration.score, users: rows.users, items: rows.items, userCount: userCount, itemCount: itemCount))
  }
}

extension Parameter {
  /// Tables `user` and `item` of a row for each of a train part's, which a model makes its rows from.
  static func embeddings(
    of train: InteractionMatrix, dim: Int, start: Initialization, seed: UInt64
  ) throws -> (users: Parameter, items: Parameter) {
    func table(_ name: String, _ owner: Owner, _ count: Int, _ stream: RandomStream) throws -> Parameter {
      let table = try EmbeddingTable(rowCount: count, dim: dim, score: .dot, keepsScale: false)
      start.fill(table, columns: dim, stream)
      return Parameter(name: name, owner: owner, table: table)
    }
    return (
      try table("user", .user, train.userCount, RandomStream(seed: seed, purpose: "user embeddings")),
      try table("item", .item, train.itemCount, RandomStream(seed: seed, purpose: "item embeddings"))
    )
  }
}
