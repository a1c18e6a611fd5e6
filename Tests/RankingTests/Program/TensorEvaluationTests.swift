import Tensors
import Testing

@testable import Ranking

/// Losses computed with tensors, operation by operation, against the compiled ones.
@Suite struct TensorEvaluationTests {
  @Test(arguments: OperationTests.elementwise + OperationTests.reductions + OperationTests.combinations)
  func agreesWithTheProgram(_ test: OperationTests.Case) throws {
    for (rows, negatives) in [(13, 1), (11, 3), (7, 18)] {
      let batch = PlaneBatch(rows: rows, negatives: negatives, seed: 3)
      let fused = try batch.evaluate(TracedLoss(name: test.name, test.loss))
      let loss = TracedLoss(name: test.name, fuses: false, test.loss)
      let plain = try batch.evaluate(loss)
      #expect(!loss.isRowwise)
      expectClose(plain.value, fused.value, rtol: 2e-5, atol: 2e-6, "\(negatives) negatives: value")
      expectClose(
        plain.gradients, fused.gradients.map(Double.init), rtol: 5e-5, atol: 2e-6, "\(negatives) negatives: gradient")
      if !fused.boundary.isEmpty {
        expectClose(plain.boundary, fused.boundary.map(Double.init), rtol: 5e-5, atol: 2e-6, "d boundary")
      }
      if !fused.itemScores.isEmpty {
        expectClose(plain.itemScores, fused.itemScores.map(Double.init), rtol: 5e-5, atol: 2e-6, "d item scores")
      }
    }
  }

  @Test func equalNumbersShareADerivativeInBoth() throws {
    let batch = PlaneBatch(rows: 4, negatives: 3)
    for index in batch.scores.indices { batch.scores[index] = 0.5 }
    func loss(_ s: LossTrace) throws -> TracedValue {
      try s.negative.apply(.maximum, s.positive).mean() + s.negative.apply(.minimum, s.number(0.5)).mean()
        + s.negative.largest(.negatives).mean() + s.positive.smallest(.batch)
        + s.negative.clamped(low: 0.5, high: 0.5).mean()
        + s.negative.relu().mean() + (s.positive - 0.5).relu().mean() + (s.positive - 0.5).apply(.absolute).mean()
        + (s.positive.sameUserMaximum() * s.negative.mean(.negatives)).mean()
    }
    let fused = try batch.evaluate(TracedLoss(name: "ties", loss))
    let plain = try batch.evaluate(TracedLoss(name: "ties", fuses: false, loss))
    expectClose(plain.gradients, fused.gradients.map(Double.init), rtol: 1e-6, atol: 1e-7)
  }

  @Test func aLossThatAsksForTensorsStartsAgainWithThem() throws {
    let loss = TracedLoss(name: "sorted") { s in
      let sorted = try s.tensor(of: s.negative - s.positive, for: "sort").sorted(axis: 1, descending: true)
      return try s.tensor(sorted).softplus().mean(.negatives)
    }
    let batch = PlaneBatch(rows: 6, negatives: 5)
    let result = try batch.evaluate(loss)
    #expect(loss.computesWithTensors)
    // The mean does not care about the order.
    let plain = try batch.evaluate(TracedLoss(name: "plain") { s in try (s.negative - s.positive).softplus().mean() })
    expectClose(result.value, plain.value, rtol: 1e-6)
    expectClose(result.gradients, plain.gradients.map(Double.init), rtol: 1e-5, atol: 1e-8)
  }
}
