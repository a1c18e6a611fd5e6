import Foundation
import Tensors
import Testing

@testable import Ranking

/// Whole training steps, of the library and of a plain dense float64 program side by side.
@Suite struct DenseTrainingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var method: Optimizer.Method
    var rate: @Sendable (_ step: Int) -> Double = { _ in 1e-2 }
    var weightDecay: @Sendable (_ step: Int) -> Double = { _ in 0 }
    var regularization: @Sendable (_ step: Int) -> (weight: Double, scope: Regularization.Scope)? = { _ in nil }
    var decayedRows: @Sendable (_ step: Int) -> Optimizer.DecayedRows = { _ in .all }
    var clip: Double?
    var tolerance = 1e-5
    /// Of the rows, how many must keep the tolerance.
    var quantile = 1.0
  }

  private static func adam(_ change: (inout Optimizer.AdamOptions) -> Void = { _ in }) -> Optimizer.Method {
    var options = Optimizer.AdamOptions()
    change(&options)
    return .adam(options)
  }

  static let cases: [Case] = [
    Case(testDescription: "adam", method: adam()),
    Case(testDescription: "adam, keras", method: adam { $0.keras = true }),
    // A second moment that fades to a hundredth every step soon leaves float32, and a step is then little more than its gradient's
    // sign: where an element's gradient is about 0, rounding decides it. That happens to a few elements in a thousand steps.
    Case(
      testDescription: "adam, fast second moment",
      method: adam {
        $0.beta1 = 0.05
        $0.beta2 = 0.01
      }, rate: { _ in 1e-3 }, tolerance: 1e-3, quantile: 0.9),
    Case(testDescription: "adam, changing rate", method: adam(), rate: { 1e-2 / (1 + Double($0) / 300) }),
    Case(testDescription: "adam, clipped", method: adam(), clip: 0.05),
    Case(testDescription: "adam, decoupled decay", method: adam { $0.decoupled = true }, weightDecay: { _ in 0.1 }),
    Case(testDescription: "adam, decay in the gradient", method: adam(), weightDecay: { _ in 1e-3 }),
    Case(
      testDescription: "adam, decoupled decay from step 400 to 700", method: adam { $0.decoupled = true },
      weightDecay: { (400..<700).contains($0) ? 0.2 : 0 }),
    Case(
      testDescription: "adam, decay in the gradient from step 400 to 700", method: adam(),
      weightDecay: { (400..<700).contains($0) ? 1e-3 : 0 }),
    Case(testDescription: "adam, whole tables", method: adam(), regularization: { _ in (1e-3, .tables) }),
    Case(
      testDescription: "adam, whole tables from step 400 to 700", method: adam(),
      regularization: { (400..<700).contains($0) ? (1e-3, .tables) : nil }),
    Case(testDescription: "adam, rows of the batch", method: adam(), regularization: { _ in (1e-2, .batchMean) }),
    // A decay too small to tell which rows feel it, so that only the change of rule shows.
    Case(
      testDescription: "adam, decay of all rows from step 400 to 700, else of touched ones", method: adam(),
      weightDecay: { _ in 1e-20 }, decayedRows: { (400..<700).contains($0) ? .all : .touched }),
    Case(testDescription: "momentum", method: .sgd(momentum: 0.9), rate: { _ in 0.05 }),
    Case(
      testDescription: "momentum, decay", method: .sgd(momentum: 0.9), rate: { _ in 0.05 }, weightDecay: { _ in 1e-3 }),
    Case(testDescription: "momentum 0.995", method: .sgd(momentum: 0.995), rate: { _ in 0.01 }),
    Case(testDescription: "sgd, decay", method: .sgd(momentum: 0), rate: { _ in 0.1 }, weightDecay: { _ in 1e-2 }),
    Case(
      testDescription: "sgd, decay from step 400 to 700", method: .sgd(momentum: 0), rate: { _ in 0.1 },
      weightDecay: { (400..<700).contains($0) ? 1e-2 : 0 }),
    Case(testDescription: "adagrad", method: .adagrad(.torch), rate: { _ in 0.05 }),
    Case(testDescription: "adagrad, decay", method: .adagrad(.torch), rate: { _ in 0.05 }, weightDecay: { _ in 1e-2 }),
    Case(testDescription: "adagrad, tensorflow, decay", method: .adagrad(.tensorflow), weightDecay: { _ in 1e-2 }),
    Case(testDescription: "adagrad, lightfm", method: .adagrad(.lightfm), rate: { _ in 0.05 }),
  ]

  private static let users = 50
  private static let items = 300
  private static let dim = 9

  /// A small batch; a few items come all the time, most seldom, the last fifty never.
  private func batch(at step: Int) -> GivenBatch {
    var batch = GivenBatch.random(rows: 5, negatives: 2, users: 10, items: 4, seed: UInt64(step))
    let stream = RandomStream(seed: 3, purpose: "batch", step)
    func pick(_ place: Int, _ bound: Int) -> Int32 {
      Int32(pow(stream.uniformDouble(at: UInt64(place)), 4) * Double(bound))
    }
    for row in 0..<5 {
      batch.users[row] = pick(row * 4, Self.users)
      batch.positives[row] = pick(row * 4 + 1, Self.items - 50)
      for slot in 0..<2 { batch.negatives[row][slot] = pick(row * 4 + 2 + slot, Self.items - 50) }
    }
    return batch
  }

  /// d BPR / d parameters, users' then items'.
  private func gradient(_ values: [Double], _ batch: GivenBatch) -> [Double] {
    var result = [Double](repeating: 0, count: values.count)
    let dim = Self.dim
    func at(_ item: Int32) -> Int { (Self.users + Int(item)) * dim }
    for (row, user) in batch.users.enumerated() {
      let u = Int(user) * dim
      let p = at(batch.positives[row])
      for negative in batch.negatives[row] {
        let n = at(negative)
        let gap = (0..<dim).reduce(0) { $0 + values[u + $1] * (values[p + $1] - values[n + $1]) }
        let slope = -1 / (1 + exp(gap)) / Double(batch.users.count * batch.negatives[row].count)
        for i in 0..<dim {
          result[u + i] += slope * (values[p + i] - values[n + i])
          result[p + i] += slope * values[u + i]
          result[n + i] -= slope * values[u + i]
        }
      }
    }
    return result
  }

  private func addPenalty(
    _ gradient: inout [Double], _ values: [Double], _ batch: GivenBatch, _ variant: Case, _ step: Int
  ) {
    guard let (weight, scope) = variant.regularization(step) else { return }
    if scope == .tables {
      for i in gradient.indices { gradient[i] += weight * values[i] }
      return
    }
    let rows = batch.users + (batch.positives + batch.negatives.flatMap { $0 }).map { $0 + Int32(Self.users) }
    for row in rows {
      for i in Int(row) * Self.dim..<Int(row + 1) * Self.dim {
        gradient[i] += weight / Double(batch.users.count) * values[i]
      }
    }
  }

  @Test(arguments: cases) func trainingIsDense(_ variant: Case) throws {
    let model = try randomModel(users: Self.users, items: Self.items, dim: Self.dim, score: .dot, deviation: 0.3)
    let optimizer = Optimizer(variant.method, rate: 1)
    var reference = DenseOptimizer<Double>(optimizer, values: model.parameters.users + model.parameters.items)
    let start = reference.values
    let training = try TrainingStep(model: model, optimizer: optimizer, pool: ThreadPool(threadCount: 1))
    let loss = BPRLoss()
    var worst = 0.0
    for step in 1...1500 {
      let batch = batch(at: step)
      var settings = GivenBatch.Settings()
      settings.rate = variant.rate(step)
      settings.weightDecay = variant.weightDecay(step)
      settings.regularization = variant.regularization(step)
      settings.clip = variant.clip
      optimizer.decayedRows = variant.decayedRows(step)
      try batch.run(training, loss, settings)
      var gradient = gradient(reference.values, batch)
      addPenalty(&gradient, reference.values, batch, variant, step)
      if let clip = variant.clip {
        let factor = min(1, clip / (gradient.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-6))
        gradient = gradient.map { $0 * factor }
      }
      reference.advance(gradient, rate: settings.rate, weightDecay: settings.weightDecay)
      if step % 50 == 0 { worst = max(worst, deviation(model, reference.values, variant.quantile)) }
    }
    let moved = zip(reference.values, start).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(moved > 0.05)
    #expect(worst < variant.tolerance, "deviation of a row, in lengths of the row")
    if ProcessInfo.processInfo.environment["PERIGEE_PRINT"] != nil {
      print("deviation of training with \(variant.testDescription): \(worst), moved \(moved)")
    }
  }

  /// Of all rows the largest, or a lower quantile.
  private func deviation(_ model: MatrixFactorization, _ expected: [Double], _ quantile: Double) -> Double {
    let actual = model.parameters.users + model.parameters.items
    let deviations = stride(from: 0, to: expected.count, by: Self.dim).map { row in
      let range = row..<row + Self.dim
      let gap = range.reduce(0) { $0 + pow(Double(actual[$1]) - expected[$1], 2) }.squareRoot()
      // A row that decays to nothing is compared with the size it began with.
      return gap / max(range.reduce(0) { $0 + expected[$1] * expected[$1] }.squareRoot(), 0.3)
    }
    return deviations.sorted()[Int(Double(deviations.count - 1) * quantile)]
  }
}
