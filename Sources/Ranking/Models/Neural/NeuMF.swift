import Tensors

/// Neural matrix factorization: `gmf` and the tower of `ncf`, each with embeddings of its own, scored together:
///
///     s = <h_g, Pg_u * Qg_i> + <h_m, MLP([Pm_u; Qm_i])> + c
///
/// He et al., "Neural Collaborative Filtering", WWW 2017, section 3.4, Eq. 12, without the sigmoid. What represents users and items,
/// and makes the boundary where there is one, are the embeddings of the first part.
public final class NeuMF: NeuralModel {
  public let name = "neumf"
  public let configuration: NeuralConfiguration
  public let trainedParameters: [Parameter]
  public let boundary: Boundary?
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .parameters
  public var trainedParts: [TrainedPart] = []
  /// Pg and Qg.
  let embeddings: EmbeddingPair
  /// h_g, `[1, dim]`.
  let factorOutput: DenseLayer
  /// Pm and Qm.
  let towerEmbeddings: EmbeddingPair
  /// h_m and c are those of its output.
  let tower: Tower

  /// - Parameter towerDim: Length of an embedding in the tower; `configuration.dim` is that of the product.
  /// - Throws: `TrainingError` for sizes that make no network, `MemoryError`.
  public init(
    _ configuration: NeuralConfiguration, towerDim: Int, tower towerConfiguration: TowerConfiguration
  ) throws {
    try configuration.check(name)
    try towerConfiguration.check(name)
    guard towerDim >= 1 else { throw TrainingError.setting("\(name): mlp_dim is \(towerDim); want at least 1") }
    self.configuration = configuration
    embeddings = try EmbeddingPair(configuration, dim: configuration.dim)
    factorOutput = try DenseLayer(
      "gmf_output", inputs: configuration.dim, outputs: 1, hasBias: false, configuration.outputInitialization,
      RandomStream(seed: configuration.seed, purpose: "product weights"))
    towerEmbeddings = try EmbeddingPair(configuration, dim: towerDim, prefix: "mlp_", number: 1)
    tower = try Tower(towerConfiguration, dim: towerDim, configuration)
    boundary = try configuration.makeBoundary()
    trainedParameters =
      embeddings.parameters + towerEmbeddings.parameters + factorOutput.parameters + tower.parameters
      + (boundary.map { [$0.parameter] } ?? [])
  }

  var lookedUp: [EmbeddingPair] { [embeddings, towerEmbeddings] }

  /// Outputs of the hidden layers.
  public var layers: [Int] { tower.widths }
  public var towerDim: Int { towerEmbeddings.dim }

  public func scores(_ request: EncodingRequest, _ pairs: ScorePairs, _ reader: ParameterReader) throws -> PairScores {
    let dropout = BatchDropout(request)
    let rows = try embeddings.rows(request, pairs, reader, dropout.part(0), products: true)
    let products = try rows.products(rows.users * reader.all(factorOutput.weight))
    let towerDropout = dropout.part(1)
    let towerRows = try towerEmbeddings.rows(request, pairs, reader, towerDropout)
    return PairScores(
      try products + tower.scores(towerRows, reader, betweenLayers: dropoutPlace == .layers ? towerDropout : nil),
      boundary: try boundary?.values(rows, users: pairs.usersOfRows(request), reader))
  }

  public func scores() throws -> ModelScores {
    let factors = TowerScores.Factors(
      dim: dim, users: scaledRows(userEmbeddings(), by: factorOutput.weight.currentValues), items: itemEmbeddings())
    return .source(
      try TowerScores(
        tower, users: towerEmbeddings.users.currentValues, items: towerEmbeddings.items.currentValues, dim: towerDim,
        factors: factors))
  }
}
