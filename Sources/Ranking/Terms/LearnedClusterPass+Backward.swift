import Kernels
import Tensors

/// What the loss of learned clusters says of items, centers, W and w.
extension LearnedClusterPass {
  /// From the scores to items and clusters.
  func goBack(_ labels: UnsafeMutablePointer<Int32>) {
    let shared = Shared((pass: self, labels: labels))
    pool.run(count: itemCount, grain: grain) { range in
      let (pass, labels) = shared.value
      pass.goBack(range, pass.sums + range.lowerBound / pass.grain * pass.sumCount, labels)
    }
    // Sums of the blocks, in their order.
    kernel_add_rows(sums + sumCount, sumCount, blockCount - 1, sums)
  }

  private func goBack(_ range: Range<Int>, _ sums: UnsafeMutablePointer<Float>, _ labels: UnsafePointer<Int32>) {
    sums.update(repeating: 0, count: sumCount)
    let (centerSums, leanSums) = (sums + clusterCount * stride, sums + 2 * clusterCount * stride)
    let own = assignments + range.lowerBound * width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width * (settings.form == .soft ? range.count : 1)) {
      let scratch = $0.baseAddress!
      switch settings.form {
      case .soft: goBackThroughMixtures(range, own, centerSums, scratch)
      case .straightThrough: goBackStraight(range, own, centerSums, scratch, labels)
      }
    }
    kernel_add_outer_products(own, width, clusterCount, batch.items[range.lowerBound], stride, range.count, sums)
    kernel_add_rows(own, width, range.count, leanSums)
    guard settings.reachesRows else { return }
    kernel_row_products(
      own, width, clusterCount, turned, stride, 0, range.count, itemGradients + range.lowerBound * stride)
  }

  private func goBackStraight(
    _ range: Range<Int>, _ own: UnsafeMutablePointer<Float>, _ centerSums: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>, _ labels: UnsafePointer<Int32>
  ) {
    let groups = batch.itemGroups
    batch.userSlots.withUnsafeBufferPointer { userSlots in
      groups.offsets.withUnsafeBufferPointer { offsets in
        groups.members.withUnsafeBufferPointer { members in
          var standIns = kernel_stand_ins(
            users: batch.users.base, scores: userScores, user_slots: userSlots.baseAddress!, slopes: slopes,
            offsets: offsets.baseAddress!, places: members.baseAddress!, labels: labels, columns: columns,
            stride: stride, width: width, sharpness: 1 / settings.temperature)
          kernel_straight_through_gradients(&standIns, range.lowerBound, range.upperBound, own, scratch, centerSums)
        }
      }
    }
  }

  private func goBackThroughMixtures(
    _ range: Range<Int>, _ own: UnsafeMutablePointer<Float>, _ centerSums: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    addMixtureGradients(range)
    kernel_add_outer_products(
      own, width, clusterCount, mixtureGradients + range.lowerBound * stride, stride, range.count, centerSums)
    kernel_row_products(
      mixtureGradients, stride, dim, centerColumns.base, width, range.lowerBound, range.upperBound, scratch)
    kernel_soft_assignment_gradients(own, scratch, width, range.count, 1 / settings.temperature)
  }

  private func addMixtureGradients(_ range: Range<Int>) {
    let (groups, columns, stride) = (batch.itemGroups, columns, stride)
    groups.members.withUnsafeBufferPointer { members in
      for item in range {
        let target = mixtureGradients + item * stride
        target.update(repeating: 0, count: stride)
        for place in members[Int(groups.offsets[item])..<Int(groups.offsets[item + 1])] {
          let (slope, user) = (slopes[Int(place)], batch.users[Int(batch.userSlots[Int(place) / columns])])
          for column in 0..<stride { target[column] += slope * user[column] }
        }
      }
    }
  }

  // MARK: The result

  func result() throws -> Result {
    let (turnedSums, centerGradients) = (sums, sums + clusterCount * stride)
    let leanSums = sums + 2 * clusterCount * stride
    let similarityGradients = try memory.floats(.similarityGradients, dim, stride)
    let leanGradients = try memory.floats(.leanGradients, 1, stride)
    // From ½ W c_k and <w, c_k> to what they are made of.
    let throughSimilarity = try memory.floats(.throughSimilarity, clusterCount, stride)
    kernel_row_products(turnedSums, stride, dim, similarity.base, stride, 0, clusterCount, throughSimilarity)
    similarityGradients.update(repeating: 0, count: dim * stride)
    kernel_add_outer_products(turnedSums, stride, dim, centers.base, stride, clusterCount, similarityGradients)
    for place in 0..<dim * stride { similarityGradients[place] *= 0.5 }
    leanGradients.update(repeating: 0, count: stride)
    for center in 0..<clusterCount {
      let (own, row, lean) = (centerGradients + center * stride, centers[center], lean[0])
      let (leanSum, through) = (leanSums[center], throughSimilarity + center * stride)
      for column in 0..<stride {
        own[column] += 0.5 * through[column] + leanSum * lean[column]
        leanGradients[column] += leanSum * row[column]
      }
    }
    return Result(
      value: values.reduce(0, +), rows: settings.reachesRows ? try rowResult() : nil, centers: centerGradients,
      similarity: similarityGradients, lean: leanGradients, stride: stride)
  }

  private func rowResult() throws -> (users: Tensor, items: Tensor) {
    let width = batch.items.width
    var userGradients = [Float](repeating: 0, count: batch.users.rowCount * width)
    for (row, user) in batch.userSlots.enumerated() {
      for column in 0..<width { userGradients[Int(user) * width + column] += rowGradients[row * stride + column] }
    }
    return (
      try Tensor(userGradients, shape: [batch.users.rowCount, width]), try tensor(itemGradients, rows: itemCount)
    )
  }

  /// Rows without their padding, `[rows, d]`.
  private func tensor(_ rows: UnsafePointer<Float>, rows count: Int) throws -> Tensor {
    let (width, stride) = (batch.items.width, stride)
    var result: [Float] = []
    result.reserveCapacity(count * width)
    for row in 0..<count { result.append(contentsOf: UnsafeBufferPointer(start: rows + row * stride, count: width)) }
    return try Tensor(result, shape: [count, width])
  }
}
