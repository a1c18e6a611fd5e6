import Tensors

/// A table of users' and a table of items' embeddings that meet in a network.
struct EmbeddingPair {
  /// `[userCount, dim]`
  let users: Parameter
  /// `[itemCount, dim]`
  let items: Parameter

  /// - Parameters:
  ///   - prefix: The parameters are `PREFIXuser` and `PREFIXitem`.
  ///   - number: Sets apart the first values of a network's pairs.
  init(_ configuration: NeuralConfiguration, dim: Int, prefix: String = "", number: Int = 0) throws {
    func table(_ name: String, _ owner: Parameter.Owner, _ count: Int, _ purpose: StaticString) throws -> Parameter {
      let table = try EmbeddingTable(rowCount: count, dim: dim, score: .dot, keepsScale: false)
      configuration.initialization.fill(
        table, columns: dim, RandomStream(seed: configuration.seed, purpose: purpose, number))
      return Parameter(name: prefix + name, owner: owner, table: table)
    }
    users = try table("user", .user, configuration.userCount, "user embeddings")
    items = try table("item", .item, configuration.itemCount, "item embeddings")
  }

  var dim: Int { users.columnCount }
  var parameters: [Parameter] { [users, items] }

  func setValues(of other: EmbeddingPair) throws {
    try users.setValues(other.users.currentValues)
    try items.setValues(other.items.currentValues)
  }

  /// The rows of a batch's pairs.
  ///
  /// - Parameter products: Whether items only meet users in `PairRows.products`.
  func rows(
    _ request: EncodingRequest, _ pairs: ScorePairs, _ reader: ParameterReader, _ dropout: BatchDropout,
    products: Bool = false
  ) throws -> PairRows {
    try PairRows(
      users: reader.rows(users, request.users), items: reader.rows(items, request.items), pairs: pairs,
      dropout: dropout, products: products)
  }
}
