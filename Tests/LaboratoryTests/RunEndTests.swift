import Tensors
import Testing

@testable import Laboratory
@testable import Ranking

/// How runs end early, and what is kept of them.
@Suite struct RunEndTests {
  private struct WishToStop: Error {}

  private func trainer(
    rate: Schedule = 0.01, standardDeviation: Double = 0.1, score: ScoreFunction = .dot, groups: [Optimizer.Group] = []
  ) throws -> Trainer {
    var configuration = MatrixFactorization.Configuration(userCount: 20, itemCount: 30, dim: 4)
    configuration.score = score
    configuration.initialization = .normal(standardDeviation: standardDeviation)
    let optimizer = Optimizer(.adam(.init()), rate: rate)
    optimizer.groups = groups
    return try Trainer(
      model: MatrixFactorization(configuration), train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1),
      loss: BPRLoss(), sampler: UniformSampler(count: 2), optimizer: optimizer,
      batchSize: 50,
      seed: 1)
  }

  private func run(_ trainer: Trainer, epochs: Int = 9, giving values: [Double]) -> TrainingRun {
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    var asked = 0
    run.evaluate = {
      defer { asked += 1 }
      return [("recall@20", values[asked])]
    }
    run.stopping = EarlyStopping(metric: "recall@20", patience: 20)
    run.isInterruption = { $0 is WishToStop || ($0 as? TrainingError)?.kind == .interrupted }
    return run
  }

  /// The parameters after this many epochs.
  private func parameters(after epochs: Int) throws -> MatrixFactorization.Parameters {
    let trainer = try trainer()
    for _ in 0..<epochs { _ = try trainer.trainEpoch() }
    return (trainer.model as! MatrixFactorization).parameters
  }

  /// Where a person's wish can reach a run: before a batch, or as an error of a callback.
  enum Place: CaseIterable { case batch, onBatch, onEpoch, evaluate, loss }

  @Test(arguments: Place.allCases) func anInterruptionEndsTheRunWithTheBestEpoch(_ place: Place) throws {
    let trainer = try trainer()
    let run = run(trainer, giving: [0.1, 0.3, 0.2, 0.2, 0.2])
    switch place {
    case .batch: trainer.isInterrupted = { trainer.step == 14 }
    case .onBatch: run.onBatch = { if $0.step == 14 { throw WishToStop() } }
    case .onEpoch: run.onEpoch = { if $0.epoch == 3 { throw WishToStop() } else { true } }
    case .evaluate:
      let evaluate = run.evaluate!
      run.evaluate = { if trainer.epoch == 4 { throw WishToStop() } else { try evaluate() } }
    case .loss:
      let schedule = Schedule { position in
        if position.step == 14 { throw WishToStop() }
        return 0.01
      }
      trainer.optimizer.rate = schedule
    }
    let summary = try run.run()
    #expect(summary.end == .interrupted && summary.isBestRestored)
    #expect((trainer.model as! MatrixFactorization).parameters == (try parameters(after: 2)))
    #expect(summary.best == BestEpoch(epoch: 2, metric: "recall@20", part: "valid", value: 0.3))
    #expect(trainer.best == summary.best)
    #expect(summary.records.map(\.epoch) == Array(1...(place == .evaluate ? 4 : 3)))
    #expect(summary.description.contains("interrupted in epoch"))
    #expect(summary.description.hasSuffix("of the best epoch, 2: recall@20 0.3000 on valid"))
  }

  @Test func oneThatComesWithTheLastEvaluationEndsTheRunToo() throws {
    let trainer = try trainer()
    let run = run(trainer, epochs: 2, giving: [0.1, 0.3])
    trainer.isInterrupted = { trainer.history.count == 2 }
    #expect(try run.run().end == .interrupted)
  }

  @Test func withoutEarlyStoppingTheLastWholeBatchStays() throws {
    let trainer = try trainer()
    let run = run(trainer, giving: [0.3, 0.1, 0.1])
    run.stopping = nil
    trainer.isInterrupted = { trainer.step == 6 }
    let summary = try run.run()
    #expect(summary.end == .interrupted && summary.best == nil && !summary.isBestRestored && trainer.step == 6)
    #expect(summary.description == "interrupted in epoch 2; the model has the parameters of the last whole batch")
    trainer.isInterrupted = { false }
    run.evaluate = nil
    _ = try TrainingRun(trainer: trainer, epochs: 1).run()
    #expect((trainer.model as! MatrixFactorization).parameters == (try parameters(after: 2)), "it goes on where it was")
  }

  @Test func anyOtherErrorIsNoEnd() throws {
    struct Mistake: Error {}
    let run = run(try trainer(), giving: [0.1, 0.2])
    run.onEpoch = { _ in throw Mistake() }
    #expect(throws: Mistake.self) { try run.run() }
  }

  @Test func historyHasEveryFinishedEpochOfRunsAndLoops() throws {
    let trainer = try trainer()
    _ = try run(trainer, epochs: 2, giving: [0.1, 0.3]).run()
    _ = try trainer.trainEpoch()
    try trainer.trainBatch()
    let second = try run(trainer, epochs: 2, giving: [0.2, 0.15]).run()
    #expect(trainer.history.map(\.epoch) == [1, 2, 3, 4, 5])
    #expect(trainer.history.map { $0.metrics.first?.value } == [0.1, 0.3, nil, 0.2, 0.15])
    #expect(second.records.map(\.epoch) == [4, 5] && trainer.best?.epoch == 4)
    #expect(trainer.history.allSatisfy { $0.loss > 0 && $0.seconds > 0 })
  }

  // MARK: Runs that stand still

  private func warnings(rate: Schedule, standardDeviation: Double, epochs: Int = 5) throws -> [String] {
    let trainer = try trainer(rate: rate, standardDeviation: standardDeviation)
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    var texts: [String] = []
    run.onWarning = { texts.append($0) }
    _ = try run.run()
    _ = try TrainingRun(trainer: trainer, epochs: epochs).run()
    return texts
  }

  @Test func aRunThatChangesNothingIsToldOnce() throws {
    let texts = try warnings(rate: 1e-9, standardDeviation: 1e-4)
    #expect(texts.count == 1)
    #expect(texts[0].hasPrefix("3 epochs changed almost nothing: the mean loss went from 0.693147 to 0.693147"))
    #expect(texts[0].contains("try a higher rate"))
    #expect(try warnings(rate: 1e-9, standardDeviation: 0.1).count == 1)
    #expect(try warnings(rate: 1e-9, standardDeviation: 0.1, epochs: 2)[0].hasPrefix("2 epochs"))
  }

  @Test func aRunThatLearnsIsNot() throws {
    #expect(try warnings(rate: 0.01, standardDeviation: 0.1).isEmpty)
    #expect(try warnings(rate: 0.001, standardDeviation: 1e-4).isEmpty)
    #expect(try warnings(rate: 1e-9, standardDeviation: 0.1, epochs: 1).isEmpty, "one epoch tells nothing")
  }

  // MARK: Another loss

  @Test func anotherLossCountsFromTheNextBatch() throws {
    let hinge = HingeLoss()
    let (changed, plain) = (try trainer(), try trainer())
    plain.loss = hinge
    try changed.trainBatch()
    changed.loss = hinge
    try plain.trainBatch()
    // The same batch, from nearly the same parameters.
    let (a, b) = (try changed.trainBatch().loss, try plain.trainBatch().loss)
    #expect(abs(a - b) < 0.02 && abs(b - 1) < 0.05)
  }

  @Test func groupsAreCheckedAgainWithEachLoss() throws {
    let trainer = try trainer(score: .euclidean, groups: [.init(names: ["user_margin"], rate: 0.1)])
    let error = #expect(throws: TrainingError.self) { try trainer.trainBatch() }
    #expect(error?.description.contains("'user_margin'; the model and the loss have 'user', 'item'") == true)
    trainer.loss = SymmetricMetricLoss()
    try trainer.trainBatch()
    trainer.loss = BPRLoss()
    try trainer.trainBatch()
  }
}
