import Tensors
import Testing

@testable import Ranking

/// Traced losses against native ones.
@Suite struct TracedLossTests {
  @Test(arguments: TracedLossCase.all) func equalsTheNativeLoss(_ test: TracedLossCase) throws {
    let loss = TracedLoss(name: test.name, test.traced)
    for negatives in [1, 2, 3, 7, 15, 16, 17, 31, 100, 130] {
      let batch = PlaneBatch(rows: 37, negatives: negatives, seed: UInt64(negatives))
      let wanted = try batch.evaluate(test.native())
      let result = try batch.evaluate(loss)
      expectClose(result.value, wanted.value, rtol: 1e-5, atol: 1e-6, "\(negatives) negatives: value")
      expectClose(
        result.gradients, wanted.gradients.map(Double.init), rtol: 2e-5, atol: 1e-7, "\(negatives) negatives: gradient")
      for (index, gradient) in wanted.gradients.enumerated() where gradient == 0 {
        #expect(result.gradients[index] == 0, "\(negatives) negatives: gradient \(index) is 0 in the native loss")
      }
    }
    #expect(loss.compiledCount == 1)
  }

  @Test(arguments: TracedLossCase.all) func rowByRowEqualsTheWholeBatch(_ test: TracedLossCase) throws {
    let loss = TracedLoss(name: test.name, test.traced)
    for negatives in [1, 5, 33] {
      let batch = PlaneBatch(rows: 29, negatives: negatives)
      let whole = try batch.evaluate(loss)
      guard loss.isRowwise else { continue }
      let apart = try batch.evaluate(loss, rowByRow: true)
      let isSame = apart == whole
      #expect(isSame, "\(negatives) negatives")
    }
  }

  @Test(arguments: TracedLossCase.all) func anyNumberOfThreadsGivesTheSameBits(_ test: TracedLossCase) throws {
    let batch = PlaneBatch(rows: 600, negatives: 20)
    let results = try [1, 2, 3, 5].map {
      try batch.evaluate(TracedLoss(name: test.name, pool: ThreadPool(threadCount: $0), test.traced))
    }
    let areSame = results.dropFirst().allSatisfy { $0 == results[0] }
    #expect(areSame)
  }

  @Test func onlyLossesThatLookAtOtherRowsNeedTheWholeBatch() throws {
    let batch = PlaneBatch(rows: 8, negatives: 4)
    for test in TracedLossCase.all {
      let loss = TracedLoss(name: test.name, test.traced)
      _ = try batch.evaluate(loss)
      #expect(loss.isRowwise == (test.name != "bsl, multi"), "\(test.name)")
    }
  }

  @Test func aNumberThatChangesBetweenBatchesCountsAndCompilesNothing() throws {
    var alpha = 1.0
    let loss = TracedLoss(name: "annealed") { s in
      try ((1 - s.positive).relu() + alpha * s.negative.softplus().mean(.negatives)).mean()
    }
    let batch = PlaneBatch(rows: 16, negatives: 20)
    let first = try batch.evaluate(loss)
    alpha = 3
    let second = try batch.evaluate(loss)
    let width = 21
    for index in 0..<16 * width where index % width != 0 {
      #expect(abs(second.gradients[index] - 3 * first.gradients[index]) <= 1e-8)
    }
    #expect(loss.compiledCount == 1)
  }
}
