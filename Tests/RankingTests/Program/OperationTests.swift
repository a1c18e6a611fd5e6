import Tensors
import Testing

@testable import Ranking

/// Every operation of a traced loss, alone and in combinations, against an obvious float64 evaluation and its differences.
@Suite struct OperationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let loss: @Sendable (LossTrace) throws -> TracedValue
    var testDescription: String { name }
    init(_ name: String, _ loss: @escaping @Sendable (LossTrace) throws -> TracedValue) {
      self.name = name
      self.loss = loss
    }
  }

  static let elementwise: [Case] = {
    let anywhere: [LossOperation] = [
      .negate, .exp, .square, .absolute, .sign, .tanh, .sigmoid, .relu, .softplus, .logSigmoid,
    ]
    let positive: [LossOperation] = [.log, .log1p, .squareRoot, .reciprocal]
    let pairs: [LossOperation] = [
      .add, .subtract, .multiply, .divide, .minimum, .maximum, .less, .lessOrEqual, .equal, .notEqual,
    ]
    // Each also enters as a factor, so that an operation without a derivative leaves a loss with one.
    return anywhere.map { operation in
      Case("\(operation)") { s in
        try (s.negative.apply(operation) * s.positive + s.positive.apply(operation) * s.negative).mean()
      }
    }
      + positive.map { operation in
        Case("\(operation)") { s in try ((s.negative + 1.5).apply(operation) * s.positive).mean() }
      }
      + pairs.map { operation in
        Case("\(operation)") { s in
          let x = try s.negative.apply(operation, s.positive + 2.5) * s.positive
          let y = try s.positive.apply(operation, s.negative + 2.5) * s.negative
          let z = try s.boundary().apply(operation, s.positive) * s.positive
          let w = try s.negative.apply(operation, s.number(0.125)) + s.number(0.125).apply(operation, s.positive - 3)
          return try (x + y).mean(.negatives) + z + (w * s.positive).mean()
        }
      }
  }()

  static let reductions: [Case] = [.sum, .mean, .largest, .smallest, .logSumExp].flatMap { operation in
    [
      Case("\(operation) over negatives") { s in try s.negative.reduce(operation, .negatives).square() },
      Case("\(operation) over the batch") { s in
        try s.positive.reduce(operation, .batch).square() * s.negative.mean()
      },
      Case("\(operation) over everything") { s in try (s.negative * s.positive).reduce(operation, .all).tanh() },
    ]
  }

  static let combinations: [Case] = [
    Case("softmax over negatives") { s in
      try (s.negative.softmax() * (s.negative - s.positive).softplus()).sum(.negatives)
    },
    Case("softmax over the batch") { s in try (s.positive.softmax(.batch) * s.negative.mean(.negatives)).sum() },
    Case("softmax over everything") { s in try (s.negative.softmax(.all) * s.positive).sum() },
    Case("log-softmax") { s in try (s.negative.logSoftmax() * s.positive).sum(.negatives) },
    Case("importance weights, with and without gradient") { s in
      let weights = try (s.negative - s.logProposal!).softmax()
      let stopped = try (s.negative - s.logProposal!).softmax().stoppingGradient()
      return try ((weights + stopped) * (s.negative - s.positive).softplus()).sum(.negatives)
    },
    Case("where") { s in
      try s.negative.apply(.less, s.positive).choose(s.negative.square(), s.positive * s.negative).mean()
    },
    Case("leaky rectifier and clamp") { s in
      try s.negative.leakyRelu(slope: 0.1).mean() + s.positive.clamped(low: -0.31, high: 0.42).mean()
        + s.negative.clamped(low: nil, high: 0.25).mean()
    },
    Case("powers") { s in
      let base = try s.negative + 1.5
      return try
        (base.power(2) + base.power(0.5) + base.power(-1) + base.power(3) + base.power(1)
        + base.apply(.power, s.positive) + s.number(1.7).apply(.power, s.negative)).mean()
    },
    Case("boundary and items") { s in
      let up = try (s.boundary() - s.positive).softplus()
      let down = try (s.negative - s.boundary()).softplus().mean(.negatives)
      return try (up + 2 * down + (s.itemScores() - s.positive + 0.5).relu().sum(.negatives)).mean()
    },
    Case("same user") { s in
      try (s.positive.exp().sameUserMean().log() * s.positive + s.negative.mean(.negatives).sameUserSum()).mean()
    },
    Case("the same user's largest") { s in
      let top = try s.positive.sameUserMaximum()
      return try (top.square() * s.positive + s.negative.mean(.negatives).sameUserMaximum()).mean()
    },
    Case("the same user's log of a mean of powers") { s in
      let top = try s.positive.sameUserMaximum().stoppingGradient()
      return try ((s.positive - top).exp().sameUserMean().log() + top) * s.negative.mean(.negatives)
    },
    Case("sums so far") { s in try ((s.negative.exp().cumulated()).log() * s.positive).mean() },
    Case("sums so far of one number") { s in try (s.negative * s.number(2)).cumulated().mean() },
    Case("ranks") { s in
      let kept = try s.positive.rank(.batch).apply(.lessOrEqual, s.number(20))
      let first = try s.negative.rank(.negatives).apply(.lessOrEqual, s.number(2))
      let low = try s.negative.rank(.all).apply(.lessOrEqual, s.number(50))
      return try (kept * s.positive.square()).mean() + (first * s.negative).mean() + (low * s.negative.exp()).mean()
    },
    Case("first violator") { s in
      let violates = try (s.positive - 0.5).apply(.less, s.negative)
      let isFirst = try violates * violates.cumulated().apply(.equal, s.number(1))
      return try (isFirst * (0.5 + s.negative - s.positive)).sum(.negatives)
    },
    Case("standardized over the batch") { s in
      let centered = try s.positive - s.positive.mean(.batch)
      let deviation = try (centered.square().mean(.batch) + 1e-3).apply(.squareRoot)
      return try (centered / deviation).tanh() * s.negative.mean(.negatives)
    },
    Case("a number of the batch among the terms") { s in
      try s.positive.mean() * s.negative.mean() + s.negative.square().mean() - s.number(0.5)
        * s.positive.mean(.batch).square()
    },
    Case("planes over three passes") { s in
      let shifted = try s.negative - s.negative.mean()
      let scaled = try shifted / (shifted.square().mean() + 0.1).apply(.squareRoot)
      return try (scaled * shifted).softplus().mean(.negatives).sameUserSum().square()
    },
    Case("a result that is also an operand twice") { s in
      let x = try s.negative * s.positive
      return try (x * x + x / (x.square() + 1) - x).mean(.negatives)
    },
  ]

  private func check(_ test: Case, rows: Int, negatives: Int) throws {
    let loss = TracedLoss(name: test.name, test.loss)
    let batch = PlaneBatch(rows: rows, negatives: negatives, seed: UInt64(negatives))
    let result = try batch.evaluate(loss)
    let trace = LossTrace(
      LossBatch(
        position: TrainingPosition(epoch: 1, step: 1), rowCount: rows, negativeCount: negatives,
        offers: [.boundary, .itemScores, .logProposal]))
    let recorded = try test.loss(trace)
    var plain = PlainEvaluation(inputs: .init(batch))
    let value = try plain.loss(trace, result: recorded)
    expectClose(result.value, value, rtol: 2e-5, atol: 2e-6, "\(negatives) negatives: value")

    func differences(_ path: WritableKeyPath<PlainEvaluation.Inputs, [Double]>) throws -> [Double] {
      let step = 1e-6
      return try plain.inputs[keyPath: path].indices.map { index in
        func loss(_ change: Double) throws -> Double {
          var inputs = plain.inputs
          inputs[keyPath: path][index] += change
          var moved = PlainEvaluation(inputs: inputs, stopped: plain.stopped)
          return try moved.loss(trace, result: recorded)
        }
        return try (loss(step) - loss(-step)) / (2 * step)
      }
    }
    let width = 1 + negatives
    let positives = stride(from: 0, to: rows * width, by: width).map { result.gradients[$0] }
    let others = result.gradients.indices.filter { $0 % width != 0 }.map { result.gradients[$0] }
    expectClose(positives, try differences(\.positive), rtol: 5e-5, atol: 1e-6, "\(negatives) negatives: d positive")
    expectClose(others, try differences(\.negative), rtol: 5e-5, atol: 1e-6, "\(negatives) negatives: d negative")
    if loss.needs.contains(.boundary) {
      expectClose(result.boundary, try differences(\.boundary), rtol: 5e-5, atol: 1e-6, "d boundary")
    }
    if loss.needs.contains(.itemScores) {
      expectClose(result.itemScores, try differences(\.itemScores), rtol: 5e-5, atol: 1e-6, "d item scores")
    }
  }

  @Test(arguments: elementwise + reductions + combinations) func agreesWithFloat64(_ test: Case) throws {
    for (rows, negatives) in [(21, 1), (19, 3), (5, 16), (3, 21)] { try check(test, rows: rows, negatives: negatives) }
  }
}
