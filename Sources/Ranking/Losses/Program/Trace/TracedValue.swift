import Tensors

/// A value of a loss that is being recorded: it has a kind, but no numbers yet.
///
/// ```swift
/// let loss = TracedLoss(name: "ccl") { s in
///   let up = try (1 - s.positive).relu()
///   let down = try (s.negative - 0.9).relu().mean(.negatives)
///   return try (up + 150 * down).mean(.batch)
/// }
/// ```
public final class TracedValue {
  public let trace: LossTrace
  let entry: Int
  public let kind: ValueKind

  init(trace: LossTrace, entry: Int, kind: ValueKind) {
    self.trace = trace
    self.entry = entry
    self.kind = kind
  }

  // MARK: Elementwise

  /// An operation on each number by itself.
  public func apply(_ operation: LossOperation) throws -> TracedValue { try trace.record(operation, kind, self) }

  /// An operation on each two numbers; the lower kind is repeated.
  public func apply(_ operation: LossOperation, _ other: TracedValue) throws -> TracedValue {
    try checkBatch(of: other)
    return try trace.record(operation, max(kind, other.kind), self, other.entry)
  }

  /// `yes` where this is not 0, else `no`.
  public func choose(_ yes: TracedValue, _ no: TracedValue) throws -> TracedValue {
    try checkBatch(of: yes)
    try checkBatch(of: no)
    return try trace.record(.select, max(kind, max(yes.kind, no.kind)), self, yes.entry, no.entry)
  }

  private func checkBatch(of other: TracedValue) throws {
    guard other.trace === trace else { throw LossProgramError.stale }
  }

  public func exp() throws -> TracedValue { try apply(.exp) }
  public func log() throws -> TracedValue { try apply(.log) }
  public func square() throws -> TracedValue { try apply(.square) }
  public func relu() throws -> TracedValue { try apply(.relu) }
  public func sigmoid() throws -> TracedValue { try apply(.sigmoid) }
  public func softplus() throws -> TracedValue { try apply(.softplus) }
  public func tanh() throws -> TracedValue { try apply(.tanh) }
  /// The value, through which no derivative passes.
  public func stoppingGradient() throws -> TracedValue { try apply(.stopGradient) }

  /// This, but `slope * this` below 0.
  public func leakyRelu(slope: Double) throws -> TracedValue {
    try apply(.lessOrEqual, trace.number(0)).choose(apply(.multiply, trace.number(slope)), self)
  }

  /// Brought into a range; NaN stays. The derivative passes within the range, its ends included.
  public func clamped(low: Double?, high: Double?) throws -> TracedValue {
    var result = self
    if let low { result = try result.apply(.less, trace.number(low)).choose(trace.number(low), result) }
    if let high {
      let bound = trace.number(high)
      result = try bound.apply(.less, result).choose(bound, result)
    }
    return result
  }

  /// To the power of a number that is part of the loss's form where it is a common one.
  public func power(_ exponent: Double) throws -> TracedValue {
    switch exponent {
    case 1: self
    case 2: try apply(.square)
    case 0.5: try apply(.squareRoot)
    case -1: try apply(.reciprocal)
    default: try apply(.power, trace.number(exponent))
    }
  }

  // MARK: Over an axis

  /// Whether a reduction over `axis` means something for this kind, with the axis it then goes over.
  func resolve(_ axis: LossAxis, _ operation: LossOperation) throws -> LossAxis {
    switch (kind, axis) {
    case (_, .all), (.row, .batch), (.plane, .negatives): return axis
    case (.plane, .batch):
      throw LossProgramError(
        "\(operation.scriptName) over \"batch\" of a value for each negative; reduce over \"negatives\" first, or over everything "
          + "by leaving the axis out")
    case (.row, .negatives):
      throw LossProgramError(
        "\(operation.scriptName) over \"negatives\" of a value for each positive, which has no negatives any more; the axis that "
          + "is left is \"batch\"")
    case (.scalar, _):
      throw LossProgramError("\(operation.scriptName) over \"\(axis)\" of a single number; it has no axis any more")
    }
  }

  public func reduce(_ operation: LossOperation, _ axis: LossAxis = .all) throws -> TracedValue {
    let axis = try resolve(axis, operation)
    return try trace.record(operation, axis == .negatives ? .row : .scalar, self, Int(axis.rawValue))
  }

  public func sum(_ axis: LossAxis = .all) throws -> TracedValue { try reduce(.sum, axis) }
  public func mean(_ axis: LossAxis = .all) throws -> TracedValue { try reduce(.mean, axis) }
  public func largest(_ axis: LossAxis = .all) throws -> TracedValue { try reduce(.largest, axis) }
  public func smallest(_ axis: LossAxis = .all) throws -> TracedValue { try reduce(.smallest, axis) }
  public func logSumExp(_ axis: LossAxis = .all) throws -> TracedValue { try reduce(.logSumExp, axis) }

  /// An operation along an axis that keeps the kind: softmax, logSoftmax, rank.
  public func along(_ operation: LossOperation, _ axis: LossAxis) throws -> TracedValue {
    let axis = try resolve(axis, operation)
    guard kind != .scalar else { throw LossProgramError("\(operation.scriptName) of a single number") }
    return try trace.record(operation, kind, self, Int(axis.rawValue))
  }

  public func softmax(_ axis: LossAxis = .negatives) throws -> TracedValue { try along(.softmax, axis) }
  public func logSoftmax(_ axis: LossAxis = .negatives) throws -> TracedValue { try along(.logSoftmax, axis) }
  /// Position in ascending order, from 1; of equal ones the first comes first. No derivative passes.
  public func rank(_ axis: LossAxis) throws -> TracedValue { try along(.rank, axis) }

  /// Sums of a row's negatives so far, this one included.
  public func cumulated() throws -> TracedValue {
    guard kind == .plane else { throw LossProgramError("cumsum goes over negatives; this value has none") }
    return try apply(.cumulate)
  }

  /// The sum over the rows of the batch that have the same user, for each of them.
  public func sameUserSum() throws -> TracedValue {
    guard kind == .row else {
      throw LossProgramError("same_user_sum wants a value for each positive; reduce over \"negatives\" first")
    }
    return try apply(.sameUserSum)
  }

  /// The largest value among the rows of the batch that have the same user, for each of them; of equally large ones each has its
  /// share of the derivative.
  public func sameUserMaximum() throws -> TracedValue {
    guard kind == .row else {
      throw LossProgramError("same_user_max wants a value for each positive; reduce over \"negatives\" first")
    }
    return try apply(.sameUserMaximum)
  }

  public func sameUserMean() throws -> TracedValue {
    let count = trace.append(LossTrace.Entry(.sameUserCount, .row))
    return try sameUserSum().apply(.divide, count)
  }
}

extension TracedValue {
  public static func + (left: TracedValue, right: TracedValue) throws -> TracedValue { try left.apply(.add, right) }
  public static func - (left: TracedValue, right: TracedValue) throws -> TracedValue {
    try left.apply(.subtract, right)
  }
  public static func * (left: TracedValue, right: TracedValue) throws -> TracedValue {
    try left.apply(.multiply, right)
  }
  public static func / (left: TracedValue, right: TracedValue) throws -> TracedValue { try left.apply(.divide, right) }
  public static prefix func - (value: TracedValue) throws -> TracedValue { try value.apply(.negate) }

  public static func + (left: TracedValue, right: Double) throws -> TracedValue {
    try left.apply(.add, left.trace.number(right))
  }
  public static func - (left: TracedValue, right: Double) throws -> TracedValue {
    try left.apply(.subtract, left.trace.number(right))
  }
  public static func * (left: TracedValue, right: Double) throws -> TracedValue {
    try left.apply(.multiply, left.trace.number(right))
  }
  public static func / (left: TracedValue, right: Double) throws -> TracedValue {
    try left.apply(.divide, left.trace.number(right))
  }
  public static func + (left: Double, right: TracedValue) throws -> TracedValue {
    try right.trace.number(left).apply(.add, right)
  }
  public static func - (left: Double, right: TracedValue) throws -> TracedValue {
    try right.trace.number(left).apply(.subtract, right)
  }
  public static func * (left: Double, right: TracedValue) throws -> TracedValue {
    try right.trace.number(left).apply(.multiply, right)
  }
  public static func / (left: Double, right: TracedValue) throws -> TracedValue {
    try right.trace.number(left).apply(.divide, right)
  }
}
