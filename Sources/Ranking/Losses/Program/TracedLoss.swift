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
  public private(set) var needs: LossNeeds = []
  /// Every parameter that a batch has read so far.
  public private(set) var parameters: [Parameter] = []
  private let pool: ThreadPool?

  /// - Parameter pool: Who computes a loss that is not row-wise; the shared one by default.
  public init(name: String, pool: ThreadPool? = nil, _ function: @escaping (LossTrace) throws -> TracedValue) {
    self.name = name
    self.function = function
    self.pool = pool
  }

  /// For a class that overrides `record`.
  public init(name: String, pool: ThreadPool? = nil) {
    self.name = name
    function = nil
    self.pool = pool
  }

  /// What the loss does with the values of one batch.
  open func record(_ trace: LossTrace) throws -> TracedValue {
    guard let function else { preconditionFailure("\(name) has no function and does not override record") }
    return try function(trace)
  }

  public var isRowwise: Bool { execution?.program.isRowwise ?? false }

  public func prepare(at position: TrainingPosition, negativeCount: Int) throws {
    preconditionFailure("a traced loss is prepared with prepare(for:), which knows the rows of the batch")
  }

  open func prepare(for batch: LossBatch) throws {
    let trace = LossTrace(batch)
    defer { trace.close() }
    let result = try record(trace)
    guard result.trace === trace else { throw LossProgramError.stale }
    let execution = try cache.execution(for: trace, result)
    execution.prepare(trace)
    needs = trace.needs
    for parameter in trace.parameters where !parameters.contains(where: { $0 === parameter }) {
      parameters.append(parameter)
    }
    self.execution = execution
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    guard let execution else { preconditionFailure("\(name): evaluated before it was prepared") }
    if execution.program.isRowwise {
      execution.evaluate(plane, rows: rows)
    } else {
      execution.evaluateBatch(plane, pool: pool ?? .shared)
    }
  }

  public func addParameterGradients(_ plane: ScorePlane) { execution?.addParameterGradients(plane) }

  /// The program of the last batch in words; `nil` before the first.
  public var programText: String? { execution?.program.description }

  /// How many forms of the loss were compiled.
  public var compiledCount: Int { cache.compiledCount }
}

/// Compiled programs by the record they came from.
struct LossProgramCache {
  /// A loss whose form changes at every batch would fill the memory.
  static let capacity = 64

  private var known: [[UInt64]: LossExecution] = [:]
  private(set) var compiledCount = 0

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
