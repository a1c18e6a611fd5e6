extension UnaryFunction {
  var isDifferentiable: Bool {
    switch self {
    case .sign, .floor, .ceil, .round, .isFinite: return false
    default: return true
    }
  }

  var derivativeReadsInput: Bool {
    switch self {
    case .abs, .square, .log, .log1p, .sin, .cos, .softplus, .logSigmoid, .relu: return true
    case .negate, .reciprocal, .sqrt, .exp, .tanh, .sigmoid, .sign, .floor, .ceil, .round, .isFinite: return false
    }
  }

  var derivativeReadsResult: Bool {
    switch self {
    case .reciprocal, .sqrt, .exp, .tanh, .sigmoid: return true
    default: return false
    }
  }

  /// The gradient of the argument. At 0 that of `abs` and `relu` is 0.
  func inputGradient(_ step: BackwardStep) throws -> Tensor? {
    let gradient = step.gradient
    switch self {
    case .negate: return try -gradient
    case .abs: return try gradient * step.input(0).sign()
    case .square: return try gradient * (step.input(0) * 2)
    case .reciprocal: return try -(gradient * step.result.square())
    case .sqrt: return try gradient / (step.result * 2)
    case .exp: return try gradient * step.result
    case .log: return try gradient / step.input(0)
    case .log1p: return try gradient / (step.input(0) + 1)
    case .sin: return try gradient * step.input(0).cos()
    case .cos: return try -(gradient * step.input(0).sin())
    case .tanh: return try Operation.binary(.tanhGradient).evaluate(gradient, step.result)
    case .sigmoid: return try Operation.binary(.sigmoidGradient).evaluate(gradient, step.result)
    case .softplus: return try gradient * step.input(0).sigmoid()
    case .logSigmoid: return try gradient * (-step.input(0)).sigmoid()
    case .relu: return try gradient * step.input(0).greater(than: Tensor(0))
    case .sign, .floor, .ceil, .round, .isFinite: return nil
    }
  }
}
