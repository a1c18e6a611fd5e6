import Interactions
import Tensors
import Testing

@testable import Ranking

/// Dropout of both sides: a user's row once for its row of the batch, an item's anew for each score.
@Suite struct LookupDropoutTests {
  private func model(_ users: Int, _ items: Int, dim: Int, biases: Bool = false, boundary: Boundary.Kind? = nil) throws
    -> MatrixFactorization
  {
    var configuration = MatrixFactorization.Configuration(userCount: users, itemCount: items, dim: dim)
    (configuration.score, configuration.biases, configuration.boundary) = (.dot, biases, boundary)
    configuration.initialization = .normal(standardDeviation: 0.5)
    let model = try MatrixFactorization(configuration)
    model.dropoutPlace = .lookups
    return model
  }

  private func settings(_ rate: Float) -> GivenBatch.Settings {
    var settings = GivenBatch.Settings()
    (settings.dropout, settings.firstPlace) = (rate, 17)
    return settings
  }

  /// Scores and boundaries of one batch, with the factors drawn again from the streams, in float64.
  @Test(arguments: [false, true], [3, 16, 21]) func scoresAreThoseOfDroppedRows(_ biases: Bool, _ dim: Int) throws {
    let model = try model(4, 9, dim: dim, biases: biases, boundary: .linear)
    let batch = GivenBatch.random(rows: 7, negatives: 5, users: 4, items: 9, seed: 2)
    let settings = settings(0.3)
    let step = try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared)
    let (forward, _) = try batch.forward(step, BoundaryLoss(), settings)
    let (stride, width) = (model.users.stride, 6)
    let (users, items) = (model.parameters.users, model.parameters.items)
    let rowWidth = model.users.dim
    let weights = model.boundary!.parameter.currentValues
    let own = GivenBatch.Settings.dropoutStream
    let drawn = own.substream(1)
    func userFactor(_ row: Int, _ column: Int) -> Double {
      if column >= dim { return 1 }
      let bits = own.bits(at: UInt64((17 + row) * stride + column)) >> 32
      return bits < UInt64(Double(Float(0.3)) * 4_294_967_296) ? 0 : 1 / 0.7
    }
    func itemFactor(_ score: Int, _ column: Int) -> Double {
      if column >= dim { return 1 }
      let bits = drawn.bits(at: UInt64((17 * width + score) * stride / 4 + column / 4)) >> UInt64(16 * (column % 4))
      return bits & 0xffff < UInt64(Double(Float(0.3)) * 65536 + 0.5) ? 0 : 1 / 0.7
    }
    var (dropped, places) = (0, 0)
    for row in 0..<7 {
      let user = Int(batch.users[row])
      let boundary = (0..<dim).reduce(0.0) {
        $0 + Double(weights[$1]) * Double(users[user * rowWidth + $1]) * userFactor(row, $1)
      }
      #expect(abs(Double(forward.memory.channels[.boundary]!.base[row]) - boundary) < 1e-5)
      for (place, item) in ([batch.positives[row]] + batch.negatives[row]).enumerated() {
        let score = (0..<rowWidth).reduce(0.0) { sum, column in
          let factor = itemFactor(row * width + place, column)
          if column < dim { (dropped, places) = (dropped + (factor == 0 ? 1 : 0), places + 1) }
          return sum + Double(users[user * rowWidth + column]) * userFactor(row, column)
            * Double(items[Int(item) * rowWidth + column]) * factor
        }
        #expect(abs(Double(forward.memory.scores[row * width + place]) - score) < 1e-5)
      }
    }
    #expect((0.15...0.45).contains(Double(dropped) / Double(places)))
  }

  @Test func aRateJustBelowOneDropsNearlyEverything() throws {
    let model = try model(4, 9, dim: 16)
    let batch = GivenBatch.random(rows: 7, negatives: 5, users: 4, items: 9, seed: 2)
    let step = try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared)
    let (forward, _) = try batch.forward(step, BPRLoss(), settings(0.999_999_9))
    let kept = forward.memory.keptItems!
    #expect((0..<7 * 6 * model.users.stride).reduce(0) { $0 + Int(kept[$1]) } <= 2)
  }

  @Test(arguments: [false, true], [nil, .linearBias, .user] as [Boundary.Kind?])
  func gradientsAgreeWithDifferences(_ biases: Bool, _ boundary: Boundary.Kind?) throws {
    let model = try model(4, 6, dim: 21, biases: biases, boundary: boundary)
    let batch = GivenBatch.random(rows: 6, negatives: 3, users: 4, items: 6, seed: 9)
    let loss: any Loss = boundary == nil ? BPRLoss() : BoundaryLoss()
    let actual = try parameterGradients(of: model, batch, loss, settings(0.3)).gradients
    let expected = try differenceGradients(of: model, batch, loss, settings(0.3))
    #expect(actual.count == (boundary == nil ? 2 : 3))
    for (name, gradient) in actual { expectClose(gradient, expected[name]!, rtol: 0.02, atol: 5e-3, name) }
  }

  /// Each element is 0 with the rate, an item's apart from the user's and from other items', and means stay.
  @Test func elementsAreDroppedApart() throws {
    let model = try model(1, 1, dim: 1)
    try model.setParameters(.init(users: [1], items: [1]))
    let step = try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared)
    let rows = 4000
    let batch = GivenBatch(
      users: [Int32](repeating: 0, count: rows), positives: [Int32](repeating: 0, count: rows),
      negatives: [[Int32]](repeating: [0], count: rows))
    let (forward, _) = try batch.forward(step, BPRLoss(), settings(0.4))
    let scores = (0..<rows).map { (forward.memory.scores[2 * $0], forward.memory.scores[2 * $0 + 1]) }
    let one: Float = 1 / (0.6 * 0.6)
    #expect(scores.allSatisfy { [$0.0, $0.1].allSatisfy { $0 == 0 || abs($0 - one) < 1e-5 } })
    func share(_ isCounted: ((Float, Float)) -> Bool) -> Double {
      Double(scores.count(where: isCounted)) / Double(rows)
    }
    // Deviations are below 0.008.
    #expect(abs(share { $0.0 != 0 } - 0.36) < 0.04)
    #expect(abs(share { $0.0 != 0 && $0.1 != 0 } - 0.6 * 0.36) < 0.04)
    #expect(abs(share { $0.0 != 0 && $0.1 == 0 } - 0.6 * 0.24) < 0.04)
    #expect(abs(share { $0.0 == 0 && $0.1 == 0 } - (0.4 + 0.6 * 0.16)) < 0.04)
  }

  @Test(arguments: [nil, 0.05] as [Double?], [nil, .batch, .tables] as [Regularization.Scope?])
  func theBitsDoNotDependOnTheThreads(_ clip: Double?, _ scope: Regularization.Scope?) throws {
    let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)
    let runs = try [1, 2, 3].map { threads -> [UInt32] in
      let model = try model(40, 60, dim: 9, biases: true, boundary: .linear)
      model.dropout = 0.2
      let trainer = try Trainer(
        model: model, train: train, loss: BoundaryLoss(), sampler: UniformSampler(count: 4),
        optimizer: Optimizer(.adagrad(.torch), rate: 0.1), batchSize: 33, seed: 3,
        pool: ThreadPool(threadCount: threads))
      trainer.optimizer.clip = clip.map { Schedule($0) }
      trainer.regularization = scope.map { Regularization(weight: 0.01, scope: $0) }
      for _ in 0..<2 { _ = try trainer.trainEpoch() }
      return model.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
    }
    #expect(runs[1] == runs[0] && runs[2] == runs[0])
  }

  /// What is not dropped is as if nothing could be: evaluation, and a rate of 0.
  @Test func withoutARateNothingIsDropped() throws {
    let batch = GivenBatch.random(rows: 6, negatives: 3, users: 4, items: 6, seed: 9)
    let (lookups, scoring) = (try model(4, 6, dim: 5), try model(4, 6, dim: 5))
    scoring.dropoutPlace = .scoring
    let results = try [lookups, scoring].map { try gradients(of: $0, batch, BPRLoss()) }
    #expect(results[0].users == results[1].users && results[0].items == results[1].items)
  }

  @Test func whatCannotBeDroppedIsRefused() throws {
    let train = randomInteractions(users: 7, items: 19, pairs: 50, seed: 1)
    for score in [ScoreFunction.cosine, .euclidean] {
      let model = try randomModel(users: 7, items: 19, dim: 4, score: score)
      (model.dropout, model.dropoutPlace) = (0.1, .lookups)
      let trainer = try Trainer(
        model: model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 1),
        optimizer: Optimizer(.adagrad(.torch), rate: 0.1), batchSize: 10, seed: 3)
      let error = #expect(throws: TrainingError.self) { _ = try trainer.trainBatch() }
      #expect(error?.description.contains("dropout on lookups is for inner products of tables") == true)
    }
  }
}
