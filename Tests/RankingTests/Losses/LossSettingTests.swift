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
    let loss = try MultiMarginLoss(margins: [0.5, 0.25], weights: [1, 1], negativeWeight: 1)
    #expect(message(loss) == "mml: margins must ascend; 0.5 comes before 0.25")
  }

  @Test func marginsAndWeightsMustPair() {
    let error = #expect(throws: TrainingError.self) {
      try MultiMarginLoss(margins: [0.5], weights: [1, 2], negativeWeight: 1)
    }
    #expect(error?.description == "mml: 1 margins and 2 weights; want as many of both, at least one")
  }

  @Test func aNegativeExponentBelowZeroIsRefused() {
    #expect(
      message(BSLLoss(temperature: 0.1, negativeExponent: -1))
        == "bsl: negative exponent is -1.0 at epoch 2, step 9; want 0.0 to 1000000.0")
  }

  // MARK: Every declared setting

  /// One of every native loss.
  private static var losses: [any Loss] {
    [
      BPRLoss(), HingeLoss(), WeightedPairwiseLoss { _ in [1] }, BinaryCrossEntropyLoss(), SquaredLoss(), TripletLoss(),
      ContrastiveLoss(), SoftmaxLoss(), SampledSoftmaxLoss(), BSLLoss(), CosineContrastiveLoss(), MultiMarginLoss(),
      BoundaryLoss(), SymmetricMetricLoss(), SymmetricMetricLoss(hasBoundary: true), ImportanceLoss(),
      ImportanceLoss.selfAdversarial(), WARPLoss(), CMLLoss(), TruncatedLoss(), TruncatedLoss(isPairwise: true),
      ReweightedLoss(), ReweightedLoss(isPairwise: true),
    ]
  }

  @Test func everyNumberIsHeldToItsRange() throws {
    for loss in Self.losses {
      for number in loss.settings.compactMap({ $0 as? LossNumber }) {
        let usual = number.wrappedValue
        #expect(number.range.contains(try #require(usual.constant)), "\(loss.name)'s \(number.name)")
        for value in [number.range.lower - 1, number.range.upper * 2 + 1, .nan, .infinity] {
          number.wrappedValue = Schedule { _ in value }
          let text = try #require(message(loss))
          #expect(text.hasPrefix("\(loss.name): ") && text.contains("at epoch 2, step 9; want"), "\(text)")
        }
        number.wrappedValue = usual
        try loss.prepare(at: TrainingPosition(epoch: 1, step: 1), negativeCount: 1)
        #expect(number.value == usual.constant)
      }
    }
  }

  @Test func settingsHaveNamesOfTheirOwnAndTheirTextShowsThem() {
    for loss in Self.losses {
      let names = loss.settings.map(\.name)
      #expect(Set(names).count == names.count && !names.isEmpty, "\(loss.name)")
      for setting in loss.settings {
        #expect(loss.text.contains("\(setting.name) = \(setting.text)") && !setting.summary.isEmpty)
        guard let choice = setting as? any NamedChoice else { continue }
        for name in choice.names {
          choice.chosen = name
          #expect(choice.chosen == name && loss.text.contains("\(setting.name) = \(name)"))
        }
        choice.chosen = "no such name"
        #expect(choice.chosen == choice.names.last, "an unknown name changes nothing")
      }
    }
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

  // MARK: What a plane must have

  private func refusal(_ loss: Loss, _ extras: ScoreBatch.Extras = .init()) -> String? {
    let error = #expect(throws: TrainingError.self) {
      try ScoreBatch(positives: [0, 0], negatives: [[0, 0], [0, 0]], extras: extras).evaluate(loss)
    }
    return error?.description
  }

  @Test func aLossOfBoundariesWantsAModelThatHasThem() {
    #expect(
      refusal(BoundaryLoss())
        == "loss 'uib' reads the users' boundary, and the model has none; make it with boundary = \"linear\"")
  }

  @Test func sampledSoftmaxWantsAProposal() throws {
    let text =
      "sampled_softmax: the sampler does not say how likely its negatives are; take one that gives log_proposal, or set "
      + "correction = \"none\""
    #expect(refusal(SampledSoftmaxLoss()) == text)
    #expect(refusal(SampledSoftmaxLoss(correction: .negatives)) == text)
    let without = try ScoreBatch(positives: [0], negatives: [[0, 0, 0]]).evaluate(SampledSoftmaxLoss(correction: .none))
    expectClose(without.value, 2 * 0.6931471805599453)
  }

  @Test func symmetricMetricLearningWantsScoresBetweenItems() throws {
    let loss = SymmetricMetricLoss()
    #expect(
      refusal(loss) == "sml: the loss has no margins yet; give it data, the split whose users and items have them")
    try loss.attach(to: randomInteractions(users: 2, items: 3, pairs: 3, seed: 1))
    #expect(refusal(loss) == "sml: the model gives no scores between items; take one with euclidean scores")
  }

  @Test func marginsOutliveASecondAttachmentToDataOfTheSameSize() throws {
    let loss = SymmetricMetricLoss()
    try loss.attach(to: randomInteractions(users: 2, items: 3, pairs: 3, seed: 1))
    try loss.userMargin!.setValues([0.25, 0.5])
    try loss.attach(to: randomInteractions(users: 2, items: 3, pairs: 4, seed: 2))
    #expect(loss.userMargin!.currentValues == [0.25, 0.5])
    // Trainers attach before each batch: new margins for other data would be lost as often as two trainers take turns.
    #expect(throws: TrainingError.self) {
      try loss.attach(to: randomInteractions(users: 5, items: 3, pairs: 4, seed: 2))
    }
    #expect(loss.userMargin!.currentValues == [0.25, 0.5])
  }

  @Test func releasedWeightsKeepAlphaBelowOne() throws {
    let loss = BoundaryLoss()
    loss.alpha = 2
    try loss.prepare(at: TrainingPosition(epoch: 1, step: 1), negativeCount: 1)
    loss.hasReleasedWeights = true
    #expect(message(loss) == "uib: alpha is 2.0 at epoch 2, step 9; want 0.0 to 1.0 with released weights")
  }

  @Test func weightsMustMeetTheBatch() {
    #expect(
      refusal(WeightedPairwiseLoss { _ in [1, 2, 3] })
        == "weighted_bpr: 3 weights for 2 positives of 2 negatives each; want 1, 2 or 4")
  }

  @Test func aRootOfAPositiveScoreIsNotANumber() throws {
    let loss = TripletLoss()
    loss.distance = .root
    #expect(try ScoreBatch(positives: [-1], negatives: [[0.5]]).evaluate(loss).value.isNaN)
    #expect(try ScoreBatch(positives: [0], negatives: [[0]]).evaluate(loss).value == 1)
  }
}
