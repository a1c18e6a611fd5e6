import Testing

@testable import Ranking

/// Published formulas through a whole training step.
@Suite struct ModelGoldenTests {
  private func model(_ golden: Golden, score: ScoreFunction) throws -> (MatrixFactorization, GivenBatch) {
    let users = golden.rows("inputs.P")
    let items = golden.rows("inputs.Q")
    let model = try randomModel(users: users.count, items: items.count, dim: users[0].count, score: score)
    try model.setParameters(.init(users: golden.floats("inputs.P"), items: golden.floats("inputs.Q")))
    let batch = GivenBatch(
      users: golden.integers("inputs.user"), positives: golden.integers("inputs.pos"),
      negatives: golden.rows("inputs.neg").map { $0.map(Int32.init) })
    return (model, batch)
  }

  @Test(arguments: ["a", "b"]) func cosineFactorizationWithMultiMarginLoss(_ instance: String) throws {
    let golden = try Golden("mf_cosine_mml.\(instance)")
    let (model, batch) = try model(golden, score: .cosine)
    let loss = try MultiMarginLoss(
      margins: golden.numbers("parameters.margins").map { Schedule($0) },
      weights: golden.numbers("parameters.weights").map { Schedule($0) },
      positiveWeight: Schedule(try golden.number("parameters.w_pos")),
      negativeWeight: Schedule(try golden.number("parameters.w_neg")))
    var settings = GivenBatch.Settings()
    settings.regularization = (try golden.number("parameters.regularizer"), .tables)
    let result = try gradients(of: model, batch, loss, settings)
    let reference = ReferenceModel(model)
    let penalty = reference.penalty(batch, settings.regularization!.weight, .tables)
    expectClose(result.loss + penalty, try golden.number("expected.loss"), golden.name)
    expectClose(result.users, golden.numbers("expected.gradients.P"), "\(golden.name) P")
    expectClose(result.items, golden.numbers("expected.gradients.Q"), "\(golden.name) Q")
    expectClose(reference.scores(batch).positives, golden.numbers("expected.values.score_pos"), "\(golden.name) scores")
  }

  /// The conventions of `Regularization`; PRIS' activity penalty, `c/B²` times the squares, is `per_sample` of weight `c/B`.
  @Test(arguments: ["a", "b"], ["uib_sum", "lightgcn_mean", "recbox_tables", "pris_activity"])
  func penalties(_ instance: String, _ convention: String) throws {
    let golden = try Golden("l2.\(convention).\(instance)")
    let (model, batch) = try model(golden, score: .dot)
    let coefficient = try golden.number("parameters.coefficient")
    var settings = GivenBatch.Settings()
    switch convention {
    case "uib_sum": settings.regularization = (coefficient, .batch)
    case "lightgcn_mean": settings.regularization = (coefficient, .batchMean)
    case "recbox_tables": settings.regularization = (coefficient, .tables)
    default: settings.regularization = (coefficient / Double(batch.users.count), .perSample)
    }
    let result = try gradients(of: model, batch, LinearLoss.zero(batch), settings)
    expectClose(result.users, golden.numbers("expected.gradients.P"), "\(golden.name) P")
    expectClose(result.items, golden.numbers("expected.gradients.Q"), "\(golden.name) Q")
  }
}
