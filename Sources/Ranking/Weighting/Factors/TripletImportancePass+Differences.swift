import Kernels
import Tensors

/// The outer derivative by central differences, in place of the exact one:
///
///     -a (∇_Λ J(Θ + ε v, Λ) - ∇_Λ J(Θ - ε v, Λ)) / 2 ε,   ε = 0.01 / |v|
///
/// Where a hidden number crosses 0 between both sides it counts as a jump of the weight, which 1/ε makes large: of batches of thousands of
/// triplets the exact derivative is the better one, and the cheaper.
///
/// All that stands in losses and states is linear in Θ, so that it moves along with what v makes of it.
extension TripletImportancePass {
  /// Derivatives of W1, b1 and W2; those of b2 are the sum of `direct`.
  func differences() throws -> UnsafeMutablePointer<Float> {
    let length = lengthOfMotion()
    buffers.through.update(repeating: 0, count: count)
    let result = try memory(.differences, 1, networkSize)
    result.update(repeating: 0, count: networkSize)
    // v = 0: the plain loss is at its least, and says nothing.
    var offsets = [Float](repeating: 0, count: count)
    for side: Float in length > 0 ? [1, -1] : [] {
      let step = side * Float(0.01 / length)
      let slopes = try evaluate(along: step)
      let factor = -settings.innerRate * settings.scale / (2 * step)
      for triplet in 0..<count {
        buffers.direct[triplet] = factor * buffers.lossMotions[triplet] * slopes[triplet]
        offsets[triplet] += buffers.direct[triplet]
      }
      let sums = try sumNetwork(states: buffers.stateMotions, hidden: buffers.hiddenMotions)
      kernel_add_rows(sums, networkSize, 1, result)
    }
    buffers.direct.update(from: offsets, count: count)
    return result
  }

  /// |v| over all rows of both tables.
  private func lengthOfMotion() -> Double {
    let parts =
      encoding == nil
      ? [(buffers.userMotions, users.rows.count), (buffers.itemMotions, items.rows.count)]
      : [(buffers.tableUsers, train.userCount), (buffers.tableItems, train.itemCount)]
    var sum = 0.0
    for (rows, count) in parts { for place in 0..<count * stride { sum += Double(rows[place]) * Double(rows[place]) } }
    return sum.squareRoot()
  }

  /// Losses, `lossMotions`, states and hidden numbers, in the places of their motions, at Θ + step v.
  ///
  /// - Returns: The derivatives of the weights there by the network's last numbers, `[B]`.
  private func evaluate(along step: Float) throws -> UnsafePointer<Float> {
    let weighing = kernel_triplet_weighing(
      weights: buffers.outputMotions, slopes: try memory(.elsewhereSlopes, 1, count),
      curves: try memory(.elsewhereCurves, 1, count))
    var moved = triplets
    moved.users = try row(.elsewhereUsers, triplets.users, buffers.userMotions, users.rows.count, step)
    moved.items = try row(.elsewhereItems, triplets.items, buffers.itemMotions, items.rows.count, step)
    if settings.isAttached {
      moved.state_users = try row(
        .elsewhereStateUsers, triplets.state_users, buffers.stateUserMotions, users.rows.count, step)
      moved.interests = try row(
        .elsewhereInterests, triplets.interests, buffers.interestMotions, users.rows.count, step)
      moved.shifted = try row(.elsewhereShifted, triplets.shifted, buffers.stateItemMotions, items.rows.count, step)
    }
    let shared = Shared((pass: self, triplets: moved, weighing: weighing))
    pool.run(count: count, grain: 128) { range in
      var (pass, triplets, weighing) = shared.value
      let (buffers, first, end) = (pass.buffers, range.lowerBound, range.upperBound)
      kernel_triplet_losses(&triplets, first, end, buffers.lossMotions, buffers.slopes)
      kernel_triplet_states(&triplets, first, end, buffers.stateMotions)
      pass.multiplyByHidden(buffers.stateMotions, first, end, into: buffers.hiddenMotions)
      pass.findWeights(buffers.hiddenMotions, first, end, into: weighing)
    }
    return UnsafePointer(weighing.slopes)
  }

  private func row(
    _ part: TripletBuffers.Part, _ rows: UnsafePointer<Float>, _ motions: UnsafePointer<Float>, _ count: Int,
    _ step: Float
  ) throws -> UnsafePointer<Float> {
    let moved = try memory(part, count, stride)
    for place in 0..<count * stride { moved[place] = rows[place] + step * motions[place] }
    return UnsafePointer(moved)
  }
}
