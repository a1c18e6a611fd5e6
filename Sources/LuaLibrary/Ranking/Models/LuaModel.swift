import Platform
import Interactions
import LuaHost
import Ranking
import Tensors

/// A model whose rows, or scores, are computed by a Lua function.
public final class LuaModel: RankingModel, RowEncoder, PairScorer {
  public let name: String
  public let split: Split
  /// How two rows make a score; `nil` where a function of the script does.
  let function: ScoreFunction?
  public private(set) var trainedParameters: [Parameter]
  public let encodesEachRow: Bool
  public private(set) var dim = 0
  /// The parameters whose rows score as they stand, where `encode` gives them.
  private var userTable: Parameter?
  private var itemTable: Parameter?
  public private(set) var boundary: Boundary?
  public var dropout: Schedule = 0
  public var dropoutPlace: DropoutPlace = .scoring
  public var trainedParts: [TrainedPart] = []
  /// What the script's functions give for users and items, and for their rows.
  let encoder: Encoder
  let scorer: Scorer?

  typealias Encoder = (_ users: BatchRows, _ items: BatchRows, _ batch: LuaRecord?, CallPurpose) throws -> (
    users: LuaValue, items: LuaValue
  )
  typealias Scorer = (_ users: Tensor, _ items: Tensor, CallPurpose) throws -> Tensor

  init(
    name: String, split: Split, function: ScoreFunction?, parameters: [Parameter], encodesEachRow: Bool,
    encoder: @escaping Encoder, scorer: Scorer?
  ) {
    self.name = name
    self.split = split
    self.function = function
    self.encodesEachRow = encodesEachRow
    self.encoder = encoder
    self.scorer = scorer
    trainedParameters = parameters
  }

  public var userCount: Int { split.userCount }
  public var itemCount: Int { split.itemCount }
  public var rowWidth: Int { dim }
  public var scoring: Scoring {
    guard let function else { return .pairs(self) }
    func source(_ table: Parameter?) -> RowSource { table.map { .table($0) } ?? .encoded(self) }
    return .factors(users: source(userTable), items: source(itemTable), function)
  }

  // MARK: Trying it out

  /// Encodes one user and one item, to learn the rows' length and which sides are tables, and to find mistakes early.
  func probe() throws {
    let reader = ParameterReader.evaluation()
    let purpose = CallPurpose.encoding(reader, nil)
    let result = try encoded([0], [0], positives: nil, reader, purpose)
    func width(_ value: LuaValue, _ what: String, _ owner: Parameter.Owner) throws -> (Int, Parameter?) {
      if let parameter = value.asObject(Parameter.self) {
        guard parameter.owner == owner else { throw wrongRows(what, "\(parameter)") }
        try checkRows(of: parameter, split)
        guard let function else { return (parameter.columnCount, nil) }
        return (parameter.columnCount, try parameter.scores(with: function).table)
      }
      guard let tensor = value.asObject(Tensor.self) else { throw wrongRows(what, value.typeName) }
      guard tensor.rank == 2, tensor.shape[0] == 1 else { throw wrongRows(what, "a tensor of shape \(tensor.shape)") }
      return (tensor.shape[1], nil)
    }
    let users = try width(result.users, "users", .user)
    let items = try width(result.items, "items", .item)
    if function != nil, users.0 != items.0 {
      throw LuaArgumentError("encode: the users' rows have \(users.0) numbers and the items' \(items.0); want as many")
    }
    dim = users.0
    (userTable, itemTable) = (users.1, items.1)
    if function == nil {
      _ = try scores(ScorePairs(users: [0], items: [0]), result, BatchRowsPair([0], [0]), reader, purpose)
    }
    warnOfStrangers(reader)
  }

  private func wrongRows(_ what: String, _ received: String) -> LuaArgumentError {
    LuaArgumentError(
      "encode: want the rows of the \(what), a tensor [\(what), dim] or a parameter per \(what.dropLast()), got \(received) for one "
        + "of them; return the users' rows and the items'")
  }

  private func warnOfStrangers(_ reader: ParameterReader) {
    for parameter in reader.parameters where !trainedParameters.contains(where: { $0 === parameter }) {
      warn(
        "model '\(name)' reads parameter '\(parameter.name)', which is not in its `parameters`: the optimizer will not move it"
      )
    }
  }

  func addBoundary(_ kind: Boundary.Kind, seed: UInt64) throws {
    let made = try Boundary(kind, dim: dim, userCount: userCount, seed: seed)
    boundary = made
    trainedParameters.append(made.parameter)
  }

  // MARK: Encoding

  struct BatchRowsPair {
    let users: [Int32]
    let items: [Int32]
    init(_ users: [Int32], _ items: [Int32]) {
      self.users = users
      self.items = items
    }
  }

  private func encoded(
    _ users: [Int32], _ items: [Int32], positives: [Int32]?, batch: LuaRecord? = nil, _ reader: ParameterReader,
    _ purpose: CallPurpose
  ) throws -> (users: LuaValue, items: LuaValue) {
    try encoder(
      BatchRows(.user, users, positives: positives, split: split, reader: reader),
      BatchRows(.item, items, split: split, reader: reader), batch, purpose)
  }

  public func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> EncodedRows {
    try naming(request.place) {
      let result = try encoded(request, reader, .encoding(reader, request.evaluations))
      var rows = EncodedRows()
      if userTable == nil { rows.users = try tensor(result.users, "users", request.users.count) }
      if itemTable == nil { rows.items = try tensor(result.items, "items", request.items.count) }
      return rows
    }
  }

  public func scores(_ request: EncodingRequest, _ pairs: ScorePairs, _ reader: ParameterReader) throws -> PairScores {
    try naming(request.place) {
      let purpose = CallPurpose.encoding(reader, request.evaluations)
      let result = try encoded(request, reader, purpose)
      let rows = BatchRowsPair(request.users, request.items)
      return PairScores(try scores(pairs, result, rows, reader, purpose))
    }
  }

  private func encoded(_ request: EncodingRequest, _ reader: ParameterReader, _ purpose: CallPurpose) throws -> (
    users: LuaValue, items: LuaValue
  ) {
    try encoded(
      request.users, request.items, positives: request.positives, batch: request.record, reader, purpose)
  }

  /// Adds to an error of the script where training is.
  private func naming<Result>(_ place: BatchPlace?, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as LuaError where error.kind == .runtime {
      throw place.map { error.adding(" (in the model, epoch \($0.epoch), batch \($0.number))") } ?? error
    }
  }

  private func tensor(_ value: LuaValue, _ what: String, _ count: Int) throws -> Tensor {
    guard let tensor = value.asObject(Tensor.self), tensor.shape == [count, dim] else {
      let got = value.asObject(Tensor.self).map { "shape \($0.shape)" } ?? value.typeName
      throw LuaArgumentError(
        "model '\(name)': encode gave \(got) for the rows of \(count) \(what); want [\(count), \(dim)]")
    }
    return tensor
  }

  private func rows(_ value: LuaValue, _ what: String, _ ids: [Int32], _ reader: ParameterReader) throws -> Tensor {
    if let parameter = value.asObject(Parameter.self) {
      guard parameter.owner.rawValue + "s" == what else { throw wrongRows(what, "\(parameter)") }
      try checkRows(of: parameter, split)
      return try reader.rows(parameter, ids)
    }
    guard let tensor = value.asObject(Tensor.self), tensor.rank == 2, tensor.shape[0] == ids.count else {
      throw wrongRows(what, value.typeName)
    }
    return tensor
  }

  /// `[B, 1 + N]`
  private func scores(
    _ pairs: ScorePairs, _ result: (users: LuaValue, items: LuaValue), _ ids: BatchRowsPair, _ reader: ParameterReader,
    _ purpose: CallPurpose
  ) throws -> Tensor {
    let users = try rows(result.users, "users", ids.users, reader)
    let items = try rows(result.items, "items", ids.items, reader)
    let (count, width) = (pairs.users.count, pairs.items.count / max(1, pairs.users.count))
    return try score(
      users.gather(pairs.users).reshaped([count, 1, users.shape[1]]),
      items.gather(pairs.items).reshaped([count, width, items.shape[1]]), [count, width], purpose)
  }

  /// Scores of rows as parameters stand now.
  func score(_ users: Tensor, _ items: Tensor, _ shape: [Int]) throws -> Tensor {
    try score(users, items, shape, .encoding(.evaluation(), nil))
  }

  private func score(_ users: Tensor, _ items: Tensor, _ shape: [Int], _ purpose: CallPurpose) throws -> Tensor {
    let scores = try scorer!(users, items, purpose)
    guard scores.shape == shape else {
      throw LuaArgumentError(
        "model '\(name)': score gave shape \(scores.shape) for users \(users.shape) and items \(items.shape); want \(shape)"
      )
    }
    return scores
  }

  // MARK: Evaluation

  /// Rows of all users and items as parameters stand now.
  func allRows() throws -> (users: Tensor, items: Tensor) {
    let reader = ParameterReader.evaluation()
    let (users, items) = ((0..<userCount).map(Int32.init), (0..<itemCount).map(Int32.init))
    return try withoutGradient {
      let result = try encoded(users, items, positives: nil, reader, .encoding(reader, nil))
      return (try rows(result.users, "users", users, reader), try rows(result.items, "items", items, reader))
    }
  }

  public func userEmbeddings() throws -> [Float] { try allRows().users.elements() }
  public func itemEmbeddings() throws -> [Float] { try allRows().items.elements() }

  public func scores() throws -> ModelScores {
    let rows = try allRows()
    guard let function else { return .source(try LuaScores(self, users: rows.users, items: rows.items)) }
    return .factors(
      FactorScores(
        function, users: try rows.users.elements(), items: try rows.items.elements(), userCount: userCount,
        itemCount: itemCount))
  }
}

/// The scores that a function of a script makes of rows.
private struct LuaScores: ScoreSource {
  private let model: LuaModel
  private let users: Tensor
  /// `[1, itemCount, dim]`
  private let items: Tensor
  let userCount: Int
  let itemCount: Int

  init(_ model: LuaModel, users: Tensor, items: Tensor) throws {
    self.model = model
    self.users = users
    self.items = try items.reshaped([1, model.itemCount, items.shape[1]])
    (userCount, itemCount) = (model.userCount, model.itemCount)
  }

  func scores(users: ArraySlice<Int32>, into scores: UnsafeMutableBufferPointer<Float>) throws {
    for (place, user) in users.enumerated() {
      try write(user, items, to: scores.baseAddress! + place * itemCount)
    }
  }

  func scores(user: Int32, items chosen: [Int32]) throws -> [Float] {
    let rows = try items.reshaped([itemCount, items.shape[2]]).gather(chosen.map(Int.init))
    var scores = [Float](repeating: .nan, count: chosen.count)
    try scores.withUnsafeMutableBufferPointer {
      try write(user, rows.reshaped([1, chosen.count, items.shape[2]]), to: $0.baseAddress!)
    }
    return scores
  }

  private func write(_ user: Int32, _ items: Tensor, to target: UnsafeMutablePointer<Float>) throws {
    let row = try users.gather([Int(user)]).reshaped([1, 1, users.shape[1]])
    let scores = try withoutGradient { try model.score(row, items, [1, items.shape[1]]) }
    try scores.withElements { target.update(from: $0.baseAddress!, count: $0.count) }
  }
}

/// A parameter of users or items must have a row for each of a split's: it may have been made for other data.
func checkRows(of parameter: Parameter, _ split: Split) throws {
  let count = parameter.owner == .user ? split.userCount : split.itemCount
  guard parameter.owner == .shared || parameter.rowCount == count else {
    throw LuaArgumentError(
      "parameter '\(parameter.name)' has \(parameter.rowCount) rows, and the model's data has \(count) \(parameter.owner.rawValue)s; "
        + "make both with the same `data`")
  }
}

extension EncodingRequest {
  /// Where training is, as `encode` sees it; `nil` at evaluation.
  fileprivate var record: LuaRecord? {
    guard let place else { return nil }
    // The native models' own numbers come from the stream itself.
    return [
      "epoch": place.epoch, "number": place.number, "stream": stream.map { BatchStream($0.substream(1 << 40)) },
    ]
  }
}
