import Interactions
import Testing

@testable import Ranking

/// Values and gradients of the published formulas: every golden vector of a loss's family, wherever the index lists it.
@Suite struct LossGoldenTests {
  private static let families: Set = [
    "bpr", "hinge", "triplet", "contrastive", "bce", "mse", "softmax_ce", "infonce", "sampled_softmax", "ccl", "mml",
    "bsl",
    "uib", "sml", "sml_uib", "pris", "sa", "warp", "cml", "tce", "rce", "tce_bpr", "rce_bpr", "til_cluster_kl",
  ]

  @Test(arguments: try! Golden.index().filter { families.contains($0.family) }.map(\.name))
  func vector(_ name: String) throws {
    let golden = try Golden(name)
    if golden.family == "til_cluster_kl" { return try expectClusters(golden) }
    if name.hasPrefix("tce.schedule") { return try expectDropRates(golden) }
    if golden.family == "warp" { return try expectUpdates(golden) }
    let loss = try golden.makeLoss()
    if golden.has("inputs.logit") {
      try expectSamples(golden, loss)
    } else if golden.has("inputs.label") || golden.has("inputs.d_pos") {
      try expectDistances(golden, loss)
    } else if golden.has("inputs.P") {
      try expectTables(golden, loss)
    } else if golden.rows("inputs.user").first?.count ?? 1 > 1 {
      try expectVectors(golden, loss)
    } else {
      try expectScores(golden, loss)
    }
  }

  @Test func everyFamilyHasVectors() throws {
    #expect(Set(try Golden.index().map(\.family)).isSuperset(of: Self.families))
  }

  /// Files with `pos` and `neg` scores, some with boundaries `b` and proposals.
  private func expectScores(_ golden: Golden, _ loss: Loss) throws {
    let negatives =
      golden.has("inputs.unobserved") ? [golden.floats("inputs.unobserved")] : golden.floatRows("inputs.neg")!
    let result = try ScoreBatch(
      positives: golden.floats("inputs.pos"), negatives: negatives,
      users: golden.has("inputs.user") ? golden.integers("inputs.user") : nil,
      extras: .init(
        boundary: golden.has("inputs.b") ? golden.floats("inputs.b") : nil,
        logProposal: golden.floatRows("inputs.log_q") ?? golden.floatRows("inputs.log_q_neg"),
        positiveLogProposal: golden.has("inputs.log_q_pos") ? golden.floats("inputs.log_q_pos") : nil)
    ).evaluate(loss)
    expectClose(result.value, try golden.number("expected.loss"), "loss")
    expectClose(result.positives, golden.numbers("expected.gradients.pos"), "positives")
    let expected = golden.numbers("expected.gradients.neg") + golden.numbers("expected.gradients.unobserved")
    expectClose(result.negatives.flatMap { $0 }, expected, "negatives")
    expectClose(result.boundary, golden.numbers("expected.gradients.b"), "boundary")
  }

  /// One sample a logit. Those in turn positive and negative are rows; otherwise each becomes a row, with a partner so extreme that it
  /// costs nothing.
  private func expectSamples(_ golden: Golden, _ loss: Loss) throws {
    let logits = golden.floats("inputs.logit")
    let labels = golden.integers("inputs.label")
    let gradients = golden.numbers("expected.gradients.logit")
    let value = try golden.number("expected.loss")
    if labels.enumerated().allSatisfy({ $1 == ($0 % 2 == 0 ? 1 : 0) }) && labels.count % 2 == 0 {
      let rows = stride(from: 0, to: labels.count, by: 2)
      let result = try ScoreBatch(positives: rows.map { logits[$0] }, negatives: rows.map { [logits[$0 + 1]] })
        .evaluate(loss)
      expectClose(result.value, value, "loss")
      expectClose(zip(result.positives, result.negatives).flatMap { [$0] + $1 }, gradients, "logits")
      return
    }
    try #require(golden.family != "tce", "a partner would change how many samples are kept")
    let free: Float = 1e30
    let result = try ScoreBatch(
      positives: zip(logits, labels).map { $1 == 1 ? $0 : free },
      negatives: zip(logits, labels).map { [$1 == 1 ? -free : $0] }
    ).evaluate(loss)
    // The mean is over twice as many scores as there are samples.
    let scale = try golden.reduction() == .mean ? 2.0 : 1
    expectClose(result.value * scale, value, "loss")
    let found = labels.indices.map { Double(labels[$0] == 1 ? result.positives[$0] : result.negatives[$0][0]) * scale }
    expectClose(found, gradients, "logits")
  }

  /// Distances, whose scores are their opposites, and so are the derivatives.
  private func expectDistances(_ golden: Golden, _ loss: Loss) throws {
    let value = try golden.number("expected.loss")
    if golden.has("inputs.d_pos") {
      let result = try ScoreBatch(
        positives: golden.floats("inputs.d_pos").map(-), negatives: golden.floatRows("inputs.d_neg")!.map { $0.map(-) }
      ).evaluate(loss)
      expectClose(result.value, value, "loss")
      expectClose(result.positives.map(-), golden.numbers("expected.gradients.d_pos"), "positives")
      expectClose(result.negatives.flatMap { $0 }.map(-), golden.numbers("expected.gradients.d_neg"), "negatives")
      return
    }
    // One pair each: a row with a partner that costs nothing.
    let distances = golden.floats("inputs.d")
    let labels = golden.integers("inputs.label")
    let result = try ScoreBatch(
      positives: zip(distances, labels).map { $1 == 1 ? -$0 : 0 },
      negatives: zip(distances, labels).map { [$1 == 1 ? -100 : -$0] }
    ).evaluate(loss)
    expectClose(result.value, value, "loss")
    let found = labels.indices.map { labels[$0] == 1 ? -result.positives[$0] : -result.negatives[$0][0] }
    expectClose(found, golden.numbers("expected.gradients.d"), "distances")
  }

  private static func emptyTrain(users: Int, items: Int) -> InteractionMatrix {
    InteractionMatrix(userCount: users, itemCount: items, users: [], items: [])
  }

  /// One vector each for the user, the positive and the negatives of a row.
  private func expectVectors(_ golden: Golden, _ loss: Loss) throws {
    let tables = GoldenTables(vectors: golden)
    let itemCount = golden.optionalNumber("parameters.n_items").map { Int($0) } ?? tables.items.count
    try loss.attach(to: Self.emptyTrain(users: tables.users.count, items: itemCount))
    let result = try tables.batch().evaluate(loss)
    expectClose(result.value, try golden.number("expected.loss"), "loss")
    let gradients = tables.gradients(result)
    expectClose(gradients.users.flatMap { $0 }, golden.numbers("expected.gradients.user"), "users")
    expectClose(
      gradients.items.flatMap { $0 },
      golden.numbers("expected.gradients.pos") + golden.numbers("expected.gradients.neg"), "items")
  }

  /// Tables of users and items, margins of users and items, a boundary.
  private func expectTables(_ golden: Golden, _ loss: Loss) throws {
    let margins = loss as? SymmetricMetricLoss
    let tables = GoldenTables(tables: golden, isEuclidean: margins != nil)
    try loss.attach(to: Self.emptyTrain(users: tables.users.count, items: tables.items.count))
    try margins?.userMargin!.setValues(golden.floats("inputs.m_u"))
    try margins?.itemMargin!.setValues(golden.floats("inputs.n_i"))
    let batch = tables.batch(itemScores: margins != nil)
    let result = try batch.evaluate(loss)
    expectClose(result.value, try golden.number("expected.loss"), "loss")
    let gradients = tables.gradients(result)
    expectClose(gradients.users.flatMap { $0 }, golden.numbers("expected.gradients.P"), "users")
    expectClose(gradients.items.flatMap { $0 }, golden.numbers("expected.gradients.Q"), "items")
    if tables.boundaryWeights != nil {
      expectClose(gradients.boundaryWeights, golden.numbers("expected.gradients.W"), "boundary weights")
      let offset = golden.flag("parameters.boundary_bias") ? gradients.boundaryOffset : 0
      expectClose(offset, try golden.number("expected.gradients.c"), "boundary offset")
    }
    let sums = GradientSet()
    loss.addParameterGradients(batch.plane, to: sums)
    guard let margins else { return }
    expectClose(sums.of(margins.userMargin!).dense(), golden.numbers("expected.gradients.m_u"), "user margins")
    expectClose(sums.of(margins.itemMargin!).dense(), golden.numbers("expected.gradients.n_i"), "item margins")
  }

  /// Each row is a batch of its own: a positive, candidates in order, and what the user knows.
  private func expectUpdates(_ golden: Golden) throws {
    let itemCount = Int(try golden.number("parameters.n_items"))
    let expected = golden.objects("expected.rows")
    let rows = golden.objects("inputs.rows")
    #expect(!rows.isEmpty && rows.count == expected.count)
    for (row, update) in zip(rows, expected) {
      let loss = try golden.makeLoss()
      let known = row.integers("known_positives")
      try loss.attach(
        to: InteractionMatrix(
          userCount: 1, itemCount: itemCount, users: known.map { _ in 0 }, items: known))
      let positive = try row.number("positive_score")
      let candidates = row.numbers("candidate_scores")
      let result = try ScoreBatch(
        positives: [Float(positive)], negatives: [candidates.map(Float.init)],
        extras: .init(items: [[0] + row.integers("candidate_items")])
      ).evaluate(loss)
      let weight = try update.number("weight")
      let chosen = Int(try update.number("negative_index"))
      #expect(update.flag("updated") == (chosen >= 0))
      expectClose(result.positives, [-weight], "positive")
      expectClose(result.negatives[0], candidates.indices.map { $0 == chosen ? weight : 0 }, "candidates")
      expectClose(result.value, chosen < 0 ? 0 : weight * (1 - positive + candidates[chosen]), "value")
    }
  }

  private func expectDropRates(_ golden: Golden) throws {
    let loss = TruncatedLoss(
      dropRate: try golden.schedule("max_rate"), gradualSteps: Int(try golden.number("parameters.num_gradual")),
      exponent: try golden.schedule("exponent"))
    let rates = try golden.numbers("inputs.iterations").map { try loss.share(atStep: 1 + Int($0)) }
    expectClose(rates, golden.numbers("expected.rates"), rtol: 1e-12, atol: 1e-14, "rates")
  }

  private func expectClusters(_ golden: Golden) throws {
    let divergence = ClusterDivergence(
      tau: try golden.number("parameters.tau"),
      differentiatesTarget: golden.flag("parameters.gradient_through_target"))
    let items = try golden.tensor("inputs.Q")
    let centers = try golden.tensor("inputs.Phi")
    let result = try divergence.evaluate(items: items, centers: centers)
    expectClose(result.value, try golden.number("expected.loss"), "loss")
    expectClose(try result.itemGradient.elements(), golden.numbers("expected.gradients.Q"), "items")
    expectClose(try result.centerGradient.elements(), golden.numbers("expected.gradients.Phi"), "centers")
    let assignments = try divergence.assignments(items: items, centers: centers)
    expectClose(try assignments.elements(), golden.numbers("expected.values.Q_soft"), "assignments")
    let target = try divergence.target(items: items, centers: centers)
    expectClose(try target.elements(), golden.numbers("expected.values.T"), "target")
  }
}
