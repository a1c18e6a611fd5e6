import Interactions
import Kernels
import Tensors

/// One batch: draw negatives, score, lose, and move the parameters.
///
/// The work is cut by rows of the batch (drawing, scores, loss, users' gradients) and by blocks of items (catching up, items'
/// gradients and steps). The cuts depend on the batch alone and every sum has a fixed order: the bits do not depend on the
/// number of threads.
final class TrainingStep {
  let model: MatrixFactorization
  let optimizer: Optimizer
  let pool: ThreadPool
  var stepsDone = 0
  var idleMotion: IdleMotion?
  private var idleRule: IdleMotion.Rule?
  private var memory: BatchMemory?
  var groups: BatchGroups
  let touched: AlignedBuffer<UInt8>
  let blockShift: Int
  let blockCount: Int
  var itemGradients: AlignedBuffer<Float>?
  var userGradients: AlignedBuffer<Float>?

  init(model: MatrixFactorization, optimizer: Optimizer, pool: ThreadPool) {
    self.model = model
    self.optimizer = optimizer
    self.pool = pool
    groups = BatchGroups(userCount: model.userCount)
    touched = AlignedBuffer(count: model.itemCount, repeating: 0)
    // About a hundred blocks: fine enough to balance threads, coarse enough to sort into. A power of two of items each.
    var shift = 3
    while model.itemCount >> shift > 128 { shift += 1 }
    blockShift = shift
    blockCount = (model.itemCount - 1) >> shift + 1
    for table in [model.users, model.items] {
      // What an earlier training left to be caught up with belongs to the parameters.
      model.idleMotion?.sweep(table, lag: 1, pool: pool)
      table.resetState(for: optimizer)
    }
    model.idleMotion = nil
    model.training = self
  }

  /// What a batch is made of, all numbers resolved.
  struct Batch {
    /// Writes dense users and positives of the batch's rows.
    var rowCount: Int
    var negativeCount: Int
    /// The place of row 0 in the epoch.
    var firstPlace: Int
    var negatives: RandomStream
    var dropoutStream: RandomStream
    var dropout: Float
    var rate: Double
    var weightDecay: Double
    var clip: Double?
    var regularization: (weight: Double, scope: Regularization.Scope)?
  }

  /// The batch's loss, before the step.
  ///
  /// - Parameter load: Fills `users[0..<B]` and the positives `items[b * width]`.
  /// - Throws: Nothing has moved when it throws.
  func run(
    _ batch: Batch, sampler: Sampler, loss: Loss,
    load: (_ users: UnsafeMutablePointer<Int32>, _ items: UnsafeMutablePointer<Int32>, _ width: Int) -> Void
  ) throws -> Double {
    guard model.training === self else {
      throw TrainingError.setting(
        "another trainer was made for this model after this one, and holds its moments now; go on with that one, or give each "
          + "trainer a model of its own")
    }
    let memory = memoryFor(batch)
    load(memory.users.base, memory.items.base, memory.width)
    prepareIdleMotion(weightDecay: batch.weightDecay)
    groups.group(memory.users.base, count: batch.rowCount)
    draw(batch, sampler, memory)
    catchUp(everyRow: everyRowSteps(batch))
    scoreAndDifferentiate(batch, loss, memory)
    var value = 0.0
    for row in 0..<batch.rowCount { value += memory.values[row] }
    guard value.isFinite else { throw NonFinite(value: value) }
    try update(batch, memory)
    return value
  }

  /// A loss that is not a number, or whose gradient overflows where it is to be clipped; nothing has moved.
  struct NonFinite: Error {
    let value: Double
    var isGradient = false
  }

  private func memoryFor(_ batch: Batch) -> BatchMemory {
    if let memory, memory.fits(rows: batch.rowCount, width: 1 + batch.negativeCount) { return memory }
    let made = BatchMemory(
      rowCapacity: batch.rowCount, width: 1 + batch.negativeCount, stride: model.users.stride, blockCount: blockCount)
    memory = made
    return made
  }

  // MARK: Rows that stood aside

  /// Rows come from one rule of motion to another only when all are up to date.
  private func prepareIdleMotion(weightDecay: Double) {
    let rule = IdleMotion.Rule(optimizer: optimizer, weightDecay: weightDecay)
    guard rule != idleRule else { return }
    for table in [model.users, model.items] {
      idleMotion?.sweep(table, lag: 1, pool: pool)
      // Also rows at rest, which a sweep passes over.
      table.seen.fill(Int32(stepsDone))
    }
    idleRule = rule
    idleMotion = IdleMotion(optimizer: optimizer, weightDecay: weightDecay, startingAt: stepsDone)
    model.idleMotion = idleMotion
  }

  private func catchUp(everyRow: Bool) {
    guard let idleMotion else { return }
    if everyRow {
      for table in [model.users, model.items] { idleMotion.sweep(table, lag: 1, pool: pool) }
    }
    let items = model.items.view
    let users = model.users.view
    let userTasks = (groups.users.count + 63) / 64
    pool.run(count: blockCount + userTasks) { task in
      if task < blockCount {
        let first = task << blockShift
        idleMotion.advanceTouched(items, first..<min(model.itemCount, first + 1 << blockShift), touched.base)
      } else {
        let first = (task - blockCount) * 64
        groups.users.withUnsafeBufferPointer {
          idleMotion.advance(users, rows: $0.baseAddress! + first, count: min(64, $0.count - first))
        }
      }
    }
  }

  // MARK: By rows

  private func draw(_ batch: Batch, _ sampler: Sampler, _ memory: BatchMemory) {
    let marks = idleMotion != nil
    pool.run(count: batch.rowCount, grain: memory.chunkRows) { rows in
      sampler.draw(
        users: memory.users.base, rows: rows, count: batch.negativeCount, stream: batch.negatives,
        firstPlace: batch.firstPlace, items: memory.items.base, width: memory.width)
      if marks {
        kernel_mark_rows(memory.items.base + rows.lowerBound * memory.width, rows.count * memory.width, touched.base)
      }
    }
  }

  private func scoreAndDifferentiate(_ batch: Batch, _ loss: Loss, _ memory: BatchMemory) {
    let plane = ScorePlane(
      rowCount: batch.rowCount, negativeCount: batch.negativeCount, users: memory.users.base,
      scores: memory.scores.base,
      gradients: memory.gradients.base, values: memory.values.base)
    if loss.isRowwise {
      pool.run(count: batch.rowCount, grain: memory.chunkRows) { rows in
        score(batch, rows, memory)
        loss.evaluate(plane, rows: rows)
        backward(batch, rows, memory)
      }
    } else {
      pool.run(count: batch.rowCount, grain: memory.chunkRows) { score(batch, $0, memory) }
      loss.evaluate(plane, rows: 0..<batch.rowCount)
      pool.run(count: batch.rowCount, grain: memory.chunkRows) { backward(batch, $0, memory) }
    }
  }

  private func batchRows(_ batch: Batch, _ memory: BatchMemory) -> kernel_batch_rows {
    kernel_batch_rows(
      score: model.configuration.score.kernelCode, mask_before: model.dropoutPlace == .parameters ? 1 : 0,
      stride: Int64(memory.stride), width: Int64(memory.width), users: model.users.values.base,
      items: model.items.values.base,
      item_scale: model.items.scale?.base, user_rows: memory.users.base, item_rows: memory.items.base,
      masks: batch.dropout > 0 ? UnsafePointer(memory.masks.base) : nil, scoring_rows: memory.scoringRows.base,
      scores: memory.scores.base, gradients: memory.gradients.base, row_gradients: memory.rowGradients.base)
  }

  private func score(_ batch: Batch, _ rows: Range<Int>, _ memory: BatchMemory) {
    if batch.dropout > 0 {
      for row in rows {
        let mask = memory.masks.base + row * memory.stride
        kernel_dropout_mask(
          batch.dropoutStream.key, UInt64((batch.firstPlace + row) * memory.stride), batch.dropout, memory.stride, mask)
        // A bias is no embedding: it and the 1 that meets the item's bias always count.
        for column in model.dim..<model.users.dim { mask[column] = 1 }
      }
    }
    var work = batchRows(batch, memory)
    kernel_forward_rows(&work, Int64(rows.lowerBound), Int64(rows.upperBound))
  }

  /// Gradients of the users' parameters, and a count of what goes to each block of items.
  private func backward(_ batch: Batch, _ rows: Range<Int>, _ memory: BatchMemory) {
    let width = memory.width
    var work = batchRows(batch, memory)
    kernel_backward_rows(&work, Int64(rows.lowerBound), Int64(rows.upperBound))
    let counts = memory.cursors.base + rows.lowerBound / memory.chunkRows * blockCount
    counts.update(repeating: 0, count: blockCount)
    kernel_count_entries(
      memory.items.base + rows.lowerBound * width, memory.gradients.base + rows.lowerBound * width,
      Int64(rows.count * width), Int32(blockShift), countsEveryEntry(batch), counts)
  }

  /// Where regularisation counts how often a row was looked up, entries without a gradient count too.
  func countsEveryEntry(_ batch: Batch) -> Int32 {
    switch batch.regularization?.scope {
    case .batch, .batchMean: 1
    default: 0
    }
  }
}
