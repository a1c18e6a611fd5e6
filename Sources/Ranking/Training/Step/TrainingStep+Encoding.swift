import Kernels
import Tensors

/// Where the rows of a batch come from: the model's tables, or rows that were computed for this batch.
struct BatchSides {
  /// The users' rows, and which of them each row of the batch has, `[B]`.
  let users: EmbeddingTable
  let userRows: UnsafeMutablePointer<Int32>
  /// The items' rows, and which of them each score has, `[B, 1 + N]`.
  let items: EmbeddingTable
  let itemRows: UnsafeMutablePointer<Int32>
  var rows: EncodedRows?
  var pairScores: PairScores?
  var reader: ParameterReader?
}

/// Models whose rows or scores are computed for the batch.
extension TrainingStep {
  func prepareSides(_ batch: Batch, _ memory: BatchMemory) throws -> BatchSides {
    switch model.scoring {
    case .factors(.table(let users), .table(let items), _):
      BatchSides(users: users.table, userRows: memory.users.base, items: items.table, itemRows: memory.items.base)
    case .factors(let users, let items, _): try prepareRows(users, items, batch, memory)
    case .pairs(let scorer): try preparePairs(scorer, batch, memory)
    }
  }

  private func prepareRows(_ users: RowSource, _ items: RowSource, _ batch: Batch, _ memory: BatchMemory) throws
    -> BatchSides
  {
    let scratch = try computedRows(memory)
    let reader = ParameterReader.training(pool: pool)
    var rows = EncodedRows()
    var request = request(batch)
    if let encoder = users.encoder { request = userRequest(encoder, batch, memory, scratch) }
    let isShared = users.encoder != nil && users.encoder === items.encoder
    if isShared { request.items = itemSlots(batch, memory, scratch) }
    if let encoder = users.encoder {
      rows = try encoder.encode(request, reader)
      try check(rows.users, "the users' rows", [request.users.count, model.rowWidth])
    }
    if let encoder = items.encoder {
      if !isShared {
        request = self.request(batch)
        request.items = itemSlots(batch, memory, scratch)
        rows.items = try encoder.encode(request, reader).items
      }
      try check(rows.items, "the items' rows", [request.items.count, model.rowWidth])
    }
    if let computed = rows.users, users.encoder != nil { try scratch.users.load(computed) }
    if let computed = rows.items, items.encoder != nil { try scratch.items.load(computed) }
    return BatchSides(
      users: users.table?.table ?? scratch.users,
      userRows: users.encoder == nil ? memory.users.base : scratch.userSlots.base,
      items: items.table?.table ?? scratch.items,
      itemRows: items.encoder == nil ? memory.items.base : scratch.itemSlots.base, rows: rows, reader: reader)
  }

  private func preparePairs(_ scorer: any PairScorer, _ batch: Batch, _ memory: BatchMemory) throws -> BatchSides {
    let scratch = try computedRows(memory)
    numberUsers(scratch)
    var request = request(batch)
    request.users = groups.rows
    request.items = itemSlots(batch, memory, scratch)
    let slots = UnsafeBufferPointer(start: scratch.itemSlots.base, count: batch.rowCount * memory.width)
    let pairs = ScorePairs(
      users: (0..<batch.rowCount).map { Int(scratch.userSlots[$0]) }, items: slots.map(Int.init))
    let reader = ParameterReader.training(pool: pool)
    let computed = try scorer.scores(request, pairs, reader)
    try check(computed.scores, "the scores of a batch", [batch.rowCount, memory.width])
    if model.boundary != nil { try check(computed.boundary, "the boundaries of a batch", [batch.rowCount]) }
    return BatchSides(
      users: scratch.users, userRows: scratch.userSlots.base, items: scratch.items, itemRows: scratch.itemSlots.base,
      pairScores: computed, reader: reader)
  }

  /// For nobody yet.
  private func request(_ batch: Batch) -> EncodingRequest {
    var request = EncodingRequest(users: [])
    request.place = batch.place
    request.stream = batch.encodingStream
    request.dropout = batch.dropout
    request.evaluations = batch.evaluations
    return request
  }

  private func userRequest(
    _ encoder: any RowEncoder, _ batch: Batch, _ memory: BatchMemory, _ scratch: ComputedRows
  ) -> EncodingRequest {
    var request = request(batch)
    if encoder.encodesEachRow {
      for row in 0..<batch.rowCount { scratch.userSlots[row] = Int32(row) }
      request.users = (0..<batch.rowCount).map { memory.users[$0] }
      request.positives = (0..<batch.rowCount).map { memory.items[$0 * memory.width] }
    } else {
      numberUsers(scratch)
      request.users = groups.rows
    }
    return request
  }

  private func numberUsers(_ scratch: ComputedRows) {
    for slot in groups.rows.indices {
      for member in groups.members[Int(groups.offsets[slot])..<Int(groups.offsets[slot + 1])] {
        scratch.userSlots[Int(member)] = Int32(slot)
      }
    }
  }

  /// Numbers the batch's distinct items in order of first appearance.
  private func itemSlots(_ batch: Batch, _ memory: BatchMemory, _ scratch: ComputedRows) -> [Int32] {
    for item in scratch.numberedItems { scratch.slotOfItem[Int(item)] = -1 }
    var distinct: [Int32] = []
    for place in 0..<batch.rowCount * memory.width {
      let item = Int(memory.items[place])
      if scratch.slotOfItem[item] < 0 {
        scratch.slotOfItem[item] = Int32(distinct.count)
        distinct.append(Int32(item))
      }
      scratch.itemSlots[place] = scratch.slotOfItem[item]
    }
    scratch.numberedItems = distinct
    return distinct
  }

  private func check(_ tensor: Tensor?, _ what: String, _ shape: [Int]) throws {
    guard tensor?.shape == shape else {
      throw TrainingError.setting(
        "model '\(model.name)': \(what) have shape \(tensor.map { "\($0.shape)" } ?? "none"); want \(shape)")
    }
  }

  private func computedRows(_ memory: BatchMemory) throws -> ComputedRows {
    if let made = encoded, made.fits(memory) { return made }
    let made = try ComputedRows(model, memory)
    encoded = made
    return made
  }

  // MARK: Backward

  /// Takes the gradients of computed rows, or of computed scores, back to the parameters.
  ///
  /// - Parameter terms: What may go back from computed rows once more.
  func addEncodingGradients(_ work: UpdateWork, _ terms: [any Term]) throws {
    guard let reader = work.sides.reader else { return }
    if let computed = work.sides.pairScores { return try addPairGradients(computed, work.memory, reader) }
    guard let encoding = work.sides.rows else { return }
    var outputs: [Tensor] = []
    var gradients: [Tensor] = []
    if model.userTable == nil, let users = encoding.users {
      outputs.append(users)
      gradients.append(try userRowGradients(users.shape, work))
      try addComputedNorms(to: gradients.last!, encoded!.users, work) { userCounts(work) }
    }
    if model.itemTable == nil, let items = encoding.items {
      storeItemGradients(work)
      outputs.append(items)
      gradients.append(
        try compact(encoded!.itemGradients.base, items.shape, work.memory) { itemHasEntries($0) })
      try addComputedNorms(to: gradients.last!, encoded!.items, work) { itemCounts(work) }
    }
    try reader.addGradients(
      of: outputs, outputGradients: gradients, to: self.gradients, retainGraph: !terms.isEmpty)
    // As in a table whose rows score: nothing touches an item whose scores all have derivative 0.
    for parameter in reader.parameters where parameter.owner == .item {
      self.gradients.of(parameter).dropRowsOfZeros { !isScored(item: $0, work) }
    }
  }

  private func addPairGradients(_ computed: PairScores, _ memory: BatchMemory, _ reader: ParameterReader) throws {
    func gradient(_ values: AlignedBuffer<Float>, of tensor: Tensor) throws -> Tensor {
      try Tensor(Array(UnsafeBufferPointer(start: values.base, count: tensor.count)), shape: tensor.shape)
    }
    var outputs = [computed.scores]
    var gradients = [try gradient(memory.gradients, of: computed.scores)]
    if let boundary = computed.boundary {
      outputs.append(boundary)
      gradients.append(try gradient(memory.boundaryGradients, of: boundary))
    }
    try reader.addGradients(of: outputs, outputGradients: gradients, to: self.gradients)
  }

  /// Whether a score of an item has a derivative that is not 0.
  private func isScored(item: Int, _ work: UpdateWork) -> Bool {
    guard model.itemTable == nil else { return itemHasEntries(item) }
    let slot = Int(encoded!.slotOfItem[item])
    return slot >= 0 && itemHasEntries(slot)
  }

  /// Sums the gradients of the batch's rows for each computed row, in the order of the batch.
  private func userRowGradients(_ shape: [Int], _ work: UpdateWork) throws -> Tensor {
    let (memory, stride) = (work.memory, work.memory.stride)
    guard model.scoring.users?.encoder?.encodesEachRow != true else {
      return try compact(memory.rowGradients.base, shape, memory)
    }
    let result = try Tensor.zeros(shape)
    try result.withMutableElements { target in
      for row in 0..<work.batch.rowCount {
        kernel_add(
          target.baseAddress! + Int(work.sides.userRows[row]) * shape[1], memory.rowGradients.base + row * stride,
          shape[1])
      }
    }
    return result
  }

  /// Rows without their padding; 0 for those that were not written for this batch.
  private func compact(
    _ rows: UnsafePointer<Float>, _ shape: [Int], _ memory: BatchMemory, isWritten: (_ row: Int) -> Bool = { _ in true }
  ) throws -> Tensor {
    let result = try Tensor.zeros(shape)
    try result.withMutableElements { target in
      for row in 0..<shape[0] where isWritten(row) {
        (target.baseAddress! + row * shape[1]).update(from: rows + row * memory.stride, count: shape[1])
      }
    }
    return result
  }
}

/// Memory for computed rows.
final class ComputedRows {
  let users: EmbeddingTable
  let items: EmbeddingTable
  /// Gradients of the items' rows; written where an item has entries, and else what an earlier batch left.
  let itemGradients: AlignedBuffer<Float>
  let userSlots: AlignedBuffer<Int32>
  let itemSlots: AlignedBuffer<Int32>
  /// The number of an item among those of the batch, -1 for all others.
  let slotOfItem: AlignedBuffer<Int32>
  /// Those of the batch.
  var numberedItems: [Int32] = []

  init(_ model: any RankingModel, _ memory: BatchMemory) throws {
    let function = model.scoring.function ?? .dot
    let plane = memory.rowCapacity * memory.width
    users = try EmbeddingTable(rowCount: memory.rowCapacity, dim: model.rowWidth, score: function, keepsScale: false)
    items = try EmbeddingTable(
      rowCount: model.itemTable == nil ? min(model.itemCount, plane) : 1, dim: model.rowWidth, score: function,
      keepsScale: function != .dot)
    let purpose = "the rows of a batch of \(memory.rowCapacity) positives"
    itemGradients = try AlignedBuffer(count: items.values.count, repeating: 0, for: purpose)
    userSlots = try AlignedBuffer(count: memory.rowCapacity, repeating: 0, for: purpose)
    itemSlots = try AlignedBuffer(count: plane, repeating: 0, for: purpose)
    slotOfItem = try AlignedBuffer(count: model.itemCount, repeating: -1, for: purpose)
  }

  /// Numbers held beside the tables, of 4 bytes each.
  var numberCount: Int { itemGradients.count + userSlots.count + itemSlots.count + slotOfItem.count }

  func fits(_ memory: BatchMemory) -> Bool {
    userSlots.count >= memory.rowCapacity && itemSlots.count >= memory.rowCapacity * memory.width
  }
}

extension EmbeddingTable {
  /// Takes computed rows over into the first rows of the table.
  func load(_ rows: Tensor) throws {
    let count = rows.shape[0]
    try rows.withElements { source in
      for row in 0..<count {
        (values.base + row * stride).update(from: source.baseAddress! + row * dim, count: dim)
      }
    }
    if let scale { kernel_row_scales(score.kernelCode, values.base, count, stride, scale.base) }
  }
}
