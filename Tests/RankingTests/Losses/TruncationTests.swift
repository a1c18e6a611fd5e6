import Tensors
import Testing

@testable import Ranking

@Suite struct TruncationTests {
  @Test func theLargestAreFoundAndOfEqualOnesTheLast() {
    var generator = RandomStream(seed: 3, purpose: "numbers").generator()
    for count in [1, 2, 3, 10, 257, 1000] {
      let numbers = (0..<count).map { _ in Float(Int.random(in: 0..<max(1, count / 3), using: &generator)) }
      let order = numbers.indices.sorted { (numbers[$0], $0) < (numbers[$1], $1) }
      for wanted in [0, 1, count / 3, count - 1, count] {
        let found = OrderStatistics.largest(wanted, of: numbers, count: count)
        #expect(Set(found) == Set(order.suffix(wanted)) && found.count == wanted, "\(wanted) of \(count)")
      }
    }
  }

  @Test func notANumberIsTheLargest() {
    let numbers: [Float] = [1, .nan, .infinity, 0]
    #expect(OrderStatistics.largest(1, of: numbers, count: 4) == [1])
  }

  @Test func theRateGrowsBatchByBatchAndThenStays() throws {
    let loss = TruncatedLoss(dropRate: 0.2, gradualSteps: 5)
    let rates = try (1...7).map { try loss.share(atStep: $0) }
    expectClose(rates, [0, 0.05, 0.1, 0.15, 0.2, 0.2, 0.2], rtol: 1e-12, atol: 0)
    #expect(try TruncatedLoss(dropRate: 0.2, gradualSteps: 0).share(atStep: 1) == 0.2)
    #expect(try TruncatedLoss(dropRate: 0.2, gradualSteps: 1).share(atStep: 1) == 0)
  }

  @Test func theMostImprobablePositiveIsLeftOut() throws {
    let loss = TruncatedLoss(dropRate: 0.25, gradualSteps: 0)
    let result = try ScoreBatch(positives: [0, -5], negatives: [[9], [0]]).evaluate(loss)
    #expect(result.positives[1] == 0 && result.positives[0] < 0 && result.negatives[0][0] > 0)
    // The negative of score 9 costs more, and stays: only positives are suspected.
    expectClose(result.value, (2 * 0.6931471805599453 + 9.000123402189803) / 3, rtol: 1e-6)
  }

  /// An epoch's last batch may have one pair, of which a share cannot be left out.
  @Test func oneTermAlwaysStays() throws {
    let pairs = TruncatedLoss(isPairwise: true, dropRate: 0.2, gradualSteps: 0)
    let single = try ScoreBatch(positives: [0], negatives: [[1]]).evaluate(pairs)
    expectClose(single.value, 1.3132616875182228, rtol: 1e-6)
    #expect(single.positives[0] < 0 && single.negatives[0][0] == -single.positives[0])
    pairs.dropRate = 0.99
    let several = try ScoreBatch(positives: [0, 3], negatives: [[1, -1], [0, 5]]).evaluate(pairs)
    expectClose(several.value, 0.04858735157374196, rtol: 1e-5)
    let loss = TruncatedLoss(dropRate: 0.9, gradualSteps: 0)
    let samples = try ScoreBatch(positives: [0], negatives: [[1]]).evaluate(loss)
    #expect(samples.value.isFinite && samples.positives[0] == 0 && samples.negatives[0][0] > 0)
  }

  @Test func theRateIsBelowOne() throws {
    let loss = TruncatedLoss(gradualSteps: 0)
    let all = #expect(throws: TrainingError.self) {
      loss.dropRate = 1
      try loss.prepare(at: TrainingPosition(epoch: 1, step: 3), negativeCount: 1)
    }
    #expect(all?.description == "tce: drop rate is 1.0 at epoch 1, step 3; want 0.0 to less than 1.0")
  }
}
