import Testing

@testable import Ranking

/// Values anyone can check with a pencil.
@Suite struct LossHandTests {
  private let ln2 = 0.6931471805599453

  @Test func equalScoresCostLn2InPairs() throws {
    let result = try ScoreBatch(positives: [1, 1], negatives: [[1, 1], [1, 1]]).evaluate(BPRLoss())
    expectClose(result.value, ln2, rtol: 1e-6)
    #expect(result.positives == [-0.25, -0.25])  // -σ(0) / B
    #expect(result.negatives == [[0.125, 0.125], [0.125, 0.125]])  // σ(0) / (B N)
  }

  @Test func hingeCountsThePartOfTheMarginThatIsMissing() throws {
    let loss = HingeLoss()  // margin 1
    let result = try ScoreBatch(positives: [2], negatives: [[0, 1.5, 1, 3]]).evaluate(loss)
    #expect(result.value == 0.625)  // (0 + 0.5 + 0 + 2) / 4
    #expect(result.negatives == [[0, 0.25, 0, 0.25]])  // exactly at the margin: no slope, as PyTorch
    #expect(result.positives == [-0.5])
  }

  @Test func crossEntropyOfZeroLogitsCostsLn2Each() throws {
    let loss = BinaryCrossEntropyLoss()
    let batch = ScoreBatch(positives: [0], negatives: [[0, 0, 0]])
    expectClose(try batch.evaluate(loss).value, ln2, rtol: 1e-6)  // the mean of four terms
    loss.reduction = .sum
    let result = try batch.evaluate(loss)
    expectClose(result.value, 4 * ln2, rtol: 1e-6)
    #expect(result.positives == [-0.5])
    #expect(result.negatives == [[0.5, 0.5, 0.5]])
  }

  @Test func squaredErrorIsHalvedAndSummedOverNegatives() throws {
    let result = try ScoreBatch(positives: [3, 1], negatives: [[1, 2], [0, 0]]).evaluate(SquaredLoss())
    #expect(result.value == 2.25)  // ((2² + 1² + 2²) / 2) / 2
    #expect(result.positives == [1, 0])
    #expect(result.negatives == [[0.5, 1], [0, 0]])
  }

  @Test func softmaxOfEqualScoresIsTheLogOfTheirNumber() throws {
    let result = try ScoreBatch(positives: [7], negatives: [[7, 7, 7]]).evaluate(SoftmaxLoss())
    expectClose(result.value, 2 * ln2, rtol: 1e-6)
    expectClose(result.positives, [-0.75])
    expectClose(result.negatives[0], [0.25, 0.25, 0.25])
  }

  @Test func contrastiveCostsWhatThePositiveLacksAndTheNegativesExceed() throws {
    let result = try ScoreBatch(positives: [0.25], negatives: [[0.75, 0.5, 0, 1]])
      .evaluate(CosineContrastiveLoss(margin: 0.5, negativeWeight: 8))
    #expect(result.value == 2.25)  // 0.75 + 8 (0.25 + 0.5) / 4
    #expect(result.positives == [-1])
    #expect(result.negatives == [[2, 0, 0, 2]])
  }

  @Test func marginsAddUpOrCountAloneByForm() throws {
    let loss = try MultiMarginLoss(margins: [0.25, 0.5], weights: [0.5, 2], negativeWeight: 4)
    let batch = ScoreBatch(positives: [1], negatives: [[1, 0.375, 0, 0.5]])
    let additive = try batch.evaluate(loss)
    #expect(additive.value == 1.5625)  // (0.5 · 0.75 + 2 · 0.5) + 0.5 · 0.125 + 0.5 · 0.25
    #expect(additive.negatives == [[2.5, 0.5, 0, 0.5]])
    #expect(additive.positives == [0])  // already at 1
    loss.form = .banded
    let banded = try batch.evaluate(loss)
    #expect(banded.value == 1.1875)  // 2 · 0.5 + 0.5 · 0.125 + 0.5 · 0.25
    #expect(banded.negatives == [[2, 0.5, 0, 0.5]])
  }

  /// Two rows of one user share their positives, the third is alone.
  @Test func bilateralSoftmaxOfEqualScoresCostsNothingAtExponentOne() throws {
    let result = try ScoreBatch(positives: [1, 1, 1], negatives: [[1, 1], [1, 1], [1, 1]], users: [4, 4, 2])
      .evaluate(BSLLoss(temperature: 0.5))
    expectClose(result.value, 0)
    expectClose(result.positives, [-2.0 / 3, -2.0 / 3, -2.0 / 3])  // -1/(B t)
    expectClose(result.negatives.flatMap { $0 }, [Double](repeating: 1.0 / 3, count: 6))
  }
}
