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
  var encoding: Encoding?
  var reader: ParameterReader?
}

/// Models whose rows are computed for the batch.
extension TrainingStep {
  func prepareSides(_ batch: Batch, _ memory: BatchMemory) throws -> BatchSides {
    if let users = model.userSide.table, let items = model.itemSide.table {
      return BatchSides(users: users, userRows: memory.users.base, items: items, itemRows: memory.items.base)
    }
    let encoded = model as! any EncodedModel
    let scratch = try encodedRows(memory)
    let usersAreEncoded = model.userSide.table == nil
    let itemsAreEncoded = model.itemSide.table == nil
    var request = EncodingRequest(users: [])
    if usersAreEncoded { request = userRequest(encoded, batch, memory, scratch) }
    if itemsAreEncoded { request.items = itemSlots(batch, memory, scratch) }
    if case .custom = model.score {
      let slots = UnsafeBufferPointer(start: scratch.itemSlots.base, count: batch.rowCount * memory.width)
      request.pairs = ScorePairs(
        users: (0..<batch.rowCount).map { Int(scratch.userSlots[$0]) }, items: slots.map(Int.init))
    }
    request.place = batch.place
    request.evaluations = batch.evaluations
    let reader = ParameterReader.training(pool: pool)
    let encoding = try encoded.encode(request, reader)
    try checkEncoding(encoding, request, memory)
    if let users = encoding.users { try scratch.users.load(users) }
    if let items = encoding.items { try scratch.items.load(items) }
    return BatchSides(
      users: model.userSide.table ?? scratch.users,
      userRows: usersAreEncoded ? scratch.userSlots.base : memory.users.base,
      items: model.itemSide.table ?? scratch.items,
      itemRows: itemsAreEncoded ? scratch.itemSlots.base : memory.items.base, encoding: encoding, reader: reader)
  }

  private func userRequest(
    _ encoded: any EncodedModel, _ batch: Batch, _ memory: BatchMemory, _ scratch: EncodedRows
  ) -> EncodingRequest {
    if encoded.encodesEachRow {
      for row in 0..<batch.rowCount { scratch.userSlots[row] = Int32(row) }
      return EncodingRequest(
        users: (0..<batch.rowCount).map { memory.users[$0] },
        positives: (0..<batch.rowCount).map { memory.items[$0 * memory.width] })
    }
    for slot in groups.rows.indices {
      for member in groups.members[Int(groups.offsets[slot])..<Int(groups.offsets[slot + 1])] {
        scratch.userSlots[Int(member)] = Int32(slot)
      }
    }
    return EncodingRequest(users: groups.rows)
  }

  /// Numbers the batch's distinct items in order of first appearance.
  private func itemSlots(_ batch: Batch, _ memory: BatchMemory, _ scratch: EncodedRows) -> [Int32] {
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

  private func checkEncoding(_ encoding: Encoding, _ request: EncodingRequest, _ memory: BatchMemory) throws {
    func check(_ tensor: Tensor?, _ what: String, _ shape: [Int]) throws {
      guard tensor?.shape == shape else {
        throw TrainingError.setting(
          "model '\(model.name)': \(what) have shape \(tensor.map { "\($0.shape)" } ?? "none"); want \(shape)")
      }
    }
    if let pairs = request.pairs {
      return try check(encoding.scores, "the scores of a batch", [pairs.users.count, memory.width])
    }
    if model.userSide.table == nil {
      try check(encoding.users, "the users' rows", [request.users.count, model.rowWidth])
    }
    if model.itemSide.table == nil {
      try check(encoding.items, "the items' rows", [request.items.count, model.rowWidth])
    }
  }

  private func encodedRows(_ memory: BatchMemory) throws -> EncodedRows {
    if let made = encoded, made.fits(memory) { return made }
    let made = try EncodedRows(model, memory)
    encoded = made
    return made
  }

  // MARK: Backward

  /// Takes the gradients of computed rows, or of computed scores, back to the parameters.
  func addEncodingGradients(_ work: UpdateWork) throws {
    guard let encoding = work.sides.encoding, let reader = work.sides.reader else { return }
    if let scores = encoding.scores {
      let gradient = try Tensor(
        Array(UnsafeBufferPointer(start: work.memory.gradients.base, count: scores.count)), shape: scores.shape)
      return try reader.addGradients(of: [scores], outputGradients: [gradient])
    }
    var outputs: [Tensor] = []
    var gradients: [Tensor] = []
    if let users = encoding.users {
      outputs.append(users)
      gradients.append(try userRowGradients(users.shape, work))
    }
    if let items = encoding.items {
      storeItemGradients(work)
      outputs.append(items)
      gradients.append(
        try compact(encoded!.itemGradients.base, items.shape, work.memory) { itemHasEntries($0) })
    }
    try reader.addGradients(of: outputs, outputGradients: gradients)
    // As in a table whose rows score: nothing touches an item whose scores all have derivative 0.
    for parameter in reader.parameters where parameter.owner == .item {
      parameter.dropRowsOfZeros { !isScored(item: $0, work) }
    }
  }

  /// Whether a score of an item has a derivative that is not 0.
  private func isScored(item: Int, _ work: UpdateWork) -> Bool {
    guard work.sides.encoding?.items != nil else { return itemHasEntries(item) }
    let slot = Int(encoded!.slotOfItem[item])
    return slot >= 0 && itemHasEntries(slot)
  }

  /// Sums the gradients of the batch's rows for each computed row, in the order of the batch.
  private func userRowGradients(_ shape: [Int], _ work: UpdateWork) throws -> Tensor {
    let (memory, stride) = (work.memory, work.memory.stride)
    guard !((model as? any EncodedModel)?.encodesEachRow ?? false) else {
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
final class EncodedRows {
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
    let function = model.score.function ?? .dot
    let plane = memory.rowCapacity * memory.width
    users = try EmbeddingTable(rowCount: memory.rowCapacity, dim: model.rowWidth, score: function, keepsScale: false)
    items = try EmbeddingTable(
      rowCount: model.itemSide.table == nil ? min(model.itemCount, plane) : 1, dim: model.rowWidth, score: function,
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
