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
  private let function: (LossTrace) throws -> TracedValue
  private var cache = LossProgramCache()
  private var execution: LossExecution?
  public private(set) var needs: LossNeeds = []
  private let pool: ThreadPool?

  /// - Parameter pool: Who computes a loss that is not row-wise; the shared one by default.
  public init(name: String, pool: ThreadPool? = nil, _ function: @escaping (LossTrace) throws -> TracedValue) {
    self.name = name
    self.function = function
    self.pool = pool
  }

  public var isRowwise: Bool { execution?.program.isRowwise ?? false }

  /// Parameters that the last recorded batch read.
  public var parameters: [Parameter] { execution?.parameters ?? [] }

  public func prepare(at position: TrainingPosition, negativeCount: Int) throws {
    preconditionFailure("a traced loss is prepared with prepare(for:), which knows the rows of the batch")
  }

  public func prepare(for batch: LossBatch) throws {
    let trace = LossTrace(batch)
    defer { trace.close() }
    let result = try function(trace)
    guard result.trace === trace else { throw LossProgramError.stale }
    let execution = try cache.execution(for: trace, result)
    execution.prepare(trace)
    needs = trace.needs
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
