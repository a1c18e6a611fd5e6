/// Everything that makes a tensor out of tensors: a small closed set, evaluated in one place.
///
/// The public methods of `Tensor` say what they mean in these terms and call `evaluate`. Whoever wants to know what was
/// computed, to differentiate it or to fuse it, needs to look at these cases and nowhere else.
enum Operation {
  /// A function of each element. One input.
  case unary(UnaryFunction)
  /// Each element brought into a range. One input.
  case clamp(low: Float, high: Float)
  /// x where it is positive, else `slope` · x. One input.
  case leakyRelu(slope: Float)
  /// A function of two elements, broadcast. Two inputs.
  case binary(BinaryFunction)
  /// Elements of the second input where the first is not 0, else of the third; broadcast. Three inputs.
  case choose
  /// One number for each position along the axes that are left. One input.
  case reduce(Reduction, axes: [Int], keepingAxes: Bool)
  /// `log Σ exp` along an axis. One input.
  case logSumExp(axis: Int, keepingAxes: Bool)
  /// `exp(x - log Σ exp x)` along an axis, or its logarithm. One input.
  case softmax(axis: Int, logarithm: Bool)
  /// The matrix product of the last two axes. Two inputs.
  case matrixProduct
  /// The same elements seen through another shape. One input; nothing is copied.
  case view(View)
  /// The same elements in storage of their own. One input.
  case copy
  /// Zeros of a shape, but the input in a part of it: the derivative of taking that part. One input.
  case embed(slices: [Slice], shape: [Int])
  /// Inputs one after another along an axis.
  case concatenate(axis: Int)
  /// Chosen positions along the first axis, in the order and as often as asked. One input.
  case gather(rows: [Int])
  /// For each segment the sum of the rows that belong to it, in their order. One input.
  case segmentSum(Segments)
  /// For each row what belongs to its segment. One input, a row for each segment.
  case spread(Segments)
  /// Running sums along an axis, from its other end where `reversed`. One input.
  case cumulativeSum(axis: Int, reversed: Bool)
  /// A sparse matrix, or its transpose, times a dense one. One input.
  case sparseProduct(SparseMatrix, transposed: Bool)
  /// The inner product of each pair of rows. Two inputs, whose rows they are.
  case pairProducts(RowPairs, transposed: Bool)
  /// Weighted sums over pairs. Two inputs: a weight for each pair, and the rows that are summed.
  case pairSums(RowPairs, transposed: Bool)
  /// The elements of the first input; what flows back goes to the second. Two inputs of one shape.
  case straightThrough
  /// What somebody computes in one pass by hand. Its inputs.
  case fused(any FusedFunction)

  /// The name that messages give it, the same as in Lua.
  var name: String {
    switch self {
    case .unary(let function): return function.rawValue
    case .clamp: return "clamp"
    case .leakyRelu: return "leaky_relu"
    case .binary(let function): return function.rawValue
    case .choose: return "where"
    case .reduce(let reduction, _, _): return reduction.name
    case .logSumExp: return "logsumexp"
    case .softmax(_, let logarithm): return logarithm ? "log_softmax" : "softmax"
    case .matrixProduct: return "matmul"
    case .view(let view): return view.name
    case .copy: return "copy"
    case .embed: return "embed"
    case .concatenate: return "concatenate"
    case .gather: return "gather"
    case .segmentSum: return "segment_sum"
    case .spread: return "spread"
    case .cumulativeSum: return "cumsum"
    case .sparseProduct: return "sparse matmul"
    case .pairProducts: return "pair_products"
    case .pairSums: return "pair_sums"
    case .straightThrough: return "straight_through"
    case .fused(let function): return function.name
    }
  }

  /// Computes the result for `inputs`. Every result that depends on a tensor's elements smoothly comes out of here, and is
  /// recorded here where one of them requires a gradient.
  func evaluate(_ inputs: Tensor...) throws -> Tensor { try evaluate(inputs) }

  func evaluate(_ inputs: [Tensor]) throws -> Tensor {
    guard inputs.contains(where: { $0.node != nil }), !Recording.isPaused else { return try compute(inputs) }
    // What an operation does within itself is not recorded a second time.
    let result = try Recording.with(isOn: false) { try compute(inputs) }
    if isDifferentiable { result.node = GraphNode(operation: self, inputs: inputs, result: result) }
    return result
  }

  private func compute(_ inputs: [Tensor]) throws -> Tensor {
    switch self {
    case .unary(let function): return try Elementwise.unary(function, inputs[0])
    case .clamp(let low, let high): return try Elementwise.clamp(inputs[0], low: low, high: high)
    case .leakyRelu(let slope): return try Elementwise.leakyRelu(inputs[0], slope: slope)
    case .binary(let function): return try Elementwise.binary(function, inputs[0], inputs[1])
    case .choose: return try Elementwise.choose(inputs[0], inputs[1], inputs[2])
    case .reduce(let reduction, let axes, let keepingAxes):
      return try ReductionPlan(inputs[0], axes: axes, name: name).run(reduction, keepingAxes: keepingAxes)
    case .logSumExp(let axis, let keepingAxes):
      return try RowFunctions.logSumExp(inputs[0], axis: axis, keepingAxes: keepingAxes)
    case .softmax(let axis, let logarithm): return try RowFunctions.softmax(inputs[0], axis: axis, logarithm: logarithm)
    case .matrixProduct: return try MatrixProduct(inputs[0], inputs[1]).run()
    case .view(let view): return try view.apply(to: inputs[0])
    case .copy: return try inputs[0].copyOfElements()
    case .embed(let slices, let shape): return try Joining.embed(inputs[0], in: shape, at: slices)
    case .concatenate(let axis): return try Joining.concatenate(inputs, axis: axis)
    case .gather(let rows): return try Joining.gather(inputs[0], rows: rows)
    case .segmentSum(let segments): return try segments.sum(inputs[0])
    case .spread(let segments): return try segments.spread(inputs[0])
    case .cumulativeSum(let axis, let reversed):
      return try RowFunctions.cumulativeSum(inputs[0], axis: axis, reversed: reversed)
    case .sparseProduct(let matrix, let transposed): return try matrix.product(inputs[0], transposed: transposed)
    case .pairProducts(let pairs, let transposed):
      return try pairs.products(inputs[0], inputs[1], transposed: transposed)
    case .pairSums(let pairs, let transposed): return try pairs.sums(inputs[0], inputs[1], transposed: transposed)
    case .straightThrough: return try Joining.straightThrough(inputs[0], inputs[1])
    case .fused(let function): return try function.value(of: inputs)
    }
  }
}

/// Functions of one element. The raw value is the name in Lua and in messages.
enum UnaryFunction: String, CaseIterable {
  case negate, abs, sign, square, reciprocal, sqrt, exp, log, log1p, sin, cos, tanh, sigmoid, softplus, relu, floor,
    ceil, round
  case logSigmoid = "log_sigmoid"
  case isFinite = "is_finite"
}

/// Functions of two elements. The raw value is the name in Lua and in messages.
enum BinaryFunction: String, CaseIterable {
  case add, subtract, multiply, divide, pow, minimum, maximum
  case less = "lt"
  case lessOrEqual = "le"
  case greater = "gt"
  case greaterOrEqual = "ge"
  case equal = "eq"
  case notEqual = "ne"
  /// The first operand times the derivative of tanh or sigmoid where that has the second as its value: one pass instead of three.
  case tanhGradient = "tanh_gradient"
  case sigmoidGradient = "sigmoid_gradient"
}

/// What becomes of the elements that a reduction brings together.
enum Reduction: Equatable {
  case sum, mean, product, minimum, maximum
  /// Mean squared distance from the mean, divided by n - `correction`.
  case variance(correction: Int)
  /// Sum of absolute values, or square root of the sum of squares.
  case norm1, norm2

  var name: String {
    switch self {
    case .sum: return "sum"
    case .mean: return "mean"
    case .product: return "product"
    case .minimum: return "min"
    case .maximum: return "max"
    case .variance: return "variance"
    case .norm1, .norm2: return "norm"
    }
  }
}
