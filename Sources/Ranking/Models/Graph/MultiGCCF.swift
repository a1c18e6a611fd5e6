import Interactions
import Tensors

/// Multi-GCCF: a user's row is made of the user's own, of the items that the user has and of similar users; an item's likewise.
///
/// Sun et al., "Multi-Graph Convolution Collaborative Filtering", ICDM 2019, with one layer, as TIL (section 5.4) compares with it:
///
///     h_u = tanh([e_u ; mean e_i, i in N(u)] W_user)        e_i of the items that the user has
///     z_u = tanh((Σ e_v, v in N'(u)) M_user)                N': the nearest users by cosine of their train rows
///     s_u = tanh(e_u S_user)
///     out_u = h_u + z_u + s_u
///
/// Departs from the paper where TIL leaves it open: all neighbors count, none is sampled; the items' rows are averaged without a layer
/// of their own before; nothing is dropped unless `dropout` says so. Items have weights of their own. A node without neighbors has 0
/// in their place. The L2 scopes that count rows count the rows that come out.
public final class MultiGCCF: RankingModel, RowEncoder {
  public struct Configuration: Sendable {
    /// Length of a row.
    public var dim = 64
    public var score: ScoreFunction = .dot
    /// Of each user among users, of each item among items.
    public var neighbors = 10
    /// Of the tables: normal with deviation 0.1 where `nil`. The weights start Xavier uniform.
    public var initialization: Initialization?
    /// As for `MatrixFactorization`, of the rows that come out.
    public var boundary: Boundary.Kind?
    public var seed: UInt64 = 0

    public init() {}
  }

  public let name = "mgccf"
  public let configuration: Configuration
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .scoring
  public var trainedParts: [TrainedPart] = []
  public let userCount: Int
  public let itemCount: Int
  public let trainedParameters: [Parameter]
  public let boundary: Boundary?
  private let users: Side
  private let items: Side

  /// What one side's rows are made of.
  private struct Side {
    let table: Parameter
    /// The other side's nodes that each node has, and the nodes like it.
    let partners: NodeLists
    let neighbors: NodeLists
    /// W `[2 dim, dim]`, M and S `[dim, dim]`.
    let graphWeights: Parameter
    let neighborWeights: Parameter
    let ownWeights: Parameter

    var parameters: [Parameter] { [table, graphWeights, neighborWeights, ownWeights] }
    var byteCount: Int { partners.byteCount + neighbors.byteCount }

    init(_ table: Parameter, _ partners: NodeLists, _ neighbors: NodeLists, seed: UInt64) throws {
      self.table = table
      self.partners = partners
      self.neighbors = neighbors
      let (dim, side) = (table.columnCount, table.owner == .user ? 0 : 1)
      func matrix(_ what: String, _ rows: Int, _ purpose: StaticString) throws -> Parameter {
        try Parameter(
          name: "\(table.name)_\(what)_weights", owner: .shared, rowCount: rows, columnCount: dim,
          initialization: .drawn(.xavierUniform), stream: RandomStream(seed: seed, purpose: purpose, side))
      }
      graphWeights = try matrix("graph", 2 * dim, "mgccf graph weights")
      neighborWeights = try matrix("neighbor", dim, "mgccf neighbor weights")
      ownWeights = try matrix("own", dim, "mgccf own weights")
    }
  }

  /// - Parameter train: Whose pairs are the edges, and whose rows are compared.
  /// - Throws: `TrainingError` for settings that mean nothing, `MemoryError`.
  public convenience init(_ configuration: Configuration, train: InteractionMatrix) throws {
    guard configuration.neighbors >= 1 else {
      throw TrainingError.setting("mgccf: neighbors is \(configuration.neighbors); want at least 1")
    }
    let (itemsOfUsers, usersOfItems) = Self.lists(of: train)
    let count = configuration.neighbors
    try self.init(
      configuration, train: train,
      neighbors: (
        users: .nearest(count, partners: itemsOfUsers, owners: usersOfItems),
        items: .nearest(count, partners: usersOfItems, owners: itemsOfUsers)
      ))
  }

  /// - Parameter neighbors: Similar users and similar items.
  init(_ configuration: Configuration, train: InteractionMatrix, neighbors: (users: NodeLists, items: NodeLists)) throws
  {
    guard configuration.dim >= 1 else {
      throw TrainingError.setting("mgccf: dim is \(configuration.dim); want at least 1")
    }
    self.configuration = configuration
    (userCount, itemCount) = (train.userCount, train.itemCount)
    let (itemsOfUsers, usersOfItems) = Self.lists(of: train)
    let tables = try Parameter.embeddings(
      of: train, dim: configuration.dim, start: configuration.initialization ?? .normal(standardDeviation: 0.1),
      seed: configuration.seed)
    users = try Side(tables.users, itemsOfUsers, neighbors.users, seed: configuration.seed)
    items = try Side(tables.items, usersOfItems, neighbors.items, seed: configuration.seed)
    boundary = try configuration.boundary.map {
      try Boundary($0, dim: configuration.dim, userCount: train.userCount, seed: configuration.seed)
    }
    trainedParameters = users.parameters + items.parameters + (boundary.map { [$0.parameter] } ?? [])
  }

  private static func lists(of train: InteractionMatrix) -> (itemsOfUsers: NodeLists, usersOfItems: NodeLists) {
    let turned = train.transposed()
    return (
      NodeLists(offsets: train.rowOffsets, members: train.items),
      NodeLists(offsets: turned.rowOffsets, members: turned.items)
    )
  }

  /// Rows of which the others are made.
  var tables: (users: Parameter, items: Parameter) { (users.table, items.table) }

  public var dim: Int { configuration.dim }
  public var rowWidth: Int { configuration.dim }
  public var scoring: Scoring { .factors(users: .encoded(self), items: .encoded(self), configuration.score) }
  public var encodesEachRow: Bool { false }
  public var countedRows: CountedRows? { .computed }
  public var workingBytes: Int { users.byteCount + items.byteCount }

  // MARK: Rows

  public func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> EncodedRows {
    EncodedRows(
      users: try rows(users, request.users, partners: items.table, reader),
      items: try rows(items, request.items, partners: users.table, reader))
  }

  /// `[nodes, dim]`
  private func rows(_ side: Side, _ nodes: [Int32], partners: Parameter, _ reader: ParameterReader) throws -> Tensor {
    let own = try reader.rows(side.table, nodes)
    let mean = try sums(side.partners, nodes, partners, isMean: true, reader)
    let similar = try sums(side.neighbors, nodes, side.table, isMean: false, reader)
    let graph = try Tensor.concatenate([own, mean], axis: 1).matrixProduct(reader.all(side.graphWeights)).tanh()
    let neighbors = try similar.matrixProduct(reader.all(side.neighborWeights)).tanh()
    return try graph + neighbors + own.matrixProduct(reader.all(side.ownWeights)).tanh()
  }

  /// For each node the sum, or the mean, of the rows of a table that its list names; 0 for an empty list.
  private func sums(
    _ lists: NodeLists, _ nodes: [Int32], _ table: Parameter, isMean: Bool, _ reader: ParameterReader
  ) throws -> Tensor {
    var members: [Int32] = []
    var owners: [Int32] = []
    var weights: [Float] = []
    for (place, node) in nodes.enumerated() {
      let list = lists.list(node)
      members += list
      owners += repeatElement(Int32(truncatingIfNeeded: place), count: list.count)
      weights += repeatElement(isMean ? 1 / Float(list.count) : 1, count: list.count)
    }
    guard !members.isEmpty else { return try Tensor.zeros([nodes.count, dim]) }
    // A row is in many lists, and is read once.
    var distinct = RowGroups(rowCount: table.rowCount)
    members.withUnsafeBufferPointer { distinct.group($0.baseAddress!, count: $0.count) }
    let pairs = try RowPairs(
      Segments(owners, count: nodes.count), Segments(distinct.slots, count: distinct.rows.count))
    return try Tensor.pairSums(Tensor(weights), reader.rows(table, distinct.rows), pairs)
  }

  // MARK: Evaluation

  /// A number of nodes at a time, so that what is recorded for none of them need not fit into memory at once.
  private func allRows(_ side: Side, partners: Parameter) throws -> [Float] {
    let reader = ParameterReader.evaluation()
    var rows: [Float] = []
    rows.reserveCapacity(side.table.rowCount * dim)
    for first in stride(from: 0, to: side.table.rowCount, by: 1024) {
      let block = (first..<min(side.table.rowCount, first + 1024)).map(Int32.init)
      rows += try self.rows(side, block, partners: partners, reader).elements()
    }
    return rows
  }

  public func userEmbeddings() throws -> [Float] { try allRows(users, partners: items.table) }
  public func itemEmbeddings() throws -> [Float] { try allRows(items, partners: users.table) }

  public func scores() throws -> ModelScores {
    .factors(
      FactorScores(
        configuration.score, users: try userEmbeddings(), items: try itemEmbeddings(), userCount: userCount,
        itemCount: itemCount))
  }
}
