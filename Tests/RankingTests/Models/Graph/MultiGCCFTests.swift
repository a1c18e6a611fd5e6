import Interactions
import Tensors
import Testing

@testable import Ranking

@Suite struct MultiGCCFTests {
  private static let weights = [("graph", "W"), ("neighbor", "M"), ("own", "S")]

  private func model(_ golden: Golden) throws -> MultiGCCF {
    let (users, items) = (golden.rows("inputs.E_user"), golden.rows("inputs.E_item"))
    let edges = golden.rows("inputs.edges")
    let train = InteractionMatrix(
      userCount: users.count, itemCount: items.count, users: edges.map { Int32($0[0]) },
      items: edges.map { Int32($0[1]) })
    var configuration = MultiGCCF.Configuration()
    configuration.dim = users[0].count
    func lists(_ path: String) -> NodeLists { NodeLists(golden.rows(path).map { $0.map(Int32.init) }) }
    let model = try MultiGCCF(
      configuration, train: train,
      neighbors: (lists("inputs.user_neighbours"), lists("inputs.item_neighbours")))
    for parameter in model.trainedParameters {
      try parameter.setValues(golden.floats("inputs.\(path(parameter))"))
    }
    return model
  }

  /// What the vectors call a parameter.
  private func path(_ parameter: Parameter) -> String {
    let side = parameter.name.hasPrefix("user") ? "user" : "item"
    let symbol = Self.weights.first { parameter.name.contains($0.0) }?.1 ?? "E"
    return "\(symbol)_\(side)"
  }

  @Test(arguments: ["a", "b"]) func agreesWithPublishedVectors(_ instance: String) throws {
    let golden = try Golden("mgccf.layer1.\(instance)")
    let model = try model(golden)
    expectClose(try model.userEmbeddings(), golden.numbers("expected.values.out_user"), "\(golden.name) users")
    expectClose(try model.itemEmbeddings(), golden.numbers("expected.values.out_item"), "\(golden.name) items")
    let reader = ParameterReader.training(pool: .shared)
    let request = EncodingRequest(
      users: (0..<model.userCount).map(Int32.init), items: (0..<model.itemCount).map(Int32.init))
    let rows = try model.encode(request, reader)
    let set = GradientSet()
    try reader.addGradients(
      of: [rows.users!, rows.items!],
      outputGradients: [golden.tensor("inputs.G_user"), golden.tensor("inputs.G_item")],
      to: set)
    #expect(model.trainedParameters.count == 8)
    for parameter in model.trainedParameters {
      expectClose(
        set.of(parameter).dense(), golden.numbers("expected.gradients.\(path(parameter))"),
        "\(golden.name) \(parameter.name)")
    }
  }

  private func model(_ train: InteractionMatrix, dim: Int = 4, neighbors: Int = 2) throws -> MultiGCCF {
    var configuration = MultiGCCF.Configuration()
    configuration.dim = dim
    configuration.neighbors = neighbors
    configuration.initialization = .normal(standardDeviation: 0.5)
    return try MultiGCCF(configuration, train: train)
  }

  @Test func gradientsAgreeWithDifferences() throws {
    let train = LightGCNTests.graph(users: 6, items: 8, pairs: 16, seed: 5)
    let model = try model(train)
    for batch in [
      GivenBatch.random(rows: 6, negatives: 3, users: 6, items: 8, seed: 9),
      GivenBatch(users: [5], positives: [7], negatives: [[6]]),
    ] {
      let actual = try parameterGradients(of: model, batch, SoftmaxLoss()).gradients
      let expected = try differenceGradients(of: model, batch, SoftmaxLoss())
      #expect(actual.values.contains { $0.contains { abs($0) > 1e-2 } })
      for (name, gradient) in actual { expectClose(gradient, expected[name]!, rtol: 0.02, atol: 1e-3, name) }
    }
  }

  /// The term's gradient, by the difference that it makes, against differences of the term itself.
  @Test(arguments: [Regularization.Scope.batch, .batchMean, .perSample])
  func penaltiesCountTheRowsThatComeOut(_ scope: Regularization.Scope) throws {
    let train = LightGCNTests.graph(users: 6, items: 8, pairs: 16, seed: 5)
    let model = try model(train)
    let batch = GivenBatch.random(rows: 6, negatives: 3, users: 6, items: 8, seed: 9)
    func penalty() throws -> Double {
      let (users, items) = (try model.userEmbeddings(), try model.itemEmbeddings())
      func square(_ rows: [Float], _ row: Int32) -> Double {
        rows[Int(row) * 4..<Int(row) * 4 + 4].reduce(0) { $0 + Double($1) * Double($1) }
      }
      let sum =
        batch.users.reduce(0) { $0 + square(users, $1) }
        + (batch.positives + batch.negatives.flatMap { $0 }).reduce(0) { $0 + square(items, $1) }
      return sum * (scope == .batch ? 0.15 : scope == .batchMean ? 0.15 / 6 : 0.3 / 6)
    }
    var settings = GivenBatch.Settings()
    settings.regularization = (0.3, scope)
    let actual = try parameterGradients(of: model, batch, LinearLoss.zero(batch), settings).gradients
    for parameter in model.trainedParameters {
      let values = parameter.currentValues
      let differences = try values.indices.map { place in
        var moved = values
        moved[place] = values[place] + 1e-2
        try parameter.setValues(moved)
        let above = try penalty()
        moved[place] = values[place] - 1e-2
        try parameter.setValues(moved)
        defer { try? parameter.setValues(values) }
        return (above - (try penalty())) / 2e-2
      }
      #expect(differences.contains { abs($0) > 1e-2 })
      expectClose(actual[parameter.name]!, differences, rtol: 0.02, atol: 2e-3, parameter.name)
    }
  }

  @Test func sameBitsAtAnyThreadCount() throws {
    let train = LightGCNTests.graph(users: 60, items: 90, pairs: 900, seed: 5)
    func trained(_ pool: ThreadPool) throws -> [[UInt32]] {
      let model = try model(train, dim: 8, neighbors: 10)
      model.dropout = 0.1
      let optimizer = Optimizer(.adam(.init()), rate: 0.05)
      optimizer.clip = 0.05
      let trainer = try Trainer(
        model: model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 3), optimizer: optimizer,
        batchSize: 64, seed: 3, pool: pool)
      trainer.regularization = Regularization(weight: 1e-3, scope: .batchMean)
      for _ in 0..<2 { _ = try trainer.trainEpoch() }
      return model.trainedParameters.map { $0.currentValues.map(\.bitPattern) }
    }
    let results = try LightGCNTests.pools.map(trained)
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func learnsPlantedTastes() throws {
    let problem = PlantedProblem()
    let model = try model(problem.train, dim: 16, neighbors: 10)
    let trainer = try Trainer(
      model: model, train: problem.train, loss: BPRLoss(), sampler: UniformSampler(count: 1),
      optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 256, seed: 3)
    for _ in 0..<12 { _ = try trainer.trainEpoch() }
    let recall = problem.recall(at: 20, try factors(of: model))
    #expect(recall > 0.5, "recall@20 is \(recall)")
  }

  @Test func settingsThatMeanNothingAreRefused() throws {
    let train = LightGCNTests.graph(users: 6, items: 8, pairs: 16, seed: 5)
    let error = #expect(throws: TrainingError.self) { _ = try model(train, neighbors: 0) }
    #expect(error?.description.contains("neighbors is 0; want at least 1") == true)
  }
}
