import Testing

@testable import Ranking

@Suite struct LossExtremeTests {
  @Test(arguments: LossCase.all) func finiteScoresGiveFiniteResults(_ loss: LossCase) throws {
    // A square of more than 1.8e19 leaves float32, and with it a squared loss.
    let largest: Float = loss.name.hasPrefix("mse") ? 1e15 : 1e30
    let sizes: [Float] = [0, .leastNonzeroMagnitude, 1e-20, 1, 50, 89, 104, 800, 1e4, 1e8, largest]
    let values = sizes + sizes.map { -$0 }
    for positive in values {
      for negative in values {
        for others in [negative, -negative, 0] {
          let result = try ScoreBatch(
            positives: [positive, 0.5],
            negatives: [[negative] + Array(repeating: others, count: 17), Array(repeating: 0.1, count: 18)]
          ).evaluate(loss.make())
          #expect(
            result.value.isFinite && result.allGradients.allSatisfy(\.isFinite),
            "positive \(positive), negatives \(negative) and \(others): \(result.value)")
        }
      }
    }
  }

  @Test(arguments: LossCase.all) func extremeScoresAgreeWithTheReference(_ loss: LossCase) throws {
    let values: [Float] = [-1e6, -800, -40, -3, 0, 3, 40, 800, 1e6]
    for positive in values {
      for negative in values {
        let negatives = [[negative, -negative, 0.25, negative / 2]]
        let result = try ScoreBatch(positives: [positive], negatives: negatives).evaluate(loss.make())
        let expected = loss.reference([Double(positive)], negatives.map { $0.map(Double.init) }, [0])
        expectClose(result.value, expected, rtol: 2e-6, atol: 1e-6, "positive \(positive), negative \(negative)")
      }
    }
  }

  @Test(arguments: LossCase.all) func oneScoreThatIsNotANumberMakesTheLossNotANumber(_ loss: LossCase) throws {
    for count in [1, 2, 15, 16, 17, 33] {
      let clean = LatticeScores(rows: 3, negatives: count, users: 2, seed: 3)
      for place in 0...count {
        var positives = clean.positives
        var negatives = clean.negatives
        if place == 0 { positives[1] = .nan } else { negatives[1][place - 1] = .nan }
        let result = try ScoreBatch(positives: positives, negatives: negatives, users: clean.users).evaluate(
          loss.make())
        #expect(result.value.isNaN, "\(count) negatives, NaN at \(place)")
      }
    }
  }

  /// -ln p is found without cancellation where the positive has almost all of the mass.
  @Test func softmaxKeepsTinyGradientsOfAWonPositive() throws {
    let result = try ScoreBatch(positives: [30], negatives: [[0, 1]]).evaluate(SoftmaxLoss())
    let expected = 2.5437e-13 + 9.3576e-14  // e^-29 + e^-30
    expectClose(result.positives[0], Float(-expected), rtol: 1e-3, atol: 0)
    expectClose(result.negatives[0], [9.3576e-14, 2.5437e-13], rtol: 1e-3, atol: 0)
  }
}
