import Interactions
import Kernels
import Tensors

/// The second half of a batch: gradients and steps of items by block, of users, and of what else is learned.
extension TrainingStep {
  /// Backward with the step fused into it: the gradients of the tables that score are never stored, unless they are clipped. Returns
  /// what the terms added to the loss.
  @discardableResult
  func step(_ forward: Forward) throws -> [TermValue] {
    defer { gradients.clear() }
    // What is clipped is the whole gradient.
    var work = try backward(forward, joinsNorms: !forward.batch.clips)
    if forward.batch.clips, try !clipsNothing(work) {
      exactNormSteps += 1
      try clip(&work, by: clipFactors(work, updateTables(work, phase: .store)))
      try updateTables(work, phase: .apply)
    } else {
      try updateTables(work, phase: .step)
    }
    stepParameters(work)
    state.stepped(work.numbers)
    return work.terms
  }

  /// Backward into a set of its own: nothing moves.
  func gradients(of forward: Forward) throws -> (gradients: GradientSet, terms: [TermValue]) {
    defer { gradients.clear() }
    let work = try backward(forward, joinsNorms: false)
    let result = gradients.copy()
    try updateTables(work, phase: .store)
    for parameter in [work.steppedItems, work.steppedUsers] {
      guard let parameter else { continue }
      let stored = storedGradients[ObjectIdentifier(parameter)]!
      let sum = result.of(parameter)
      for row in rowsWithGradients(of: parameter, work) {
        sum.add(stored.base + row * parameter.rowStride, row: row)
      }
    }
    return (result, work.terms)
  }

  private func rowsWithGradients(of parameter: Parameter, _ work: UpdateWork) -> [Int] {
    if everyRowSteps(parameter, work.batch, work.numbers) { return Array(0..<parameter.rowCount) }
    return parameter === work.steppedItems ? itemsWithEntries(work) : groups.rows.map(Int.init)
  }

  /// Everything that has a gradient but the tables that score, whose entries are sorted for their kernels.
  ///
  /// - Parameter joinsNorms: Whether L2 of whole tables comes with the step, and is no part of the gradients; rows that only it moves have
  ///   none.
  private func backward(_ forward: Forward, joinsNorms: Bool) throws -> UpdateWork {
    let (batch, memory, sides) = (forward.batch, forward.memory, forward.sides)
    let numbers = batch.numbers
    var work = UpdateWork(
      batch: batch, memory: memory, sides: sides, numbers: numbers, steps: state.kernelSteps(numbers))
    work.steppedItems = model.itemTable
    work.steppedUsers = model.userTable
    work.joinsNorms = joinsNorms
    let covers = forward.triplets?.coversScores ?? false
    work.blockStarts = covers ? [Int](repeating: 0, count: blockCount + 1) : scatter(batch, memory, sides)
    group(work)
    addParameterGradients(batch, forward.objective.loss, memory)
    if !covers { try addEncodingGradients(work, forward.objective.terms) }
    work.terms = try addTerms(forward.objective.terms, work)
    try forward.triplets?.addGradients(to: gradients)
    if covers {
      takeCoveredTables(&work)
    } else {
      try absorbTablesWithOtherGradients(&work)
    }
    regularizeParameters(work)
    return work
  }

  private func clip(_ work: inout UpdateWork, by factors: [Float]) {
    work.factors = factors
    work.itemFactor = work.steppedItems.map { factors[state.group(of: $0)] } ?? 1
    work.userFactor = work.steppedUsers.map { factors[state.group(of: $0)] } ?? 1
  }

  /// One batch's update, resolved.
  struct UpdateWork {
    let batch: Batch
    let memory: BatchMemory
    let sides: BatchSides
    /// By group.
    let numbers: [GroupNumbers]
    let steps: [kernel_step]
    /// Where each block of items begins among the entries, `[blocks + 1]`.
    var blockStarts: [Int] = []
    /// What gradients are scaled by, by group; empty where nothing is clipped.
    var factors: [Float] = []
    /// Those of the two tables below.
    var itemFactor: Float = 1
    var userFactor: Float = 1
    /// The tables whose rows score and are stepped by the fused kernels.
    var steppedItems: Parameter?
    var steppedUsers: Parameter?
    /// Whether gradients of a table are only collected, to be stepped with others; what its rows as such add comes later.
    var isAbsorbing = false
    /// Whether L2 of whole tables comes with the step of parameters that do not score.
    var joinsNorms = false
    /// What the terms added to the loss.
    var terms: [TermValue] = []

    func factor(_ group: Int) -> Float { factors.isEmpty ? 1 : factors[group] }
  }

  enum Phase {
    /// Only the sums of squares, for items a bound of it.
    case measure
    case step
    case store
    case apply

    var usesStoredGradients: Bool { self == .store || self == .apply }
    var moves: Bool { self == .step || self == .apply }
  }

  /// Sorts entries by block of items. Returns where each block begins, `[blocks + 1]`.
  private func scatter(_ batch: Batch, _ memory: BatchMemory, _ sides: BatchSides) -> [Int] {
    let chunks = (batch.rowCount + memory.chunkRows - 1) / memory.chunkRows
    var starts = [Int](repeating: 0, count: blockCount + 1)
    // Scores that a model computed itself go back through its own operations.
    guard sides.pairScores == nil else { return starts }
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
    let countsEveryEntry = countsEveryEntry(batch)
    let shared = Shared((step: self, memory: memory, sides: sides))
    pool.run(count: batch.rowCount, grain: memory.chunkRows) { rows in
      shared.value.step.scatter(rows, shared.value.memory, shared.value.sides, countsEveryEntry)
    }
    return starts
  }

  private func scatter(
    _ rows: Range<Int>, _ memory: BatchMemory, _ sides: BatchSides, _ countsEveryEntry: Int32
  ) {
    let start = rows.lowerBound * memory.width
    let cursors = memory.cursors.base + rows.lowerBound / memory.chunkRows * blockCount
    // An item that was dropped met a row of its own.
    let (firstRow, width) = memory.shape.dropsItems ? (memory.rowCapacity + start, 1) : (rows.lowerBound, memory.width)
    kernel_scatter_entries(
      sides.itemRows + start, memory.gradients.base + start, Int64(rows.count * memory.width), Int32(blockShift),
      countsEveryEntry, Int32(firstRow), Int32(width), cursors, memory.entryItems.base, memory.entryRows.base,
      memory.entryWeights.base)
    if memory.shape.hasItemScores { scatterItemEntries(rows, memory, sides, cursors) }
  }

  /// A table whose rows score and which an encoding read as well has gradients of both kinds: a row steps once, by their sum.
  private func absorbTablesWithOtherGradients(_ work: inout UpdateWork) throws {
    let steppedUsers = work.steppedUsers
    if let items = work.steppedItems, let sum = gradients.existing(items) {
      work.steppedUsers = nil
      work.isAbsorbing = true
      try updateTables(work, phase: .store)
      work.isAbsorbing = false
      work.steppedUsers = steppedUsers
      let stored = storedGradients[ObjectIdentifier(items)]!
      let rows = itemsWithEntries(work).map { Int32($0) }
      sum.add(stored.base, distance: items.rowStride, rows: rows, from: rows)
      work.steppedItems = nil
    }
    if let users = steppedUsers, let sum = gradients.existing(users) {
      sum.add(
        work.memory.rowGradients.base, distance: work.memory.stride,
        rows: Array(work.memory.users.prefix(work.batch.rowCount)))
      if let weight = work.batch.weightPerOccurrence { addSquaredNorms(groups, weight, to: users) }
      sum.clearConstantColumn()
      work.steppedUsers = nil
    }
  }

  /// Tables of which the gradients of scores are there already: what is left are norms of rows that are counted.
  private func takeCoveredTables(_ work: inout UpdateWork) {
    for (table, groups) in [(work.steppedItems, itemGroups), (work.steppedUsers, groups)] {
      if let table, let weight = work.batch.weightPerOccurrence { addSquaredNorms(groups, weight, to: table) }
    }
    (work.steppedItems, work.steppedUsers) = (nil, nil)
  }

  /// Items of the table that scored of which a score has a derivative other than 0; all of the batch where every one is counted.
  func itemsWithEntries(_ work: UpdateWork) -> [Int] {
    // The entries are grouped: an item without any begins where the next one does.
    (0..<blockCount).flatMap { block in
      let (first, starts) = (block << blockShift, offsets(ofBlock: block))
      return (0..<min(itemCount - first, 1 << blockShift)).filter { starts[$0 + 1] > starts[$0] }.map { first + $0 }
    }
  }

  /// Sorts each block's entries by item.
  private func group(_ work: UpdateWork) {
    let shared = Shared((step: self, work: work))
    pool.run(count: blockCount) { shared.value.step.group(shared.value.work, block: $0) }
  }

  private func group(_ work: UpdateWork, block: Int) {
    let memory = work.memory
    let start = work.blockStarts[block]
    let first = block << blockShift
    kernel_group_entries(
      memory.entryItems.base + start, memory.entryRows.base + start, memory.entryWeights.base + start,
      Int64(work.blockStarts[block + 1] - start), Int32(first), Int32(min(itemCount - first, 1 << blockShift)),
      offsets(ofBlock: block), memory.groupedRows.base + start, memory.groupedWeights.base + start)
  }

  private func offsets(ofBlock block: Int) -> UnsafeMutablePointer<Int32> {
    groupOffsets.base + block * (1 << blockShift + 1)
  }

  // MARK: Tables whose rows score

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
