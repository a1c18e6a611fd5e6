import Platform

/// An operation on numbers of the batch.
func scalarResult(_ operation: LossOperation, _ a: Double, _ b: Double, _ c: Double) -> Double {
  switch operation {
  case .negate: -a
  case .exp: exp(a)
  case .log: log(a)
  case .log1p: log1p(a)
  case .squareRoot: a.squareRoot()
  case .square: a * a
  case .reciprocal: 1 / a
  case .absolute: abs(a)
  case .sign: a > 0 ? 1 : a < 0 ? -1 : a
  case .tanh: tanh(a)
  case .sigmoid: a < 0 ? exp(a) / (1 + exp(a)) : 1 / (1 + exp(-a))
  case .relu: a <= 0 ? 0 : a
  case .softplus: (a > 0 ? a : 0) + log1p(exp(-abs(a)))
  case .stopGradient, .spread: a
  case .add: a + b
  case .subtract: a - b
  case .multiply: a * b
  case .divide: a / b
  case .power: pow(a, b)
  case .minimum: a < b || a.isNaN ? a : b
  case .maximum: a > b || a.isNaN ? a : b
  case .less: a < b ? 1 : 0
  case .lessOrEqual: a <= b ? 1 : 0
  case .equal: a == b ? 1 : 0
  case .lead: a > b || a.isNaN ? 1 : a == b ? 0.5 : 0
  case .gate: a <= 0 ? 0 : b
  case .select: a != 0 ? b : c
  default: preconditionFailure("\(operation) is no operation on numbers")
  }
}
