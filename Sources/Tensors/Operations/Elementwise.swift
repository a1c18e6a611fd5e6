import Kernels

/// Evaluates the elementwise operations: finds the common shape, walks it in runs, hands the runs to the kernels.
enum Elementwise {
  static func unary(_ function: UnaryFunction, _ x: Tensor) throws -> Tensor {
    let kernel = function.kernel
    return try map([x], shape: x.shape, operation: function.rawValue) { kernel_unary(kernel, $0, $1[0]) }
  }

  static func clamp(_ x: Tensor, low: Float, high: Float) throws -> Tensor {
    guard low <= high else {
      throw TensorError.argument(operation: "clamp", reason: "the range is \(low) to \(high); want low <= high")
    }
    return try map([x], shape: x.shape, operation: "clamp") { kernel_clamp($0, $1[0], low, high) }
  }

  static func leakyRelu(_ x: Tensor, slope: Float) throws -> Tensor {
    try map([x], shape: x.shape, operation: "leaky_relu") { kernel_leaky_relu($0, $1[0], slope) }
  }

  static func binary(_ function: BinaryFunction, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    let kernel = function.kernel
    let shape = try broadcastShape(a.shape, b.shape, operation: function.rawValue)
    return try map([a, b], shape: shape, operation: function.rawValue) { kernel_binary(kernel, $0, $1[0], $1[1]) }
  }

  static func choose(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    let choices = try broadcastShape(a.shape, b.shape, operation: "where")
    let shape = try broadcastShape(condition.shape, choices, operation: "where")
    return try map([condition, a, b], shape: shape, operation: "where") { kernel_where($0, $1[0], $1[1], $1[2]) }
  }

  /// Calls `kernel` for runs that together cover the result.
  private static func map(
    _ operands: [Tensor], shape: [Int], operation: String,
    _ kernel: @Sendable (_ run: kernel_run, _ operands: UnsafeBufferPointer<kernel_operand>) -> Void
  ) throws -> Tensor {
    let result = try Tensor(uninitialized: shape, operation: operation)
    if operands.allSatisfy({ $0.count == 1 || ($0.isContiguous && $0.shape == shape) }) {
      mapFlat(operands, into: result, kernel)
      return result
    }
    let out = Shared(result.storage.pointer)
    let readable = try operands.map { try Elementwise.readable($0) }
    let bases = readable.map { Shared($0.storage.pointer + $0.offset) }
    let loop = StridedLoop(
      shape: shape, operands: readable.map { broadcastStrides(shape: $0.shape, strides: $0.strides, to: shape) })
    runElementwise(count: result.count) { range in
      withUnsafeTemporaryAllocation(of: kernel_operand.self, capacity: bases.count) { inputs in
        loop.forEachTile(in: range) { first, positions, start, length in
          for number in bases.indices {
            inputs[number] = kernel_operand(
              base: bases[number].value + positions[number], row_stride: loop.rowStride(number),
              column_stride: loop.runStride(number))
          }
          let run = kernel_run(out: out.value + first, columns: loop.columns, first: start, count: length)
          kernel(run, UnsafeBufferPointer(inputs))
        }
      }
    }
    return withExtendedLifetime(readable) { result }
  }

  /// The common case: operands that lie as the result does, and single numbers.
  private static func mapFlat(
    _ operands: [Tensor], into result: Tensor,
    _ kernel: @Sendable (kernel_run, UnsafeBufferPointer<kernel_operand>) -> Void
  ) {
    let out = Shared(result.storage.pointer)
    let count = result.count
    withUnsafeTemporaryAllocation(of: kernel_operand.self, capacity: operands.count) { inputs in
      for (number, operand) in operands.enumerated() {
        let isNumber = operand.count == 1
        inputs[number] = kernel_operand(
          base: operand.storage.pointer + operand.offset, row_stride: isNumber ? 0 : count,
          column_stride: isNumber ? 0 : 1)
      }
      let shared = Shared(UnsafeBufferPointer(inputs))
      runElementwise(count: count) { range in
        kernel(
          kernel_run(out: out.value + range.lowerBound, columns: count, first: range.lowerBound, count: range.count),
          shared.value)
      }
    }
    withExtendedLifetime(operands) {}
  }

  /// A large operand whose last axis is not the closest in memory is turned round first: one pass in tiles is cheaper than
  /// a cache line for each element.
  private static func readable(_ x: Tensor) throws -> Tensor {
    guard x.count >= 1024, let last = x.strides.last, last != 1, last != 0, x.shape.last! > 1 else { return x }
    return try x.copy()
  }
}

extension UnaryFunction {
  var kernel: kernel_unary_function {
    switch self {
    case .negate: return KERNEL_NEGATE
    case .abs: return KERNEL_ABSOLUTE
    case .sign: return KERNEL_SIGN
    case .square: return KERNEL_SQUARE
    case .reciprocal: return KERNEL_RECIPROCAL
    case .sqrt: return KERNEL_SQRT
    case .exp: return KERNEL_EXP
    case .log: return KERNEL_LOG
    case .log1p: return KERNEL_LOG1P
    case .sin: return KERNEL_SIN
    case .cos: return KERNEL_COS
    case .tanh: return KERNEL_TANH
    case .sigmoid: return KERNEL_SIGMOID
    case .logSigmoid: return KERNEL_LOG_SIGMOID
    case .softplus: return KERNEL_SOFTPLUS
    case .relu: return KERNEL_RELU
    case .floor: return KERNEL_FLOOR
    case .ceil: return KERNEL_CEIL
    case .round: return KERNEL_ROUND
    case .isFinite: return KERNEL_IS_FINITE
    }
  }
}

extension BinaryFunction {
  var kernel: kernel_binary_function {
    switch self {
    case .add: return KERNEL_ADD
    case .subtract: return KERNEL_SUBTRACT
    case .multiply: return KERNEL_MULTIPLY
    case .divide: return KERNEL_DIVIDE
    case .pow: return KERNEL_POWER
    case .minimum: return KERNEL_MINIMUM
    case .maximum: return KERNEL_MAXIMUM
    case .less: return KERNEL_LESS
    case .lessOrEqual: return KERNEL_LESS_OR_EQUAL
    case .greater: return KERNEL_GREATER
    case .greaterOrEqual: return KERNEL_GREATER_OR_EQUAL
    case .equal: return KERNEL_EQUAL
    case .notEqual: return KERNEL_NOT_EQUAL
    case .tanhGradient: return KERNEL_TANH_GRADIENT
    case .sigmoidGradient: return KERNEL_SIGMOID_GRADIENT
    }
  }
}
