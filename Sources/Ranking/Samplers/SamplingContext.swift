import Interactions
import Platform
import Tensors

/// What a sampler may look at before it draws: the batch, and the model as it stands before it.
///
/// Rows that are read are brought up to date first, so that what an optimizer does to rows without a gradient is in them. Valid until
/// `refresh` returns.
public struct SamplingContext {
  /// The epoch, the step and what was measured so far, for schedules.
  public let position: TrainingPosition
  /// The batch in its epoch.
  public let place: BatchPlace
  /// The epoch's stream: numbers of row b begin at `NegativeDraw.position(b)`. A sampler that wants others takes a substream of a
  /// positive number; negative ones are a mixture's.
  public let stream: RandomStream
  /// Negatives that will be drawn for each row, at most.
  public let count: Int
  /// Whether a `ProposalSampler` will be asked for the total of its proposal: as part of a mixture.
  public let wantsTotals: Bool
  private let batch: NegativeDraw
  private let scorer: BatchScorer
  private let pool: ThreadPool

  init(
    position: TrainingPosition, place: BatchPlace, batch: NegativeDraw, scorer: BatchScorer, pool: ThreadPool
  ) {
    self.init(position, place, batch.stream, batch.count, wantsTotals: false, batch, scorer, pool)
  }

  private init(
    _ position: TrainingPosition, _ place: BatchPlace, _ stream: RandomStream, _ count: Int, wantsTotals: Bool,
    _ batch: NegativeDraw, _ scorer: BatchScorer, _ pool: ThreadPool
  ) {
    self.position = position
    self.place = place
    self.stream = stream
    self.count = count
    self.wantsTotals = wantsTotals
    self.batch = batch
    self.scorer = scorer
    self.pool = pool
  }

  /// Positives in the batch, B.
  public var rowCount: Int { batch.rowCount }
  /// The place in the epoch of the batch's row 0.
  public var firstPlace: Int { batch.firstPlace }
  /// Dense user of each row, `[B]`.
  public var users: [Int32] { (0..<rowCount).map { batch.users[$0] } }
  /// Dense positive of each row, `[B]`.
  public var positives: [Int32] { (0..<rowCount).map { batch.positive($0) } }

  // MARK: The model

  /// The score of each row's user for items of its own, `[B, columns]`, as evaluation would score them now.
  ///
  /// - Parameter items: Dense items, `[B, columns]`.
  /// - Throws: What the model's encoding throws; `TrainingError` for a score that is NaN.
  public func scores(of items: [Int32], columns: Int) throws -> [Float] {
    try scorer.scores(of: items, columns: columns)
  }

  /// For each row the first of its candidates that scores above the positive's score - margin and that its user does not have.
  /// Candidates are uniform over the items of `known`, the numbers that `UniformSampler` draws from `stream`. None is drawn or scored
  /// beyond it.
  ///
  /// - Parameters:
  ///   - trials: Candidates of a row, at most.
  ///   - known: What users have.
  func firstViolators(margin: Float, trials: Int, known: InteractionMatrix, stream: RandomStream) throws -> Violators {
    try scorer.firstViolators(
      ViolatorSearch(margin: margin, trials: trials, known: known, stream: stream, firstPlace: firstPlace))
  }

  /// The rows of the batch's users as they score now, each user once; of a model that gives each row of the batch a user's row of its
  /// own, those of all rows.
  ///
  /// - Parameter sampler: Who reads them, for messages.
  /// - Throws: `TrainingError` for a model whose scores are not inner products of two rows; what the model's encoding throws.
  /// - Complexity: O(users of the batch) rows, once a batch.
  public func userRows(for sampler: any Sampler) throws -> UserRows { try scorer.userRows(for: sampler.name) }

  /// The rows of all items as they score now.
  ///
  /// - Throws: As `userRows`.
  /// - Complexity: O(items) rows, once a batch; nothing where the table's own rows are current.
  public func itemRows(for sampler: any Sampler) throws -> RowBlock { try scorer.itemRows(for: sampler.name) }

  /// The numbers of a parameter as they stand before the batch, row major.
  func values(of parameter: Parameter) throws -> [Float] {
    ParameterReader.training(pool: pool).withAllRows(of: parameter) { rows, _ in parameter.table.compactValues(rows) }
  }

  /// Whose batches these are: what a sampler remembers of another training means nothing here.
  var training: AnyObject { scorer.step }
  var itemCount: Int { scorer.step.itemCount }

  /// Runs what a sampler computes in `refresh`.
  var threads: ThreadPool { pool }

  // MARK: Drawing in refresh

  /// What another sampler draws for the rows of the batch, `[B, count]`.
  func draw(_ sampler: any Sampler, count: Int, stream: RandomStream) throws -> [Int32] {
    let size = try Memory.count(
      rowCount, count + 1, of: Int32.self, for: "\(count) candidates for \(rowCount) positives")
    var items = [Int32](repeating: 0, count: size)
    for row in 0..<rowCount { items[row * (count + 1)] = batch.positive(row) }
    items.withUnsafeMutableBufferPointer { items in
      let draw = NegativeDraw(
        rowCount: rowCount, count: count, users: batch.users, items: items.baseAddress!, width: count + 1,
        stream: stream, firstPlace: firstPlace)
      let shared = Shared((sampler: sampler, draw: draw))
      pool.run(count: rowCount, grain: 32) { shared.value.sampler.draw(shared.value.draw, rows: $0) }
    }
    var drawn: [Int32] = []
    drawn.reserveCapacity(rowCount * count)
    for row in 0..<rowCount {
      let first = row * (count + 1) + 1
      drawn += items[first..<first + count]
    }
    return drawn
  }

  /// The `best` items of each row by their scores, best first, `[B, best]`; of equal scores the earlier one.
  func best(_ best: Int, of items: [Int32], by scores: [Float], columns: Int) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: rowCount * best) { result, filled in
      let shared = Shared((result: result.baseAddress!, items: items, scores: scores))
      pool.run(count: rowCount, grain: 32) { rows in
        for row in rows {
          let order = Self.order(shared.value.scores[row * columns..<(row + 1) * columns], best)
          for slot in 0..<best { shared.value.result[row * best + slot] = shared.value.items[order[slot]] }
        }
      }
      filled = rowCount * best
    }
  }

  /// Where the `best` highest stand.
  private static func order(_ scores: ArraySlice<Float>, _ best: Int) -> [Int] {
    if best > 1 {
      return scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    }
    var top = scores.startIndex
    for place in scores.indices where scores[place] > scores[top] { top = place }
    return [top]
  }

  // MARK: Mixtures

  /// The same for a part of a mixture, with numbers of its own.
  func part(_ index: Int, count: Int) -> SamplingContext {
    SamplingContext(
      position, place, Self.stream(ofPart: index, stream), count, wantsTotals: true, batch, scorer, pool)
  }

  static func stream(ofPart index: Int, _ stream: RandomStream) -> RandomStream { stream.substream(-1 - index) }
}
