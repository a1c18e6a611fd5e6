import Interactions
import Tensors
import Testing

@testable import Ranking

@Suite struct SimpleXTests {
  private static let golden = [
    "simplex.mean", "simplex.self_attention", "simplex.user_attention", "simplex.user_attention_proper_mask_option",
  ]

  private func model(_ golden: Golden) throws -> (SimpleX, GivenBatch) {
    // Each row of the vectors has a history of its own, so each becomes a user of its own.
    let rows = golden.integers("inputs.user").map(Int.init)
    let histories = golden.rows("inputs.history").map { $0.map(Int32.init).filter { $0 >= 0 } }
    let positives = golden.integers("inputs.pos")
    let pairs = rows.indices.flatMap { row in histories[row].map { (Int32(row), $0) } }
    let train = InteractionMatrix(
      userCount: rows.count, itemCount: golden.rows("inputs.Q").count, users: pairs.map(\.0), items: pairs.map(\.1))
    var configuration = SimpleX.Configuration()
    configuration.dim = golden.rows("inputs.P")[0].count
    configuration.gate = try golden.number("parameters.gate")
    configuration.aggregator = try #require(golden.text("parameters.aggregator").flatMap(SimpleX.Aggregator.init))
    configuration.mask = try #require(golden.text("parameters.mask").flatMap(SimpleX.Mask.init))
    configuration.history = .shared
    configuration.excludesPositive = false  // the vectors' histories hold positives
    configuration.maximumHistory = golden.rows("inputs.history")[0].count
    let model = try SimpleX(configuration, train: train)
    let users = golden.rows("inputs.P")
    try model.users.setValues(rows.flatMap { users[$0].map(Float.init) })
    for (parameter, path) in [
      (model.items, "Q"), (model.valueWeights, "W_v"), (model.keyWeights, "W_k"), (model.keyBias, "b_k"),
      (model.query, "W_q"),
    ] {
      try parameter.setValues(golden.floats("inputs.\(path)"))
    }
    let batch = GivenBatch(
      users: rows.indices.map(Int32.init), positives: positives,
      negatives: golden.rows("inputs.neg").map { $0.map(Int32.init) })
    return (model, batch)
  }

  @Test(arguments: golden, ["a", "b"]) func agreesWithPublishedVectors(_ name: String, _ instance: String) throws {
    let golden = try Golden("\(name).\(instance)")
    let (model, batch) = try model(golden)
    let loss = SquaredLoss()  // half of the vectors' loss
    loss.reduction = .sum
    let result = try parameterGradients(of: model, batch, loss)
    expectClose(2 * result.loss, try golden.number("expected.loss"), golden.name)
    let users = golden.integers("inputs.user").map(Int.init)
    var atUsers = [Double](repeating: 0, count: golden.floats("inputs.P").count)
    for (row, user) in users.enumerated() {
      for column in 0..<model.dim {
        atUsers[user * model.dim + column] += 2 * result.gradients["user"]![row * model.dim + column]
      }
    }
    expectClose(atUsers, golden.numbers("expected.gradients.P"), "\(golden.name) P")
    for (parameter, path) in [
      ("item", "Q"), ("value_weights", "W_v"), ("key_weights", "W_k"), ("key_bias", "b_k"), ("query", "W_q"),
    ] {
      guard let gradient = result.gradients[parameter] else { continue }
      expectClose(gradient.map { 2 * $0 }, golden.numbers("expected.gradients.\(path)"), "\(golden.name) \(path)")
    }
  }

  private func configuration(_ aggregator: SimpleX.Aggregator, gate: Double = 0.6) -> SimpleX.Configuration {
    var configuration = SimpleX.Configuration()
    configuration.dim = 5
    configuration.gate = gate
    configuration.aggregator = aggregator
    configuration.initialization = .normal(standardDeviation: 0.5)
    return configuration
  }

  @Test(arguments: SimpleX.Aggregator.allCases, SimpleX.HistoryTable.allCases)
  func gradientsAgreeWithDifferences(_ aggregator: SimpleX.Aggregator, _ table: SimpleX.HistoryTable) throws {
    let train = randomInteractions(users: 4, items: 7, pairs: 16, seed: 5)
    var configuration = configuration(aggregator)
    configuration.history = table
    let model = try SimpleX(configuration, train: train)
    let batch = GivenBatch.random(rows: 6, negatives: 3, users: 4, items: 7, seed: 9)
    let actual = try parameterGradients(of: model, batch, SoftmaxLoss()).gradients
    let expected = try differenceGradients(of: model, batch, SoftmaxLoss())
    #expect(actual.count == model.trainedParameters.count)
    for (name, gradient) in actual { expectClose(gradient, expected[name]!, rtol: 0.02, atol: 5e-4, name) }
  }

  @Test func gateOneIsMatrixFactorization() throws {
    let train = randomInteractions(users: 6, items: 9, pairs: 30, seed: 5)
    let simplex = try SimpleX(configuration(.userAttention, gate: 1), train: train)
    let factors = try randomModel(users: 6, items: 9, dim: 5, score: .cosine, seed: 0)
    func trained(_ model: any RankingModel) throws -> [[Float]] {
      let trainer = try Trainer(
        model: model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 4),
        optimizer: Optimizer(.adam(.init()), rate: 0.05), batchSize: 8, seed: 3)
      for _ in 0..<4 { _ = try trainer.trainEpoch() }
      return model.trainedParameters.map(\.currentValues)
    }
    #expect(try trained(simplex) == trained(factors))
  }

  @Test(arguments: SimpleX.HistoryTable.allCases) func sameBitsAtAnyThreadCount(_ table: SimpleX.HistoryTable) throws {
    let train = randomInteractions(users: 60, items: 90, pairs: 900, seed: 5)
    func trained(_ threads: Int) throws -> [[UInt32]] {
      var configuration = configuration(.userAttention)
      configuration.history = table
      let model = try SimpleX(configuration, train: train)
      model.dropout = 0.1
      let optimizer = Optimizer(.adam(.init()), rate: 0.05)
      optimizer.clip = 0.05
      let trainer = try Trainer(
        model: model, train: train, loss: CosineContrastiveLoss(margin: 0.2, negativeWeight: 20),
        sampler: UniformSampler(count: 20), optimizer: optimizer, batchSize: 64, seed: 3,
        pool: ThreadPool(threadCount: threads))
      trainer.regularization = Regularization(weight: 1e-3, scope: .tablesTouched)
      for _ in 0..<3 { _ = try trainer.trainEpoch() }
      return model.trainedParameters.map { $0.currentValues.map(\.bitPattern) }
    }
    let one = try trained(1)
    #expect(try trained(2) == one)
    #expect(try trained(3) == one)
  }

  @Test func aUserWithoutOtherItemsHasOnlyTheOwnRow() throws {
    let train = InteractionMatrix(userCount: 2, itemCount: 3, users: [0, 1, 1], items: [0, 1, 2])
    let model = try SimpleX(configuration(.userAttention), train: train)
    let rows = try model.encode(
      EncodingRequest(users: [0, 1], positives: [0, 1]), ParameterReader.evaluation()
    ).users!.elements()
    expectClose(Array(rows[..<5]), model.users.currentValues[..<5].map { $0 * 0.6 }, "user without history")
  }

  @Test(arguments: SimpleX.Aggregator.allCases) func learnsPlantedTastes(_ aggregator: SimpleX.Aggregator) throws {
    let problem = PlantedProblem()
    var configuration = SimpleX.Configuration()
    configuration.dim = 16
    configuration.aggregator = aggregator
    let model = try SimpleX(configuration, train: problem.train)
    let trainer = try Trainer(
      model: model, train: problem.train, loss: CosineContrastiveLoss(margin: 0.4, negativeWeight: 5),
      sampler: UniformSampler(count: 30), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 128, seed: 3)
    for _ in 0..<12 { _ = try trainer.trainEpoch() }
    let recall = problem.recall(at: 20, try model.factorScores())
    #expect(recall > 0.5, "recall@20 is \(recall)")
  }
}
