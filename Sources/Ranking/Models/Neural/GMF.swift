import Tensors

/// Generalized matrix factorization: a weighted inner product, `<h, P_u * Q_i> + c`.
///
/// He et al., "Neural Collaborative Filtering", WWW 2017, section 3.2, Eq. 9, without the sigmoid.
public final class GMF: NeuralModel {
  public let name = "gmf"
  public let configuration: NeuralConfiguration
  public let trainedParameters: [Parameter]
  public let boundary: Boundary?
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .parameters
  public var trainedParts: [TrainedPart] = []
  let embeddings: EmbeddingPair
  /// h, `[1, dim]`, and c where there is one.
  let output: DenseLayer

  /// - Parameter hasBias: Whether there is a c.
  /// - Throws: `TrainingError` for sizes that make no network, `MemoryError`.
  public init(_ configuration: NeuralConfiguration, hasBias: Bool = true) throws {
    try configuration.check(name)
    self.configuration = configuration
    embeddings = try EmbeddingPair(configuration, dim: configuration.dim)
    output = try DenseLayer(
      "output", inputs: configuration.dim, outputs: 1, hasBias: hasBias, configuration.outputInitialization,
      RandomStream(seed: configuration.seed, purpose: "output weights"))
    boundary = try configuration.makeBoundary()
    trainedParameters = embeddings.parameters + output.parameters + (boundary.map { [$0.parameter] } ?? [])
  }

  public func scores(_ request: EncodingRequest, _ pairs: ScorePairs, _ reader: ParameterReader) throws -> PairScores {
    let rows = try embeddings.rows(request, pairs, reader, BatchDropout(request), products: true)
    let products = try rows.products(rows.users * reader.all(output.weight))
    return PairScores(
      try output.bias.map { try products + reader.all($0) } ?? products,
      boundary: try boundary?.values(rows, users: pairs.usersOfRows(request), reader))
  }

  /// The product of two rows that it is, which ranks many times faster than a network.
  public func scores() -> ModelScores {
    .factors(
      FactorScores(
        userCount: userCount, itemCount: itemCount, dim: dim,
        users: scaledRows(userEmbeddings(), by: output.weight.currentValues), items: itemEmbeddings(),
        userBias: output.bias.map { [Float](repeating: $0.currentValues[0], count: userCount) }))
  }
}

/// Rows times a row, element by element.
func scaledRows(_ rows: [Float], by factors: [Float]) -> [Float] {
  rows.indices.map { rows[$0] * factors[$0 % factors.count] }
}
