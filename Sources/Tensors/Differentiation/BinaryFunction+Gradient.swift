extension BinaryFunction {
  var isDifferentiable: Bool {
    switch self {
    case .add, .subtract, .multiply, .divide, .pow, .minimum, .maximum, .tanhGradient, .sigmoidGradient: return true
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: return false
    }
  }

  func derivativeReads(input: Int, depends: [Bool]) -> Bool {
    switch self {
    case .multiply: return depends[1 - input]
    case .tanhGradient, .sigmoidGradient: return input == 1 || depends[1]
    case .divide: return input == 1
    case .pow, .minimum, .maximum: return true
    default: return false
    }
  }

  func derivativeReadsResult(depends: [Bool]) -> Bool { (self == .divide || self == .pow) && depends[1] }

  /// The gradients of both operands, each of its own shape.
  func inputGradients(_ step: BackwardStep) throws -> [Tensor?] {
    func operand(_ index: Int, _ gradient: () throws -> Tensor) throws -> Tensor? {
      step.wanted[index] ? try gradient().summed(to: step.inputShape(index)) : nil
    }
    let gradient = step.gradient
    switch self {
    case .add: return [try operand(0) { gradient }, try operand(1) { gradient }]
    case .subtract:
      return [try operand(0) { gradient }, try operand(1) { try -gradient.summed(to: step.inputShape(1)) }]
    case .multiply:
      return [try operand(0) { try gradient * step.input(1) }, try operand(1) { try gradient * step.input(0) }]
    case .divide:
      let quotient = try gradient / step.input(1)
      return [try operand(0) { quotient }, try operand(1) { try -(quotient * step.result) }]
    case .pow:
      return [try operand(0) { try Self.baseGradient(step) }, try operand(1) { try Self.exponentGradient(step) }]
    case .minimum, .maximum:
      return [
        try operand(0) { try gradient * winner(step.input(0), step.input(1)) },
        try operand(1) { try gradient * winner(step.input(1), step.input(0)) },
      ]
    case .tanhGradient:
      let same = try operand(0) { try Operation.binary(self).evaluate(gradient, step.input(1)) }
      return [same, try operand(1) { try gradient * step.input(0) * (step.input(1) * -2) }]
    case .sigmoidGradient:
      let same = try operand(0) { try Operation.binary(self).evaluate(gradient, step.input(1)) }
      return [same, try operand(1) { try gradient * step.input(0) * (1 - step.input(1) * 2) }]
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: return [nil, nil]
    }
  }

  /// 1 where `x` is the result, 1/2 where both are: equal operands share the gradient.
  private func winner(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    let (strictly, atLeast) =
      self == .minimum
      ? (try x.less(than: y), try x.lessOrEqual(to: y)) : (try x.greater(than: y), try x.greaterOrEqual(to: y))
    return try (strictly + atLeast) * 0.5
  }

  /// y x^(y - 1). An exponent that is one constant number takes the short way; else 0^0 counts as constant in its base.
  private static func baseGradient(_ step: BackwardStep) throws -> Tensor {
    let (base, exponent) = (step.input(0), step.input(1))
    if exponent.count == 1, !exponent.requiresGradient {
      let number = try exponent.item()
      if number == 0 { return try step.gradient * 0 }
      if number == 1 { return step.gradient }
      return try step.gradient * (base.power(number - 1) * number)
    }
    let bothZero = try base.equal(to: Tensor(0)) * exponent.equal(to: Tensor(0))
    let safe = try Tensor.where(bothZero, Tensor(1), exponent)
    return try step.gradient * (exponent * base.power(safe - 1))
  }

  /// x^y log x; 0 where the base is 0. NaN for a negative base: no power of it near a whole exponent is a real number.
  private static func exponentGradient(_ step: BackwardStep) throws -> Tensor {
    let base = step.input(0)
    let safe = try Tensor.where(base.equal(to: Tensor(0)), Tensor(1), base)
    return try step.gradient * (step.result * safe.log())
  }
}
