import Tensors

/// A loss written as a function over the values of a batch. The function is called once a batch and recorded; the record is
/// compiled once for each form that it takes.
///
/// ```swift
/// let loss = TracedLoss(name: "bpr") { s in try (s.negative - s.positive).softplus().mean() }
/// ```
///
/// The function returns one number, or one for each positive, of which the mean is taken.
open class TracedLoss: Loss {
  public let name: String
  private let function: ((LossTrace) throws -> TracedValue)?
  private var cache = LossProgramCache()
  private var execution: LossExecution?
  public private(set) var needs: Set<Channel> = []
  public let weighing = LossWeighing.read([.weight, .tripletWeight])
  /// Every parameter that a batch has read so far.
  public private(set) var parameters: [Parameter] = []
  private let pool: ThreadPool?
  private var batch: LossBatch?
  /// Whether every operation is computed by itself, with differentiable tensors: wanted so, or the loss needs operations that
  /// programs do not have.
  public private(set) var computesWithTensors: Bool
  private var tensorEvaluation: TensorEvaluation?
  /// What batches computed with tensors have read so far.
  private var readByTensors: Set<Channel>?

  /// - Parameters:
  ///   - pool: Who computes a loss that is not row-wise; the shared one by default.
  ///   - fuses: `false` computes every operation by itself, with tensors: much slower, with the same result.
  public init(
    name: String, fuses: Bool = true, pool: ThreadPool? = nil, _ function: @escaping (LossTrace) throws -> TracedValue
  ) {
    self.name = name
    self.function = function
    computesWithTensors = !fuses
    self.pool = pool
  }

  /// For a class that overrides `record`.
  public init(name: String, fuses: Bool = true, pool: ThreadPool? = nil) {
    self.name = name
    function = nil
    computesWithTensors = !fuses
    self.pool = pool
  }

  /// What the loss does with the values of one batch.
  open func record(_ trace: LossTrace) throws -> TracedValue {
    guard let function else { preconditionFailure("\(name) has no function and does not override record") }
    return try function(trace)
  }

  public var isRowwise: Bool { !computesWithTensors && execution?.program.isRowwise ?? false }

  open func prepare(for batch: LossBatch) throws {
    self.batch = batch
    if !computesWithTensors {
      do {
        return try compile(batch)
      } catch let failure as LossNotFused {
        computesWithTensors = true
        cannotFuse(failure)
      }
    }
    // Which of the parts it reads is known once it has run.
    needs = readByTensors?.union(batch.offers.filter { !$0.isOnDemand }).intersection(batch.offers) ?? batch.offers
  }

  /// Called once where a loss turns out to need operations of tensors.
  open func cannotFuse(_ reason: LossNotFused) {}

  private func compile(_ batch: LossBatch) throws {
    let trace = LossTrace(batch)
    defer {
      note(trace.parameters)
      trace.close()
    }
    let result = try recordWeighted(trace)
    let execution = try cache.execution(for: trace, result)
    try execution.prepare(trace)
    needs = trace.needs
    self.execution = execution
  }

  /// The loss with the weights of the batch, where its function does not read them.
  private func recordWeighted(_ trace: LossTrace) throws -> TracedValue {
    let result = try record(trace)
    guard result.trace === trace else { throw LossProgramError.stale }
    return try trace.weigh(result)
  }

  private func note(_ read: [Parameter]) {
    for parameter in read where !parameters.contains(where: { $0 === parameter }) { parameters.append(parameter) }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    guard let execution, execution.program.isRowwise, !computesWithTensors else {
      preconditionFailure("\(name) is not row-wise; evaluate the whole batch")
    }
    execution.evaluate(plane, rows: rows)
  }

  open func evaluateBatch(_ plane: ScorePlane) throws {
    if computesWithTensors { return try evaluateWithTensors(plane) }
    guard let execution else { preconditionFailure("\(name): evaluated before it was prepared") }
    if execution.program.isRowwise {
      execution.evaluate(plane, rows: 0..<plane.rowCount)
    } else {
      execution.evaluateBatch(plane, pool: pool ?? .shared)
    }
  }

  private func evaluateWithTensors(_ plane: ScorePlane) throws {
    guard let batch else { preconditionFailure("\(name): evaluated before it was prepared") }
    let evaluation = TensorEvaluation(plane)
    let trace = LossTrace(batch, with: evaluation)
    defer { trace.close() }
    try evaluation.differentiate(recordWeighted(trace))
    tensorEvaluation = evaluation
    readByTensors = (readByTensors ?? []).union(trace.needs)
    note(trace.parameters)
  }

  public func addParameterGradients(_ plane: ScorePlane, to gradients: GradientSet) {
    if computesWithTensors {
      tensorEvaluation?.addParameterGradients(to: gradients)
    } else {
      execution?.addParameterGradients(plane, to: gradients)
    }
  }

  /// The program of the last batch in words; `nil` before the first.
  public var programText: String? { execution?.program.description }

  /// Bytes held for batches.
  public var byteCount: Int { cache.byteCount }

  /// How many forms of the loss were compiled.
  public var compiledCount: Int { cache.compiledCount }
}

/// Compiled programs by the record they came from.
struct LossProgramCache {
  /// A loss whose form changes at every batch would fill the memory.
  static let capacity = 64

  private var known: [[UInt64]: LossExecution] = [:]
  private(set) var compiledCount = 0
  var byteCount: Int { known.values.reduce(0) { $0 + $1.byteCount } }

  mutating func execution(for trace: LossTrace, _ result: TracedValue) throws -> LossExecution {
    let key = trace.key(result: result)
    if let found = known[key] { return found }
    let made = LossExecution(try LossCompiler.compile(trace, result: result))
    compiledCount += 1
    if known.count >= Self.capacity { known.removeAll() }
    known[key] = made
    return made
  }
}
