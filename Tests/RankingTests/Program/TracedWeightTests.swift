import Testing

@testable import Ranking

/// Weights and other inputs of recorded losses.
@Suite struct TracedWeightTests {
  private let scores = {
    var scores = LossEvaluation.Scores(positive: [0.5, -0.2, 0.7], negative: [0.1, 0.4, -0.3, 0.2, 0.9, 0])
    scores.inputs[.weight] = [0.5, 0, 2]
    return scores
  }()

  private func expectSame(_ one: LossEvaluation, _ other: LossEvaluation, _ what: String) {
    expectClose(one.value, other.value, rtol: 1e-6, atol: 1e-8, what)
    expectClose(
      one.positive + one.negative, (other.positive + other.negative).map(Double.init), rtol: 1e-5, atol: 1e-7, what)
  }

  /// BPR in ways that lead to sums over the batch of different shapes.
  private static let forms: [(name: String, record: @Sendable (LossTrace) throws -> TracedValue)] = [
    ("mean", { s in try (s.negative - s.positive).softplus().mean() }),
    ("rows", { s in try (s.negative - s.positive).softplus().mean(.negatives) }),
    ("rows, averaged", { s in try (s.negative - s.positive).softplus().mean(.negatives).mean(.batch) }),
    (
      "terms",
      { s in
        let x = try (s.negative - s.positive).softplus()
        return try (x.sum() / 6 + x.mean()) * 0.5 - x.mean() * 2 + 2 * x.mean(.negatives).mean(.batch)
      }
    ),
    (
      "its own",
      { s in
        let weight = try s.channel(.weight)!
        return try ((s.negative - s.positive).softplus().mean(.negatives) * weight).mean(.batch)
      }
    ),
  ]

  @Test func aRecordedLossIsWeightedLikeTheNativeOne() throws {
    let native = try LossEvaluation(of: BPRLoss(), on: scores)
    var plain = scores
    plain.inputs = [:]
    #expect(try LossEvaluation(of: BPRLoss(), on: plain).value != native.value)
    for (name, record) in Self.forms {
      expectSame(try LossEvaluation(of: TracedLoss(name: name, record), on: scores), native, name)
    }
    for (name, record) in Self.forms where ["rows", "its own"].contains(name) {
      expectSame(
        try LossEvaluation(of: TracedLoss(name: name, fuses: false, record), on: scores), native, "\(name) by tensors")
    }
  }

  @Test func theSameLossGoesOnWithoutAWeight() throws {
    let loss = TracedLoss(name: "bpr", Self.forms[0].record)
    var plain = scores
    plain.inputs = [:]
    for _ in 0..<2 {
      expectSame(try LossEvaluation(of: loss, on: scores), try LossEvaluation(of: BPRLoss(), on: scores), "weighted")
      expectSame(try LossEvaluation(of: loss, on: plain), try LossEvaluation(of: BPRLoss(), on: plain), "plain")
    }
  }

  @Test func gradientsOfParametersAreWeighted() throws {
    func evaluate(_ record: @escaping (LossTrace, Parameter) throws -> TracedValue) throws -> [Float] {
      let margin = try Parameter(name: "margin", owner: .shared, rowCount: 1) { _, _ in 0.5 }
      let loss = TracedLoss(name: "margin") { s in try record(s, margin) }
      return try LossEvaluation(of: loss, on: scores).parameters[0].gradient
    }
    let implied = try evaluate { s, margin in
      let m = try s.parameter(margin)
      return try (s.negative - s.positive + m).softplus().mean() + m.square()
    }
    let explicit = try evaluate { s, margin in
      let (m, weight) = (try s.parameter(margin), try s.channel(.weight)!)
      return try ((s.negative - s.positive + m).softplus().mean(.negatives) * weight).mean(.batch) + m.square()
    }
    expectClose(implied, explicit.map(Double.init), rtol: 1e-6, atol: 1e-8, "margin")
  }

  @Test func whatIsNoSumOverPositivesSaysSo() throws {
    let losses: [(LossTrace) throws -> TracedValue] = [
      { s in try s.positive.logSumExp(.batch) }, { s in try s.negative.mean().square() },
      { s in try s.negative.mean() * s.positive.mean() },
    ]
    for record in losses {
      let error = #expect(throws: LossProgramError.self) {
        _ = try LossEvaluation(of: TracedLoss(name: "x", record), on: scores)
      }
      #expect(error?.description.contains("multiply by s.weight") == true)
    }
    let error = #expect(throws: LossProgramError.self) {
      _ = try LossEvaluation(of: TracedLoss(name: "x", fuses: false) { s in try s.negative.mean() }, on: scores)
    }
    #expect(error?.description.contains("return one number for each positive") == true)
  }

  @Test func weightsOfTripletsAreRead() throws {
    var scores = scores
    scores.inputs = [.tripletWeight: [1, 0, 2, 0.5, 3, 1]]
    let loss = TracedLoss(name: "x") { s in
      try ((s.negative - s.positive).softplus() * s.channel(.tripletWeight)!).mean()
    }
    expectSame(try LossEvaluation(of: loss, on: scores), try LossEvaluation(of: BPRLoss(), on: scores), "triplets")
    let error = #expect(throws: LossProgramError.self) {
      _ = try LossEvaluation(of: TracedLoss(name: "x", Self.forms[0].record), on: scores)
    }
    #expect(error?.description.contains("does not read s.triplet_weight") == true)
  }

  // MARK: Declarations

  @Test func everyInputStandsAtItsNumber() {
    #expect(Channel.all.enumerated().allSatisfy { $0.offset == $0.element.number })
    #expect(Set(Channel.all.map(\.name)).count == Channel.all.count)
  }

  /// By programs and by tensors: the value, and a derivative for those that have one.
  @Test(arguments: Channel.inputs.map(\.name), [true, false]) func everyInputIsRead(_ name: String, _ fuses: Bool)
    throws
  {
    let channel = Channel.inputs.first { $0.name == name }!
    var scores = scores
    let numbers: [Float] = channel.shape == .row ? [1, 2, 4] : [1, 2, 4, 0.5, 3, 7]
    scores.inputs = [channel: numbers]
    let loss = TracedLoss(name: name, fuses: fuses) { s in try s.channel(channel)! * s.positive }
    let wide = TracedLoss(name: name, fuses: fuses) { s in try (s.channel(channel)! * s.positive).mean(.negatives) }
    let result = try LossEvaluation(of: channel.shape == .row ? loss : wide, on: scores)
    let columns = numbers.count / 3
    let products = numbers.indices.map { Double(numbers[$0]) * Double(scores.positive[$0 / columns]) }
    expectClose(result.value, products.reduce(0, +) / Double(numbers.count), rtol: 1e-6, atol: 1e-8, "value")
    let slopes = numbers.indices.map { Double(scores.positive[$0 / columns]) / Double(numbers.count) }
    #expect((result.inputs[channel] != nil) == channel.isDifferentiable)
    if let gradient = result.inputs[channel] { expectClose(gradient, slopes, rtol: 1e-6, atol: 1e-8, "gradient") }
  }

  /// A loss computed with tensors shows late what it reads.
  @Test func anInputThatIsFirstReadInALaterBatchIsAnError() throws {
    var reads = false
    let loss = TracedLoss(name: "x", fuses: false) { s in
      try reads ? (s.channel(.known)! * s.negative).mean() : s.negative.mean()
    }
    let train = randomInteractions(users: 4, items: 4, pairs: 6, seed: 1)
    var scores = scores
    scores.inputs = [:]
    _ = try LossEvaluation(of: loss, on: scores, train: train)
    reads = true
    let error = #expect(throws: LossProgramError.self) { _ = try LossEvaluation(of: loss, on: scores, train: train) }
    #expect(error?.description.contains("known was not computed for this batch") == true)
  }
}
