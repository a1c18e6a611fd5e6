import Kernels
import Tensors

/// Gradients and steps of the tables whose rows score: of items by block, of users.
extension TrainingStep {
  /// Runs one phase over all blocks of items and all users. Returns the sums of squares of gradients that do not step.
  @discardableResult
  func updateTables(_ work: UpdateWork, phase: Phase) throws -> TableSquares {
    let (users, items) = (work.steppedUsers, work.steppedItems)
    let everyUser = users.map { everyRowSteps($0, work.batch, work.numbers) } ?? false
    let everyItem = items.map { everyRowSteps($0, work.batch, work.numbers) } ?? false
    let userCount = model.userCount
    let userTasks = users == nil ? 0 : everyUser ? (userCount + 1023) / 1024 : (groups.rows.count + 31) / 32
    let itemTasks = items == nil ? 0 : blockCount
    var squares = [Double](repeating: 0, count: itemTasks + userTasks)
    if phase.usesStoredGradients {
      for parameter in [items, users] { if let parameter { try makeGradientBuffer(parameter) } }
    }
    let groupCount = groups.rows.count
    withKernelBatch(work, work.sides.items, items, phase, everyRow: everyItem) { itemBatch in
      withKernelBatch(work, users?.table ?? work.sides.users, users, phase, everyRow: everyUser) { userBatch in
        squares.withUnsafeMutableBufferPointer { squares in
          let shared = Shared(
            (step: self, work: work, itemBatch: itemBatch, userBatch: userBatch, squares: squares))
          pool.run(count: itemTasks + userTasks) { task in
            // Not taken apart: to copy what is shared costs more than a task's work.
            if task < itemTasks {
              shared.value.squares[task] = shared.value.step.updateItems(
                shared.value.work, shared.value.itemBatch, block: task, phase)
            } else {
              let index = task - itemTasks
              shared.value.squares[task] =
                everyUser
                ? shared.value.step.updateEveryUser(
                  shared.value.work, shared.value.userBatch, index * 1024..<min(userCount, (index + 1) * 1024), phase)
                : shared.value.step.updateUsers(
                  shared.value.work, shared.value.userBatch, index * 32..<min(groupCount, (index + 1) * 32), phase)
            }
          }
        }
      }
    }
    return TableSquares(
      items: squares[..<itemTasks].reduce(0, +), users: squares[itemTasks...].reduce(0, +))
  }

  /// Computes the gradients of the items' rows where they are not stepped by it: rows that were computed for the batch.
  /// Only rows of items with entries are written.
  func storeItemGradients(_ work: UpdateWork) {
    withKernelBatch(work, work.sides.items, nil, .store, everyRow: false) { itemBatch in
      let shared = Shared((step: self, work: work, itemBatch: itemBatch))
      pool.run(count: blockCount) {
        _ = shared.value.step.updateItems(shared.value.work, shared.value.itemBatch, block: $0, .store)
      }
    }
  }

  /// Whether an item of the table that scored has a score whose derivative is not 0.
  func itemHasEntries(_ row: Int) -> Bool {
    let offsets = offsets(ofBlock: row >> blockShift)
    let place = row & (1 << blockShift - 1)
    return offsets[place + 1] > offsets[place]
  }

  private func makeGradientBuffer(_ parameter: Parameter) throws {
    let table = parameter.table
    // A parameter that was let go of may have left its address to this one.
    guard storedGradients[ObjectIdentifier(parameter)]?.count != table.values.count else { return }
    storedGradients[ObjectIdentifier(parameter)] = try AlignedBuffer(
      count: table.values.count, repeating: 0, for: "gradients of \(table.rowCount) rows of \(table.dim) numbers")
  }

  /// What all tasks of a phase tell the kernels about a table: its rows, its step, the regularizer's part. Rows that were computed
  /// have no parameter.
  private func withKernelBatch(
    _ work: UpdateWork, _ table: EmbeddingTable, _ parameter: Parameter?, _ phase: Phase, everyRow: Bool,
    _ body: (kernel_item_batch) -> Void
  ) {
    withUnsafePointer(to: table.view) { view in
      work.steps.withUnsafeBufferPointer { steps in
        var result = kernel_item_batch()
        result.step = steps.baseAddress! + (parameter.map(state.group) ?? 0)
        result.table = view
        result.users = UnsafePointer(work.memory.scoringRows.base)
        result.every_row = everyRow ? 1 : 0
        if let regularization = work.batch.regularization, parameter != nil {
          if let weight = work.batch.weightPerOccurrence {
            result.per_occurrence = weight
          } else if !work.isAbsorbing {
            result.per_row = Float(regularization.weight)
          }
        }
        if phase.usesStoredGradients {
          result.gradients = (parameter.map { storedGradients[ObjectIdentifier($0)]! } ?? encoded?.itemGradients)?.base
        }
        result.measures = phase == .measure ? 1 : 0
        body(result)
      }
    }
  }

  private func updateItems(_ work: UpdateWork, _ table: kernel_item_batch, block: Int, _ phase: Phase) -> Double {
    let start = work.blockStarts[block]
    let count = work.blockStarts[block + 1] - start
    guard count > 0 || table.every_row != 0 else { return 0 }
    let first = block << blockShift
    let end = Int64(min(itemCount, first + 1 << blockShift))
    var batch = table
    batch.offsets = UnsafePointer(offsets(ofBlock: block))
    batch.user_rows = UnsafePointer(work.memory.groupedRows.base + start)
    batch.weights = UnsafePointer(work.memory.groupedWeights.base + start)
    defer { if phase.moves { limitItems(work, batch, first..<Int(end)) } }
    switch phase {
    case .measure: return kernel_bound_items(&batch, work.memory.scoringLengths.base, Int64(first), end)
    case .step, .store: return kernel_update_items(&batch, Int64(first), end)
    case .apply:
      kernel_apply_item_gradients(&batch, work.itemFactor, Int64(first), end)
      return 0
    }
  }

  /// Puts the items of a block that have stepped back within their limits.
  private func limitItems(_ work: UpdateWork, _ batch: kernel_item_batch, _ items: Range<Int>) {
    guard let parameter = work.steppedItems, parameter.isLimited else { return }
    for item in items {
      let place = item - items.lowerBound
      if batch.every_row != 0 || batch.offsets[place + 1] > batch.offsets[place] {
        parameter.limit(item, in: batch.table.pointee)
      }
    }
  }

  private func updateUsers(_ work: UpdateWork, _ table: kernel_item_batch, _ range: Range<Int>, _ phase: Phase)
    -> Double
  {
    groups.offsets.withUnsafeBufferPointer { offsets in
      groups.rows.withUnsafeBufferPointer { users in
        groups.members.withUnsafeBufferPointer { members in
          updateUsers(work, table, users.baseAddress!, offsets.baseAddress!, members.baseAddress!, range, phase)
        }
      }
    }
  }

  /// Users by number, for steps in which every row moves; those outside the batch have no members.
  private func updateEveryUser(
    _ work: UpdateWork, _ table: kernel_item_batch, _ range: Range<Int>, _ phase: Phase
  ) -> Double {
    let rows = groups.membersByRow(in: range)
    return rows.offsets.withUnsafeBufferPointer { offsets in
      rows.rows.withUnsafeBufferPointer { users in
        rows.members.withUnsafeBufferPointer { members in
          let anyMember: [Int32] = [0]
          return anyMember.withUnsafeBufferPointer {
            updateUsers(
              work, table, users.baseAddress!, offsets.baseAddress!, members.baseAddress ?? $0.baseAddress!,
              0..<range.count, phase)
          }
        }
      }
    }
  }

  private func updateUsers(
    _ work: UpdateWork, _ table: kernel_item_batch, _ users: UnsafePointer<Int32>, _ offsets: UnsafePointer<Int32>,
    _ members: UnsafePointer<Int32>, _ range: Range<Int>, _ phase: Phase
  ) -> Double {
    var batch = table
    batch.offsets = offsets
    let (first, end) = (Int64(range.lowerBound), Int64(range.upperBound))
    defer {
      if phase.moves, let parameter = work.steppedUsers, parameter.isLimited {
        for place in range { parameter.limit(Int(users[place]), in: batch.table.pointee) }
      }
    }
    guard phase == .apply else {
      return kernel_update_users(&batch, users, members, work.memory.rowGradients.base, first, end)
    }
    kernel_apply_user_gradients(&batch, users, work.userFactor, first, end)
    return 0
  }
}
