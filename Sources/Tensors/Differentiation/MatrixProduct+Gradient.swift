extension MatrixProduct {
  /// The gradients of both factors: G Bᵀ and Aᵀ G, summed over the batch axes along which a factor was stretched.
  static func inputGradients(_ step: BackwardStep) throws -> [Tensor?] {
    let (left, right) = (step.inputShape(0), step.inputShape(1))
    // As matrices: a vector on the left is a row, on the right a column.
    var gradient = step.gradient
    if right.count == 1 { gradient = try gradient.insertingAxis(gradient.rank) }
    if left.count == 1 { gradient = try gradient.insertingAxis(gradient.rank - 1) }
    var result: [Tensor?] = [nil, nil]
    if step.wanted[0] {
      let other = try right.count == 1 ? step.input(1).insertingAxis(0) : step.input(1).transposed()
      let shape = left.count == 1 ? [1] + left : left
      result[0] = try gradient.matrixProduct(other).summed(to: shape).reshaped(left)
    }
    if step.wanted[1] {
      let shape = right.count == 1 ? right + [1] : right
      result[1] = try rightGradient(step, gradient, isVector: left.count == 1, shape: shape).reshaped(right)
    }
    return result
  }

  private static func rightGradient(
    _ step: BackwardStep, _ gradient: Tensor, isVector: Bool, shape: [Int]
  ) throws -> Tensor {
    let left = isVector ? try step.input(0).insertingAxis(0) : step.input(0)
    guard shape.count == 2, left.rank > 2 else {
      return try left.transposed().matrixProduct(gradient).summed(to: shape)
    }
    // One matrix for the whole batch: the batch's rows one after another, and no product for each.
    let rows = left.shape.dropLast().reduce(1, *)
    let all = try left.reshaped([rows, left.shape[left.rank - 1]])
    return try all.transposed().matrixProduct(gradient.reshaped([rows, gradient.shape[gradient.rank - 1]]))
  }
}
