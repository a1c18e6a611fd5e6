import Interactions
import Kernels
import Tensors

/// The second half of a batch: gradients and steps of items by block, and of users.
extension TrainingStep {
  func update(_ batch: Batch, _ memory: BatchMemory) throws {
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

  func everyRowSteps(_ batch: Batch) -> Bool {
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
