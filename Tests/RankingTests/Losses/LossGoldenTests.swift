import Testing

@testable import Ranking

/// Values and gradients of the published formulas.
@Suite struct LossGoldenTests {
  /// Loss, positives' and negatives' gradients of a file with `pos` and `neg`.
  private func check(_ golden: Golden, _ loss: Loss, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let users = golden.integers("inputs.user")
    let result = try ScoreBatch(
      positives: golden.floats("inputs.pos"), negatives: golden.rows("inputs.neg").map { $0.map(Float.init) },
      users: users.isEmpty ? nil : users
    ).evaluate(loss)
    let name = golden.name
    expectClose(result.value, try golden.number("expected.loss"), "\(name) loss", sourceLocation: sourceLocation)
    expectClose(
      result.positives, golden.numbers("expected.gradients.pos"), "\(name) pos", sourceLocation: sourceLocation)
    expectClose(
      result.negatives.flatMap { $0 }, golden.numbers("expected.gradients.neg"), "\(name) neg",
      sourceLocation: sourceLocation)
  }

  @Test(arguments: ["a", "b"]) func bpr(_ instance: String) throws {
    for name in ["bpr.single", "bpr.extreme", "bpr.multi_mean"] {
      let golden = try Golden("\(name).\(instance)")
      let loss = BPRLoss()
      loss.reduction = try #require(Reduction(rawValue: golden.text("parameters.reduction")!))
      try check(golden, loss)
    }
  }

  @Test(arguments: ["a", "b"]) func hinge(_ instance: String) throws {
    for name in ["hinge.m09", "hinge.m1"] {
      let golden = try Golden("\(name).\(instance)")
      let loss = HingeLoss()
      loss.margin = Schedule(try golden.number("parameters.margin"))
      try check(golden, loss)
    }
  }

  @Test(arguments: ["a", "b"]) func squared(_ instance: String) throws {
    try check(Golden("mse.\(instance)"), SquaredLoss())
  }

  @Test(arguments: ["a", "b"]) func softmax(_ instance: String) throws {
    for name in ["softmax_ce", "infonce.tau02"] {
      let golden = try Golden("\(name).\(instance)")
      let loss = SoftmaxLoss()
      loss.temperature = Schedule(try golden.number("parameters.tau"))
      try check(golden, loss)
    }
  }

  @Test(arguments: ["a", "b"]) func cosineContrastive(_ instance: String) throws {
    for name in ["ccl.sum", "ccl.w150"] {
      let golden = try Golden("\(name).\(instance)")
      let weight = golden.optionalNumber("parameters.negative_weight").map { Schedule($0) }
      try check(golden, MarginLoss(margin: Schedule(try golden.number("parameters.margin")), negativeWeight: weight))
    }
  }

  private func multiMargin(_ golden: Golden) throws -> MarginLoss {
    try MarginLoss(
      margins: golden.numbers("parameters.margins").map { Schedule($0) },
      weights: golden.numbers("parameters.weights").map { Schedule($0) },
      positiveWeight: Schedule(try golden.number("parameters.w_pos")),
      negativeWeight: Schedule(try golden.number("parameters.w_neg")))
  }

  @Test(arguments: ["a", "b"]) func multiMargin(_ instance: String) throws {
    for name in ["mml.gowalla", "mml.yelp", "mml.one_margin_is_ccl"] {
      let golden = try Golden("\(name).\(instance)")
      try check(golden, multiMargin(golden))
    }
  }

  @Test(arguments: ["a", "b"]) func multiMarginBanded(_ instance: String) throws {
    let golden = try Golden("mml.banded_option.\(instance)")
    let loss = try multiMargin(golden)
    loss.form = .banded
    try check(golden, loss)
  }

  @Test(arguments: ["a", "b"]) func bilateralSoftmax(_ instance: String) throws {
    for name in ["bsl.multi_t11", "bsl.multi_t122", "bsl.reweight_t11", "bsl.single_t10"] {
      let golden = try Golden("\(name).\(instance)")
      let mode = try #require(BSLLoss.Mode(rawValue: golden.text("parameters.mode")!))
      try check(
        golden,
        BSLLoss(
          mode: mode, temperature: Schedule(try golden.number("parameters.temperature")),
          negativeExponent: Schedule(try golden.number("parameters.temperature_2"))))
    }
  }

  /// The vectors have one sample a logit. Each becomes a row here, with a partner so extreme that it costs nothing.
  @Test(arguments: ["a", "b"], Reduction.allCases) func crossEntropy(_ instance: String, _ reduction: Reduction) throws
  {
    let golden = try Golden("bce.\(reduction).\(instance)")
    let logits = golden.floats("inputs.logit")
    let labels = golden.integers("inputs.label")
    let loss = CrossEntropyLoss()
    loss.reduction = reduction
    let free: Float = 1e30
    let result = try ScoreBatch(
      positives: zip(logits, labels).map { $1 == 1 ? $0 : free },
      negatives: zip(logits, labels).map { [$1 == 1 ? -free : $0] }
    ).evaluate(loss)
    // The mean is over twice as many scores as there are samples.
    let scale = reduction == .mean ? 2.0 : 1
    expectClose(result.value * scale, try golden.number("expected.loss"), golden.name)
    let gradients = labels.indices.map {
      Double(labels[$0] == 1 ? result.positives[$0] : result.negatives[$0][0]) * scale
    }
    expectClose(gradients, golden.numbers("expected.gradients.logit"), golden.name)
  }
}
