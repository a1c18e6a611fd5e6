import Testing

@testable import Ranking

/// Losses of more than scores against an obvious float64 version of themselves, and at the edges.
@Suite struct PlaneReferenceTests {
  @Test(arguments: PlaneCase.all) func valueAndGradientAgreeForOneToFortyNegatives(_ test: PlaneCase) throws {
    for count in 1...40 {
      let inputs = test.inputs(rows: 5, negatives: count, seed: UInt64(count))
      let loss = try test.make(inputs)
      let batch = inputs.batch(test.parts)
      let result = try batch.evaluate(loss)
      #expect(!result.overran, "\(count) negatives: wrote beyond the last row")
      let expected = test.reference(inputs, inputs)
      expectClose(result.value, expected, rtol: 3e-6, atol: 2e-6, "\(count) negatives: value")
      let differences = inputs.differences(test.parts) { test.reference($0, inputs) }
      expectClose(result.allGradients, differences.scores, rtol: 1e-5, atol: 2e-6, "\(count) negatives: gradient")
      let sums = GradientSet()
      loss.addParameterGradients(batch.plane, to: sums)
      let margins = loss.parameters.flatMap { sums.of($0).dense() }
      expectClose(margins, differences.margins, rtol: 1e-5, atol: 2e-6, "\(count) negatives: margins")
    }
  }

  @Test(arguments: PlaneCase.all) func wholeBatchEqualsRowByRow(_ test: PlaneCase) throws {
    for count in [1, 7] {
      let inputs = test.inputs(rows: 37, negatives: count, seed: 5)
      let apart = try inputs.batch(test.parts).evaluate(test.make(inputs))
      let together = try inputs.batch(test.parts).evaluate(test.make(inputs), atOnce: true)
      #expect(apart.value == together.value && apart.allGradients == together.allGradients, "\(count) negatives")
    }
  }

  @Test(arguments: PlaneCase.all) func finiteScoresGiveFiniteResults(_ test: PlaneCase) throws {
    let sizes = [0, Float.leastNonzeroMagnitude, 1e-20, 1, 50, 89, 104, 800, 1e4, 1e8, test.largest].map(Double.init)
    let values = test.areDistances ? sizes.map(-) : sizes + sizes.map(-)
    var inputs = test.inputs(rows: 2, negatives: 18, seed: 3)
    for positive in values {
      for negative in values {
        for other in [negative, test.areDistances ? 0 : -negative, 0] {
          inputs.positives[0] = positive
          inputs.negatives[0] = [negative] + Array(repeating: other, count: 17)
          inputs.boundary[0] = other
          inputs.itemScores[0] = inputs.negatives[0].reversed()
          let result = try inputs.batch(test.parts).evaluate(test.make(inputs))
          #expect(
            result.value.isFinite && result.allGradients.allSatisfy(\.isFinite),
            "positive \(positive), negatives \(negative) and \(other): \(result.value)")
        }
      }
    }
  }

  @Test(arguments: PlaneCase.all) func oneScoreThatIsNotANumberMakesTheLossNotANumber(_ test: PlaneCase) throws {
    for count in [1, 2, 15, 16, 17, 33] {
      let clean = test.inputs(rows: 4, negatives: count, seed: 3)
      var spoiled: [(String, PlaneInputs)] = []
      func spoil(_ name: String, _ change: (inout PlaneInputs) -> Void) {
        var inputs = clean
        change(&inputs)
        spoiled.append((name, inputs))
      }
      spoil("positive") { $0.positives[1] = .nan }
      if test.parts.contains(.boundary) { spoil("boundary") { $0.boundary[1] = .nan } }
      for slot in 0..<count {
        spoil("negative \(slot)") { $0.negatives[1][slot] = .nan }
        if test.parts.contains(.itemScores) { spoil("item score \(slot)") { $0.itemScores[1][slot] = .nan } }
      }
      for (name, inputs) in spoiled {
        let result = try inputs.batch(test.parts).evaluate(test.make(inputs))
        #expect(result.value.isNaN, "\(count) negatives, NaN at \(name)")
      }
    }
  }
}
