import Tensors

@testable import Ranking

/// Matrix factorization of which each side is a table whose rows score, or is computed for the batch as those rows times 1: all
/// ways must train alike.
final class IdentityModel: RankingModel, RowEncoder {
  /// Which sides are computed.
  struct Sides: Sendable, CustomStringConvertible {
    var users = false
    var items = false
    /// A user's row is computed for each row of the batch.
    var eachRow = false

    static let all = [
      Sides(), Sides(users: true), Sides(items: true), Sides(users: true, items: true),
      Sides(users: true, eachRow: true), Sides(users: true, items: true, eachRow: true),
    ]

    var description: String {
      let computed = [users ? (eachRow ? "each row's user" : "users") : nil, items ? "items" : nil].compactMap { $0 }
      return computed.isEmpty ? "tables" : computed.joined(separator: " and ")
    }
  }

  let name = "identity"
  let userCount: Int
  let itemCount: Int
  let dim: Int
  let score: ScoreFunction
  let sides: Sides
  let encodesEachRow: Bool
  let boundary: Boundary?
  let users: Parameter
  let items: Parameter
  var dropout: Schedule = 0
  var dropoutPlace = DropoutPlace.scoring
  var trainedParts: [TrainedPart] = []

  init(
    users userCount: Int, items itemCount: Int, dim: Int, score: ScoreFunction, sides: Sides,
    boundary kind: Boundary.Kind? = nil, seed: UInt64 = 1
  ) throws {
    func parameter(_ name: String, _ owner: Parameter.Owner, _ rows: Int) throws -> Parameter {
      let stream = RandomStream(seed: seed, purpose: "rows", owner == .user ? 1 : 2)
      return try Parameter(name: name, owner: owner, rowCount: rows, columnCount: dim) { row, column in
        Float(stream.uniformDouble(at: UInt64(row * dim + column)) * 1.6 - 0.8)
      }
    }
    (self.userCount, self.itemCount, self.dim, self.score) = (userCount, itemCount, dim, score)
    users = try parameter("users", .user, userCount)
    items = try parameter("items", .item, itemCount)
    self.sides = sides
    if !sides.users { _ = try users.scores(with: score) }
    if !sides.items { _ = try items.scores(with: score) }
    encodesEachRow = sides.eachRow
    boundary = try kind.map { try Boundary($0, dim: dim, userCount: userCount, seed: seed) }
  }

  var rowWidth: Int { dim }
  var scoring: Scoring {
    .factors(
      users: sides.users ? .encoded(self) : .table(users), items: sides.items ? .encoded(self) : .table(items), score)
  }
  var trainedParameters: [Parameter] { [users, items] + (boundary.map { [$0.parameter] } ?? []) }

  func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> EncodedRows {
    var encoding = EncodedRows()
    if sides.users { encoding.users = try reader.rows(users, request.users) * 1 }
    if sides.items { encoding.items = try reader.rows(items, request.items) * 1 }
    return encoding
  }

  func userEmbeddings() -> [Float] { users.currentValues }
  func itemEmbeddings() -> [Float] { items.currentValues }
  func scores() -> ModelScores { .factors(factorScores()) }
  func factorScores() -> FactorScores {
    FactorScores(
      score, users: users.currentValues, items: items.currentValues, userCount: userCount,
      itemCount: itemCount)
  }
}
