extension Reduction {
  var derivativeReadsInput: Bool { self != .sum && self != .mean }

  var derivativeReadsResult: Bool {
    switch self {
    case .product, .minimum, .maximum, .norm2: return true
    case .sum, .mean, .variance, .norm1: return false
    }
  }

  /// The gradient of the tensor that was reduced over `axes`. Equal extremes share theirs; a norm has gradient 0 at 0.
  func inputGradient(_ step: BackwardStep, axes: [Int]) throws -> Tensor {
    let shape = step.inputShape(0)
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    let gradient = try step.gradient.reshaped(kept)
    let length = axes.reduce(1) { $0 * shape[$1] }
    switch self {
    case .sum: return try gradient.expanded(shape)
    case .mean: return try (gradient / Float(length)).expanded(shape)
    case .product: return try Self.productGradient(step, gradient, axes: axes, kept: kept)
    case .minimum, .maximum:
      let isExtreme = try step.input(0).equal(to: step.result.reshaped(kept))
      return try isExtreme * (gradient / isExtreme.sum(axes: axes, keepingAxes: true))
    case .variance(let correction):
      let x = step.input(0)
      let distance = try x - x.mean(axes: axes, keepingAxes: true)
      return try distance * (gradient * (2 / Float(length - correction)))
    case .norm1: return try gradient * step.input(0).sign()
    case .norm2:
      let norm = try step.result.reshaped(kept)
      let divisor = try Tensor.where(norm.equal(to: Tensor(0)), Tensor(.infinity), norm)
      return try step.input(0) * (gradient / divisor)
    }
  }

  /// The product of the others. Without a zero it is the product divided by the element; else the others are multiplied, in
  /// O(n log n) operations.
  private static func productGradient(
    _ step: BackwardStep, _ gradient: Tensor, axes: [Int], kept: [Int]
  ) throws -> Tensor {
    let x = step.input(0)
    let smallest = x.count == 0 ? 1 : try withoutGradient { try x.absolute().minimum().item() }
    if smallest > 0 { return try gradient * step.result.reshaped(kept) / x }
    let order = x.shape.indices.filter { !axes.contains($0) } + axes
    let moved = try x.permuted(order)
    let outer = moved.shape.dropLast(axes.count).reduce(1, *)
    let rows = try moved.reshaped([outer, -1])
    let before = try exclusiveProducts(rows)
    let backwards: [Slice] = [.all, .range(step: -1)]
    let after = try exclusiveProducts(rows.slice(backwards)).slice(backwards)
    let others = try (before * after).reshaped(moved.shape)
    let inverse = order.indices.map { axis in order.firstIndex(of: axis)! }
    return try gradient * others.permuted(inverse)
  }

  /// For each element of a row the product of those before it: shifted by one, then by doubling.
  private static func exclusiveProducts(_ rows: Tensor) throws -> Tensor {
    let (height, length) = (rows.shape[0], rows.shape[1])
    func shifted(_ x: Tensor, by distance: Int) throws -> Tensor {
      let kept = try x.narrowed(axis: 1, to: 0..<length - distance)
      return try Tensor.concatenate([Tensor.ones([height, distance]), kept], axis: 1)
    }
    var products = try shifted(rows, by: min(1, length))
    var distance = 1
    while distance < length {
      products = try products * shifted(products, by: distance)
      distance *= 2
    }
    return products
  }
}
