import Tensors
import Testing

@testable import Laboratory
@testable import Ranking

@Suite struct TrainingRunTests {
  private func run(epochs: Int) throws -> TrainingRun {
    let trainer = try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: BPRLoss(),
      sampler: UniformSampler(count: 2),
      optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1)
    return TrainingRun(trainer: trainer, epochs: epochs)
  }

  /// Evaluations that give these values one after another.
  private func give(_ values: [Double], to run: TrainingRun) -> () -> Int {
    var asked = 0
    run.evaluate = {
      defer { asked += 1 }
      return [("recall@20", values[asked]), ("ndcg@20", -values[asked])]
    }
    return { asked }
  }

  @Test func everyEpochIsTrainedAndReported() throws {
    let run = try run(epochs: 4)
    var seen: [Int] = []
    var batches = 0
    run.onEpoch = {
      seen.append($0.epoch)
      return true
    }
    run.onBatch = { _ in batches += 1 }
    let summary = try run.run()
    #expect(summary.records.map(\.epoch) == [1, 2, 3, 4] && seen == [1, 2, 3, 4])
    #expect(batches == 4 * run.trainer.batchesPerEpoch)
    #expect(summary.end == .finished && summary.best == nil)
    #expect(summary.records[3].loss < summary.records[0].loss)
  }

  @Test func evaluationComesWhenDueAndAfterTheLastEpoch() throws {
    let run = try run(epochs: 7)
    let asked = give([0.1, 0.2, 0.3], to: run)
    run.evaluateEvery = 3
    let summary = try run.run()
    #expect(summary.records.map { !$0.metrics.isEmpty } == [false, false, true, false, false, true, true])
    #expect(asked() == 3)
  }

  @Test func patienceEndsTheRunAndTheBestParametersComeBack() throws {
    let run = try run(epochs: 20)
    _ = give([0.1, 0.3, 0.3, 0.2, 0.4], to: run)
    run.stopping = EarlyStopping(metric: "recall@20", patience: 2)
    var best: MatrixFactorization.Parameters?
    run.onEpoch = {
      if $0.epoch == 2 { best = run.trainer.model.parameters }
      return true
    }
    let summary = try run.run()
    #expect(summary.end == .earlyStop && summary.records.count == 4)
    #expect(summary.best?.epoch == 2 && summary.best?.value == 0.3)
    #expect(run.trainer.model.parameters == best)
  }

  @Test func withoutRestoringTheLastParametersStay() throws {
    let run = try run(epochs: 20)
    _ = give([0.3, 0.2, 0.1], to: run)
    run.stopping = EarlyStopping(metric: "recall@20", patience: 2)
    run.restoresBest = false
    var last: MatrixFactorization.Parameters?
    run.onEpoch = { _ in
      last = run.trainer.model.parameters
      return true
    }
    #expect(try run.run().records.count == 3)
    #expect(run.trainer.model.parameters == last)
  }

  @Test func improvementsBelowTheMinimumDoNotCount() throws {
    let run = try run(epochs: 20)
    _ = give([0.1, 0.104, 0.109, 0.2], to: run)
    run.stopping = EarlyStopping(metric: "recall@20", patience: 2, minimumImprovement: 0.01)
    #expect(try run.run().best?.value == 0.1)
  }

  @Test func aMetricThatIsNotANumberIsNeverTheBest() throws {
    let run = try run(epochs: 3)
    _ = give([.nan, 0.1, .nan], to: run)
    run.stopping = EarlyStopping(metric: "recall@20", patience: 5)
    let best = try run.run().best
    #expect(best?.epoch == 2 && best?.value == 0.1)
  }

  @Test func anUnknownMetricIsNamedWithThoseThereAre() throws {
    let run = try run(epochs: 3)
    _ = give([0.1], to: run)
    run.stopping = EarlyStopping(metric: "recall@10", patience: 2)
    let error = #expect(throws: TrainingError.self) { try run.run() }
    #expect(error?.description == "early stopping watches 'recall@10', but the evaluation gives recall@20, ndcg@20")
  }

  @Test func stoppingWithoutEvaluationIsRefusedBeforeTraining() throws {
    let run = try run(epochs: 3)
    run.stopping = EarlyStopping(metric: "recall@10", patience: 2)
    let error = #expect(throws: TrainingError.self) { try run.run() }
    #expect(error?.description == "early stopping watches 'recall@10', but nothing is evaluated during the run")
    #expect(run.trainer.step == 0)
  }

  @Test func aCallbackEndsTheRun() throws {
    let run = try run(epochs: 9)
    run.onEpoch = { $0.epoch < 3 }
    let summary = try run.run()
    #expect(summary.end == .callback && summary.records.count == 3)
  }

  @Test func noEpochsIsNoTraining() throws {
    let run = try run(epochs: 0)
    let summary = try run.run()
    #expect(summary.records.isEmpty && summary.end == .finished && run.trainer.step == 0)
  }

  /// What is called after an epoch may call anything, the run and its trainer included.
  @Test func nothingOfTheTrainerBeginsInsideOfItsRun() throws {
    let run = try run(epochs: 1)
    var refusals: [String] = []
    run.onEpoch = { _ in
      for attempt in [{ _ = try run.trainer.trainBatch() }, { _ = try run.run() }] {
        let error = #expect(throws: TrainingError.self) { try attempt() }
        refusals.append(error?.description ?? "")
      }
      return true
    }
    _ = try run.run()
    #expect(refusals.count == 2 && refusals.allSatisfy { $0.contains("inside a run of the same trainer") })
    #expect(run.trainer.epoch == 1 && run.trainer.place == 0)
  }
}
