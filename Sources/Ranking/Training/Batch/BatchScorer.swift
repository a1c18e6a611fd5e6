import Kernels
import Platform
import Tensors

/// Scores the users of a batch with any items, as the model stands before the batch: with what rows without a gradient have moved, and
/// without dropout. For samplers that look for hard negatives.
///
/// Rows of tables are scored where they are, rows that the model computes are computed once a batch, those of all items too. A model
/// that computes scores is asked for all pairs at once.
final class BatchScorer {
  let step: TrainingStep
  let batch: TrainingStep.Batch
  let memory: BatchMemory
  private var factors: BatchFactors?
  /// What samplers have read of this batch: see `userRows`.
  var readUsers: UserRows?
  var readItems: RowBlock?

  init(_ step: TrainingStep, _ batch: TrainingStep.Batch, _ memory: BatchMemory) {
    self.step = step
    self.batch = batch
    self.memory = memory
  }

  var rowCount: Int { batch.rowCount }

  /// `[B, columns]`, of a row's user with items of its own.
  func scores(of items: [Int32], columns: Int) throws -> [Float] {
    precondition(items.count == rowCount * columns)
    let factors: BatchFactors
    switch step.model.scoring {
    case .pairs(let scorer):
      return try checked(pairScores(scorer, Array(0..<rowCount), items, columns: columns), items, columns)
    case .factors(let userSource, let itemSource, let function):
      factors = try self.factors(userSource, itemSource, function)
      if let table = itemSource.table { items.withUnsafeBufferPointer { step.catchUpItems(table, $0) } }
    }
    let result = [Float](unsafeUninitializedCapacity: items.count) { result, filled in
      items.withUnsafeBufferPointer { items in
        let shared = Shared((factors: factors, items: items.baseAddress!, result: result.baseAddress!))
        step.pool.run(count: rowCount, grain: 16) { rows in
          for row in rows {
            shared.value.factors.score(
              row, shared.value.items + row * columns, columns, shared.value.result + row * columns)
          }
        }
      }
      filled = items.count
    }
    return try checked(result, items, columns)
  }

  /// A sampler that ranks by NaN would draw what nobody meant.
  private func checked(_ scores: [Float], _ items: [Int32], _ columns: Int) throws -> [Float] {
    guard let place = scores.firstIndex(where: \.isNaN) else { return scores }
    throw TrainingError(
      .notFinite,
      "the model's score of user number \(memory.users[place / columns] + 1) for item number \(items[place] + 1) is nan at epoch "
        + "\(batch.place.epoch), batch \(batch.place.number): a sampler cannot choose by it; nothing was changed by this batch. Try a "
        + "lower rate, or gradient clipping (clip = 10)")
  }

  func firstAbove(
    margin: Float, candidates: [Int32], columns: Int, accepts: @Sendable (_ user: Int32, _ item: Int32) -> Bool
  ) throws -> [Int?] {
    let factors: BatchFactors
    switch step.model.scoring {
    case .pairs(let scorer): return try firstPairAbove(scorer, margin, candidates, columns, accepts)
    case .factors(let userSource, let itemSource, let function):
      factors = try self.factors(userSource, itemSource, function)
    }
    let users = memory.users.base
    let positives = (0..<rowCount).map { memory.items[$0 * memory.width] }
    return [Int?](unsafeUninitializedCapacity: rowCount) { result, filled in
      candidates.withUnsafeBufferPointer { candidates in
        let shared = Shared(
          (
            factors: factors, users: users, positives: positives, candidates: candidates.baseAddress!,
            result: result.baseAddress!
          ))
        withoutActuallyEscaping(accepts) { accepts in
          step.pool.run(count: rowCount, grain: 16) { rows in
            for row in rows {
              let user = shared.value.users[row]
              let found = shared.value.factors.firstAbove(
                row, positive: shared.value.positives[row], margin: margin,
                candidates: shared.value.candidates + row * columns, count: columns
              ) { accepts(user, $0) }
              (shared.value.result + row).initialize(to: found)
            }
          }
        }
      }
      filled = rowCount
    }
  }

  // MARK: Rows

  private func factors(_ users: RowSource, _ items: RowSource, _ function: ScoreFunction) throws -> BatchFactors {
    if let factors { return factors }
    let computed = try computedRows(users, items)
    let made = try BatchFactors(
      function, rowCount: rowCount, width: step.model.rowWidth,
      items: try items.table?.table ?? table(computed.items!, function))
    if let parameter = users.table {
      step.catchUpUsers(parameter)
      made.load { parameter.values + Int(self.memory.users[$0]) * parameter.rowStride }
    } else {
      try computed.users!.contiguous().withElements { rows in
        made.load { rows.baseAddress! + computed.userSlots[$0] * made.width }
      }
    }
    made.bounds = items.table?.bounds
    factors = made
    return made
  }

  private func table(_ rows: Tensor, _ function: ScoreFunction) throws -> EmbeddingTable {
    let table = try EmbeddingTable(
      rowCount: step.itemCount, dim: step.model.rowWidth, score: function, keepsScale: function != .dot)
    try table.load(rows)
    return table
  }

  /// The batch's users' rows and all items', where they are computed, and which of the users' rows each row of the batch has.
  private func computedRows(_ users: RowSource, _ items: RowSource) throws -> (
    users: Tensor?, items: Tensor?, userSlots: [Int]
  ) {
    var (request, slots) = request(Array(0..<rowCount), eachRow: users.encoder?.encodesEachRow ?? false)
    if users.encoder == nil { request.users = [] }
    let isShared = users.encoder === items.encoder
    if isShared { request.items = allItems }
    var rows = try users.encoder.map { try encode($0, request) } ?? EncodedRows()
    if let encoder = items.encoder, !isShared {
      var request = self.request([], eachRow: false).request
      request.items = allItems
      rows.items = try encode(encoder, request).items
    }
    if users.encoder != nil { try check(rows.users, "users' rows", [request.users.count, step.model.rowWidth]) }
    if items.encoder != nil { try check(rows.items, "items' rows", [step.itemCount, step.model.rowWidth]) }
    return (rows.users, rows.items, slots)
  }

  var allItems: [Int32] { (0..<Int32(step.itemCount)).map { $0 } }

  func check(_ tensor: Tensor?, _ what: String, _ shape: [Int]) throws {
    guard tensor?.shape == shape else {
      throw TrainingError.setting(
        "model '\(step.model.name)': the \(what) for a sampler have shape \(tensor.map { "\($0.shape)" } ?? "none"); want \(shape)"
      )
    }
  }

  /// Asks for some rows of the batch, without dropout, and says which of the request's users each has.
  func request(_ rows: [Int], eachRow: Bool) -> (request: EncodingRequest, slots: [Int]) {
    let users = rows.map { memory.users[$0] }
    let distinct = Distinct(users)
    var request = EncodingRequest(
      users: eachRow ? users : distinct.values,
      positives: eachRow ? rows.map { memory.items[$0 * memory.width] } : nil)
    request.place = batch.place
    request.evaluations = batch.evaluations
    return (request, eachRow ? Array(rows.indices) : distinct.slots)
  }

  /// Reads parameters as the batch will, and records nothing.
  func encode(_ encoder: any RowEncoder, _ request: EncodingRequest) throws -> EncodedRows {
    try withoutGradient { try encoder.encode(request, ParameterReader.training(pool: step.pool)) }
  }

  // MARK: Models that compute scores

  /// `[rows, columns]`, of some rows of the batch.
  private func pairScores(_ scorer: any PairScorer, _ rows: [Int], _ items: [Int32], columns: Int) throws -> [Float] {
    var (request, slots) = request(rows, eachRow: false)
    let distinct = Distinct(items)
    request.items = distinct.values
    let pairs = ScorePairs(users: slots, items: distinct.slots)
    let scores = try withoutGradient {
      try scorer.scores(request, pairs, ParameterReader.training(pool: step.pool)).scores
    }
    try check(scores, "scores", [rows.count, columns])
    return try scores.elements()
  }

  /// Round by round, so that no score is computed beyond a row's first: one candidate of every row that still looks for it.
  private func firstPairAbove(
    _ scorer: any PairScorer, _ margin: Float, _ candidates: [Int32], _ columns: Int,
    _ accepts: (_ user: Int32, _ item: Int32) -> Bool
  ) throws -> [Int?] {
    var found = [Int?](repeating: nil, count: rowCount)
    var looking = Array(0..<rowCount)
    let positives = try pairScores(scorer, looking, looking.map { memory.items[$0 * memory.width] }, columns: 1)
    for trial in 0..<columns where !looking.isEmpty {
      let items = looking.map { candidates[$0 * columns + trial] }
      let scores = try pairScores(scorer, looking, items, columns: 1)
      for (place, row) in looking.enumerated()
      where scores[place] > positives[row] - margin && accepts(memory.users[row], items[place]) {
        found[row] = trial
      }
      looking.removeAll { found[$0] != nil }
    }
    return found
  }
}

/// The different numbers of a list in the order of their first appearance, and which of them each entry is.
private struct Distinct {
  private(set) var values: [Int32] = []
  let slots: [Int]

  init(_ list: [Int32]) {
    var places: [Int32: Int] = [:]
    var values: [Int32] = []
    slots = list.map { number in
      if let place = places[number] { return place }
      places[number] = values.count
      values.append(number)
      return values.count - 1
    }
    self.values = values
  }
}
