import Tensors

/// Neural collaborative filtering, the MLP variant: a tower of layers over the embeddings of a user and an item.
///
/// He, Liao, Zhang, Nie, Hu, Chua, "Neural Collaborative Filtering", WWW 2017, section 3.3, Eq. 10, as UIB uses it (Eq. 7): the score
/// is the logit, without the sigmoid that a cross-entropy adds. Dropout acts on the embeddings and, by option, between the layers.
public final class NCF: NeuralModel {
  public let name = "ncf"
  public let configuration: NeuralConfiguration
  public let trainedParameters: [Parameter]
  public let boundary: Boundary?
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .parameters
  public var trainedParts: [TrainedPart] = []
  let embeddings: EmbeddingPair
  let tower: Tower

  /// - Throws: `TrainingError` for sizes that make no network, `MemoryError`.
  public init(_ configuration: NeuralConfiguration, tower towerConfiguration: TowerConfiguration) throws {
    try configuration.check(name)
    try towerConfiguration.check(name)
    self.configuration = configuration
    embeddings = try EmbeddingPair(configuration, dim: configuration.dim)
    tower = try Tower(towerConfiguration, dim: configuration.dim, configuration)
    boundary = try configuration.makeBoundary()
    trainedParameters = embeddings.parameters + tower.parameters + (boundary.map { [$0.parameter] } ?? [])
  }

  /// Outputs of the hidden layers.
  public var layers: [Int] { tower.widths }

  public func scores(_ request: EncodingRequest, _ pairs: ScorePairs, _ reader: ParameterReader) throws -> PairScores {
    let dropout = BatchDropout(request)
    let rows = try embeddings.rows(request, pairs, reader, dropout)
    return PairScores(
      try tower.scores(rows, reader, betweenLayers: dropoutPlace == .layers ? dropout : nil),
      boundary: try boundary?.values(rows, users: pairs.usersOfRows(request), reader))
  }

  public func scores() throws -> ModelScores {
    .source(try TowerScores(tower, users: userEmbeddings(), items: itemEmbeddings(), dim: dim))
  }
}
