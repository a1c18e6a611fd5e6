import Interactions
import Tensors

/// One batch: draw negatives, score, lose, and move the parameters.
///
/// The work is cut by rows of the batch (drawing, scores, loss, users' gradients) and by blocks of items (catching up, items'
/// gradients and steps). The cuts depend on the batch alone and every sum has a fixed order: the bits do not depend on the
/// number of threads.
final class TrainingStep {
  let model: any RankingModel
  let optimizer: Optimizer
  let pool: ThreadPool
  let state: OptimizerState
  private var memory: BatchMemory?
  private var itemRows: AlignedBuffer<Float>?
  /// The batch's users; and its items, `[B, 1 + N]`, where they are asked for.
  var groups, itemGroups: RowGroups
  /// The batch that the training is in the middle of; `nil` between two. Nobody else may change the parameters then.
  var batchUnderWay: TrainingPosition?
  let touched: AlignedBuffer<UInt8>
  let itemCount: Int
  let blockShift: Int
  let blockCount: Int
  /// Gradients of whole tables by their parameter, while they wait to be scaled.
  var storedGradients: [ObjectIdentifier: AlignedBuffer<Float>] = [:]
  /// Gradients of this batch that do not go straight into the step.
  let gradients = GradientSet()
  /// Memory for computed rows, where the model computes any.
  var encoded: ComputedRows?
  /// Whether the model does its dropout itself.
  let modelDrops: Bool
  /// How two rows make a score: asked of the model once, as tasks on all threads want it.
  let scoreCode: Int32
  /// Where each item's entries begin, `[blocks, block + 1]`.
  let groupOffsets: AlignedBuffer<Int32>
  /// Whether clipping first tries a bound of the norm (see `clipsNothing`); the result has the same bits without.
  var boundsGradients = true
  /// Steps so far that needed the exact norm.
  var exactNormSteps = 0

  /// - Throws: `MemoryError`; `TrainingError` where the model is in the middle of another trainer's batch.
  init(model: any RankingModel, optimizer: Optimizer, pool: ThreadPool) throws {
    self.model = model
    self.optimizer = optimizer
    self.pool = pool
    itemCount = model.itemCount
    modelDrops = model.dropsByItself
    scoreCode = (model.scoring.function ?? .dot).kernelCode
    state = OptimizerState(optimizer: optimizer, pool: pool)
    groups = RowGroups(rowCount: model.userCount)
    itemGroups = RowGroups(rowCount: model.itemCount)
    touched = try AlignedBuffer(count: model.itemCount, repeating: 0, for: "marks of \(model.itemCount) items")
    // About a hundred blocks: fine enough to balance threads, coarse enough to sort into. A power of two of items each.
    var shift = 3
    while model.itemCount >> shift > 128 { shift += 1 }
    blockShift = shift
    blockCount = (model.itemCount - 1) >> shift + 1
    groupOffsets = try AlignedBuffer(
      count: blockCount * (1 << shift + 1), repeating: 0, for: "places of \(model.itemCount) items")
    for parameter in model.trainedParameters { try state.adopt(parameter, for: self) }
  }

  /// Bytes held, without the parameters and what the optimizer keeps with them.
  var byteCount: Int {
    let tables = encoded.map { [$0.users, $0.items].reduce(0) { $0 + $1.byteCount } + 4 * $0.numberCount } ?? 0
    let gradients = storedGradients.values.reduce(0) { $0 + 4 * $1.count }
    return (memory?.byteCount ?? 0) + tables + gradients + groups.byteCount + itemGroups.byteCount
      + self.gradients.byteCount + touched.count
      + 4 * groupOffsets.count
  }

  /// Room for the rows of all items, every one of which is to be written; that of an earlier batch where nobody holds it any more.
  func roomForItemRows(_ table: EmbeddingTable) throws -> AlignedBuffer<Float> {
    if isKnownUniquelyReferenced(&itemRows), let itemRows, itemRows.count == table.values.count { return itemRows }
    let made = try AlignedBuffer<Float>(
      count: table.values.count, repeating: 0, for: "a copy of the rows of \(table.rowCount) items")
    itemRows = made
    return made
  }

  /// Batches trained.
  var stepsDone: Int { state.stepsDone }

  /// What a batch is made of, all numbers resolved.
  struct Batch {
    /// Writes dense users and positives of the batch's rows.
    var rowCount: Int
    var negativeCount: Int
    /// The place of row 0 in the epoch.
    var firstPlace: Int
    var place = BatchPlace(epoch: 1, number: 1)
    /// For schedules that an encoding calls.
    var evaluations: EvaluationLog?
    /// What the sampler prepares for; `nil` where it needs nothing.
    var train: InteractionMatrix?
    /// What positives or triplets count, where they do not count alike.
    var weights: BatchWeights?
    var negatives: RandomStream
    /// Dense items in place of drawn ones, `[B, N]`.
    var givenNegatives: [Int32]?
    var dropoutStream: RandomStream
    /// For what the model computes of this batch.
    var encodingStream: RandomStream
    var dropout: Float
    /// How samples are counted that stand on the wrong side; `nil` where nobody asks.
    var corruption: CorruptedSamples.Rule?
    var rate: Double
    var weightDecay: Double
    var clip: Double?
    var regularization: (weight: Double, scope: Regularization.Scope)?
    /// Numbers of the optimizer's groups, in their order.
    var groups: [GroupNumbers] = []

    var clips: Bool { clip != nil || groups.contains { $0.clip != nil } }

    /// Numbers by group: first those of parameters that are in none.
    var numbers: [GroupNumbers] { [GroupNumbers(rate: rate, weightDecay: weightDecay)] + groups }
  }

  /// Writes the users `users[0..<B]` and the positives `items[b * width]` of a batch.
  typealias BatchSource = (
    _ users: UnsafeMutablePointer<Int32>, _ items: UnsafeMutablePointer<Int32>, _ width: Int
  ) -> Void

  /// Trains a batch: forward, and the gradients straight into the step. Returns what it was before the step.
  ///
  /// - Throws: Nothing has moved when it throws.
  func run(_ batch: Batch, sampler: Sampler, objective: Objective, load: BatchSource) throws -> BatchValue {
    let forward = try forward(batch, sampler: sampler, objective: objective, load: load)
    return BatchValue(loss: forward.value, terms: try step(forward), corrupted: forward.corrupted)
  }

  /// What a batch's objective is made of.
  struct BatchValue {
    let loss: Double
    let terms: [TermValue]
    var corrupted: CorruptedSamples?
  }

  /// A batch that was scored: what backward starts from. Good until the next one is.
  struct Forward {
    let batch: Batch
    let objective: Objective
    let memory: BatchMemory
    let sides: BatchSides
    /// Where their weights are learned.
    let triplets: (any WeighedTriplets)?
    /// The batch's loss.
    let value: Double
    /// Where the batch asks for it.
    let corrupted: CorruptedSamples?
  }

  /// Draws, scores and differentiates with respect to the scores. Nothing moves but rows that stood aside.
  func forward(_ batch: Batch, sampler: Sampler, objective: Objective, load: BatchSource) throws -> Forward {
    let loss = objective.loss
    let (memory, source) = try open(batch, sampler, objective, load)
    if let negatives = batch.givenNegatives {
      take(negatives, batch, loss, memory)
    } else {
      try drawNegatives(batch, sampler, loss, memory)
    }
    let sides = try prepareSides(batch, memory)
    catchUp(batch, memory, loss)
    let triplets = try objective.importance.flatMap { try weigh(batch, by: $0, loss, memory, sides) }
    let plane = plane(batch, memory)
    try memory.channels.fill(from: triplets.map { source.weighed(by: $0.weights) } ?? source, for: plane)
    try scoreAndDifferentiate(batch, loss, memory, sides, plane)
    // A loss that is computed with tensors shows what it reads only now.
    let awaited = state.awaited.count
    try adoptParameters(of: objective)
    if state.awaited.count < awaited { throw ReadTooEarly() }
    var value = 0.0
    for row in 0..<batch.rowCount { value += memory.values[row] }
    guard value.isFinite else { throw NonFinite(value: value) }
    return Forward(
      batch: batch, objective: objective, memory: memory, sides: sides, triplets: triplets, value: value,
      corrupted: batch.corruption.map { corrupted($0, batch, memory) })
  }

  private func corrupted(_ rule: CorruptedSamples.Rule, _ batch: Batch, _ memory: BatchMemory) -> CorruptedSamples {
    CorruptedSamples(
      scores: memory.scores.base, boundaries: rule == .boundary ? memory.channels[.boundary]!.base : nil,
      rowCount: batch.rowCount, negativeCount: batch.negativeCount)
  }

  /// A batch's memory with its rows in it, where its negatives are to be drawn.
  func open(_ batch: Batch, _ sampler: Sampler, _ objective: Objective, _ load: BatchSource) throws -> (
    memory: BatchMemory, source: ChannelSource
  ) {
    try checkOwnership(objective)
    try scoreAsTheModelDoes()
    try adoptParameters(of: objective)
    let memory = try memoryFor(batch, objective.loss)
    var source = ChannelSource(
      model: model, sampler: batch.givenNegatives == nil ? sampler : nil, train: batch.train, weights: batch.weights)
    // Room for weights that are found when the triplets are known.
    if objective.importance != nil { source = source.weighed(by: [Float](repeating: 1, count: batch.rowCount)) }
    try memory.channels.open(source.offers.filter { !$0.isOnDemand || objective.loss.needs.contains($0) })
    load(memory.users.base, memory.items.base, memory.width)
    state.prepare(batch.numbers)
    groups.group(memory.users.base, count: batch.rowCount)
    return (memory, source)
  }

  /// A loss or a term that is not a number, or a gradient that overflows where it is to be clipped; nothing has moved.
  struct NonFinite: Error {
    let value: Double
    var isGradient = false
    /// The term's name, where it is one.
    var term: String?
  }

  /// Parameters that a checkpoint knows were shown by this batch, which read what they were before: it begins anew.
  struct ReadTooEarly: Error {}

  func adoptParameters(of objective: Objective) throws {
    for part in objective.parts { try adopt(part.parameters, of: part.text) }
  }

  private func adopt(_ parameters: [Parameter], of reader: String) throws {
    for parameter in parameters where !state.owns(parameter) {
      let count = parameter.owner == .user ? model.userCount : model.itemCount
      guard parameter.owner == .shared || parameter.rowCount == count else {
        throw TrainingError.setting(
          "\(reader) reads parameter '\(parameter.name)', which has \(parameter.rowCount) rows, and the model has \(count) "
            + "\(parameter.owner.rawValue)s; make both for the same data")
      }
      try state.adopt(parameter, for: self)
    }
  }

  /// Parameters that another training has taken over are no business of this one any more; where they are still wanted, that is an
  /// error.
  func checkOwnership(_ objective: Objective) throws {
    for parameter in model.trainedParameters where parameter.table.training !== self {
      throw TrainingError.setting(
        "another trainer was made for this model after this one, and holds its moments now; go on with that one, or give each "
          + "trainer a model of its own")
    }
    for (reader, parameters) in objective.parts {
      for parameter in parameters where state.owns(parameter) && parameter.table.training !== self {
        throw TrainingError.setting(
          "another trainer has trained parameter '\(parameter.name)' of \(reader) since, and holds its moments now; go on with "
            + "that one, or give each trainer one of its own")
      }
    }
    state.forgetStrangers(of: self)
    gradients.keepOnly { state.owns($0) }
  }

  /// Models that share a parameter may have made it score in another way since.
  private func scoreAsTheModelDoes() throws {
    guard let function = model.scoring.function else { return }
    try model.userTable?.table.scores(with: function, asItems: false, for: self)
    try model.itemTable?.table.scores(with: function, asItems: true, for: self)
  }

  private func memoryFor(_ batch: Batch, _ loss: Loss) throws -> BatchMemory {
    let shape = BatchMemory.Shape(
      rowCapacity: batch.rowCount, width: 1 + batch.negativeCount, stride: EmbeddingTable.stride(model.rowWidth),
      blockCount: blockCount, hasItemScores: loss.needs.contains(.itemScores), dropsItems: try dropsItems(batch, loss))
    if let memory, memory.fits(shape) { return memory }
    let made = try BatchMemory(shape)
    memory = made
    return made
  }

  func everyRowSteps(_ parameter: Parameter, _ batch: Batch, _ numbers: [GroupNumbers]) -> Bool {
    if let regularization = batch.regularization, regularization.scope == .tables, regularization.weight != 0,
      isRegularized(parameter)
    {
      return true
    }
    return state.everyRowSteps(parameter, numbers)
  }

  /// Whether an L2 term of embeddings reaches a parameter: rows of users and items that have more than one number, and those that
  /// score as they stand, or that a batch looks up, whatever their length. Margins, biases of an encoder's own, temperatures and
  /// weights are left alone.
  func isRegularized(_ parameter: Parameter) -> Bool {
    if parameter.isEmbedding || parameter === model.userTable || parameter === model.itemTable { return true }
    guard case .parameters(let users, let items) = model.countedRows else { return false }
    return (users + items).contains { $0 === parameter }
  }
}
