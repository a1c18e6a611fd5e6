import Tensors
import Testing

@testable import Ranking

/// What a loss that cannot be compiled says.
@Suite struct TracedLossErrorTests {
  private func message(_ fuses: Bool = true, _ loss: @escaping (LossTrace) throws -> TracedValue) -> String {
    do {
      _ = try PlaneBatch(rows: 4, negatives: 3).evaluate(TracedLoss(name: "loss", fuses: fuses, loss))
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [true, false]) func wrongResultsAreExplained(_ fuses: Bool) {
    #expect(message(fuses) { s in s.negative }.contains("a value for each negative"))
    #expect(message(fuses) { s in s.number(1) }.contains("forgets to use the scores"))
    #expect(message(fuses) { s in try s.positive.apply(.sign).mean() }.contains("no gradient"))
    #expect(message(fuses) { s in try s.positive.rank(.batch).mean() }.contains("no gradient"))
    #expect(message(fuses) { s in try s.negative.stoppingGradient().mean() }.contains("no gradient"))
  }

  @Test func axesThatAKindDoesNotHaveAreExplained() {
    #expect(message { s in try s.positive.mean(.negatives) }.contains("the axis that is left is \"batch\""))
    #expect(message { s in try s.negative.mean(.batch) }.contains("reduce over \"negatives\" first"))
    #expect(message { s in try s.positive.mean().sum() }.contains("no error"))
    #expect(message { s in try s.positive.mean().sum(.batch) }.contains("no axis any more"))
    #expect(message { s in try s.positive.cumulated() }.contains("has none"))
    #expect(message { s in try s.negative.sameUserSum() }.contains("reduce over \"negatives\" first"))
    #expect(message { s in try s.negative.sameUserMaximum() }.contains("same_user_max wants a value for each positive"))
  }

  @Test func aValueOfAnEarlierBatchIsRefused() throws {
    var kept: TracedValue?
    let loss = TracedLoss(name: "keeps") { s in
      let value = try s.negative.mean(.negatives)
      let result = try kept.map { try $0 + value } ?? value
      kept = kept ?? value
      return result
    }
    let batch = PlaneBatch(rows: 4, negatives: 3)
    _ = try batch.evaluate(loss)
    #expect(throws: LossProgramError.stale) { try batch.evaluate(loss) }
    #expect(throws: LossProgramError.stale) { try kept!.square() }
  }

  @Test func tensorsMustFitTheScores() throws {
    let tensor = try Tensor([1, 2])
    #expect(message { s in try (s.negative * s.tensor(tensor)).mean() }.contains("want [], [3], [4, 1] or [4, 3]"))
    let fitting = try [Tensor(2), Tensor([1, 2, 3]), Tensor([1, 2, 3, 4], shape: [4, 1]), Tensor.ones([4, 3])]
    for tensor in fitting {
      #expect(message { s in try (s.negative * s.tensor(tensor)).mean() } == "no error")
      #expect(message(false) { s in try (s.negative * s.tensor(tensor)).mean() } == "no error")
    }
  }

  @Test func nanShowsInTheLoss() throws {
    for negatives in [1, 20] {
      let batch = PlaneBatch(rows: 5, negatives: negatives)
      batch.scores[1 + negatives] = .nan
      for test in TracedLossCase.all {
        let result = try batch.evaluate(TracedLoss(name: test.name, test.traced))
        #expect(result.value.isNaN, "\(test.name), \(negatives) negatives")
      }
    }
  }

  @Test func aLossThatTakesManyFormsForgetsOldOnes() throws {
    var terms = 1
    let loss = TracedLoss(name: "forms") { s in
      var sum = s.positive
      for _ in 0..<terms { sum = try sum + s.positive }
      return sum
    }
    let batch = PlaneBatch(rows: 3, negatives: 2)
    for count in 1...(LossProgramCache.capacity + 10) {
      terms = count
      let result = try batch.evaluate(loss)
      expectClose(result.gradients[0], Double(count + 1) / 3, rtol: 1e-6)
    }
    #expect(loss.compiledCount == LossProgramCache.capacity + 10)
  }
}
