import Kernels
import Tensors

/// Rows that stood aside while other batches moved the table, as momentum or a weight decay would have moved them.
extension TrainingStep {
  /// Brings the rows that this batch reads up to date.
  func catchUp(_ batch: Batch, _ memory: BatchMemory, _ loss: Loss) {
    let numbers = batch.numbers
    for parameter in state.parameters {
      guard let motion = parameter.table.idleMotion else { continue }
      if everyRowSteps(parameter, batch, numbers) { motion.sweep(parameter.table, lag: 1, pool: pool) }
    }
    let moving = parametersReadByRow(loss).filter { $0.table.idleMotion != nil }
    for parameter in moving where parameter.owner == .shared {
      parameter.table.idleMotion!.sweep(parameter.table, lag: 1, pool: pool)
    }
    let itemTables = moving.filter { $0.owner == .item }.map(\.table)
    catchUp(items: itemTables.first, users: moving.filter { $0.owner == .user }.map(\.table))
    // Catching up takes the marks away.
    for table in itemTables.dropFirst() {
      kernel_mark_rows(memory.items.base, batch.rowCount * memory.width, touched.base)
      catchUp(items: table, users: [])
    }
    for parameter in moving where parameter.bounds != nil {
      switch parameter.owner {
      case .shared: parameter.keepWithinBounds(0..<Int32(parameter.rowCount))
      case .user: parameter.keepWithinBounds(groups.rows)
      case .item:
        parameter.keepWithinBounds(UnsafeBufferPointer(start: memory.items.base, count: batch.rowCount * memory.width))
      }
    }
  }

  /// All but what an encoding reads, which brings it up to date itself.
  private func parametersReadByRow(_ loss: Loss) -> [Parameter] {
    guard case .factors = model.scoring else { return loss.parameters }
    return [model.userTable, model.itemTable, model.boundary?.parameter].compactMap(\.self) + loss.parameters
  }

  /// Brings the batch's users of a parameter that scores up to date, for a sampler.
  func catchUpUsers(_ parameter: Parameter) {
    if parameter.table.idleMotion != nil { catchUp(items: nil, users: [parameter.table]) }
    parameter.keepWithinBounds(groups.rows)
  }

  /// The same for some items.
  func catchUpItems(_ parameter: Parameter, _ items: UnsafeBufferPointer<Int32>) {
    if parameter.table.idleMotion != nil, let base = items.baseAddress {
      kernel_mark_rows(base, items.count, touched.base)
      catchUp(items: parameter.table, users: [])
    }
    parameter.keepWithinBounds(items)
  }

  /// Whether a draw marks its items, to be caught up.
  func marksItems(_ loss: Loss) -> Bool {
    parametersReadByRow(loss).contains { $0.owner == .item && $0.table.idleMotion != nil }
  }

  private func catchUp(items: EmbeddingTable?, users: [EmbeddingTable]) {
    let itemTasks = items == nil ? 0 : blockCount
    let userTasks = (groups.rows.count + 63) / 64
    let (itemCount, blockShift) = (itemCount, blockShift)
    groups.rows.withUnsafeBufferPointer { rows in
      let shared = Shared(
        (
          itemMotion: items?.idleMotion, itemView: items?.view, touched: touched.base,
          userMotions: users.map { $0.idleMotion! }, userViews: users.map(\.view), userRows: rows
        ))
      pool.run(count: itemTasks + userTasks * users.count) { task in
        if task < itemTasks {
          let first = task << blockShift
          shared.value.itemMotion!.advanceTouched(
            shared.value.itemView!, first..<min(itemCount, first + 1 << blockShift), shared.value.touched)
        } else {
          let (table, part) = (task - itemTasks).quotientAndRemainder(dividingBy: userTasks)
          shared.value.userMotions[table].advance(
            shared.value.userViews[table], rows: shared.value.userRows.baseAddress! + part * 64,
            count: min(64, shared.value.userRows.count - part * 64))
        }
      }
    }
  }
}
