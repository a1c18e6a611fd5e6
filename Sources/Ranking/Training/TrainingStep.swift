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
  private(set) var stepsDone = 0
  private var idleMotion: IdleMotion?
  private var idleRule: IdleMotion.Rule?
  private var memory: BatchMemory?
  private var groups: BatchGroups
  private let touched: AlignedBuffer<UInt8>
  private let blockShift: Int
  private let blockCount: Int
  private var itemGradients: AlignedBuffer<Float>?
  private var userGradients: AlignedBuffer<Float>?

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
  private func countsEveryEntry(_ batch: Batch) -> Int32 {
    switch batch.regularization?.scope {
    case .batch, .batchMean: 1
    default: 0
    }
  }

  // MARK: By items and users

  private func update(_ batch: Batch, _ memory: BatchMemory) throws {
    let blockStarts = scatter(batch, memory)
    var numbers = optimizer.numbers(step: stepsDone + 1, rate: batch.rate, weightDecay: batch.weightDecay)
    try withUnsafePointer(to: &numbers) { numbers in
      if let clip = batch.clip {
        let squares = updateRows(batch, memory, blockStarts, numbers, phase: .store)
        guard squares.isFinite else { throw NonFinite(value: squares, isGradient: true) }
        // As PyTorch's clip_grad_norm_.
        let factor = min(1, clip / (squares.squareRoot() + 1e-6))
        _ = updateRows(batch, memory, blockStarts, numbers, phase: .apply(Float(factor)))
      } else {
        _ = updateRows(batch, memory, blockStarts, numbers, phase: .step)
      }
    }
    stepsDone += 1
    if let idleMotion {
      idleMotion.stepped(optimizer, step: stepsDone, rate: batch.rate, weightDecay: batch.weightDecay)
      if stepsDone % IdleMotion.sweepInterval == 0 {
        for table in [model.users, model.items] { idleMotion.sweep(table, lag: IdleMotion.sweepInterval, pool: pool) }
      }
    }
  }

  private enum Phase {
    case step
    case store
    case apply(Float)
  }

  /// Sorts entries by block of items. Returns where each block begins, `[blocks + 1]`.
  private func scatter(_ batch: Batch, _ memory: BatchMemory) -> [Int] {
    let chunks = (batch.rowCount + memory.chunkRows - 1) / memory.chunkRows
    var starts = [Int](repeating: 0, count: blockCount + 1)
    var next: Int32 = 0
    for block in 0..<blockCount {
      starts[block] = Int(next)
      for chunk in 0..<chunks {
        let place = chunk * blockCount + block
        let count = memory.cursors[place]
        memory.cursors[place] = next
        next += count
      }
    }
    starts[blockCount] = Int(next)
    pool.run(count: batch.rowCount, grain: memory.chunkRows) { rows in
      let start = rows.lowerBound * memory.width
      kernel_scatter_entries(
        memory.items.base + start, memory.gradients.base + start, Int64(rows.count * memory.width), Int32(blockShift),
        countsEveryEntry(batch), Int32(rows.lowerBound), Int32(memory.width),
        memory.cursors.base + rows.lowerBound / memory.chunkRows * blockCount, memory.entryItems.base,
        memory.entryRows.base,
        memory.entryWeights.base)
    }
    return starts
  }

  /// Runs one phase over all blocks of items and all users. Returns the sum of squares of stored gradients.
  private func updateRows(
    _ batch: Batch, _ memory: BatchMemory, _ starts: [Int], _ numbers: UnsafePointer<kernel_step>, phase: Phase
  ) -> Double {
    let everyRow = everyRowSteps(batch)
    let userTasks = everyRow ? (model.userCount + 1023) / 1024 : (groups.users.count + 31) / 32
    let tables = (items: model.items.view, users: model.users.view)
    var squares = [Double](repeating: 0, count: blockCount + userTasks)
    if case .step = phase {} else { makeGradientBuffers() }
    squares.withUnsafeMutableBufferPointer { squares in
      nonisolated(unsafe) let squares = squares
      pool.run(count: blockCount + userTasks) { task in
        if task < blockCount {
          squares[task] = withUnsafePointer(to: tables.items) {
            updateItems(batch, memory, starts, block: task, $0, numbers, phase, everyRow)
          }
        } else {
          squares[task] = withUnsafePointer(to: tables.users) {
            let index = task - blockCount
            return everyRow
              ? updateEveryUser(
                batch, memory, index * 1024..<min(model.userCount, (index + 1) * 1024), $0, numbers, phase)
              : updateUsers(batch, memory, index * 32..<min(groups.users.count, (index + 1) * 32), $0, numbers, phase)
          }
        }
      }
    }
    return squares.reduce(0, +)
  }

  private func makeGradientBuffers() {
    if itemGradients == nil {
      itemGradients = AlignedBuffer(count: model.items.values.count, repeating: 0)
      userGradients = AlignedBuffer(count: model.users.values.count, repeating: 0)
    }
  }

  private func everyRowSteps(_ batch: Batch) -> Bool {
    if let regularization = batch.regularization, regularization.scope == .tables, regularization.weight != 0 {
      return true
    }
    return IdleMotion.stepsEveryRow(optimizer: optimizer, weightDecay: batch.weightDecay)
  }

  /// The regulariser's part and the step of a table, in the form the kernels take.
  private func kernelBatch(
    _ batch: Batch, _ memory: BatchMemory, _ table: UnsafePointer<kernel_table>, _ numbers: UnsafePointer<kernel_step>,
    _ phase: Phase, everyRow: Bool, gradients: AlignedBuffer<Float>?
  ) -> kernel_item_batch {
    var result = kernel_item_batch()
    result.step = numbers
    result.table = table
    result.users = UnsafePointer(memory.scoringRows.base)
    result.every_row = everyRow ? 1 : 0
    if let regularization = batch.regularization {
      switch regularization.scope {
      case .batch: result.per_occurrence = Float(regularization.weight)
      case .batchMean: result.per_occurrence = Float(regularization.weight / Double(batch.rowCount))
      case .tables, .tablesTouched: result.per_row = Float(regularization.weight)
      }
    }
    if case .step = phase {} else { result.gradients = gradients!.base }
    return result
  }

  private func updateItems(
    _ batch: Batch, _ memory: BatchMemory, _ starts: [Int], block: Int, _ table: UnsafePointer<kernel_table>,
    _ numbers: UnsafePointer<kernel_step>, _ phase: Phase, _ everyRow: Bool
  ) -> Double {
    let start = starts[block]
    let count = starts[block + 1] - start
    guard count > 0 || everyRow else { return 0 }
    let first = block << blockShift
    let size = min(model.itemCount - first, 1 << blockShift)
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: size + 1) { offsets in
      kernel_group_entries(
        memory.entryItems.base + start, memory.entryRows.base + start, memory.entryWeights.base + start, Int64(count),
        Int32(first), Int32(size), offsets.baseAddress!, memory.groupedRows.base + start,
        memory.groupedWeights.base + start)
      var work = kernelBatch(batch, memory, table, numbers, phase, everyRow: everyRow, gradients: itemGradients)
      work.offsets = UnsafePointer(offsets.baseAddress!)
      work.user_rows = UnsafePointer(memory.groupedRows.base + start)
      work.weights = UnsafePointer(memory.groupedWeights.base + start)
      if case .apply(let factor) = phase {
        kernel_apply_item_gradients(&work, factor, Int64(first), Int64(first + size))
        return 0
      }
      return kernel_update_items(&work, Int64(first), Int64(first + size))
    }
  }

  private func updateUsers(
    _ batch: Batch, _ memory: BatchMemory, _ range: Range<Int>, _ table: UnsafePointer<kernel_table>,
    _ numbers: UnsafePointer<kernel_step>, _ phase: Phase
  ) -> Double {
    var work = kernelBatch(batch, memory, table, numbers, phase, everyRow: false, gradients: userGradients)
    return groups.offsets.withUnsafeBufferPointer { offsets in
      groups.users.withUnsafeBufferPointer { users in
        groups.members.withUnsafeBufferPointer { members in
          work.offsets = offsets.baseAddress!
          if case .apply(let factor) = phase {
            kernel_apply_user_gradients(
              &work, users.baseAddress!, factor, Int64(range.lowerBound), Int64(range.upperBound))
            return 0
          }
          return kernel_update_users(
            &work, users.baseAddress!, members.baseAddress!, memory.rowGradients.base, Int64(range.lowerBound),
            Int64(range.upperBound))
        }
      }
    }
  }

  /// Users by number, for steps in which every row moves; those outside the batch have no members.
  private func updateEveryUser(
    _ batch: Batch, _ memory: BatchMemory, _ range: Range<Int>, _ table: UnsafePointer<kernel_table>,
    _ numbers: UnsafePointer<kernel_step>, _ phase: Phase
  ) -> Double {
    var work = kernelBatch(batch, memory, table, numbers, phase, everyRow: true, gradients: userGradients)
    let rows = groups.membersByUser(in: range)
    return rows.offsets.withUnsafeBufferPointer { offsets in
      rows.users.withUnsafeBufferPointer { users in
        rows.members.withUnsafeBufferPointer { members in
          work.offsets = offsets.baseAddress!
          if case .apply(let factor) = phase {
            kernel_apply_user_gradients(&work, users.baseAddress!, factor, 0, Int64(range.count))
            return 0
          }
          let anyMember: [Int32] = [0]
          return anyMember.withUnsafeBufferPointer {
            kernel_update_users(
              &work, users.baseAddress!, members.baseAddress ?? $0.baseAddress!, memory.rowGradients.base, 0,
              Int64(range.count))
          }
        }
      }
    }
  }
}

extension BatchGroups {
  /// Every user of a range with its rows of the batch, most with none.
  func membersByUser(in range: Range<Int>) -> (users: [Int32], offsets: [Int32], members: [Int32]) {
    var slots = [Int](repeating: -1, count: range.count)
    for (slot, user) in users.enumerated() where range.contains(Int(user)) {
      slots[Int(user) - range.lowerBound] = slot
    }
    var rowOffsets: [Int32] = [0]
    var rows: [Int32] = []
    for slot in slots {
      if slot >= 0 { rows += members[Int(offsets[slot])..<Int(offsets[slot + 1])] }
      rowOffsets.append(Int32(rows.count))
    }
    return (range.map(Int32.init), rowOffsets, rows)
  }
}
