import Interactions
import Tensors
import TestSupport
import Testing

@testable import Ranking

/// Samples on the wrong side, counted while training goes on as it would.
@Suite struct CorruptedSamplesTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  @Test(arguments: ["a", "b"]) func agreesWithPublishedVectors(_ instance: String) throws {
    let golden = try Golden("metrics.corrupted_rate.\(instance)")
    let (positives, negatives) = (golden.floats("inputs.pos"), golden.floats("inputs.neg"))
    let pairs = CorruptedSamples(positives: positives, negatives: negatives)
    expectClose(pairs.rate, try golden.number("expected.pairwise"), rtol: 1e-12, golden.name)
    #expect(pairs.positives == 0 && pairs.positiveRate.isNaN)
    let own = CorruptedSamples(positives: positives, negatives: negatives, boundaries: golden.floats("inputs.b"))
    expectClose(own.rate, try golden.number("expected.uib"), rtol: 1e-12, golden.name)
    expectClose(own.positiveRate, try golden.number("expected.uib_positive_part"), rtol: 1e-12, golden.name)
    expectClose(own.negativeRate, try golden.number("expected.uib_negative_part"), rtol: 1e-12, golden.name)
  }

  /// What is equal is on no wrong side.
  @Test func equalScoresAreNotCorrupted() {
    #expect(CorruptedSamples(positives: [1, 1], negatives: [1, 1]).rate == 0)
    #expect(CorruptedSamples(positives: [1, 1], negatives: [1, 2], boundaries: [1, 1]).rate == 0.25)
  }

  enum Kind: CaseIterable { case mf, ncf, lightgcn, accumulated }

  private func trainer(_ kind: Kind, _ rule: CorruptedSamples.Rule?, threads: Int = 2) throws -> Trainer {
    let model: any RankingModel
    switch kind {
    case .mf, .accumulated:
      var configuration = MatrixFactorization.Configuration(userCount: 40, itemCount: 60, dim: 6)
      (configuration.score, configuration.boundary) = (.dot, .linearBias)
      model = try MatrixFactorization(configuration)
    case .ncf:
      var configuration = NeuralConfiguration(userCount: 40, itemCount: 60, dim: 4)
      configuration.boundary = .user
      model = try NCF(configuration, tower: TowerConfiguration(halvingFrom: 4))
    case .lightgcn:
      var configuration = LightGCN.Configuration()
      (configuration.dim, configuration.layers, configuration.boundary) = (6, 2, .linear)
      model = try LightGCN(configuration, train: train)
    }
    let trainer = try Trainer(
      model: model, train: train, loss: BoundaryLoss(), sampler: UniformSampler(count: 3),
      optimizer: Optimizer(.adagrad(.torch), rate: 0.1), batchSize: 33, seed: 9, pool: ThreadPool(threadCount: threads))
    trainer.corruption = rule
    if kind == .accumulated { trainer.accumulation = 3 }
    return trainer
  }

  private func bits(_ trainer: Trainer) -> [UInt32] {
    trainer.model.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
  }

  /// Counting changes nothing, and counts what the scores of each batch are before its step.
  @Test(arguments: Kind.allCases, CorruptedSamples.Rule.allCases)
  func anEpochIsTheSumOfItsBatches(_ kind: Kind, _ rule: CorruptedSamples.Rule) throws {
    let (plain, counting) = (try trainer(kind, nil), try trainer(kind, rule, threads: 1))
    var sum = CorruptedSamples()
    for _ in 0..<2 {
      sum = CorruptedSamples()
      #expect(try plain.trainEpoch().corrupted == nil)
      repeat {
        let forward = try counting.forward()
        let report = try counting.trainBatch()
        let own = try #require(report.corrupted)
        let scores = forward.scores
        let positives = stride(from: 0, to: scores.count, by: 4).map { scores[$0] }
        let negatives = scores.indices.filter { $0 % 4 != 0 }.map { scores[$0] }
        #expect(own.negatives == 3 * report.size && own.positives == (rule == .pairs ? 0 : report.size))
        if rule == .pairs { #expect(own == CorruptedSamples(positives: positives, negatives: negatives)) }
        sum = sum.adding(own)
      } while counting.place != 0
    }
    #expect(bits(plain) == bits(counting))
    #expect(counting.history.count == 2 && counting.history[1].corrupted == sum && plain.history[1].corrupted == nil)
    #expect(sum.negatives == 3 * train.count && (0.01...0.99).contains(sum.rate))
  }

  /// A positive that learns alone rises above its negatives, and a boundary that everybody is above has only corrupted negatives.
  @Test func aBoundaryFarBelowOrAbove() throws {
    for (offset, positives, negatives) in [(Float(-1e3), 0.0, 1.0), (1e3, 1.0, 0.0)] {
      let trainer = try trainer(.ncf, .boundary)
      try trainer.model.boundary!.parameter.setValues([Float](repeating: offset, count: 40))
      let corrupted = try #require(try trainer.trainBatch().corrupted)
      #expect(corrupted.positiveRate == positives && corrupted.negativeRate == negatives)
    }
  }

  @Test(arguments: CorruptedSamples.Rule.allCases) func countsComeBackWithATrainer(_ rule: CorruptedSamples.Rule) throws
  {
    let folder = TemporaryFolder()
    let whole = try trainer(.mf, rule)
    for _ in 0..<3 { _ = try whole.trainEpoch() }
    let first = try trainer(.mf, rule)
    for _ in 0..<22 { _ = try first.trainBatch() }
    #expect(first.place != 0 && first.history.count == 1)
    try first.save(to: "\(folder.path)/t")
    let second = try trainer(.mf, rule)
    try second.load(from: "\(folder.path)/t")
    while second.history.count < 3 { _ = try second.trainBatch() }
    #expect(second.history.map(\.corrupted) == whole.history.map(\.corrupted) && whole.history[0].corrupted != nil)
  }

  @Test func aModelWithoutABoundaryIsRefused() throws {
    let trainer = try Trainer(
      model: randomModel(users: 40, items: 60, dim: 4, score: .dot), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 1), optimizer: Optimizer(.adagrad(.torch), rate: 0.1), batchSize: 33, seed: 9)
    trainer.corruption = .boundary
    let error = #expect(throws: TrainingError.self) { _ = try trainer.trainBatch() }
    #expect(error?.description.contains("has none; make it with boundary") == true)
  }
}
