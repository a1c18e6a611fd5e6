import Interactions
import Tensors

/// SimpleX: a user's row is a blend of the user's own and of the items that the user has.
///
/// Mao et al., "SimpleX: A Simple and Strong Baseline for Collaborative Filtering", CIKM 2021, section 3.2, as its public code
/// (RecZoo, matching/cf/SimpleX) computes it:
///
///     u = g P_u + (1 - g) W_v agg(q_h, h in H_u)
///
/// In training H_u leaves out the positive beside the user; at evaluation it is all of the user's train items. `agg` is the mean or
/// an attention whose logits are `<tanh(W_k q_h + b_k), P_u>` (user) or `<tanh(W_k q_h + b_k), w_q>` (self). With gate 1 the
/// history does not count, and the model is matrix factorization in every respect.
public final class SimpleX: RankingModel, RowEncoder {
  public enum Aggregator: String, Sendable, CaseIterable {
    case mean
    case userAttention = "user_attention"
    case selfAttention = "self_attention"
  }

  /// Which table the rows of a history come from.
  public enum HistoryTable: String, Sendable, CaseIterable {
    /// One of its own (the published Gowalla configuration).
    case separate
    /// The items' table.
    case shared
  }

  /// What the places of a history that are only padding do to an attention.
  public enum Mask: String, Sendable, CaseIterable {
    /// Nothing.
    case proper
    /// Each adds exp(0) to the denominator, as in the public code: the longest history of the data decides how many there are.
    case code
  }

  public struct Configuration: Sendable {
    /// Length of a row.
    public var dim = 64
    public var score: ScoreFunction = .cosine
    /// g, in [0, 1].
    public var gate = 0.5
    public var aggregator: Aggregator = .mean
    public var history: HistoryTable = .separate
    public var mask: Mask = .proper
    /// Whether a history leaves out the positive beside the user in training, as the public code does; with it, the target is
    /// among what predicts it.
    public var excludesPositive = true
    /// Items of a history that count, the last ones; all where `nil`.
    public var maximumHistory: Int?
    /// Of tables; matrices start Xavier normal, the bias at 0.
    /// Of the tables; `Initialization.standard(for:)` where `nil`.
    public var initialization: Initialization?
    public var seed: UInt64 = 0

    public init() {}
  }

  public let name = "simplex"
  public let configuration: Configuration
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .scoring
  public var trainedParts: [TrainedPart] = []
  public let userCount: Int
  public let itemCount: Int
  public let trainedParameters: [Parameter]
  let users: Parameter
  let items: Parameter
  let historyItems: Parameter
  /// W_v, `[dim, dim]`.
  let valueWeights: Parameter
  /// W_k `[dim, dim]` and b_k `[1, dim]`.
  let keyWeights: Parameter
  let keyBias: Parameter
  /// w_q, `[1, dim]`.
  let query: Parameter
  let histories: UserHistory

  /// - Parameter train: Whose items make the histories.
  public init(_ configuration: Configuration, train: InteractionMatrix) throws {
    guard (0...1).contains(configuration.gate) else {
      throw TrainingError.setting("simplex: gate is \(configuration.gate); want a number from 0 to 1")
    }
    guard configuration.dim >= 1, configuration.maximumHistory ?? 1 >= 1 else {
      throw TrainingError.setting("simplex: dim and max_history must be at least 1")
    }
    self.configuration = configuration
    userCount = train.userCount
    itemCount = train.itemCount
    histories = UserHistory(train, maximum: configuration.maximumHistory)
    let dim = configuration.dim
    let seed = configuration.seed
    let start = configuration.initialization ?? .standard(for: configuration.score)
    func table(_ name: String, _ owner: Parameter.Owner, _ count: Int, purpose: StaticString) throws -> Parameter {
      let table = try EmbeddingTable(
        rowCount: count, dim: dim, score: configuration.score,
        keepsScale: name == "item" && configuration.score != .dot)
      start.fill(table, columns: dim, RandomStream(seed: seed, purpose: purpose))
      return Parameter(name: name, owner: owner, table: table)
    }
    func matrix(_ name: String, _ rows: Int, purpose: StaticString) throws -> Parameter {
      let stream = RandomStream(seed: seed, purpose: purpose)
      let deviation = (2 / Double(rows + dim)).squareRoot()
      return try Parameter(name: name, owner: .shared, rowCount: rows, columnCount: dim) { row, column in
        name == "key_bias" ? 0 : Float(stream.normal(at: UInt64(row * dim + column)) * deviation)
      }
    }
    users = try table("user", .user, userCount, purpose: "user embeddings")
    items = try table("item", .item, itemCount, purpose: "item embeddings")
    historyItems =
      configuration.history == .shared
      ? items : try table("history", .item, itemCount, purpose: "history embeddings")
    valueWeights = try matrix("value_weights", dim, purpose: "simplex value weights")
    keyWeights = try matrix("key_weights", dim, purpose: "simplex key weights")
    keyBias = try matrix("key_bias", 1, purpose: "simplex key bias")
    query = try matrix("query", 1, purpose: "simplex query")
    var parameters = [users, items]
    if configuration.gate < 1 {
      if configuration.history == .separate { parameters.append(historyItems) }
      parameters.append(valueWeights)
      if configuration.aggregator != .mean { parameters += [keyWeights, keyBias] }
      if configuration.aggregator == .selfAttention { parameters.append(query) }
    }
    trainedParameters = parameters
  }

  public var dim: Int { configuration.dim }
  public var rowWidth: Int { configuration.dim }
  public var scoring: Scoring {
    .factors(
      users: configuration.gate == 1 ? .table(users) : .encoded(self), items: .table(items), configuration.score)
  }
  public var encodesEachRow: Bool { true }

  public func itemEmbeddings() -> [Float] { items.currentValues }

  /// With the whole of each user's history.
  public func userEmbeddings() throws -> [Float] {
    if configuration.gate == 1 { return users.currentValues }
    let reader = ParameterReader.evaluation()
    var rows: [Float] = []
    rows.reserveCapacity(userCount * dim)
    for first in stride(from: 0, to: userCount, by: 256) {
      let block = (first..<min(userCount, first + 256)).map(Int32.init)
      rows += try encode(EncodingRequest(users: block), reader).users!.elements()
    }
    return rows
  }

  public func scores() throws -> ModelScores { .factors(try factorScores()) }

  func factorScores() throws -> FactorScores {
    FactorScores(
      configuration.score, users: try userEmbeddings(), items: itemEmbeddings(), userCount: userCount,
      itemCount: itemCount)
  }
}
