import Foundation
import Tensors
import Testing

@testable import Ranking

/// Rows that catch up end where a plain dense optimizer, which steps every row at every step, has them.
@Suite struct DenseEquivalenceTests {
  /// One variant and the sizes of its gradients.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var make: @Sendable () -> Optimizer
    var scale: @Sendable (_ row: Int) -> Double = { _ in 1e-3 }
    var weightDecay = 0.0
    var rate: @Sendable (_ step: Int) -> Double = { _ in 1e-3 }
    var steps = 5000
  }

  private static func adam(_ change: (inout Optimizer.AdamOptions) -> Void = { _ in }) -> Optimizer {
    var options = Optimizer.AdamOptions()
    change(&options)
    return Optimizer(.adam(options), rate: 1)
  }

  static let cases: [Case] = [
    Case(testDescription: "adam", make: { adam() }),
    Case(
      testDescription: "adam, keras",
      make: {
        adam {
          $0.keras = true
          $0.epsilon = 1e-7
        }
      }),
    Case(testDescription: "adam, gradients of 1e-9", make: { adam() }, scale: { _ in 1e-9 }),
    Case(
      testDescription: "adam, gradients from 1e-1 to 1e-10", make: { adam() }, scale: { pow(10, -Double($0 % 10) - 1) }),
    Case(testDescription: "adam, keras, gradients of 1e-8", make: { adam { $0.keras = true } }, scale: { _ in 1e-8 }),
    Case(testDescription: "adam, epsilon 1e-3", make: { adam { $0.epsilon = 1e-3 } }),
    Case(testDescription: "adam, no epsilon", make: { adam { $0.epsilon = 0 } }),
    Case(
      testDescription: "adam, other betas",
      make: {
        adam {
          $0.beta1 = 0.8
          $0.beta2 = 0.99
        }
      }),
    Case(
      testDescription: "adam, beta2 0.9",
      make: {
        adam {
          $0.beta1 = 0.5
          $0.beta2 = 0.9
        }
      }, scale: { _ in 1e-8 }),
    Case(testDescription: "adam, no first moment", make: { adam { $0.beta1 = 0 } }),
    Case(testDescription: "adam, decoupled decay", make: { adam { $0.decoupled = true } }, weightDecay: 0.1),
    Case(
      testDescription: "adam, decoupled decay, small gradients", make: { adam { $0.decoupled = true } },
      scale: { _ in 1e-9 },
      weightDecay: 0.5),
    Case(
      testDescription: "adam, changing rate", make: { adam() }, rate: { 1e-3 * (1 + 0.9 * sin(Double($0) / 7)) }),
    Case(
      testDescription: "adam, rate cut in steps", make: { adam() }, scale: { _ in 1e-8 },
      rate: { $0 < 200 ? 1e-2 : $0 < 1500 ? 0 : 1e-4 }),
    Case(testDescription: "adam, first 300 steps", make: { adam() }, rate: { _ in 1e-2 }, steps: 300),
    Case(
      testDescription: "adam, first 300 steps, small gradients", make: { adam() }, scale: { _ in 3e-9 },
      rate: { _ in 1e-2 },
      steps: 300),
    Case(testDescription: "adam, three steps", make: { adam() }, scale: { _ in 1e-8 }, rate: { _ in 1e-2 }, steps: 3),
    Case(testDescription: "sgd, momentum", make: { Optimizer(.sgd(momentum: 0.9), rate: 1) }, rate: { _ in 0.1 }),
    Case(
      testDescription: "sgd, momentum 0.99", make: { Optimizer(.sgd(momentum: 0.99), rate: 1) }, rate: { _ in 0.02 }),
    Case(
      testDescription: "sgd, momentum, changing rate", make: { Optimizer(.sgd(momentum: 0.9), rate: 1) },
      rate: { $0 % 500 < 250 ? 0.1 : 0.01 }),
    Case(
      testDescription: "sgd, weight decay", make: { Optimizer(.sgd(momentum: 0), rate: 1) }, weightDecay: 0.01,
      rate: { 0.02 + 0.01 * cos(Double($0)) }),
    Case(testDescription: "sgd", make: { Optimizer(.sgd(momentum: 0), rate: 1) }),
    Case(testDescription: "adagrad", make: { Optimizer(.adagrad(.torch), rate: 1) }, rate: { _ in 0.05 }),
    Case(
      testDescription: "adagrad, tensorflow", make: { Optimizer(.adagrad(.tensorflow), rate: 1) }, rate: { _ in 0.05 }),
    Case(testDescription: "adagrad, lightfm", make: { Optimizer(.adagrad(.lightfm), rate: 1) }, rate: { _ in 0.05 }),
  ]

  private static let rows = 2 * TouchPattern.periods.count
  private static let dim = 19

  private func start() -> [Float] {
    let stream = RandomStream(seed: 2, purpose: "values")
    return (0..<Self.rows * Self.dim).map { Float(stream.normal(at: UInt64($0)) * 0.1) }
  }

  /// The largest deviation of an element, in units of the largest element of its row.
  private func deviation(_ actual: [Float], _ expected: [Double]) -> Double {
    var worst = 0.0
    for row in 0..<Self.rows {
      let range = row * Self.dim..<(row + 1) * Self.dim
      let size = range.map { abs(expected[$0]) }.max()!
      for i in range { worst = max(worst, abs(Double(actual[i]) - expected[i]) / size) }
    }
    return worst
  }

  @Test(arguments: cases) func catchingUpIsDense(_ variant: Case) throws {
    let values = start()
    let optimizer = variant.make()
    let pattern = TouchPattern(seed: 5)
    let table = CatchingTable(
      rows: Self.rows, dim: Self.dim, values: values, optimizer, weightDecay: variant.weightDecay)
    var exact = DenseOptimizer<Double>(optimizer, values: values)
    var single = DenseOptimizer<Float>(optimizer, values: values)
    var worst = (exact: 0.0, single: 0.0)
    var reads = RandomStream(seed: 9, purpose: "reads").generator()
    for step in 1...variant.steps {
      var dense = [Float](repeating: 0, count: values.count)
      var gradients: [Int32: [Float]] = [:]
      for row in 0..<Self.rows where pattern.touches(row, at: step) {
        let gradient = pattern.gradient(row, at: step, dim: Self.dim, scale: variant.scale(row))
        gradients[Int32(row)] = gradient
        dense.replaceSubrange(row * Self.dim..<(row + 1) * Self.dim, with: gradient)
      }
      let rate = variant.rate(step)
      table.advance(gradients, rate: rate)
      exact.advance(dense.map(Double.init), rate: rate, weightDecay: variant.weightDecay)
      single.advance(dense, rate: rate, weightDecay: variant.weightDecay)
      // A batch may read rows that get no gradient, at any time.
      if Int.random(in: 0..<4, using: &reads) == 0 {
        table.read([Int32.random(in: 0..<Int32(Self.rows), using: &reads)])
      }
      if step % 250 == 0 || step == variant.steps {
        let now = table.current
        worst.exact = max(worst.exact, deviation(now, exact.values))
        worst.single = max(worst.single, deviation(now, single.values.map(Double.init)))
      }
    }
    let moved = zip(table.current, values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(moved > 1e-3, "nothing moved, so nothing was shown")
    #expect(worst.exact < 1e-5, "from float64")
    #expect(worst.single < 1e-5, "from float32")
    if ProcessInfo.processInfo.environment["PERIGEE_PRINT"] != nil {
      print(
        "deviation of \(variant.testDescription): \(worst.exact) from float64, \(worst.single) from float32, moved \(moved)"
      )
    }
  }
}
