import Interactions
import Tensors
import Testing

@testable import Ranking

/// Whole training steps of networks against a slow version in float64.
@Suite struct NeuralTrainingTests {
  /// The factors that the network draws, drawn again from the batch's stream.
  private func factor(_ kind: NeuralCase.Kind, _ rate: Float) -> PlainNetwork.Factor {
    guard rate > 0 else { return { _, _, _ in 1 } }
    let batch = GivenBatch.Settings.encodingStream
    return { part, place, element in
      let stream = (kind == .neumf ? batch.substream(part) : batch).substream(place)
      return stream.uniform(at: UInt64(element)) < rate ? 0 : 1 / (1 - Double(rate))
    }
  }

  private func compare(
    _ test: NeuralCase, _ batch: GivenBatch, dropout: Float = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = try test.make()
    let plain = test.plain(model)
    let alpha = test.boundary == nil ? 1.0 : 2.5
    let loss: Loss
    if test.boundary == nil {
      let entropy = BinaryCrossEntropyLoss()
      entropy.reduction = .sum
      loss = entropy
    } else {
      let boundary = BoundaryLoss()
      (boundary.reduction, boundary.alpha) = (.sum, Schedule(alpha))
      loss = boundary
    }
    var settings = GivenBatch.Settings()
    settings.dropout = dropout
    let factor = factor(test.kind, dropout)
    let actual = try parameterGradients(of: model, batch, loss, settings)
    let expected = plain.gradients { $0.loss(batch, alpha: alpha, factor) }
    expectClose(
      actual.loss, plain.loss(batch, alpha: alpha, factor), rtol: 1e-5, "\(test) loss", sourceLocation: sourceLocation)
    #expect(Set(actual.gradients.keys) == Set(expected.keys), sourceLocation: sourceLocation)
    let largest = expected.values.joined().reduce(0) { max($0, abs($1)) }
    #expect(largest > 1e-3, "a test that compares zeros shows nothing", sourceLocation: sourceLocation)
    for (name, gradient) in actual.gradients {
      expectClose(
        gradient, expected[name]!, rtol: 1e-4, atol: 1e-5 * largest, "\(test) \(name)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: NeuralCase.all, [1, 5]) func plain(_ test: NeuralCase, _ negatives: Int) throws {
    try compare(test, .random(rows: 7, negatives: negatives, users: test.users, items: test.items, seed: 3))
  }

  @Test(arguments: NeuralCase.all) func onePair(_ test: NeuralCase) throws {
    try compare(test, GivenBatch(users: [2], positives: [1], negatives: [[4]]))
  }

  @Test(arguments: NeuralCase.all, [1, 5]) func dropoutOnEmbeddings(_ test: NeuralCase, _ negatives: Int) throws {
    let batch = GivenBatch.random(rows: 7, negatives: negatives, users: test.users, items: test.items, seed: 5)
    try compare(test, batch, dropout: 0.3)
  }

  @Test(arguments: NeuralCase.all.filter { $0.kind != .gmf }) func dropoutBetweenLayers(_ test: NeuralCase) throws {
    var test = test
    test.dropsBetweenLayers = true
    let batch = GivenBatch.random(rows: 9, negatives: 3, users: test.users, items: test.items, seed: 5)
    try compare(test, batch, dropout: 0.2)
  }

  /// Terms that count look-ups count those of embeddings: a user's for each row of the batch, an item's for each score.
  @Test(arguments: NeuralCase.Kind.allCases, [Regularization.Scope.batch, .batchMean, .perSample])
  func countsTheEmbeddingsLookedUp(_ kind: NeuralCase.Kind, _ scope: Regularization.Scope) throws {
    let model = try NeuralCase(kind: kind, boundary: .linear).make()
    let batch = GivenBatch.random(rows: 7, negatives: 3, users: 4, items: 6, seed: 3)
    var settings = GivenBatch.Settings()
    let plain = try parameterGradients(of: model, batch, BoundaryLoss(), settings).gradients
    settings.regularization = (0.3, scope)
    let regularized = try parameterGradients(of: model, batch, BoundaryLoss(), settings).gradients
    let weight = scope == .batch ? 0.3 : scope == .batchMean ? 0.3 / 7 : 0.6 / 7
    for parameter in model.trainedParameters {
      let columns = parameter.columnCount
      let expected = parameter.currentValues.enumerated().map { place, value in
        let row = Int32(place / columns)
        let count =
          switch parameter.owner {
          case .user: batch.users.filter { $0 == row }.count
          case .item: (batch.positives + batch.negatives.joined()).filter { $0 == row }.count
          case .shared: 0
          }
        return plain[parameter.name]![place] + weight * Double(count) * Double(value)
      }
      expectClose(regularized[parameter.name]!, expected, rtol: 1e-4, atol: 1e-5, "\(kind) \(scope) \(parameter.name)")
    }
  }

  /// Where every hidden number is below 0 nothing flows back but to c, and nothing is no number.
  @Test func aDeadLayerHasNoGradient() throws {
    let test = NeuralCase(kind: .ncf, layers: [4])
    let model = try test.make()
    let bias = try #require(model.trainedParameters.first { $0.name == "layer1_bias" })
    try bias.setValues([Float](repeating: -100, count: 4))
    let batch = GivenBatch.random(rows: 5, negatives: 2, users: 4, items: 6, seed: 3)
    let gradients = try parameterGradients(of: model, batch, BinaryCrossEntropyLoss()).gradients
    for (name, gradient) in gradients where name != "output_bias" {
      #expect(gradient.allSatisfy { $0 == 0 }, "\(name)")
    }
    #expect(gradients["output_bias"]![0] != 0)
  }

  @Test(arguments: NeuralCase.Kind.allCases) func sameBitsAtAnyThreadCount(_ kind: NeuralCase.Kind) throws {
    let train = randomInteractions(users: 60, items: 90, pairs: 900, seed: 5)
    func trained(_ threads: Int) throws -> [[UInt32]] {
      let before = ThreadPool.shared.threadCount
      ThreadPool.setSharedThreadCount(threads)
      defer { ThreadPool.setSharedThreadCount(before) }
      let test = NeuralCase(
        kind: kind, users: 60, items: 90, dim: 8, layers: [16, 8], boundary: .linear, dropsBetweenLayers: true)
      let model = try test.make()
      model.dropout = 0.1
      let optimizer = Optimizer(.adam(.init()), rate: 0.05)
      optimizer.clip = 0.5
      let trainer = try Trainer(
        model: model, train: train, loss: BoundaryLoss(), sampler: UniformSampler(count: 20), optimizer: optimizer,
        batchSize: 300, seed: 3)
      trainer.regularization = Regularization(weight: 1e-3, scope: .tablesTouched)
      for _ in 0..<2 { _ = try trainer.trainEpoch() }
      return model.trainedParameters.map { $0.currentValues.map(\.bitPattern) }
    }
    let one = try trained(1)
    #expect(try trained(2) == one)
    #expect(try trained(3) == one)
  }

  @Test(arguments: NeuralCase.Kind.allCases) func learnsPlantedTastes(_ kind: NeuralCase.Kind) throws {
    let problem = PlantedProblem()
    let test = NeuralCase(
      kind: kind, users: 300, items: 240, dim: 16, layers: [16, 8], deviation: 0.1, boundary: .linear)
    let model = try test.make()
    model.dropout = 0.1
    let trainer = try Trainer(
      model: model, train: problem.train, loss: BoundaryLoss(), sampler: UniformSampler(count: 5),
      optimizer: Optimizer(.adam(.init()), rate: 0.02), batchSize: 128, seed: 3)
    for _ in 0..<12 { _ = try trainer.trainEpoch() }
    let scores = try test.allScores(model)
    let recall = problem.recall(at: 20) { Double(scores[$0 * 240 + $1]) }
    let counts = problem.train.itemCounts()
    let popularity = problem.recall(at: 20) { Double(counts[$1]) }
    #expect(recall > 4 * popularity, "recall@20 is \(recall), of popular items \(popularity)")
  }

  /// Rates as high as UIB's are for embeddings; the layers have one of their own.
  @Test func layersHaveARateOfTheirOwn() throws {
    let model = try NeuralCase(kind: .ncf, dropsBetweenLayers: true).make()
    let optimizer = Optimizer(.sgd(momentum: 0), rate: 1)
    optimizer.groups = [.init(names: ["layer*", "output*"], rate: 0)]
    let trainer = try Trainer(
      model: model, train: randomInteractions(users: 4, items: 6, pairs: 10, seed: 3), loss: BinaryCrossEntropyLoss(),
      sampler: UniformSampler(count: 2), optimizer: optimizer, batchSize: 5, seed: 3)
    let before = model.trainedParameters.map(\.currentValues)
    try trainer.trainBatch()
    for (parameter, before) in zip(model.trainedParameters, before) {
      #expect((parameter.currentValues == before) == (parameter.owner == .shared), "\(parameter.name)")
    }
  }

  @Test func aGroupOfNothingIsRefused() throws {
    let optimizer = Optimizer(.sgd(momentum: 0), rate: 1)
    optimizer.groups = [.init(names: ["layers*"], rate: 0)]
    let trainer = try Trainer(
      model: NeuralCase(kind: .ncf).make(), train: randomInteractions(users: 4, items: 6, pairs: 10, seed: 3),
      loss: BinaryCrossEntropyLoss(), sampler: UniformSampler(count: 2), optimizer: optimizer, batchSize: 5, seed: 3)
    let error = #expect(throws: TrainingError.self) { try trainer.trainBatch() }
    #expect(error?.description.contains("a group for a parameter 'layers*'") == true)
  }
}
