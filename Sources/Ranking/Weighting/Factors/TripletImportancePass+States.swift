import Interactions
import Kernels
import Tensors

/// What the weighted loss says of rows through the weights, whose states are made of them.
extension TripletImportancePass {
  /// What the weighted loss says of the rows beside the losses' own derivatives: `table` of all items, where `reachesTable`, and
  /// `centerGradients`; where states are differentiated `attachedUsers` of p and of eta, and `attachedItems` of what stands for q in states.
  ///
  /// - Parameter table: `[I, stride]`, there until `lookAhead` is done.
  func differentiateBeside(into table: UnsafeMutablePointer<Float>?) {
    tableGradients = table
    if settings.isAttached {
      differentiateStates()
      spreadInterests()
      gatherCenters()
    } else {
      if let pull = clusters?.pull { tableGradients!.update(from: pull, count: train.itemCount * stride) }
      buffers.centerGradients.update(repeating: 0, count: (clusters?.count ?? 0) * stride)
    }
  }

  /// Adds rows to others, `[count, stride]`.
  func add(_ rows: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>, count: Int) {
    let shared = Shared((rows: rows, sums: sums, stride: stride))
    pool.run(count: count, grain: 1024) { range in
      let (first, stride) = (range.lowerBound * shared.value.stride, shared.value.stride)
      kernel_add_rows(shared.value.rows + first, range.count * stride, 1, shared.value.sums + first)
    }
  }

  private func differentiateStates() {
    forTriplets { pass, first, end in
      var triplets = pass.triplets
      let (buffers, stride) = (pass.buffers, pass.stride)
      for triplet in first..<end {
        buffers.factors[triplet] = pass.settings.scale * buffers.losses[triplet] * buffers.weightSlopes[triplet]
      }
      kernel_triplet_active_rows(
        buffers.hidden, pass.network.output, buffers.factors, stride, first, end, buffers.hiddenSlopes)
      kernel_row_products(
        buffers.hiddenSlopes, stride, stride, pass.network.stateColumns, 2 * stride, first, end,
        buffers.stateSlopes + 2 * first * stride)
      kernel_triplet_state_gradients(&triplets, buffers.stateSlopes, first, end, buffers.rowGradients)
    }
    sumRowGradients(users: buffers.attachedUsers, items: buffers.attachedItems)
  }

  /// What states say of the centers of the batch's items, in their order.
  private func gatherCenters() {
    guard let clusters else { return }
    buffers.centerGradients.update(repeating: 0, count: clusters.count * stride)
    for (slot, item) in items.rows.enumerated() {
      let own = buffers.centerGradients + Int(clusters.labels[Int(item)]) * stride
      let row = buffers.attachedItems + slot * stride
      for column in 0..<stride { own[column] += settings.share * row[column] }
    }
  }

  /// Adds up `rowGradients` by user and by item, in the order of the triplets.
  func sumRowGradients(users userSums: UnsafeMutablePointer<Float>, items itemSums: UnsafeMutablePointer<Float>) {
    let sides = [(users.offsets, userRows, userSums), (items.offsets, itemRows, itemSums)]
    let (grain, shared) = (64, Shared((pass: self, sides: sides)))
    let userTasks = (users.rows.count + grain - 1) / grain
    pool.run(count: userTasks + (items.rows.count + grain - 1) / grain) { task in
      let (pass, sides) = shared.value
      let side = task < userTasks ? 0 : 1
      let (offsets, rows, sums) = sides[side]
      let first = (side == 0 ? task : task - userTasks) * grain
      pass.sum(rows, offsets, first..<min(first + grain, offsets.count - 1), into: sums)
    }
  }

  private func sum(
    _ rows: [Int32], _ offsets: [Int32], _ range: Range<Int>, into sums: UnsafeMutablePointer<Float>
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      rows.withUnsafeBufferPointer { rows in
        var lists = kernel_row_lists(
          rows: buffers.rowGradients, scales: nil, stride: stride, list: rows.baseAddress,
          starts: offsets.baseAddress! + range.lowerBound, count: range.count, divisors: nil, beside: nil)
        kernel_sum_row_lists(&lists, nil, sums + range.lowerBound * stride)
      }
    }
  }

  /// What the weighted loss says of all items by way of the weights, `tableGradients`: of those of the batch, and of those whose users
  /// are in it, a share of `attachedUsers` of each of them; and what is said of clusters.
  private func spreadInterests() {
    put(buffers.attachedUsers, into: buffers.tableUsers, at: users.rows)
    for (user, divisor) in zip(users.rows, divisors) { buffers.userShares[Int(user)] = 1 / divisor }
    let marks = InteractionMatrix.marks(of: users.rows, among: train.userCount)
    let shared = Shared((pass: self, marks: marks, items: places(of: items.rows), pull: clusters?.pull))
    pool.run(count: train.itemCount, grain: 256) { range in
      let (pass, marks, items, pull) = shared.value
      let first = range.lowerBound * pass.stride
      pass.itemUsers.turned.withItems(of: range, marked: marks) { list, starts in
        items[range].withUnsafeBufferPointer { items in
          var lists = kernel_row_lists(
            rows: pass.buffers.tableUsers, scales: pass.buffers.userShares, stride: pass.stride, list: list,
            starts: starts, count: range.count, divisors: nil, beside: pull.map { $0 + first })
          var own = kernel_own_rows(rows: pass.buffers.attachedItems, slots: items.baseAddress)
          kernel_sum_row_lists(&lists, &own, pass.tableGradients! + first)
        }
      }
    }
  }

  /// Copies rows to their places in a table.
  func put(_ rows: UnsafePointer<Float>, into table: UnsafeMutablePointer<Float>, at places: [Int32]) {
    let shared = Shared((rows: rows, table: table, places: places, stride: stride))
    pool.run(count: places.count, grain: 512) { range in
      let (rows, table, places, stride) = shared.value
      for slot in range { (table + Int(places[slot]) * stride).update(from: rows + slot * stride, count: stride) }
    }
  }

  /// For each item of the data its place in the batch, -1 for the others.
  private func places(of rows: [Int32]) -> [Int32] {
    var places = [Int32](repeating: -1, count: train.itemCount)
    for (place, row) in rows.enumerated() { places[Int(row)] = Int32(place) }
    return places
  }
}
