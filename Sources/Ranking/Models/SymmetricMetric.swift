import Interactions
import Tensors

/// The model of symmetric metric learning: rows of users and items within the unit ball, their squared distance, and margins.
///
/// Li et al., "Symmetric Metric Learning with Adaptive Margin for Recommendation", AAAI 2020, as Wang et al., WWW 2022, Eq. 8 to 11
/// have it:
///
///     score(u, x) = -|P_u - Q_x|²,   |P_u| <= 1,   |Q_x| <= 1,   0 <= m_u, n_x <= 1
///
/// P and Q start normal with deviation 1/sqrt(dim), margins at 1. After every step rows that left the ball are put back on it, and
/// margins back into their range. The losses `sml` and `sml_uib` learn the margins, which are saved with the model; other losses leave
/// them alone.
public final class SymmetricMetric: RankingModel {
  public struct Configuration: Sendable {
    public var userCount: Int
    public var itemCount: Int
    /// Length of a row.
    public var dim: Int
    /// Normal with deviation 1/sqrt(dim) where `nil`.
    public var initialization: Initialization?
    /// The boundary between a user's positives and negatives (UIB, Eq. 11); none where `nil`.
    public var boundary: Boundary.Kind?
    public var seed: UInt64 = 0

    public init(userCount: Int, itemCount: Int, dim: Int) {
      self.userCount = userCount
      self.itemCount = itemCount
      self.dim = dim
    }
  }

  public let name = "sml"
  public let configuration: Configuration
  /// Probability that an element of a user's row is dropped in training, in [0, 1).
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .scoring
  public var trainedParts: [TrainedPart] = []
  public let users: Parameter
  public let items: Parameter
  public let margins: LearnedMargins?
  public let boundary: Boundary?
  public let trainedParameters: [Parameter]

  /// - Throws: `TrainingError` for sizes below 1, `MemoryError`.
  public init(_ configuration: Configuration) throws {
    guard configuration.dim >= 1, configuration.userCount >= 1, configuration.itemCount >= 1 else {
      throw TrainingError.setting(
        "sml: wants at least one user, one item and one dimension; got \(configuration.userCount) users, "
          + "\(configuration.itemCount) items, dim \(configuration.dim)")
    }
    self.configuration = configuration
    users = try Self.table(.user, configuration.userCount, configuration)
    items = try Self.table(.item, configuration.itemCount, configuration)
    let margins = try LearnedMargins(userCount: configuration.userCount, itemCount: configuration.itemCount)
    self.margins = margins
    boundary = try configuration.boundary.map {
      try Boundary($0, dim: configuration.dim, userCount: configuration.userCount, seed: configuration.seed)
    }
    trainedParameters = [users, items, margins.users, margins.items] + (boundary.map { [$0.parameter] } ?? [])
  }

  private static func table(_ owner: Parameter.Owner, _ rowCount: Int, _ configuration: Configuration) throws
    -> Parameter
  {
    let table = try EmbeddingTable(
      rowCount: rowCount, dim: configuration.dim, score: .euclidean, keepsScale: owner == .item)
    let start =
      configuration.initialization ?? .normal(standardDeviation: 1 / Double(configuration.dim).squareRoot())
    start.fill(
      table, columns: configuration.dim,
      RandomStream(seed: configuration.seed, purpose: owner == .user ? "user embeddings" : "item embeddings"))
    let parameter = Parameter(name: owner.rawValue, owner: owner, table: table)
    parameter.longestRow = 1
    for row in 0..<rowCount { parameter.limit(row, in: table.view) }
    return parameter
  }

  public var userCount: Int { configuration.userCount }
  public var itemCount: Int { configuration.itemCount }
  public var dim: Int { configuration.dim }
  public var rowWidth: Int { configuration.dim }
  public var scoring: Scoring { .factors(users: .table(users), items: .table(items), .euclidean) }

  public func userEmbeddings() -> [Float] { users.currentValues }
  public func itemEmbeddings() -> [Float] { items.currentValues }

  public func scores() -> ModelScores {
    .factors(
      FactorScores(
        .euclidean, users: users.currentValues, items: items.currentValues, userCount: userCount,
        itemCount: itemCount))
  }
}

extension SymmetricMetric: DescribedModel {
  public static let kind = "sml"

  public var settings: ModelSettings {
    var settings = ModelSettings()
    settings.set("dim", configuration.dim)
    if let boundary = configuration.boundary { settings.set("boundary", boundary) }
    return settings
  }

  public static func make(_ settings: ModelSettings, train: InteractionMatrix) throws -> SymmetricMetric {
    var configuration = Configuration(
      userCount: train.userCount, itemCount: train.itemCount,
      dim: try settings.integer("dim", in: 1...EmbeddingTable.most))
    configuration.boundary = try settings.optionalChoice("boundary")
    return try SymmetricMetric(configuration)
  }
}
