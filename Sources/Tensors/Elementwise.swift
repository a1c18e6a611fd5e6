import Kernels

/// Evaluates the elementwise operations: finds the common shape, walks it in runs, hands the runs to the kernels.
enum Elementwise {
  static func unary(_ function: UnaryFunction, _ x: Tensor) throws -> Tensor {
    let kernel = function.kernel
    return try map([x], shape: x.shape, operation: function.rawValue) { run in
      kernel_unary(kernel, run.out, run.a.base, run.a.stride, run.length)
    }
  }

  static func clamp(_ x: Tensor, low: Float, high: Float) throws -> Tensor {
    guard low <= high else {
      throw TensorError.argument(operation: "clamp", reason: "the range is \(low) to \(high); want low <= high")
    }
    return try map([x], shape: x.shape, operation: "clamp") { run in
      kernel_clamp(run.out, run.a.base, run.a.stride, low, high, run.length)
    }
  }

  static func binary(_ function: BinaryFunction, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    let kernel = function.kernel
    let shape = try broadcastShape(a.shape, b.shape, operation: function.rawValue)
    return try map([a, b], shape: shape, operation: function.rawValue) { run in
      kernel_binary(kernel, run.out, run.a.base, run.a.stride, run.b.base, run.b.stride, run.length)
    }
  }

  static func choose(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    let choices = try broadcastShape(a.shape, b.shape, operation: "where")
    let shape = try broadcastShape(condition.shape, choices, operation: "where")
    return try map([condition, a, b], shape: shape, operation: "where") { run in
      kernel_where(
        run.out, run.a.base, run.a.stride, run.b.base, run.b.stride, run.c.base, run.c.stride, run.length)
    }
  }

  /// Where an operand's next element is and how far the one after it.
  private struct Operand {
    var base: UnsafeMutablePointer<Float>
    var stride: Int

    func advanced(by elements: Int) -> Operand { Operand(base: base + elements, stride: stride) }
  }

  /// A stretch of the result and its operands; `b` and `c` repeat the last operand where there are fewer.
  private struct Run {
    var out: UnsafeMutablePointer<Float>
    var a, b, c: Operand
    var length: Int
  }

  /// Calls `kernel` for runs that together cover the result.
  private static func map(
    _ operands: [Tensor], shape: [Int], operation: String, _ kernel: (Run) -> Void
  ) throws -> Tensor {
    let result = try Tensor(uninitialized: shape, operation: operation)
    let out = result.storage.pointer
    if operands.allSatisfy({ $0.count == 1 || ($0.isContiguous && $0.shape == shape) }) {
      let inputs = operands.map { Operand(base: $0.storage.pointer + $0.offset, stride: $0.count == 1 ? 0 : 1) }
      let (a, b, c) = (inputs[0], inputs[min(1, inputs.count - 1)], inputs[inputs.count - 1])
      runElementwise(count: result.count) { range in
        let start = range.lowerBound
        kernel(
          Run(
            out: out + start, a: a.advanced(by: start * a.stride), b: b.advanced(by: start * b.stride),
            c: c.advanced(by: start * c.stride), length: range.count))
      }
      return withExtendedLifetime(operands) { result }
    }
    let operands = try operands.map { try readable($0) }
    let loop = StridedLoop(
      shape: shape, operands: operands.map { broadcastStrides(shape: $0.shape, strides: $0.strides, to: shape) })
    let inputs = operands.indices.map {
      Operand(base: operands[$0].storage.pointer + operands[$0].offset, stride: loop.runStride($0))
    }
    let (second, third) = (min(1, inputs.count - 1), inputs.count - 1)
    let (a, b, c) = (inputs[0], inputs[second], inputs[third])
    runElementwise(count: result.count) { range in
      loop.forEachRun(in: range) { first, positions, length in
        kernel(
          Run(
            out: out + first, a: a.advanced(by: positions[0]), b: b.advanced(by: positions[second]),
            c: c.advanced(by: positions[third]), length: length))
      }
    }
    return withExtendedLifetime(operands) { result }
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
    }
  }
}
