import Interactions
import Kernels
import Tensors

/// The second half of a batch: gradients and steps of the tables that score, and of what else is learned.
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

  func offsets(ofBlock block: Int) -> UnsafeMutablePointer<Int32> {
    groupOffsets.base + block * (1 << blockShift + 1)
  }
}
