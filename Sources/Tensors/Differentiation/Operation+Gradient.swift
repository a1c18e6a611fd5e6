// The derivative of each operation: from the gradient of its result to those of its inputs, in terms of operations, so that it
// can be differentiated again.

extension Operation {
  /// Whether anything flows back. A comparison, a rounding, a sign is constant wherever it is smooth: its results are not
  /// recorded, and asking for a gradient through nothing else is an error rather than a silent 0.
  var isDifferentiable: Bool {
    switch self {
    case .unary(let function): return function.isDifferentiable
    case .binary(let function): return function.isDifferentiable
    default: return true
    }
  }

  /// Whether the derivative reads the elements of an input. What it does not read is not kept.
  ///
  /// - Parameter depends: For each input whether it depends on a leaf.
  func derivativeReads(input: Int, depends: [Bool]) -> Bool {
    switch self {
    case .unary(let function): return function.derivativeReadsInput
    case .binary(let function): return function.derivativeReads(input: input, depends: depends)
    case .clamp, .leakyRelu, .logSumExp, .fused: return true
    case .choose: return input == 0
    case .reduce(let reduction, _, _): return reduction.derivativeReadsInput
    case .matrixProduct, .pairProducts, .pairSums: return depends[1 - input]
    case .softmax, .view, .copy, .embed, .concatenate, .gather, .segmentSum, .spread, .cumulativeSum,
      .sparseProduct, .straightThrough:
      return false
    }
  }

  /// Whether the derivative reads the elements of the result.
  func derivativeReadsResult(depends: [Bool]) -> Bool {
    switch self {
    case .unary(let function): return function.derivativeReadsResult
    case .binary(let function): return function.derivativeReadsResult(depends: depends)
    case .reduce(let reduction, _, _): return reduction.derivativeReadsResult
    case .logSumExp, .softmax: return true
    default: return false
    }
  }

  /// For each input its gradient; `nil` where nothing flows back or none is wanted.
  func inputGradients(_ step: BackwardStep) throws -> [Tensor?] {
    let gradient = step.gradient
    switch self {
    case .unary(let function): return [try function.inputGradient(step)]
    case .binary(let function): return try function.inputGradients(step)
    case .clamp(let low, let high): return [try Self.clampGradient(step, low: low, high: high)]
    case .leakyRelu(let slope):
      return [try Tensor.where(step.input(0).greater(than: Tensor(0)), gradient, gradient * slope)]
    case .choose: return try Self.chooseGradients(step)
    case .reduce(let reduction, let axes, _): return [try reduction.inputGradient(step, axes: axes)]
    case .logSumExp(let axis, _): return [try Self.logSumExpGradient(step, axis: axis)]
    case .softmax(let axis, let logarithm): return [try Self.softmaxGradient(step, axis: axis, logarithm: logarithm)]
    case .matrixProduct: return try MatrixProduct.inputGradients(step)
    case .view(let view): return [try view.inputGradient(step)]
    case .copy: return [gradient]
    case .embed(let slices, _): return [try gradient.slice(slices)]
    case .concatenate(let axis): return try Self.concatenateGradients(step, axis: axis)
    case .gather(let rows):
      let height = step.inputShape(0)[0]
      let segments = try Segments(rows.map { $0 < 0 ? $0 + height : $0 }, count: height)
      return [try Tensor.segmentSum(gradient, segments)]
    case .segmentSum(let segments): return [try gradient.spread(over: segments)]
    case .spread(let segments): return [try Tensor.segmentSum(gradient, segments)]
    case .cumulativeSum(let axis, let reversed):
      return [try Operation.cumulativeSum(axis: axis, reversed: !reversed).evaluate(gradient)]
    case .sparseProduct(let matrix, let transposed):
      return [try Operation.sparseProduct(matrix, transposed: !transposed).evaluate(gradient)]
    case .pairProducts(let pairs, let transposed): return try pairs.productsGradients(step, transposed: transposed)
    case .pairSums(let pairs, let transposed): return try pairs.sumsGradients(step, transposed: transposed)
    case .straightThrough: return [nil, gradient]
    case .fused(let function): return try function.inputGradients(step)
    }
  }

  /// At the borders themselves the gradient passes.
  private static func clampGradient(_ step: BackwardStep, low: Float, high: Float) throws -> Tensor {
    var result = step.gradient
    let x = step.input(0)
    if low > -.infinity { result = try result * x.greaterOrEqual(to: Tensor(low)) }
    if high < .infinity { result = try result * x.lessOrEqual(to: Tensor(high)) }
    return result
  }

  private static func chooseGradients(_ step: BackwardStep) throws -> [Tensor?] {
    let (condition, zero) = (step.input(0), try Tensor(0))
    return [
      nil,
      step.wanted[1]
        ? try Tensor.where(condition, step.gradient, zero).summed(to: step.inputShape(1)) : nil,
      step.wanted[2]
        ? try Tensor.where(condition, zero, step.gradient).summed(to: step.inputShape(2)) : nil,
    ]
  }

  /// e^(x - log Σ e^x). Where the sum is 0 or infinite the shift is left out: e^-∞ stays 0.
  private static func logSumExpGradient(_ step: BackwardStep, axis: Int) throws -> Tensor {
    let x = step.input(0)
    var shape = x.shape
    shape[axis] = 1
    let total = try step.result.reshaped(shape)
    let shift = try Tensor.where(total.isFinite(), total, Tensor(0))
    return try step.gradient.reshaped(shape) * (x - shift).exp()
  }

  private static func softmaxGradient(_ step: BackwardStep, axis: Int, logarithm: Bool) throws -> Tensor {
    let (y, gradient) = (step.result, step.gradient)
    if logarithm { return try gradient - y.exp() * gradient.sum(axes: [axis], keepingAxes: true) }
    let weighted = try gradient * y
    return try weighted - y * weighted.sum(axes: [axis], keepingAxes: true)
  }

  private static func concatenateGradients(_ step: BackwardStep, axis: Int) throws -> [Tensor?] {
    var start = 0
    return try (0..<step.inputCount).map { index in
      let length = step.inputShape(index)[axis]
      defer { start += length }
      return step.wanted[index] ? try step.gradient.narrowed(axis: axis, to: start..<start + length) : nil
    }
  }
}

extension Tensor {
  /// The sum over the axes along which `shape` was stretched to this shape.
  func summed(to target: [Int]) throws -> Tensor {
    if shape == target { return self }
    let added = rank - target.count
    let stretched = shape.indices.filter { $0 < added || (target[$0 - added] == 1 && shape[$0] != 1) }
    return try (stretched.isEmpty ? self : sum(axes: stretched)).reshaped(target)
  }
}
