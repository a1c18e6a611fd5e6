// Reductions. `axes` are the axes that go, all of them by default; with `keepingAxes` they stay with length 1, so that the
// result broadcasts against the tensor. Sums are accumulated in float64, in an order that depends on the shape only.

extension Tensor {
  /// The sum; 0 of no elements.
  public func sum(axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Tensor {
    try reduced(.sum, axes, keepingAxes)
  }

  /// The product; 1 of no elements.
  public func product(axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Tensor {
    try reduced(.product, axes, keepingAxes)
  }

  /// - Throws: `TensorError.shape` where there are no elements along the axes.
  public func mean(axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Tensor {
    try reduced(.mean, axes, keepingAxes)
  }

  /// The smallest element; NaN where there is one.
  ///
  /// - Throws: `TensorError.shape` where there are no elements along the axes.
  public func minimum(axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Tensor {
    try reduced(.minimum, axes, keepingAxes)
  }

  /// The largest element; NaN where there is one.
  ///
  /// - Throws: `TensorError.shape` where there are no elements along the axes.
  public func maximum(axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Tensor {
    try reduced(.maximum, axes, keepingAxes)
  }

  /// Mean squared distance from the mean: Σ (x - mean)² / (n - `correction`). 0 is the population's, 1 the sample's.
  public func variance(axes: [Int]? = nil, correction: Int = 0, keepingAxes: Bool = false) throws -> Tensor {
    guard correction >= 0 else {
      throw TensorError.argument(operation: "variance", reason: "correction is \(correction); want 0 or more")
    }
    return try reduced(.variance(correction: correction), axes, keepingAxes)
  }

  /// The square root of the variance.
  public func standardDeviation(axes: [Int]? = nil, correction: Int = 0, keepingAxes: Bool = false) throws -> Tensor {
    try variance(axes: axes, correction: correction, keepingAxes: keepingAxes).squareRoot()
  }

  /// Length as a vector, 0 of no elements. Order 2: √Σx². Order 1: Σ|x|. Infinite order: the largest |x|.
  public func norm(axes: [Int]? = nil, order: Float = 2, keepingAxes: Bool = false) throws -> Tensor {
    switch order {
    case 1: return try reduced(.norm1, axes, keepingAxes)
    case 2: return try reduced(.norm2, axes, keepingAxes)
    case .infinity:
      let isEmpty = try normalizedAxes(axes, rank: rank, operation: "norm").contains { shape[$0] == 0 }
      return isEmpty
        ? try reduced(.norm1, axes, keepingAxes) : try absolute().maximum(axes: axes, keepingAxes: keepingAxes)
    default: throw TensorError.argument(operation: "norm", reason: "order is \(order); want 1, 2 or infinity")
    }
  }

  private func reduced(_ reduction: Reduction, _ axes: [Int]?, _ keepingAxes: Bool) throws -> Tensor {
    let axes = try normalizedAxes(axes, rank: rank, operation: reduction.name)
    return try Operation.reduce(reduction, axes: axes, keepingAxes: keepingAxes).evaluate(self)
  }

  // MARK: Positions of extremes

  /// Where along `axis` the largest element is, from 0, the first among equals; a NaN counts as the largest. Without an axis,
  /// its position in row-major order.
  ///
  /// - Throws: `TensorError.shape` for more than 2²⁴ elements to choose from: a float32 could not name the position.
  public func argumentOfMaximum(axis: Int? = nil, keepingAxes: Bool = false) throws -> Tensor {
    try positions(largest: true, axis: axis, keepingAxes: keepingAxes)
  }

  /// Where the smallest element is; else as `argumentOfMaximum`.
  public func argumentOfMinimum(axis: Int? = nil, keepingAxes: Bool = false) throws -> Tensor {
    try positions(largest: false, axis: axis, keepingAxes: keepingAxes)
  }

  private func positions(largest: Bool, axis: Int?, keepingAxes: Bool) throws -> Tensor {
    let name = largest ? "argmax" : "argmin"
    guard let axis else {
      let flat = try ReductionPlan(flattened(), axes: [0], name: name).positions(largest: largest, keepingAxes: false)
      return keepingAxes ? try flat.reshaped([Int](repeating: 1, count: rank)) : flat
    }
    let place = try normalizedAxis(axis, rank: rank, operation: name)
    return try ReductionPlan(self, axes: [place], name: name).positions(largest: largest, keepingAxes: keepingAxes)
  }

  // MARK: Along one axis

  /// log Σ exp along an axis, exact for large values; -infinity for an empty axis.
  public func logSumExp(axis: Int = -1, keepingAxes: Bool = false) throws -> Tensor {
    let axis = try normalizedAxis(axis, rank: rank, operation: "logsumexp")
    return try Operation.logSumExp(axis: axis, keepingAxes: keepingAxes).evaluate(self)
  }

  /// exp(x) / Σ exp(x) along an axis.
  public func softmax(axis: Int = -1) throws -> Tensor {
    let axis = try normalizedAxis(axis, rank: rank, operation: "softmax")
    return try Operation.softmax(axis: axis, logarithm: false).evaluate(self)
  }

  /// x - log Σ exp(x) along an axis.
  public func logSoftmax(axis: Int = -1) throws -> Tensor {
    let axis = try normalizedAxis(axis, rank: rank, operation: "log_softmax")
    return try Operation.softmax(axis: axis, logarithm: true).evaluate(self)
  }

  /// Running sums along an axis: element i is the sum of the elements up to and with i.
  public func cumulativeSum(axis: Int = -1) throws -> Tensor {
    let axis = try normalizedAxis(axis, rank: rank, operation: "cumsum")
    return try Operation.cumulativeSum(axis: axis, reversed: false).evaluate(self)
  }
}
