// Elementwise operations. Operands broadcast: shapes are aligned at the last axis, and an axis of length 1 (or a missing one)
// stretches to the other's length. Shapes that do not fit throw `TensorError.shapes`, which names the operation and both.

extension Tensor {
  public static func + (left: Tensor, right: Tensor) throws -> Tensor {
    try Operation.binary(.add).evaluate(left, right)
  }
  public static func - (left: Tensor, right: Tensor) throws -> Tensor {
    try Operation.binary(.subtract).evaluate(left, right)
  }
  public static func * (left: Tensor, right: Tensor) throws -> Tensor {
    try Operation.binary(.multiply).evaluate(left, right)
  }
  public static func / (left: Tensor, right: Tensor) throws -> Tensor {
    try Operation.binary(.divide).evaluate(left, right)
  }

  public static func + (left: Tensor, right: Float) throws -> Tensor { try left + Tensor(right) }
  public static func - (left: Tensor, right: Float) throws -> Tensor { try left - Tensor(right) }
  public static func * (left: Tensor, right: Float) throws -> Tensor { try left * Tensor(right) }
  public static func / (left: Tensor, right: Float) throws -> Tensor { try left / Tensor(right) }
  public static func + (left: Float, right: Tensor) throws -> Tensor { try Tensor(left) + right }
  public static func - (left: Float, right: Tensor) throws -> Tensor { try Tensor(left) - right }
  public static func * (left: Float, right: Tensor) throws -> Tensor { try Tensor(left) * right }
  public static func / (left: Float, right: Tensor) throws -> Tensor { try Tensor(left) / right }
  public static prefix func - (x: Tensor) throws -> Tensor { try Operation.unary(.negate).evaluate(x) }

  /// Each element raised to a power. A negative base has a power where the exponent is whole, else NaN.
  public func power(_ exponent: Tensor) throws -> Tensor { try Operation.binary(.pow).evaluate(self, exponent) }
  public func power(_ exponent: Float) throws -> Tensor { try power(Tensor(exponent)) }

  /// The smaller of two elements; NaN where either is.
  public func minimum(_ other: Tensor) throws -> Tensor { try Operation.binary(.minimum).evaluate(self, other) }
  /// The larger of two elements; NaN where either is.
  public func maximum(_ other: Tensor) throws -> Tensor { try Operation.binary(.maximum).evaluate(self, other) }
  /// Each element brought into `low...high`; NaN stays.
  public func clamped(_ low: Float = -.infinity, _ high: Float = .infinity) throws -> Tensor {
    try Operation.clamp(low: low, high: high).evaluate(self)
  }
}

// MARK: - Comparison: 1 where it holds, 0 where not, as IEEE 754 has it for NaN

extension Tensor {
  public func less(than other: Tensor) throws -> Tensor { try Operation.binary(.less).evaluate(self, other) }
  public func lessOrEqual(to other: Tensor) throws -> Tensor {
    try Operation.binary(.lessOrEqual).evaluate(self, other)
  }
  public func greater(than other: Tensor) throws -> Tensor { try Operation.binary(.greater).evaluate(self, other) }
  public func greaterOrEqual(to other: Tensor) throws -> Tensor {
    try Operation.binary(.greaterOrEqual).evaluate(self, other)
  }
  public func equal(to other: Tensor) throws -> Tensor { try Operation.binary(.equal).evaluate(self, other) }
  public func notEqual(to other: Tensor) throws -> Tensor { try Operation.binary(.notEqual).evaluate(self, other) }
  /// 1 where the element is a number, 0 where it is infinite or NaN.
  public func isFinite() throws -> Tensor { try Operation.unary(.isFinite).evaluate(self) }

  /// Elements of `yes` where `condition` is not 0, of `no` elsewhere. All three broadcast.
  public static func `where`(_ condition: Tensor, _ yes: Tensor, _ no: Tensor) throws -> Tensor {
    try Operation.choose.evaluate(condition, yes, no)
  }
}

// MARK: - Functions of each element

extension Tensor {
  public func absolute() throws -> Tensor { try Operation.unary(.abs).evaluate(self) }
  /// -1, 0 or 1.
  public func sign() throws -> Tensor { try Operation.unary(.sign).evaluate(self) }
  public func square() throws -> Tensor { try Operation.unary(.square).evaluate(self) }
  /// 1 / x.
  public func reciprocal() throws -> Tensor { try Operation.unary(.reciprocal).evaluate(self) }
  public func squareRoot() throws -> Tensor { try Operation.unary(.sqrt).evaluate(self) }
  public func exp() throws -> Tensor { try Operation.unary(.exp).evaluate(self) }
  /// Natural logarithm.
  public func log() throws -> Tensor { try Operation.unary(.log).evaluate(self) }
  /// log(1 + x), exact for small x.
  public func log1p() throws -> Tensor { try Operation.unary(.log1p).evaluate(self) }
  public func sin() throws -> Tensor { try Operation.unary(.sin).evaluate(self) }
  public func cos() throws -> Tensor { try Operation.unary(.cos).evaluate(self) }
  public func tanh() throws -> Tensor { try Operation.unary(.tanh).evaluate(self) }
  /// 1 / (1 + exp(-x)).
  public func sigmoid() throws -> Tensor { try Operation.unary(.sigmoid).evaluate(self) }
  /// log(sigmoid(x)) = -softplus(-x), finite for every finite x.
  public func logSigmoid() throws -> Tensor { try Operation.unary(.logSigmoid).evaluate(self) }
  /// log(1 + exp(x)), finite for every finite x.
  public func softplus() throws -> Tensor { try Operation.unary(.softplus).evaluate(self) }
  /// max(x, 0).
  public func relu() throws -> Tensor { try Operation.unary(.relu).evaluate(self) }
  /// x where it is positive, else `slope` · x.
  public func leakyRelu(slope: Float = 0.01) throws -> Tensor { try Operation.leakyRelu(slope: slope).evaluate(self) }
  public func floor() throws -> Tensor { try Operation.unary(.floor).evaluate(self) }
  public func ceil() throws -> Tensor { try Operation.unary(.ceil).evaluate(self) }
  /// To the nearest whole number, halves to the even one.
  public func round() throws -> Tensor { try Operation.unary(.round).evaluate(self) }
}
