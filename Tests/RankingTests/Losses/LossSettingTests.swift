import Testing

@testable import Ranking

/// Settings are read at every batch and refused with the place and the value.
@Suite struct LossSettingTests {
  private func message(_ loss: Loss, epoch: Int = 2, step: Int = 9) -> String? {
    let error = #expect(throws: TrainingError.self) {
      try loss.prepare(at: TrainingPosition(epoch: epoch, step: step), negativeCount: 4)
    }
    return error?.description
  }

  @Test func aTemperatureOfZeroIsRefused() {
    let loss = SoftmaxLoss()
    loss.temperature = 0
    #expect(message(loss) == "softmax: temperature is 0.0 at epoch 2, step 9; want 1e-06 to 1000000.0")
  }

  @Test func aMarginThatIsNotANumberIsRefused() {
    let loss = HingeLoss()
    loss.margin = Schedule { _ in .nan }
    #expect(message(loss) == "hinge: margin is nan at epoch 2, step 9; want -1000000.0 to 1000000.0")
  }

  @Test func marginsMustAscend() throws {
    let loss = try MarginLoss(margins: [0.5, 0.25], weights: [1, 1], negativeWeight: 1)
    #expect(message(loss) == "mml: margins must ascend; 0.5 comes before 0.25")
  }

  @Test func marginsAndWeightsMustPair() {
    let error = #expect(throws: TrainingError.self) {
      try MarginLoss(margins: [0.5], weights: [1, 2], negativeWeight: 1)
    }
    #expect(error?.description == "mml: 1 margins and 2 weights; want as many of both, at least one")
  }

  @Test func aNegativeExponentBelowZeroIsRefused() {
    #expect(
      message(BSLLoss(temperature: 0.1, negativeExponent: -1))
        == "bsl: negative exponent is -1.0 at epoch 2, step 9; want 0.0 to 1000000.0")
  }

  @Test func schedulesSeeTheEpochAndTheStep() throws {
    let loss = HingeLoss()
    loss.margin = Schedule { Double($0.epoch) + Double($0.step) / 8 }
    let batch = ScoreBatch(positives: [0], negatives: [[0]])
    #expect(try batch.evaluate(loss, epoch: 3, step: 4).value == 3.5)
    #expect(try batch.evaluate(loss, epoch: 5, step: 2).value == 5.25)
  }

  @Test func anErrorOfAScheduleComesThrough() {
    struct ScriptError: Error {}
    let loss = HingeLoss()
    loss.margin = Schedule { _ in throw ScriptError() }
    #expect(throws: ScriptError.self) { try loss.prepare(at: TrainingPosition(epoch: 1, step: 1), negativeCount: 1) }
  }
}
