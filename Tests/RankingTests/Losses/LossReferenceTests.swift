import Testing

@testable import Ranking

/// Every loss against an obvious float64 version of itself.
@Suite struct LossReferenceTests {
  @Test(arguments: LossCase.all) func valueAndGradientAgreeForOneToFortyNegatives(_ loss: LossCase) throws {
    for count in 1...40 {
      let scores = LatticeScores(rows: 5, negatives: count, users: 3, seed: UInt64(count))
      let batch = ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
      let result = try batch.evaluate(loss.make())
      #expect(!result.overran, "\(count) negatives: wrote beyond the last row")
      let expected = value(loss, scores)
      expectClose(result.value, expected, rtol: 3e-6, atol: 1e-7, "\(count) negatives: value")
      expectClose(
        result.allGradients, differences(loss, scores), rtol: 1e-5, atol: 1e-6, "\(count) negatives: gradient")
    }
  }

  private func value(_ loss: LossCase, _ scores: LatticeScores) -> Double {
    loss.reference(scores.positives.map(Double.init), scores.negatives.map { $0.map(Double.init) }, scores.users)
  }

  /// Central differences of the reference: positives, then negatives row by row.
  private func differences(_ loss: LossCase, _ scores: LatticeScores) -> [Double] {
    let step = 1e-5
    var positives = scores.positives.map(Double.init)
    var negatives = scores.negatives.map { $0.map(Double.init) }
    func difference(_ set: (Double) -> Void) -> Double {
      set(step)
      let above = loss.reference(positives, negatives, scores.users)
      set(-2 * step)
      let below = loss.reference(positives, negatives, scores.users)
      set(step)
      return (above - below) / (2 * step)
    }
    let atPositives = positives.indices.map { row in difference { positives[row] += $0 } }
    let atNegatives = negatives.indices.flatMap { row in
      negatives[row].indices.map { slot in difference { negatives[row][slot] += $0 } }
    }
    return atPositives + atNegatives
  }

  /// More rows than a vector has lanes, some of which may be handled together.
  @Test(arguments: LossCase.all) func wholeBatchEqualsRowByRow(_ loss: LossCase) throws {
    for count in [1, 7, 15, 16] {
      let scores = LatticeScores(rows: 37, negatives: count, users: 4, seed: 5)
      let one = ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
      let apart = try one.evaluate(loss.make())
      let other = ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
      _ = try other.evaluate(loss.make(), atOnce: true)
      #expect((0..<37).allSatisfy { other.plane.values[$0] == one.plane.values[$0] })
      #expect((0..<37 * (1 + count)).allSatisfy { other.plane.gradients[$0] == one.plane.gradients[$0] })
      #expect(apart.value.isFinite)
    }
  }

  /// A row whose scores are no numbers, infinite or far away leaves the rows beside it as they are.
  @Test(arguments: LossCase.all, [Float.nan, .infinity, -1e30])
  func rowsDoNotReachTheRowsBesideThem(_ loss: LossCase, _ wrong: Float) throws {
    guard try loss.make().isRowwise else { return }
    for count in [1, 5, 15, 18] {
      let scores = LatticeScores(rows: 20, negatives: count, users: 20, seed: 6)
      let clean = ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
      _ = try clean.evaluate(loss.make(), atOnce: true)
      var negatives = scores.negatives
      negatives[3][count / 2] = wrong
      let spoiled = ScoreBatch(positives: scores.positives, negatives: negatives, users: scores.users)
      _ = try spoiled.evaluate(loss.make(), atOnce: true)
      for row in 0..<20 where row != 3 {
        #expect(spoiled.plane.values[row] == clean.plane.values[row])
        for place in row * (1 + count)..<(row + 1) * (1 + count) {
          #expect(spoiled.plane.gradients[place] == clean.plane.gradients[place])
        }
      }
    }
  }

  @Test(arguments: LossCase.all) func meanIsTheSumDividedByTheBatch(_ loss: LossCase) throws {
    guard loss.name.hasSuffix("mean") else { return }
    let sum = try #require(LossCase.all.first { $0.name == loss.name.replacing("mean", with: "sum") })
    let scores = LatticeScores(rows: 6, negatives: 3, users: 2, seed: 9)
    let batch = ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
    let mean = try batch.evaluate(loss.make())
    let total = try batch.evaluate(sum.make())
    // The mean of cross-entropy is over all scores, of the others over rows.
    let divisor = loss.name.hasPrefix("bce") ? 24.0 : 6
    expectClose(mean.value * divisor, total.value, rtol: 1e-6)
    expectClose(mean.allGradients.map { Double($0) * divisor }, total.allGradients, rtol: 1e-6)
  }
}
