import Interactions
import Kernels
import Tensors

/// The outer problem: what the network should have said so that one step by the weighted loss leaves a better plain one.
///
/// With Θ the rows, J(Θ, Λ) = Σ w l the weighted loss and v = ∇ Σ l at Θ - a ∇J, the derivative with respect to the network Λ is
///
///     -a ∇_Λ <∇_Θ J, v> = -a Σ_t [ D_t ∇w_t + l_t ∇(dw_t) ],   D_t = <∇l_t, v>,   dw_t the motion of w_t along v
///
/// the last term only where states are differentiated (Eq. 14 and 15: exact, without a graph of the step).
extension TripletImportancePass {
  /// Derivatives with respect to W1, b1, W2 and b2, and the plain loss after the step.
  struct Outcome {
    let hidden: [Float]
    let bias: [Float]
    let output: [Float]
    let offset: Float
    let loss: Double
  }

  /// Wants `weigh` and `differentiateBeside`.
  ///
  /// - Parameter tables: Where rows do not score themselves: room for ∇J of all users and of all items, `[rows, stride]`. The second is the
  ///   one that `differentiateBeside` wrote.
  func lookAhead(tables: Tables? = nil) throws -> Outcome {
    differentiateRows()
    if let encoding {
      try moveThrough(encoding, tables!)
    } else {
      move()
    }
    if settings.takesDifferences { return try outcome(sums: differences()) }
    findMotions()
    weighMotions()
    return try outcome(sums: sumNetwork(states: buffers.states, hidden: buffers.hidden))
  }

  /// What the losses of J say of the batch's rows, `userSums` and `itemSums`.
  private func differentiateRows() {
    forTriplets { pass, first, end in
      var triplets = pass.triplets
      let buffers = pass.buffers
      for triplet in first..<end { buffers.factors[triplet] = pass.settings.scale * buffers.weights[triplet] }
      kernel_triplet_loss_gradients(
        &triplets, buffers.factors, buffers.slopes, first, end, buffers.rowGradients)
    }
    sumRowGradients(users: buffers.userSums, items: buffers.itemSums)
  }

  /// The look-ahead step, and the plain loss's derivatives after it: v. `userSums`, and `itemSums` or where it is there the table, are all
  /// of ∇J from then on.
  private func move() {
    if settings.isAttached { add(buffers.attachedUsers, to: buffers.userSums, count: users.rows.count) }
    if reachesTable {
      let shared = Shared(self)
      pool.run(count: items.rows.count, grain: 512) { range in
        let pass = shared.value
        pass.items.rows[range].withUnsafeBufferPointer { rows in
          kernel_join_rows(
            rows.baseAddress!, rows.count, pass.stride, pass.tableGradients!,
            pass.buffers.itemSums + range.lowerBound * pass.stride)
        }
      }
    }
    step(userGradients: buffers.userSums, itemGradients: buffers.itemSums)
    guard settings.isAttached else { return }
    put(buffers.itemMotions, into: buffers.tableItems, at: items.rows)
    let marks = InteractionMatrix.marks(of: items.rows, among: train.itemCount)
    aggregateItems(buffers.tableItems, marked: marks, into: buffers.interestMotions)
  }

  /// Rows after a step along gradients of theirs, and the plain loss's derivatives there: `userMotions` and `itemMotions`.
  func step(userGradients: UnsafePointer<Float>, itemGradients: UnsafePointer<Float>) {
    for (moved, rows, sums, count) in [
      (buffers.movedUsers, buffers.users, userGradients, users.rows.count),
      (buffers.movedItems, buffers.items, itemGradients, items.rows.count),
    ] {
      let shared = Shared((moved: moved, rows: rows, sums: sums, rate: settings.innerRate, stride: stride))
      pool.run(count: count, grain: 512) { range in
        let (moved, rows, sums, rate, stride) = shared.value
        for place in range.lowerBound * stride..<range.upperBound * stride {
          moved[place] = rows[place] - rate * sums[place]
        }
      }
    }
    forTriplets { pass, first, end in
      let buffers = pass.buffers
      var moved = pass.triplets
      (moved.users, moved.items) = (UnsafePointer(buffers.movedUsers), UnsafePointer(buffers.movedItems))
      kernel_triplet_losses(&moved, first, end, buffers.movedLosses, buffers.movedSlopes)
      for triplet in first..<end { buffers.factors[triplet] = pass.settings.scale }
      kernel_triplet_loss_gradients(
        &moved, buffers.factors, buffers.movedSlopes, first, end, buffers.rowGradients)
    }
    sumRowGradients(users: buffers.userMotions, items: buffers.itemMotions)
  }

  private var motion: kernel_triplets {
    var motion = triplets
    (motion.users, motion.interests) = (UnsafePointer(buffers.userMotions), UnsafePointer(buffers.interestMotions))
    motion.state_users = UnsafePointer(buffers.stateUserMotions)
    // Centers stand still: the outer loss does not have them.
    (motion.items, motion.shifted) = (UnsafePointer(buffers.itemMotions), UnsafePointer(buffers.stateItemMotions))
    return motion
  }

  /// D, and the motions of states, hidden numbers and o.
  private func findMotions() {
    forTriplets { pass, first, end in
      var triplets = pass.triplets
      let (buffers, stride) = (pass.buffers, pass.stride)
      var motion = pass.motion
      kernel_triplet_loss_motions(&triplets, &motion, buffers.slopes, first, end, buffers.lossMotions)
      guard pass.settings.isAttached else { return }
      kernel_triplet_state_motions(&triplets, &motion, first, end, buffers.stateMotions)
      pass.multiplyByHidden(buffers.stateMotions, first, end, into: buffers.hiddenMotions)
      kernel_triplet_active_products(
        buffers.hidden, pass.network.output, stride, first, end, buffers.hiddenMotions, buffers.outputMotions)
    }
  }

  /// What the derivatives of o and of its motion are multiplied by.
  private func weighMotions() {
    let factor = -settings.innerRate * settings.scale
    for triplet in 0..<count {
      let slope = factor * buffers.weightSlopes[triplet]
      let loss = settings.isAttached ? buffers.losses[triplet] : 0
      let motion = settings.isAttached ? buffers.outputMotions[triplet] : 0
      buffers.direct[triplet] = slope * (buffers.lossMotions[triplet] + loss * buffers.weightCurves[triplet] * motion)
      buffers.through[triplet] = slope * loss
    }
  }

  /// Numbers of W1 `[stride, 2 stride]`, b1 and W2.
  var networkSize: Int { 2 * stride * stride + 2 * stride }

  /// Derivatives of Σ direct o + through (motion of o), by blocks of triplets: of W1, b1 and W2, until the next sum.
  func sumNetwork(
    states: UnsafePointer<Float>, hidden: UnsafePointer<Float>
  ) throws -> UnsafeMutablePointer<Float> {
    let grain = max(128, (count + 7) / 8)
    let (blocks, size) = ((count + grain - 1) / grain, networkSize)
    let sums = try memory(.sums, blocks, size)
    let shared = Shared((pass: self, states: states, hidden: hidden, sums: sums))
    pool.run(count: count, grain: grain) { range in
      let (pass, states, hidden, sums) = shared.value
      pass.sumNetwork(range, states, hidden, into: sums + range.lowerBound / grain * size)
    }
    for block in 1..<max(1, blocks) { kernel_add_rows(sums + block * size, size, 1, sums) }
    return sums
  }

  private func outcome(sums: UnsafePointer<Float>) -> Outcome {
    let hidden = (0..<dim).flatMap { row in
      (0..<2 * dim).map { column in sums[row * 2 * stride + column / dim * stride + column % dim] }
    }
    let (bias, output) = (sums + 2 * stride * stride, sums + 2 * stride * stride + stride)
    return Outcome(
      hidden: hidden, bias: Array(UnsafeBufferPointer(start: bias, count: dim)),
      output: Array(UnsafeBufferPointer(start: output, count: dim)),
      offset: Float((0..<count).reduce(0.0) { $0 + Double(buffers.direct[$1]) }),
      loss: (0..<count).reduce(0.0) { $0 + Double(settings.scale * buffers.movedLosses[$1]) })
  }

  private func sumNetwork(
    _ range: Range<Int>, _ states: UnsafePointer<Float>, _ hidden: UnsafePointer<Float>,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let (first, end) = (range.lowerBound, range.upperBound)
    sums.update(repeating: 0, count: 2 * stride * stride + 2 * stride)
    let (bias, output) = (sums + 2 * stride * stride, sums + 2 * stride * stride + stride)
    if !settings.isAttached, !settings.takesDifferences {
      buffers.stateMotions.advanced(by: 2 * first * stride).update(repeating: 0, count: 2 * range.count * stride)
      buffers.hiddenMotions.advanced(by: first * stride).update(repeating: 0, count: range.count * stride)
    }
    // In the places of what is not read again.
    kernel_triplet_combine(
      buffers.direct, states, buffers.through, buffers.stateMotions, 2 * stride, first, end, buffers.stateSlopes
    )
    kernel_triplet_active_rows(
      hidden, network.output, buffers.units, stride, first, end, buffers.hiddenSlopes)
    kernel_add_outer_products(
      buffers.hiddenSlopes + first * stride, stride, stride, buffers.stateSlopes + 2 * first * stride, 2 * stride,
      range.count, sums)
    kernel_triplet_active_rows(
      hidden, network.output, buffers.direct, stride, first, end, buffers.hiddenSlopes)
    kernel_add_rows(buffers.hiddenSlopes + first * stride, stride, range.count, bias)
    kernel_triplet_combine(
      buffers.direct, hidden, buffers.through, buffers.hiddenMotions, stride, first, end, buffers.hiddenSlopes)
    kernel_add_rows(buffers.hiddenSlopes + first * stride, stride, range.count, output)
  }
}
