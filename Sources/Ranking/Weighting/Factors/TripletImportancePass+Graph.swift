import Kernels
import Tensors

/// The look-ahead step of rows that score through a graph: it is one of the tables' rows, states are made of those, and the losses of what
/// comes out. Propagation is linear, so that it takes gradients and motions as it takes rows.
extension TripletImportancePass {
  typealias Tables = (users: UnsafeMutablePointer<Float>, items: UnsafeMutablePointer<Float>)

  /// The step, v of all rows of both tables, and how it moves what scores and what stands in states.
  ///
  /// - Parameter gradients: Gets ∇J of the tables; of items there is what states and clusters say, where they do.
  func moveThrough(_ encoding: Encoding, _ gradients: Tables) throws {
    let scratch = (users: buffers.tableUsers, items: buffers.tableItems)
    try comeBack(
      encoding, buffers.userSums, buffers.itemSums,
      into: (gradients.users, reachesTable ? scratch.items : gradients.items))
    if settings.isAttached { add(buffers.attachedUsers, to: gradients.users, at: users.rows) }
    if reachesTable { add(scratch.items, to: gradients.items, count: train.itemCount) }
    let moves = try goOut(encoding, gradients)
    try moves[0].withElements { users in
      try moves[1].withElements { items in
        step(userGradients: users.baseAddress!, itemGradients: items.baseAddress!)
      }
    }
    // v of the tables.
    try comeBack(encoding, buffers.userMotions, buffers.itemMotions, into: scratch)
    let motions = try goOut(encoding, scratch)
    for (motion, target) in zip(motions, [buffers.userMotions, buffers.itemMotions]) {
      try motion.withElements { target.update(from: $0.baseAddress!, count: $0.count) }
    }
    guard settings.isAttached else { return }
    gather(users.rows, (UnsafePointer(buffers.tableUsers), stride), into: buffers.stateUserMotions)
    gather(items.rows, (UnsafePointer(buffers.tableItems), stride), into: buffers.stateItemMotions)
    aggregateItems(buffers.tableItems, into: buffers.interestMotions)
  }

  /// From derivatives with respect to what scores, of the batch's users and items, to those with respect to the tables.
  private func comeBack(
    _ encoding: Encoding, _ userGradients: UnsafePointer<Float>, _ itemGradients: UnsafePointer<Float>,
    into tables: Tables
  ) throws {
    let gradients = try zip([userGradients, itemGradients], [users.rows.count, items.rows.count]).map { rows, count in
      let numbers = (0..<count).flatMap { UnsafeBufferPointer(start: rows + $0 * stride, count: dim) }
      return try Tensor(numbers, shape: [count, dim])
    }
    try encoding.propagation.differentiate(
      [users.rows, items.rows], gradients, into: [tables.users, tables.items], dropout: nil, pool: pool)
  }

  /// What comes out for the batch's users and items where the tables have these rows, `[count, stride]`.
  private func goOut(_ encoding: Encoding, _ tables: Tables) throws -> [Tensor] {
    let rows = try encoding.propagation.rows(
      [users.rows, items.rows],
      of: [(UnsafePointer(tables.users), stride), (UnsafePointer(tables.items), stride)], dropout: nil, pool: pool)
    guard stride != dim else { return rows }
    return try rows.map { try Tensor.concatenate([$0, Tensor.zeros([$0.shape[0], stride - dim])], axis: 1) }
  }

  private func add(_ rows: UnsafePointer<Float>, to table: UnsafeMutablePointer<Float>, at places: [Int32]) {
    for (slot, place) in places.enumerated() {
      kernel_add_rows(rows + slot * stride, stride, 1, table + Int(place) * stride)
    }
  }
}
