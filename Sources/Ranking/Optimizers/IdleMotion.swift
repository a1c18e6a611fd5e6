import Platform
import Kernels
import Tensors

/// What rows do while they have no gradient, so that they can catch up when they are next read.
///
/// A dense optimizer with momentum moves every row at every step. Without a gradient the moments only fade, and the sum of the
/// missed steps depends on the row through a few scalars (`kernel_idle_sum`), which this keeps up to date: one pass over
/// `window` numbers a step. Rows are brought up to date when a batch reads them, and in a sweep every `sweepInterval` steps,
/// so that none is ever further behind than `window`. A row whose momentum has died is at rest and needs nothing.
final class IdleMotion {
  /// Steps between two sweeps; a row is then at most twice as many steps behind.
  static let sweepInterval = 64
  private static let window = 2 * sweepInterval

  private let sums: AlignedBuffer<kernel_idle_sum>
  private let rhoPowers: AlignedBuffer<Double>
  private let betaPowers: AlignedBuffer<Double>
  private let rates: AlignedBuffer<Double>
  private let roots: AlignedBuffer<Double>
  private let laterDecays: AlignedBuffer<Double>
  private var decays: [Double]
  private let rho: Double
  private let beta: Double
  private var kernel: kernel_idle

  /// What decides how rows without a gradient move, besides numbers that may change from step to step.
  struct Rule: Equatable {
    /// Every row steps in every batch: there are none without a gradient.
    let everyRowSteps: Bool
    /// A decay multiplies all rows.
    let decays: Bool

    init(optimizer: Optimizer, weightDecay: Double) {
      everyRowSteps = IdleMotion.stepsEveryRow(optimizer: optimizer, weightDecay: weightDecay)
      decays = weightDecay != 0 && optimizer.decayMultiplies(weightDecay)
    }

    init(everyRowSteps: Bool, decays: Bool) {
      self.everyRowSteps = everyRowSteps
      self.decays = decays
    }
  }

  /// - Returns: `nil` where rows without a gradient stand still, or where no closed form is worth having: see `stepsEveryRow`.
  convenience init?(optimizer: Optimizer, weightDecay: Double, startingAt step: Int = 0) {
    self.init(optimizer: optimizer, rule: Rule(optimizer: optimizer, weightDecay: weightDecay), startingAt: step)
  }

  init?(optimizer: Optimizer, rule: Rule, startingAt step: Int) {
    guard !rule.everyRowSteps, let (kind, rho, beta, epsilon) = Self.motion(optimizer, decays: rule.decays) else {
      return nil
    }
    self.rho = rho
    self.beta = beta
    // At rest: what is left of the momentum's sum is below 1e-7 of it, and of the row below float rounding.
    let horizon = rho > 0 ? Int((log(1e-7) / log(rho)).rounded(.up)) : 1
    let window = Self.window
    sums = AlignedBuffer(count: window + 1, repeating: kernel_idle_sum())
    rhoPowers = AlignedBuffer(count: horizon + window + 1, repeating: 0)
    betaPowers = AlignedBuffer(count: horizon + window + 1, repeating: 0)
    for n in 0..<rhoPowers.count {
      rhoPowers[n] = pow(rho, n)
      betaPowers[n] = pow(beta, n)
    }
    rates = AlignedBuffer(count: window, repeating: 0)
    roots = AlignedBuffer(count: window, repeating: 1)
    laterDecays = AlignedBuffer(count: window, repeating: 1)
    decays = [Double](repeating: 1, count: window)
    kernel = kernel_idle(
      kind: kind, now: Int32(step), horizon: Int32(horizon), decays: rule.decays ? 1 : 0, negligible_share: 0,
      epsilon: epsilon, sums: sums.base,
      window: Int32(window), rho_powers: rhoPowers.base, beta_powers: betaPowers.base, recent_rates: rates.base,
      recent_roots: roots.base, recent_decays: laterDecays.base)
    rebuildSums()
  }

  /// Whether the optimizer has to step every row in every batch: a decay that joins the gradient of a method with memory, or
  /// moments that fade too slowly or too fast for a window of sums.
  static func stepsEveryRow(optimizer: Optimizer, weightDecay: Double) -> Bool {
    let joins = weightDecay != 0 && !optimizer.decayMultiplies(weightDecay)
    if joins && optimizer.decayedRows == .all { return true }
    switch optimizer.method {
    case .sgd(let momentum): return momentum > 0.99
    case .adagrad: return false
    case .adam(let options):
      // A second moment that fades faster than this overflows the sums within a window.
      return options.dense && (options.beta2 < 0.1 || options.beta1 >= 0.99 * options.beta2.squareRoot())
    }
  }

  private static func motion(_ optimizer: Optimizer, decays: Bool) -> (Int32, Double, Double, Double)? {
    switch optimizer.method {
    case .sgd(let momentum) where momentum != 0: (Int32(KERNEL_MOMENTUM.rawValue), momentum, 1, 0)
    case .sgd: decays ? (Int32(KERNEL_SGD.rawValue), 0, 1, 0) : nil
    case .adagrad: nil
    case .adam(let options) where options.dense:
      (
        Int32(KERNEL_ADAM.rawValue), options.beta1 / options.beta2.squareRoot(), 1 / options.beta2.squareRoot(),
        options.epsilon
      )
    case .adam: decays ? (Int32(KERNEL_SGD.rawValue), 0, 1, 0) : nil
    }
  }

  /// Takes note of a finished step.
  func stepped(_ optimizer: Optimizer, step: Int, rate: Double, weightDecay: Double) {
    var rateFactor = 1.0
    var root = 1.0
    if case .adam(let options) = optimizer.method {
      let correction = AdamCorrection(options, step: step)
      rateFactor = correction.rateFactor
      root = correction.root
    }
    Self.push(rate * rateFactor, onto: rates)
    Self.push(root, onto: roots)
    decays.removeLast()
    decays.insert(kernel.decays != 0 ? 1 - Double(Float(rate * weightDecay)) : 1, at: 0)
    kernel.now = Int32(step)
    rebuildSums()
  }

  private static func push(_ value: Double, onto buffer: AlignedBuffer<Double>) {
    (buffer.base + 1).update(from: buffer.base, count: buffer.count - 1)
    buffer[0] = value
  }

  private func rebuildSums() {
    sums[0] = kernel_idle_sum(c: (0, 0, 0, 0), rest: 0, reference: 1, shrink: 0)
    // Early on the correction of the second moment, and with it epsilon's part, changes quickly.
    kernel.negligible_share = kernel.now < 2000 ? 1e-7 : 1e-4
    var decay = 1.0
    // moments[p] = sum_j c ρ^j D (s β^j)^p
    var moments = SIMD8<Double>(repeating: 0)
    let factors = SIMD8(rho, rho * beta, rho * pow(beta, 2), rho * pow(beta, 3), rho * pow(beta, 4), 0, 0, 0)
    for k in 1...Self.window {
      let root = roots[k - 1]
      let rate = rates[k - 1] * decay
      laterDecays[k - 1] = decay
      let powers = SIMD8(1, root, root * root, root * root * root, root * root * root * root, 0, 0, 0)
      moments = factors * (rate * powers + moments)
      decay *= decays[k - 1]
      sums[k] = Self.centered(moments / powers.replacing(with: 1, where: powers .== 0), root, decay)
    }
  }

  /// The sums about `reference` instead of about 0, in double: they are small differences.
  private static func centered(_ m: SIMD8<Double>, _ reference: Double, _ decay: Double) -> kernel_idle_sum {
    let first = m[1] - m[0]
    let second = m[2] - 2 * m[1] + m[0]
    let third = m[3] - 3 * m[2] + 3 * m[1] - m[0]
    let fourth = m[4] - 4 * m[3] + 6 * m[2] - 4 * m[1] + m[0]
    return kernel_idle_sum(
      c: (Float(m[0]), Float(first), Float(second), Float(third)), rest: m[0] > 0 ? Float(abs(fourth) / m[0]) : 0,
      reference: Float(reference), shrink: Float(1 - decay))
  }

  // MARK: Catching up

  func advanceTouched(_ table: kernel_table, _ rows: Range<Int>, _ touched: UnsafeMutablePointer<UInt8>) {
    withKernel { idle in
      withUnsafePointer(to: table) {
        kernel_advance_touched(idle, $0, Int64(rows.lowerBound), Int64(rows.upperBound), touched)
      }
    }
  }

  func advance(_ table: kernel_table, rows: UnsafePointer<Int32>, count: Int) {
    withKernel { idle in withUnsafePointer(to: table) { kernel_advance_rows(idle, $0, rows, Int64(count)) } }
  }

  /// Brings rows up to date that are `lag` steps behind or more.
  func sweep(_ table: EmbeddingTable, lag: Int, pool: ThreadPool) {
    let shared = Shared((motion: self, view: table.view))
    pool.run(count: table.rowCount, grain: 2048) { rows in
      shared.value.motion.withKernel { idle in
        withUnsafePointer(to: shared.value.view) {
          kernel_advance_range(idle, $0, Int64(rows.lowerBound), Int64(rows.upperBound), Int32(lag))
        }
      }
    }
  }

  func copy(_ table: EmbeddingTable, _ rows: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let view = table.view
    withKernel { idle in
      withUnsafePointer(to: view) {
        kernel_advance_copy(idle, $0, Int64(rows.lowerBound), Int64(rows.upperBound), target)
      }
    }
  }

  /// Declares all rows up to date: their values were just replaced.
  func markCurrent(_ table: EmbeddingTable) { table.optimizerRows?.seen.fill(kernel.now) }

  private func withKernel(_ body: (UnsafePointer<kernel_idle>) -> Void) {
    withUnsafePointer(to: kernel, body)
  }

  // MARK: Snapshots

  /// Whether a row can be brought up to date from where a file says that it stands: the sums reach no further.
  func reaches(last: Int32, seen: Int32) -> Bool {
    let moves = seen < kernel.now && (kernel.decays != 0 || last > 0 && Int(seen) < Int(last) + Int(kernel.horizon))
    return !moves || Int(kernel.now) - Int(seen) <= Self.window
  }

  /// What the last steps were: all else follows from it.
  func snapshot() -> Snapshot {
    var snapshot = Snapshot()
    snapshot["rates"] = .doubles((0..<rates.count).map { rates[$0] })
    snapshot["roots"] = .doubles((0..<roots.count).map { roots[$0] })
    snapshot["decays"] = .doubles(decays)
    return snapshot
  }

  /// The motion of a rule as a snapshot has it; `nil` where rows under that rule have none.
  static func restored(from snapshot: Snapshot, optimizer: Optimizer, rule: Rule, step: Int) throws -> IdleMotion? {
    guard let motion = IdleMotion(optimizer: optimizer, rule: rule, startingAt: step) else { return nil }
    for (index, rate) in try snapshot.doubles("rates", count: window).enumerated() { motion.rates[index] = rate }
    for (index, root) in try snapshot.doubles("roots", count: window).enumerated() { motion.roots[index] = root }
    motion.decays = try snapshot.doubles("decays", count: window)
    motion.rebuildSums()
    return motion
  }
}
