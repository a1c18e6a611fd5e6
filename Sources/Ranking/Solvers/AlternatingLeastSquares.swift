import Interactions
import Platform
import Tensors

/// Fits a `WeightedFactorization`: all users' rows for the items' as they stand, then all items' rows for the new users'.
///
/// Hu, Koren, Volinsky, ICDM 2008, section 4, Eq. 4 and 5:
///
///     x_u = (Y'Y + l I + sum_{i in I_u} (c - 1) y_i y_i')⁻¹ c sum_{i in I_u} y_i
///
/// The paper factors a d x d matrix for each row. Here Y'Y + l I = L L' is factored once for all, in float64, and rows are solved in
/// the coordinates z = L⁻¹ y, in which the matrix of a row is 1 + (c - 1) Z'Z: a row with fewer items than numbers is solved in as
/// many unknowns as it has items, and a conjugate gradient costs no d² at all (`kernel_solvers.h`). The answer is the same.
///
/// A row's problem depends on nothing that its neighbors do: the same bits at any number of threads.
public final class AlternatingLeastSquares: Solver {
  public struct Configuration: Sendable {
    /// What an observed pair counts, where any other counts 1.
    public enum Confidence: String, Sendable, CaseIterable {
      /// c = 1 + alpha, as in the paper.
      case onePlusAlpha = "one_plus_alpha"
      /// c = alpha, as in the library `implicit`.
      case alpha
    }

    public enum Method: Sendable, Equatable {
      /// Each row is the minimum for the other side's rows.
      case cholesky
      /// So many steps from the rows as they stand (Takács, Pilászy, Tikk, "Applications of the Conjugate Gradient Method for
      /// Implicit Feedback Collaborative Filtering", RecSys 2011).
      case conjugateGradient(steps: Int)
    }

    public var alpha = 40.0
    public var confidence = Confidence.onePlusAlpha
    /// l, above 0: without it a row may have no minimum of its own.
    public var regularization = 0.01
    public var method = Method.cholesky

    public init() {}

    /// c of an observed pair.
    public var observedConfidence: Double { confidence == .alpha ? alpha : 1 + alpha }

    var description: TrainerDescription {
      let method =
        switch method {
        case .cholesky: "cholesky"
        case .conjugateGradient(let steps): "cg(steps = \(steps))"
        }
      return TrainerDescription([
        .init("alpha", "\(alpha)"), .init("confidence", confidence.rawValue),
        .init("regularization", "\(regularization)"),
        .init("method", method),
      ])
    }
  }

  public var model: any ScoredModel { factorization }
  public let configuration: Configuration
  public private(set) var epochsDone = 0
  public let isClosedForm = false
  public var description: TrainerDescription { configuration.description }

  private let factorization: WeightedFactorization
  private let part: TrainedPart
  private let users: RowProblems
  private let items: RowProblems
  let pool: ThreadPool
  private var memory: SolvingMemory?

  /// - Parameter rule: How the train part was cut, for messages.
  /// - Throws: `TrainingError` where a setting or the data does not fit.
  public init(
    _ model: WeightedFactorization, train: InteractionMatrix, _ configuration: Configuration = Configuration(),
    rule: String = "train", pool: ThreadPool = .shared
  ) throws {
    try Self.check(configuration)
    try checkShape(of: train, model)
    factorization = model
    self.configuration = configuration
    self.pool = pool
    part = TrainedPart(train, rule: rule)
    users = RowProblems(train, dim: model.dim, configuration)
    items = RowProblems(train.transposed(), dim: model.dim, configuration)
  }

  private static func check(_ configuration: Configuration) throws {
    let least = configuration.confidence == .alpha ? "above 0" : "from 0"
    let confidence = configuration.observedConfidence
    guard confidence > 0, configuration.alpha >= 0, configuration.alpha <= 1e5 else {
      throw TrainingError.setting(
        "wrmf: alpha is \(shownNumber(configuration.alpha)); want a number \(least) to 1e5: an observed pair counts "
          + "\(configuration.confidence == .alpha ? "alpha" : "1 + alpha") where any other counts 1")
    }
    guard configuration.regularization > 0, configuration.regularization <= 1e9 else {
      throw TrainingError.setting(
        "wrmf: regularization is \(shownNumber(configuration.regularization)); want a number above 0 to 1e9: without it a row that has "
          + "fewer items than numbers has no best value")
    }
    if case .conjugateGradient(let steps) = configuration.method, steps < 1 {
      throw TrainingError.setting("wrmf: \(steps) steps of the conjugate gradient; want at least 1")
    }
  }

  public var byteCount: Int { users.byteCount + items.byteCount + (memory?.byteCount ?? 0) }

  /// - Complexity: O(pairs · dim + rows · dim²) with the conjugate gradient, for each step; exactly
  ///   O(Σ_rows min(n, dim)² · max(n, dim)) for rows of n pairs.
  public func epoch(isInterrupted: () -> Bool) throws -> SolverReport {
    let began = monotonicSeconds()
    let (x, y) = (try factorization.users.beginSolving(), try factorization.items.beginSolving())
    let memory =
      try self.memory ?? SolvingMemory(users: users.rowCount, items: items.rowCount, like: factorization.users, pool)
    self.memory = memory
    // Both sides are published when both are whole.
    _ = try solve(users, from: x, for: y, "items", into: memory.users.base, memory, isInterrupted)
    let objective = try solve(
      items, from: y, for: memory.users.base, "users", into: memory.items.base, memory, isInterrupted)
    copy(memory.users, to: x)
    copy(memory.items, to: y)
    epochsDone += 1
    factorization.noteTraining(on: part)
    return SolverReport(epoch: epochsDone, objective: objective, seconds: monotonicSeconds() - began)
  }

  private func copy(_ rows: AlignedBuffer<Float>, to target: UnsafeMutablePointer<Float>) {
    let shared = Shared((rows: rows, target: target))
    pool.run(count: rows.count, grain: 1 << 18) { range in
      (shared.value.target + range.lowerBound).update(
        from: shared.value.rows.base + range.lowerBound, count: range.count)
    }
  }

  public func snapshot() -> SolverSnapshot { SolverSnapshot(epochsDone: epochsDone, of: model) }

  public func restore(_ snapshot: SolverSnapshot) throws {
    try snapshot.restore(model)
    epochsDone = snapshot.epochsDone
  }
}
