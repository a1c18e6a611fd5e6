import Kernels
import Tensors

/// The first half of a batch: scores, loss, and gradients of the users' rows.
extension TrainingStep {
  func scoreAndDifferentiate(
    _ batch: Batch, _ loss: Loss, _ memory: BatchMemory, _ sides: BatchSides, _ plane: ScorePlane
  ) throws {
    loadBoundary(memory)
    try loss.begin(plane)
    let weighted = try WeightedLoss(loss, plane)
    let shared = Shared((step: self, batch: batch, loss: weighted, memory: memory, sides: sides))
    let score = { @Sendable rows in
      shared.value.step.score(shared.value.batch, rows, shared.value.memory, shared.value.sides)
    }
    let evaluate = { @Sendable rows in shared.value.loss.evaluate(rows) }
    let backward = { @Sendable rows in
      shared.value.step.backward(shared.value.batch, rows, shared.value.memory, shared.value.sides)
    }
    if let computed = sides.pairScores {
      try load(computed, memory)
      if loss.isRowwise {
        pool.run(count: batch.rowCount, grain: memory.chunkRows, evaluate)
      } else {
        try weighted.evaluateBatch()
      }
    } else if loss.isRowwise {
      pool.run(count: batch.rowCount, grain: memory.chunkRows) { rows in
        score(rows)
        evaluate(rows)
        backward(rows)
      }
    } else {
      pool.run(count: batch.rowCount, grain: memory.chunkRows, score)
      try weighted.evaluateBatch()
      pool.run(count: batch.rowCount, grain: memory.chunkRows, backward)
    }
  }

  private func load(_ computed: PairScores, _ memory: BatchMemory) throws {
    try computed.scores.withElements { memory.scores.base.update(from: $0.baseAddress!, count: $0.count) }
    try computed.boundary?.withElements {
      memory.channels[.boundary]!.base.update(from: $0.baseAddress!, count: $0.count)
    }
  }

  /// The batch as a loss sees it.
  func plane(_ batch: Batch, _ memory: BatchMemory) -> ScorePlane {
    var plane = ScorePlane(
      rowCount: batch.rowCount, negativeCount: batch.negativeCount, users: memory.users.base,
      scores: memory.scores.base, gradients: memory.gradients.base, values: memory.values.base)
    plane.items = UnsafePointer(memory.items.base)
    memory.channels.add(to: &plane)
    return plane
  }

  /// Copies W into a row of the scoring rows' form; a loss that does not read the boundary leaves no gradient behind.
  private func loadBoundary(_ memory: BatchMemory) {
    guard let boundary = model.boundary else { return }
    memory.boundaryGradients.fill(0)
    guard boundary.kind != .user, case .factors = model.scoring else { return }
    memory.boundaryWeights.fill(0)
    memory.boundaryWeights.base.update(from: boundary.parameter.values, count: model.dim)
  }

  private func batchRows(_ batch: Batch, _ memory: BatchMemory, _ sides: BatchSides) -> kernel_batch_rows {
    var work = kernel_batch_rows()
    work.score = scoreCode
    work.mask_before = model.dropoutPlace == .parameters ? 1 : 0
    work.stride = Int64(memory.stride)
    work.width = Int64(memory.width)
    work.users = UnsafePointer(sides.users.values.base)
    work.items = UnsafePointer(sides.items.values.base)
    work.item_scale = sides.items.scale.map { UnsafePointer($0.base) }
    work.user_rows = UnsafePointer(sides.userRows)
    work.item_rows = UnsafePointer(sides.itemRows)
    work.masks = dropsScoringRows(batch) ? UnsafePointer(memory.masks.base) : nil
    work.scoring_rows = memory.scoringRows.base
    work.scores = memory.scores.base
    work.gradients = UnsafePointer(memory.gradients.base)
    work.row_gradients = memory.rowGradients.base
    if let boundary = model.boundary, boundary.kind != .user {
      work.boundary_weights = UnsafePointer(memory.boundaryWeights.base)
      work.boundary_offset = boundary.kind == .linearBias ? boundary.parameter.values[model.dim] : 0
      work.boundary = memory.channels[.boundary]!.base
      work.boundary_gradients = UnsafePointer(memory.boundaryGradients.base)
    }
    return work
  }

  private func dropsScoringRows(_ batch: Batch) -> Bool { batch.dropout > 0 && !modelDrops }

  private func score(_ batch: Batch, _ rows: Range<Int>, _ memory: BatchMemory, _ sides: BatchSides) {
    if dropsScoringRows(batch) {
      for row in rows {
        let mask = memory.masks.base + row * memory.stride
        kernel_dropout_mask(
          batch.dropoutStream.key, UInt64((batch.firstPlace + row) * memory.stride), batch.dropout, memory.stride, mask)
        // A bias is no embedding: it and the 1 that meets the item's bias always count.
        for column in model.dim..<model.rowWidth { mask[column] = 1 }
      }
    }
    var work = batchRows(batch, memory, sides)
    if memory.shape.dropsItems {
      var items = droppedItems(batch, memory)
      kernel_forward_dropped_rows(&work, &items, Int64(rows.lowerBound), Int64(rows.upperBound))
    } else {
      kernel_forward_rows(&work, Int64(rows.lowerBound), Int64(rows.upperBound))
    }
    if let boundary = model.boundary, boundary.kind == .user {
      let (parameter, numbers) = (boundary.parameter, memory.channels[.boundary]!)
      for row in rows { numbers[row] = parameter.values[Int(memory.users[row]) * parameter.rowStride] }
    }
    if memory.shape.hasItemScores { scoreItems(rows, memory, sides) }
  }

  /// Gradients of the users' parameters, and a count of what goes to each block of items.
  private func backward(_ batch: Batch, _ rows: Range<Int>, _ memory: BatchMemory, _ sides: BatchSides) {
    let width = memory.width
    var work = batchRows(batch, memory, sides)
    if memory.shape.dropsItems {
      var items = droppedItems(batch, memory)
      kernel_backward_dropped_rows(&work, &items, Int64(rows.lowerBound), Int64(rows.upperBound))
    } else {
      kernel_backward_rows(&work, Int64(rows.lowerBound), Int64(rows.upperBound))
    }
    let counts = memory.cursors.base + rows.lowerBound / memory.chunkRows * blockCount
    counts.update(repeating: 0, count: blockCount)
    kernel_count_entries(
      sides.itemRows + rows.lowerBound * width, memory.gradients.base + rows.lowerBound * width,
      Int64(rows.count * width), Int32(blockShift), countsEveryEntry(batch), counts)
    if memory.shape.hasItemScores { countItemEntries(rows, memory, sides, counts) }
    if batch.clips { measureScoringRows(rows, memory) }
  }

  private func measureScoringRows(_ rows: Range<Int>, _ memory: BatchMemory) {
    func measure(_ first: Int, _ count: Int) {
      kernel_row_lengths(
        memory.scoringRows.base + first * memory.stride, count, memory.stride, memory.scoringLengths.base + first)
    }
    measure(rows.lowerBound, rows.count)
    if memory.shape.hasItemScores || memory.shape.dropsItems {
      measure(memory.rowCapacity + rows.lowerBound * memory.width, rows.count * memory.width)
    }
  }

  /// Where regularization counts how often a row was looked up, entries without a gradient count too.
  func countsEveryEntry(_ batch: Batch) -> Int32 {
    switch batch.regularization?.scope {
    case .batch, .batchMean, .perSample: 1
    default: 0
    }
  }
}
