import Tensors

/// Records what a loss does with the values of one batch.
///
/// A record holds the operations and what they were applied to, not the numbers: two batches whose loss did the same have the same
/// `key`, whatever its constants were, and share a compiled program. Numbers, tensors and parameters are listed in the order in
/// which they came and are read when the program runs.
public final class LossTrace {
  /// One operation: its code, kind and operands in 64 bits, so that comparing records is comparing memory.
  struct Entry: Hashable {
    let bits: UInt64

    static let most = 1 << 18

    init(_ operation: LossOperation, _ kind: ValueKind, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
      bits =
        UInt64(operation.rawValue) | UInt64(kind.rawValue) << 8 | UInt64(a) << 10 | UInt64(b) << 28 | UInt64(c) << 46
    }

    var operation: LossOperation { LossOperation(rawValue: UInt8(truncatingIfNeeded: bits))! }
    var kind: ValueKind { ValueKind(rawValue: UInt8(bits >> 8 & 3))! }
    var a: Int { Int(bits >> 10 & 0x3ffff) }
    var b: Int { Int(bits >> 28 & 0x3ffff) }
    var c: Int { Int(bits >> 46 & 0x3ffff) }
  }

  public let batch: LossBatch
  /// Computes every operation at once with tensors, where the loss is not compiled.
  let tensorEvaluation: TensorEvaluation?
  /// Whether values have numbers already, those of tensors.
  public var computesWithTensors: Bool { tensorEvaluation != nil }
  /// The operation that cannot be part of a program, once one was asked for.
  public private(set) var unfusable: String?
  /// Whether a tensor that requires a gradient took part: it gets none, as it is no parameter.
  public private(set) var readsRequiredGradient = false
  private(set) var entries: [Entry] = []
  /// Whether each positive's part of a loss that is one number is to be multiplied by its weight when it is compiled.
  var weighsParts = false
  private(set) var numbers: [Double] = []
  private(set) var tensors: [Tensor] = []
  private(set) var parameters: [Parameter] = []
  /// What the loss read besides the scores.
  private(set) var needs: Set<Channel> = []
  /// False once the batch is over: its values mean nothing any more.
  public private(set) var isOpen = true
  /// The scores and the like, which a loss reads again and again.
  private var leaves: [Entry: TracedValue] = [:]

  public convenience init(_ batch: LossBatch) { self.init(batch, with: nil) }

  init(_ batch: LossBatch, with tensorEvaluation: TensorEvaluation?) {
    self.batch = batch
    self.tensorEvaluation = tensorEvaluation
    entries.reserveCapacity(64)
  }

  /// From now on the values of this batch cannot be used.
  public func close() {
    isOpen = false
    leaves = [:]
  }

  // MARK: What the batch gives

  /// Score of each positive.
  public var positive: TracedValue { leaf(Entry(.positive, .row)) }
  /// Score of each negative.
  public var negative: TracedValue { leaf(Entry(.negative, .plane)) }

  /// An input besides the scores; `nil` where the batch has none and a loss may do without.
  public func channel(_ channel: Channel) throws -> TracedValue? {
    channel.remedy == nil ? optional(channel) : try required(channel)
  }

  func optional(_ channel: Channel) -> TracedValue? {
    guard batch.offers.contains(channel) else { return nil }
    needs.insert(channel)
    return leaf(Entry(.channel, channel.kind, channel.number))
  }

  func required(_ channel: Channel) throws -> TracedValue {
    guard let value = optional(channel) else { throw LossProgramError(channel.complaint("the loss")) }
    return value
  }

  private func leaf(_ entry: Entry) -> TracedValue {
    guard isOpen else { return TracedValue(trace: self, entry: 0, kind: entry.kind) }
    if let known = leaves[entry] { return known }
    let value = append(entry)
    leaves[entry] = value
    return value
  }

  // MARK: What the script brings

  /// A number, which may be another one in the next batch.
  public func number(_ value: Double) -> TracedValue {
    numbers.append(value)
    return append(Entry(.number, .scalar, numbers.count - 1))
  }

  /// A constant tensor: of rank 0, `[N]` (the same for each row), `[B, 1]` or `[B, N]`.
  public func tensor(_ tensor: Tensor) throws -> TracedValue {
    let (rows, negatives) = (batch.rowCount, batch.negativeCount)
    let layout: TensorLayout
    switch tensor.shape {
    case []: layout = .scalar
    case [negatives]: layout = .columns
    case [rows, 1]: layout = .rows
    case [rows, negatives]: layout = .plane
    // What `tensor()` makes of a value for each positive.
    case [rows] where tensorEvaluation != nil: layout = .rows
    default:
      throw LossProgramError(
        "a tensor of shape \(tensor.shape) cannot meet the scores of \(rows) positives with \(negatives) negatives each; "
          + "want [], [\(negatives)], [\(rows), 1] or [\(rows), \(negatives)]")
    }
    if tensorEvaluation == nil, tensor.requiresGradient { readsRequiredGradient = true }
    // With tensors it may be part of what is differentiated.
    tensors.append(tensorEvaluation == nil ? try tensor.contiguous() : tensor)
    return append(Entry(.tensor, layout.kind, tensors.count - 1, Int(layout.rawValue)))
  }

  /// The rows of a parameter that the batch reads.
  public func parameter(_ parameter: Parameter, at index: LossIndex) throws -> TracedValue {
    guard parameter.owner == index.owner else {
      throw LossProgramError(
        "parameter '\(parameter.name)' has a row for each \(parameter.owner.rawValue), which \(index.scriptName) do not name"
      )
    }
    guard parameter.columnCount == 1 else {
      throw LossProgramError(
        "parameter '\(parameter.name)' has rows of \(parameter.columnCount) numbers; a loss reads rows of one number")
    }
    return append(Entry(.parameter, index.kind, slot(of: parameter), Int(index.rawValue) + 1))
  }

  /// One number of a shared parameter.
  public func parameter(_ parameter: Parameter, column: Int = 0) throws -> TracedValue {
    guard parameter.owner == .shared, parameter.rowCount == 1 else {
      let fields = parameter.owner == .user ? "[s.users]" : "[s.positive_items] or [s.negative_items]"
      throw LossProgramError(
        "parameter '\(parameter.name)' has a row for each \(parameter.owner.rawValue); write \(parameter.name)\(fields)"
      )
    }
    guard (0..<parameter.columnCount).contains(column) else {
      throw LossProgramError(
        "parameter '\(parameter.name)' has \(parameter.columnCount) numbers; \(column + 1) is not one of them")
    }
    guard column < Entry.most else {
      throw LossProgramError(
        "a loss reads the first \(Entry.most) numbers of a parameter; \(column + 1) is beyond them")
    }
    return append(Entry(.parameter, .scalar, slot(of: parameter), 0, column))
  }

  private func slot(of parameter: Parameter) -> Int {
    if let slot = parameters.firstIndex(where: { $0 === parameter }) { return slot }
    parameters.append(parameter)
    return parameters.count - 1
  }

  // MARK: Recording

  func append(_ entry: Entry) -> TracedValue {
    entries.append(entry)
    tensorEvaluation?.compute(entry, of: self)
    return TracedValue(trace: self, entry: entries.count - 1, kind: entry.kind)
  }

  /// Records an operation on values of this batch.
  func record(_ operation: LossOperation, _ kind: ValueKind, _ a: TracedValue, _ b: Int = 0, _ c: Int = 0) throws
    -> TracedValue
  {
    guard isOpen else { throw LossProgramError.stale }
    guard entries.count < Entry.most else {
      throw LossProgramError(
        "the loss did more than \(Entry.most) operations in one batch; a loop over rows or negatives is not needed, "
          + "operations go over all of them at once")
    }
    let result = append(Entry(operation, kind, a.entry, b, c))
    if let failure = tensorEvaluation?.failure { throw failure }
    return result
  }

  /// The numbers of a value as a tensor, `[]`, `[B]` or `[B, N]`, to go on with operations that only tensors have.
  ///
  /// - Throws: `LossNotFused` where the loss is being compiled: it must then be computed with tensors from the start.
  public func tensor(of value: TracedValue, for operation: String) throws -> Tensor {
    guard isOpen, value.trace === self else { throw LossProgramError.stale }
    guard let tensorEvaluation else {
      unfusable = unfusable ?? operation
      throw LossNotFused(operation: operation)
    }
    return try tensorEvaluation.tensor(of: value)
  }

  /// What decides which program computes this loss.
  func key(result: TracedValue) -> [UInt64] {
    var key = entries.map(\.bits)
    key.append(UInt64(result.entry) << 1 | (weighsParts ? 1 : 0))
    return key
  }
}

/// How a constant tensor lies over the scores.
enum TensorLayout: UInt8 {
  case scalar, rows, columns, plane

  var kind: ValueKind {
    switch self {
    case .scalar: .scalar
    case .rows: .row
    case .columns, .plane: .plane
    }
  }
}

extension LossIndex {
  var owner: Parameter.Owner { self == .users ? .user : .item }

  public var scriptName: String {
    switch self {
    case .users: "users"
    case .positiveItems: "positive_items"
    case .negativeItems: "negative_items"
    }
  }
}

/// A loss asked for an operation that programs do not have; it is computed with tensors instead.
public struct LossNotFused: Error, CustomStringConvertible {
  public let operation: String
  public init(operation: String) { self.operation = operation }
  public var description: String { "\(operation) is an operation of tensors" }
}

/// Why a loss cannot be recorded or compiled, and what to write instead.
public struct LossProgramError: Error, CustomStringConvertible, Equatable {
  public let description: String
  public init(_ description: String) { self.description = description }

  static let returnedPlane = LossProgramError(
    "the loss returned a value for each negative; want one number, or one for each positive: end with :mean(\"negatives\") or "
      + ":mean()")

  static func noGradient(readsScores: Bool) -> LossProgramError {
    LossProgramError(
      readsScores
        ? "the loss has no gradient with respect to the scores: comparisons, ranks, sign and stop_gradient pass none"
        : "the loss forgets to use the scores: it returned a value that depends neither on s.positive nor on s.negative"
    )
  }

  public static let stale = LossProgramError(
    "this value belongs to a batch that is over; a loss is called again for every batch and must not keep its values")
}
