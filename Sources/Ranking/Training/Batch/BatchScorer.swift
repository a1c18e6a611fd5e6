import Interactions
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

  /// See `SamplingContext.firstViolators`.
  func firstViolators(_ search: ViolatorSearch) throws -> Violators {
    let factors: BatchFactors
    switch step.model.scoring {
    case .pairs(let scorer): return try firstPairViolators(scorer, search)
    case .factors(let userSource, let itemSource, let function):
      factors = try self.factors(userSource, itemSource, function)
    }
    var found = Violators(rowCount: rowCount)
    found.items.withUnsafeMutableBufferPointer { items in
      found.trials.withUnsafeMutableBufferPointer { trials in
        if let motion = factors.items.idleMotion {
          findInMotion(search, factors, motion, items.baseAddress!, trials.baseAddress!)
        } else {
          find(search, factors, items.baseAddress!, trials.baseAddress!)
        }
      }
    }
    return found
  }

  /// Rows that a task searches.
  private static let rowsOfSearch = 32

  private func find(
    _ search: ViolatorSearch, _ factors: BatchFactors, _ items: UnsafeMutablePointer<Int32>,
    _ trials: UnsafeMutablePointer<Int32>
  ) {
    search.known.rowOffsets.withUnsafeBufferPointer { offsets in
      search.known.items.withUnsafeBufferPointer { known in
        var kernelSearch = factors.search
        kernelSearch.positives = UnsafePointer(memory.items.base)
        kernelSearch.width = Int64(memory.width)
        kernelSearch.margin = search.margin
        kernelSearch.known_users = UnsafePointer(memory.users.base)
        kernelSearch.known_offsets = offsets.baseAddress
        kernelSearch.known = known.baseAddress
        kernelSearch.key = search.stream.key
        kernelSearch.first_place = UInt64(search.firstPlace)
        kernelSearch.bound = UInt32(search.known.itemCount)
        kernelSearch.trials = Int64(search.trials)
        withUnsafePointer(to: kernelSearch) { kernelSearch in
          let shared = Shared((search: kernelSearch, items: items, trials: trials))
          step.pool.run(count: rowCount, grain: Self.rowsOfSearch) { rows in
            kernel_find_violators(
              shared.value.search, Int64(rows.lowerBound), Int64(rows.upperBound), shared.value.items,
              shared.value.trials)
          }
        }
      }
    }
  }

  private func findInMotion(
    _ search: ViolatorSearch, _ factors: BatchFactors, _ motion: IdleMotion, _ items: UnsafeMutablePointer<Int32>,
    _ trials: UnsafeMutablePointer<Int32>
  ) {
    let shared = Shared(
      (
        factors: factors, motion: motion, users: memory.users.base, positives: memory.items.base, items: items,
        trials: trials
      ))
    let width = memory.width
    step.pool.run(count: rowCount, grain: Self.rowsOfSearch) { rows in
      for row in rows {
        let user = Int(shared.value.users[row])
        let place = shared.value.factors.firstInMotion(
          shared.value.motion, row, positive: shared.value.positives[row * width], margin: search.margin,
          trials: search.trials
        ) {
          search.candidate(row, $0)
        } accepts: {
          !search.known.contains(user: user, item: $0)
        }
        shared.value.items[row] = search.candidate(row, place ?? search.trials - 1)
        shared.value.trials[row] = Int32(place.map { $0 + 1 } ?? 0)
      }
    }
  }

  // MARK: Rows

  private func factors(_ users: RowSource, _ items: RowSource, _ function: ScoreFunction) throws -> BatchFactors {
    if let factors { return factors }
    // Most models have tables on both sides: nothing is asked for then.
    let hasEncoder = users.encoder != nil || items.encoder != nil
    let computed = hasEncoder ? try computedRows(users, items) : (users: nil, items: nil, userSlots: [])
    let itemTable = try items.table?.table ?? table(computed.items!, function)
    let made: BatchFactors
    if let parameter = users.table {
      step.catchUpUsers(parameter)
      made = try factors(of: parameter, itemTable, function)
    } else {
      let width = step.model.rowWidth
      made = try computed.users!.contiguous().withElements { rows in
        try BatchFactors(function, rowCount: rowCount, width: width, items: itemTable) {
          rows.baseAddress! + computed.userSlots[$0] * width
        }
      }
    }
    made.bounds = items.table?.bounds
    factors = made
    return made
  }

  private func factors(of users: Parameter, _ items: EmbeddingTable, _ function: ScoreFunction) throws -> BatchFactors {
    let width = step.model.rowWidth
    guard function != .dot else {
      return BatchFactors(inPlace: users.table, rows: memory.users.base, width: width, items: items)
    }
    return try BatchFactors(function, rowCount: rowCount, width: width, items: items) {
      UnsafePointer(users.values + Int(memory.users[$0]) * users.rowStride)
    }
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
  private func firstPairViolators(_ scorer: any PairScorer, _ search: ViolatorSearch) throws -> Violators {
    var found = Violators(rowCount: rowCount)
    var looking = Array(0..<rowCount)
    let positives = try pairScores(scorer, looking, looking.map { memory.items[$0 * memory.width] }, columns: 1)
    for trial in 0..<search.trials where !looking.isEmpty {
      for row in looking { found.items[row] = search.candidate(row, trial) }
      let scores = try pairScores(scorer, looking, looking.map { found.items[$0] }, columns: 1)
      for (place, row) in looking.enumerated()
      where scores[place] > positives[row] - search.margin
        && !search.known.contains(user: Int(memory.users[row]), item: found.items[row])
      {
        found.trials[row] = Int32(trial + 1)
      }
      looking.removeAll { found.trials[$0] != 0 }
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
