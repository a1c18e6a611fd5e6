import Testing

@testable import Ranking

/// Published formulas of networks through a whole training step: loss, scores and all gradients.
@Suite struct NeuralGoldenTests {
  private func configuration(_ golden: Golden, dim: Int) -> NeuralConfiguration {
    var configuration = NeuralConfiguration(
      userCount: golden.rows("inputs.P").count, itemCount: golden.rows("inputs.Q").count, dim: dim)
    configuration.boundary = golden.has("expected.gradients.W") ? .linear : nil
    return configuration
  }

  private func tower(_ golden: Golden) -> TowerConfiguration {
    TowerConfiguration(layers: [golden.rows("inputs.W1").count, golden.rows("inputs.W2").count])
  }

  private func batch(_ golden: Golden) -> GivenBatch {
    GivenBatch(
      users: golden.integers("inputs.user"), positives: golden.integers("inputs.pos"),
      negatives: golden.rows("inputs.neg").map { $0.map(Int32.init) })
  }

  /// The vectors' names of a tower's parameters.
  private static let towerNames = [
    ("layer1_weight", "W1"), ("layer1_bias", "b1"), ("layer2_weight", "W2"), ("layer2_bias", "b2"),
    ("output_weight", "h"), ("output_bias", "c"),
  ]

  private func expectAgreement(
    _ golden: Golden, _ model: any NeuralModel, _ names: [(own: String, given: String)], _ loss: Loss,
    scores: (positive: String, negative: String)
  ) throws {
    for name in names {
      let parameter = try #require(model.trainedParameters.first { $0.name == name.own })
      try parameter.setValues(golden.floats("inputs.\(name.given)"))
    }
    let batch = batch(golden)
    let result = try parameterGradients(of: model, batch, loss)
    expectClose(result.loss, try golden.number("expected.loss"), golden.name)
    #expect(names.count == model.trainedParameters.count)
    let largest = names.flatMap { golden.numbers("expected.gradients.\($0.given)") }.reduce(0) { max($0, abs($1)) }
    for name in names {
      expectClose(
        result.gradients[name.own]!, golden.numbers("expected.gradients.\(name.given)"), rtol: 2e-4,
        atol: 1e-6 * largest, "\(golden.name) \(name.given)")
    }
    let all = try model.scores()
    let positives = try zip(batch.users, batch.positives).map { try all.score(user: Int($0), item: Int($1)) }
    expectClose(positives, golden.numbers("expected.values.\(scores.positive)"), "\(golden.name) positives")
    let negatives = try zip(batch.users, batch.negatives).flatMap { user, items in
      try items.map { try all.score(user: Int(user), item: Int($0)) }
    }
    expectClose(negatives, golden.numbers("expected.values.\(scores.negative)"), "\(golden.name) negatives")
  }

  @Test(arguments: ["a", "b"]) func crossEntropy(_ instance: String) throws {
    let golden = try Golden("ncf.bce.\(instance)")
    let dim = golden.rows("inputs.P")[0].count
    let loss = BinaryCrossEntropyLoss()
    loss.reduction = .sum
    try expectAgreement(
      golden, NCF(configuration(golden, dim: dim), tower: tower(golden)),
      [("user", "P"), ("item", "Q")] + Self.towerNames, loss, scores: ("logit_pos", "logit_neg"))
  }

  @Test(arguments: ["a", "b"]) func userInterestBoundary(_ instance: String) throws {
    let golden = try Golden("ncf.uib.\(instance)")
    let dim = golden.rows("inputs.P")[0].count
    let loss = BoundaryLoss()
    loss.alpha = Schedule(try golden.number("parameters.alpha"))
    loss.reduction = .sum
    try expectAgreement(
      golden, NCF(configuration(golden, dim: dim), tower: tower(golden)),
      [("user", "P"), ("item", "Q"), ("boundary", "W")] + Self.towerNames, loss, scores: ("logit_pos", "logit_neg"))
  }

  @Test(arguments: ["a", "b"]) func neuralFactorizationWithPairs(_ instance: String) throws {
    let golden = try Golden("neumf.bpr.\(instance)")
    let loss = BPRLoss()
    loss.reduction = .sum
    let model = try NeuMF(
      configuration(golden, dim: golden.rows("inputs.Pg")[0].count), towerDim: golden.rows("inputs.P")[0].count,
      tower: tower(golden))
    let tables = [
      ("user", "Pg"), ("item", "Qg"), ("mlp_user", "P"), ("mlp_item", "Q"), ("gmf_output_weight", "hg"),
    ]
    try expectAgreement(golden, model, tables + Self.towerNames, loss, scores: ("score_pos", "score_neg"))
  }

  /// The vectors of NeuMF hold those of its product: with h_m = 0 and c = 0 it is what `gmf` computes.
  @Test(arguments: ["a", "b"]) func productAloneIsGeneralizedFactorization(_ instance: String) throws {
    let golden = try Golden("neumf.bpr.\(instance)")
    let dim = golden.rows("inputs.Pg")[0].count
    let gmf = try GMF(configuration(golden, dim: dim), hasBias: false)
    let neumf = try NeuMF(configuration(golden, dim: dim), towerDim: dim, tower: tower(golden))
    for model in [gmf, neumf] as [any NeuralModel] {
      for (name, given) in [("user", "Pg"), ("item", "Qg")] {
        try model.trainedParameters.first { $0.name == name }!.setValues(golden.floats("inputs.\(given)"))
      }
    }
    try gmf.output.weight.setValues(golden.floats("inputs.hg"))
    try neumf.factorOutput.weight.setValues(golden.floats("inputs.hg"))
    try neumf.tower.output.weight.setValues([Float](repeating: 0, count: neumf.layers.last!))
    let alone = try parameterGradients(of: gmf, batch(golden), BPRLoss())
    let together = try parameterGradients(of: neumf, batch(golden), BPRLoss())
    expectClose(alone.loss, together.loss, "\(golden.name) loss")
    for (own, other) in [("user", "user"), ("item", "item"), ("output_weight", "gmf_output_weight")] {
      expectClose(alone.gradients[own]!, together.gradients[other]!, "\(golden.name) \(own)")
    }
  }
}
