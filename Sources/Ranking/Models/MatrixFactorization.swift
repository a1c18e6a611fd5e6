import Kernels
import Tensors

/// Matrix factorization: a row of parameters for each user and each item; the score is a function of the two rows.
///
/// Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems", Computer 2009; with cosine scores and
/// dropout on the normalized user row it is the MF of SimpleX (Mao et al., CIKM 2021) and of MML (arXiv 2405.04614).
public final class MatrixFactorization: RankingModel {
  public struct Configuration: Sendable {
    public var userCount: Int
    public var itemCount: Int
    /// Length of a row.
    public var dim: Int
    public var score: ScoreFunction = .cosine
    /// `Initialization.standard(for:)` where `nil`.
    public var initialization: Initialization?
    /// A bias for each user and each item, initially 0; inner product only.
    public var biases = false
    /// The boundary between a user's positives and negatives (UIB, Eq. 3); none where `nil`.
    public var boundary: Boundary.Kind?
    public var seed: UInt64 = 0

    public init(userCount: Int, itemCount: Int, dim: Int) {
      self.userCount = userCount
      self.itemCount = itemCount
      self.dim = dim
    }
  }

  public typealias Initialization = Ranking.Initialization
  public typealias DropoutPlace = Ranking.DropoutPlace

  public let name = "mf"
  public let configuration: Configuration
  /// Probability that an element of a user's row is dropped in training, in [0, 1).
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .scoring
  public var trainedParts: [TrainedPart] = []

  public let users: EmbeddingTable
  public let items: EmbeddingTable
  public let trainedParameters: [Parameter]
  public let boundary: Boundary?

  public init(_ configuration: Configuration) throws {
    guard configuration.dim >= 1, configuration.userCount >= 1, configuration.itemCount >= 1 else {
      throw TrainingError.setting(
        "a model wants at least one user, one item and one dimension; got \(configuration.userCount) users, "
          + "\(configuration.itemCount) items, dim \(configuration.dim)")
    }
    guard !configuration.biases || configuration.score == .dot else {
      throw TrainingError.setting("biases go with score 'dot', not '\(configuration.score.rawValue)'")
    }
    self.configuration = configuration
    // Biases are columns: the user row ends in (bias, 1), the item row in (1, bias).
    let dim = configuration.dim
    let width = dim + (configuration.biases ? 2 : 0)
    users = try EmbeddingTable(
      rowCount: configuration.userCount, dim: width, score: configuration.score, keepsScale: false,
      constantColumn: configuration.biases ? dim + 1 : nil)
    items = try EmbeddingTable(
      rowCount: configuration.itemCount, dim: width, score: configuration.score,
      keepsScale: configuration.score != .dot,
      constantColumn: configuration.biases ? dim : nil)
    boundary = try configuration.boundary.map {
      try Boundary($0, dim: configuration.dim, userCount: configuration.userCount, seed: configuration.seed)
    }
    trainedParameters =
      [Parameter(name: "user", owner: .user, table: users), Parameter(name: "item", owner: .item, table: items)]
      + (boundary.map { [$0.parameter] } ?? [])
    initialize()
  }

  public var userCount: Int { configuration.userCount }
  public var itemCount: Int { configuration.itemCount }
  public var dim: Int { configuration.dim }
  public var rowWidth: Int { users.dim }
  public var scoring: Scoring {
    .factors(users: .table(trainedParameters[0]), items: .table(trainedParameters[1]), configuration.score)
  }

  private func initialize() {
    let start = configuration.initialization ?? .standard(for: configuration.score)
    let seed = configuration.seed
    start.fill(users, columns: dim, RandomStream(seed: seed, purpose: "user embeddings"))
    start.fill(items, columns: dim, RandomStream(seed: seed, purpose: "item embeddings"))
  }

  // MARK: Reading and writing parameters

  /// The user rows as they stand now, `[userCount, dim]`; biases are not part of it.
  public func userEmbeddings() -> [Float] { embeddings(users) }
  /// The item rows as they stand now, `[itemCount, dim]`.
  public func itemEmbeddings() -> [Float] { embeddings(items) }

  private func embeddings(_ table: EmbeddingTable) -> [Float] {
    let rows = table.currentRows()
    guard table.dim != dim else { return rows }
    var result = [Float]()
    result.reserveCapacity(table.rowCount * dim)
    for row in 0..<table.rowCount { result += rows[row * table.dim..<row * table.dim + dim] }
    return result
  }

  /// Replaces the rows; what the optimizer remembers of them is kept.
  ///
  /// - Parameters: rows as `parameters` gives them: `[userCount, dim (+ 2 with biases)]`.
  public func setParameters(_ parameters: Parameters) throws {
    try users.setRows(parameters.users)
    try items.setRows(parameters.items)
  }

  /// A snapshot of the rows.
  public struct Parameters: Sendable, Equatable {
    public var users: [Float]
    public var items: [Float]
  }

  public var parameters: Parameters { Parameters(users: users.currentRows(), items: items.currentRows()) }

  public func scores() -> ModelScores { .factors(factorScores()) }

  func factorScores() -> FactorScores {
    FactorScores(
      configuration.score, users: users.currentRows(), items: items.currentRows(), userCount: userCount,
      itemCount: itemCount)
  }
}
