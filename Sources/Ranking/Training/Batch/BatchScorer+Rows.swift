import Tensors

/// Rows for samplers that look at more of a model than some scores: its users' rows, and those of all items.
extension BatchScorer {
  func userRows(for sampler: String) throws -> UserRows {
    if let readUsers { return readUsers }
    let (users, items) = try sources(for: sampler)
    let read: UserRows
    if let encoder = users.encoder {
      read = try encodedUsers(encoder, isShared: encoder === items.encoder)
    } else {
      read = try tableUsers(users.table!)
    }
    readUsers = read
    return read
  }

  func itemRows(for sampler: String) throws -> RowBlock {
    if let readItems { return readItems }
    let (users, items) = try sources(for: sampler)
    let read: RowBlock
    if let encoder = items.encoder {
      read = try encodedItems(encoder, isShared: encoder === users.encoder)
    } else {
      read = try tableItems(items.table!)
    }
    readItems = read
    return read
  }

  /// Where the rows come from whose inner product is the score.
  private func sources(for sampler: String) throws -> (users: RowSource, items: RowSource) {
    let how: String
    switch step.model.scoring {
    case .factors(let users, let items, .dot): return (users, items)
    case .factors(_, _, let function): how = "scores by \(function.rawValue); make the model with score = \"dot\""
    case .pairs: how = "scores pairs by a network; take a model of rows"
    }
    throw TrainingError.setting(
      "sampler '\(sampler)' wants scores that are inner products of a user's and an item's row, and model '\(step.model.name)' \(how), or "
        + "another sampler (uniform, popularity, dynamic)")
  }

  // MARK: Tables

  private func tableUsers(_ parameter: Parameter) throws -> UserRows {
    step.catchUpUsers(parameter)
    let (users, width) = (step.groups.rows, step.model.rowWidth)
    let stride = EmbeddingTable.stride(width)
    let buffer = try AlignedBuffer<Float>(
      count: users.count * stride, repeating: 0, for: "the rows of \(users.count) users")
    for (slot, user) in users.enumerated() {
      (buffer.base + slot * stride).update(from: parameter.values + Int(user) * parameter.rowStride, count: width)
    }
    return UserRows(
      rows: RowBlock(buffer, rowCount: users.count, width: width), users: users,
      slots: Array(step.groups.slots.prefix(rowCount)))
  }

  /// The table's own rows where they are current, else a copy that is: what stands aside stays as it is.
  private func tableItems(_ parameter: Parameter) throws -> RowBlock {
    let (table, width) = (parameter.table, step.model.rowWidth)
    guard table.idleMotion != nil || parameter.bounds != nil else { return RowBlock(table, width: width) }
    let copy = try step.roomForItemRows(table)
    let shared = Shared((table: table, motion: table.idleMotion, copy: copy.base, bounds: parameter.bounds))
    step.pool.run(count: table.rowCount, grain: 1024) { rows in
      let stride = shared.value.table.stride
      let target = shared.value.copy + rows.lowerBound * stride
      if let motion = shared.value.motion {
        motion.copy(shared.value.table, rows, to: target)
      } else {
        target.update(from: shared.value.table.values.base + rows.lowerBound * stride, count: rows.count * stride)
      }
      guard let bounds = shared.value.bounds else { return }
      for row in 0..<rows.count {
        for column in 0..<width {
          let value = target + row * stride + column
          value.pointee = min(max(value.pointee, bounds.lowerBound), bounds.upperBound)
        }
      }
    }
    return RowBlock(copy, rowCount: table.rowCount, width: width)
  }

  // MARK: Encodings

  private func encodedUsers(_ encoder: any RowEncoder, isShared: Bool) throws -> UserRows {
    var (request, slots) = request(Array(0..<rowCount), eachRow: encoder.encodesEachRow)
    // One that encodes both sides is never asked for users alone.
    if isShared { request.items = [memory.items[0]] }
    return try users(of: encode(encoder, request), request, slots)
  }

  private func encodedItems(_ encoder: any RowEncoder, isShared: Bool) throws -> RowBlock {
    var (request, slots) = request(isShared ? Array(0..<rowCount) : [], eachRow: isShared && encoder.encodesEachRow)
    request.items = allItems
    let rows = try encode(encoder, request)
    if isShared, readUsers == nil { readUsers = try users(of: rows, request, slots) }
    try check(rows.items, "items' rows", [step.itemCount, step.model.rowWidth])
    return try block(rows.items!)
  }

  private func users(of rows: EncodedRows, _ request: EncodingRequest, _ slots: [Int]) throws -> UserRows {
    try check(rows.users, "users' rows", [request.users.count, step.model.rowWidth])
    return UserRows(rows: try block(rows.users!), users: request.users, slots: slots.map(Int32.init))
  }

  private func block(_ rows: Tensor) throws -> RowBlock {
    try rows.contiguous().withElements {
      try RowBlock(copying: $0.baseAddress!, rowCount: rows.shape[0], width: rows.shape[1])
    }
  }
}
