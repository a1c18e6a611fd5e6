import Tensors

/// A batch as terms see it: whose rows are in it, and how to read what they are computed from.
public final class TermBatch {
  /// For schedules.
  public let position: TrainingPosition
  public let place: BatchPlace
  public let model: any RankingModel
  public let pool: ThreadPool
  private let step: TrainingStep
  private let work: TrainingStep.UpdateWork
  /// Rows with a gradient of the loss, by parameter; those of tables that score are not among them.
  private let rowsOfLoss: [ObjectIdentifier: [Int32]]
  private(set) lazy var itemGroups = makeItemGroups()

  init(_ step: TrainingStep, _ work: TrainingStep.UpdateWork) {
    self.step = step
    self.work = work
    (model, pool, place) = (step.model, step.pool, work.batch.place)
    position = TrainingPosition(
      epoch: work.batch.place.epoch, step: step.stepsDone + 1, evaluations: work.batch.evaluations)
    rowsOfLoss = Dictionary(
      uniqueKeysWithValues: step.gradients.all.map { (ObjectIdentifier($0.parameter), $0.rows) })
  }

  // MARK: Who is in it

  /// Positives, B.
  public var rowCount: Int { work.batch.rowCount }
  /// Dense, `[B]`.
  public var users: [Int32] { Array(UnsafeBufferPointer(start: work.memory.users.base, count: rowCount)) }
  /// Dense, `[B]`.
  public var positives: [Int32] { (0..<rowCount).map { work.memory.items[$0 * work.memory.width] } }
  /// Dense, `[B, N]`.
  public var negatives: [Int32] {
    (0..<rowCount).flatMap { row in
      UnsafeBufferPointer(
        start: work.memory.items.base + row * work.memory.width + 1, count: work.batch.negativeCount)
    }
  }
  /// Dense, each once, in the order of their first place.
  public var distinctUsers: [Int32] { userGroups.rows }
  /// The same of its items, positives and negatives.
  public var distinctItems: [Int32] { itemGroups.rows }

  /// Which of `distinctUsers` each row of the batch has, `[B]`.
  public var userSlots: [Int] { userGroups.slots.prefix(rowCount).map(Int.init) }
  /// Which of `distinctItems` each row's positive and negatives are, `[B, 1 + N]`.
  public var itemSlots: [Int] { itemGroups.slots.map(Int.init) }
  /// ln q of the negatives, `[B, N]`, up to a constant of each user's; `nil` where the sampler does not say, or says 0 for all.
  public var logProposal: Tensor? {
    get throws {
      guard let numbers = work.memory.channels[.logProposal]?.base else { return nil }
      let count = rowCount * work.batch.negativeCount
      return try Tensor(
        Array(UnsafeBufferPointer(start: numbers, count: count)), shape: [rowCount, work.batch.negativeCount])
    }
  }

  /// The same where it stands.
  var logProposalBase: UnsafePointer<Float>? {
    work.memory.channels[.logProposal].map { UnsafePointer($0.base) }
  }

  var userGroups: RowGroups { step.groups }

  private func makeItemGroups() -> RowGroups {
    var groups = RowGroups(rowCount: model.itemCount)
    groups.group(work.memory.items.base, count: rowCount * work.memory.width)
    return groups
  }

  // MARK: Reading

  /// Reads parameters as tensors that record what is done with them, brought up to date first.
  public func reader() -> ParameterReader { .training(pool: pool) }

  /// The users' rows as they score, without dropout of scoring rows; computed ones as the batch computed them.
  ///
  /// - Throws: `TrainingError` where a network scores pairs.
  public func userRows() throws -> TermRows {
    if let table = model.userTable { return try rows(of: table, userGroups) }
    return try computedRows(work.sides.rows?.users, step.userCounts(work))
  }

  /// The same of the items.
  public func itemRows() throws -> TermRows {
    if let table = model.itemTable { return try rows(of: table, itemGroups) }
    return try computedRows(work.sides.rows?.items, step.itemCounts(work))
  }

  /// The rows of distinct users or items in a table that scores, brought up to date: a copy of which nothing is recorded.
  func block(of table: Parameter, _ groups: RowGroups) throws -> RowBlock {
    reader().bringUpToDate(table, groups.rows)
    return try RowBlock(copying: groups.rows, of: table.table, width: model.dim)
  }

  /// All rows of a parameter, brought up to date: a copy of which nothing is recorded.
  func block(ofAll parameter: Parameter) throws -> RowBlock {
    try reader().withAllRows(of: parameter) {
      try RowBlock(copying: $0, stride: $1, rowCount: parameter.rowCount, width: parameter.columnCount)
    }
  }

  /// All rows of a parameter; those of a table that scores without its columns of biases.
  public func allRows(of parameter: Parameter) throws -> TermRows {
    let reader = reader()
    return TermRows(try withoutBiases(reader.all(parameter), of: parameter), [], reader)
  }

  private func rows(of table: Parameter, _ groups: RowGroups) throws -> TermRows {
    let reader = reader()
    return TermRows(try withoutBiases(reader.rows(table, groups.rows), of: table), groups.counts, reader)
  }

  private func withoutBiases(_ rows: Tensor, of parameter: Parameter) throws -> Tensor {
    guard parameter === model.userTable || parameter === model.itemTable, model.dim < parameter.columnCount else {
      return rows
    }
    return try rows.narrowed(axis: 1, to: 0..<model.dim)
  }

  private func computedRows(_ rows: Tensor?, _ counts: @autoclosure () -> [Int]) throws -> TermRows {
    guard let rows, let reader = work.sides.reader else { throw TermError.hasNoRows(model) }
    return TermRows(rows, counts(), reader, isOfModel: true)
  }

  // MARK: L2

  /// What represents users and items: see `Regularization`.
  var embeddings: [Parameter] { step.state.parameters.filter(step.isRegularized) }

  /// The parameters of which the batch looks up rows; `nil` where those are computed.
  var countedParameters: [Parameter]? {
    if case .parameters(let users, let items) = model.countedRows { return users + items }
    return model.userTable.flatMap { users in model.itemTable.map { [users, $0] } }
  }

  /// Rows that have a gradient of the loss.
  func touchedRows(of parameter: Parameter) -> [Int32] {
    let rows = rowsOfLoss[ObjectIdentifier(parameter)] ?? []
    let scored =
      parameter === model.itemTable
      ? step.itemsWithEntries(work).map(Int32.init) : parameter === model.userTable ? userGroups.rows : []
    guard !rows.isEmpty, !scored.isEmpty else { return rows + scored }
    let known = Set(rows)
    return rows + scored.filter { !known.contains($0) }
  }
}

/// Rows that a term reads and differentiates by hand.
public struct TermRows {
  /// `[rows, dim]`, each row once.
  public let values: Tensor
  /// How often the batch looks each up; none where all rows of a parameter were asked for.
  public let counts: [Int]
  private let recorded: Tensor
  private let reader: ParameterReader
  private let isOfModel: Bool

  fileprivate init(_ rows: Tensor, _ counts: [Int], _ reader: ParameterReader, isOfModel: Bool = false) {
    values = rows.detached()
    recorded = rows
    (self.counts, self.reader, self.isOfModel) = (counts, reader, isOfModel)
  }

  /// Takes a derivative with respect to `values` back to the parameters.
  public func addGradients(_ gradient: Tensor, to set: GradientSet) throws {
    guard isOfModel else { return try reader.addGradients(of: [recorded], outputGradients: [gradient], to: set) }
    // The loss went back through the same operations, and a model may leave one block a set.
    let own = GradientSet()
    try reader.addGradients(of: [recorded], outputGradients: [gradient], to: own, retainGraph: true)
    set.add(own)
  }
}

/// What several terms say of models.
enum TermError {
  static func hasNoRows(_ model: any RankingModel) -> TrainingError {
    .setting("model '\(model.name)' scores pairs by a network, so that it has no rows that score")
  }
}
