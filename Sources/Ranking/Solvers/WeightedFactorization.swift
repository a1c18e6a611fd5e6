import Tensors

/// Weighted regularized matrix factorization: a row for each user and each item, whose inner product is 1 for pairs that were
/// observed and 0 for all others, the observed ones counting more.
///
///     min sum_ui c_ui (r_ui - <x_u, y_i>)² + l (|X|² + |Y|²)
///
/// Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, Eq. 3. `AlternatingLeastSquares` fits it.
public final class WeightedFactorization: EmbeddingModel {
  public let name = "wrmf"
  public let dim: Int
  /// `[userCount, dim]`
  public let users: Parameter
  /// `[itemCount, dim]`
  public let items: Parameter
  public var trainedParts: [TrainedPart] = []

  /// - Throws: `MemoryError` or `TrainingError` where there cannot be so many rows.
  public init(userCount: Int, itemCount: Int, dim: Int, initialization: Initialization? = nil, seed: UInt64 = 0) throws
  {
    guard userCount >= 1, itemCount >= 1, dim >= 1 else {
      throw TrainingError.setting(
        "wrmf wants at least one user, one item and one dimension; got \(userCount) users, \(itemCount) items, dim \(dim)"
      )
    }
    func parameter(_ name: String, _ owner: Parameter.Owner, _ rowCount: Int, _ stream: RandomStream) throws
      -> Parameter
    {
      let table = try EmbeddingTable(rowCount: rowCount, dim: dim, score: .dot, keepsScale: false)
      (initialization ?? .standard(for: .dot)).fill(table, columns: dim, stream)
      return Parameter(name: name, owner: owner, table: table)
    }
    self.dim = dim
    users = try parameter("user", .user, userCount, RandomStream(seed: seed, purpose: "user embeddings"))
    items = try parameter("item", .item, itemCount, RandomStream(seed: seed, purpose: "item embeddings"))
  }

  public var userCount: Int { users.rowCount }
  public var itemCount: Int { items.rowCount }
  public var scoreName: String { ScoreFunction.dot.rawValue }
  public var trainedParameters: [Parameter] { [users, items] }

  public func userEmbeddings() -> [Float] { users.currentValues }
  public func itemEmbeddings() -> [Float] { items.currentValues }

  public func scores() -> ModelScores {
    .factors(
      FactorScores(
        .dot, users: users.currentValues, items: items.currentValues, userCount: userCount, itemCount: itemCount))
  }
}
