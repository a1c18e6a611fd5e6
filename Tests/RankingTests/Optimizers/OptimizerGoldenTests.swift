import Testing

@testable import Ranking

/// Every optimizer's steps against published numbers. A step without any gradient is taken as an idle one.
@Suite struct OptimizerGoldenTests {
  private static func optimizer(_ name: String) -> Optimizer {
    var adam = Optimizer.AdamOptions()
    switch name {
    case "sgd", "sgd_weight_decay": return Optimizer(.sgd(momentum: 0), rate: 1)
    case "adagrad": return Optimizer(.adagrad(.torch), rate: 1)
    case "adagrad_tf": return Optimizer(.adagrad(.tensorflow), rate: 1)
    case "adagrad_lightfm": return Optimizer(.adagrad(.lightfm), rate: 1)
    case "adam_keras":
      adam.keras = true
      adam.epsilon = 1e-7
      return Optimizer(.adam(adam), rate: 1)
    default: return Optimizer(.adam(adam), rate: 1)
    }
  }

  @Test(
    arguments: ["a", "b"],
    ["sgd", "sgd_weight_decay", "adam", "adam_l2", "adam_keras", "adagrad", "adagrad_tf", "adagrad_lightfm"])
  func steps(_ instance: String, _ name: String) throws {
    let golden = try Golden("optimizer.\(name).\(instance)")
    let optimizer = Self.optimizer(name)
    let values = golden.floats("inputs.theta0")
    let rate = try golden.number("parameters.lr")
    let decay = try golden.number("parameters.weight_decay")
    if case .adam(let options) = optimizer.method {
      #expect(options.epsilon == (try golden.number("parameters.eps")))
    }
    let table = CatchingTable(rows: 1, dim: values.count, values: values, optimizer, weightDecay: decay)
    var reference = DenseOptimizer<Double>(optimizer, values: values)
    for (index, expected) in golden.rows("expected.theta").enumerated() {
      let gradient = golden.rows("inputs.gradients")[index]
      // With weight decay inside the gradient every row steps at every step.
      let idles = gradient.allSatisfy { $0 == 0 } && table.idle != nil
      table.advance(idles ? [:] : [0: gradient.map(Float.init)], rate: rate)
      expectClose(table.current, expected, rtol: 2e-6, atol: 2e-7, "\(golden.name) step \(index + 1)")
      reference.advance(gradient, rate: rate, weightDecay: decay)
      // The float32 of theta0 is all that this reference departs by.
      expectClose(reference.values, expected, rtol: 1e-6, atol: 1e-7, "the tests' own reference, \(golden.name)")
    }
  }
}
