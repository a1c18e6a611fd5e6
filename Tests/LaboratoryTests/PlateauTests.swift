import Tensors
import Testing

@testable import Laboratory
@testable import Ranking

@Suite struct PlateauTests {
  private func trainer(rate: Schedule, loss: Loss = BPRLoss()) throws -> Trainer {
    try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: loss,
      sampler: UniformSampler(count: 2),
      optimizer: Optimizer(.adam(.init()), rate: rate), batchSize: 50, seed: 1)
  }

  /// A run whose evaluations give these values, and what the schedule was in each epoch.
  private func follow(
    _ plateau: PlateauSchedule, _ metrics: [Double], on trainer: Trainer? = nil, loss: Loss = BPRLoss()
  ) throws -> [Double] {
    let trainer = try trainer ?? self.trainer(rate: Schedule(plateau), loss: loss)
    let run = TrainingRun(trainer: trainer, epochs: metrics.count)
    var asked = 0
    run.evaluate = {
      defer { asked += 1 }
      return [("recall@20", metrics[asked]), ("ndcg@20", -metrics[asked])]
    }
    var values: [Double] = []
    run.onBatch = { if $0.endsEpoch { values.append(plateau.current) } }
    _ = try run.run()
    return values
  }

  @Test func itFallsAfterPatienceEvaluationsWithoutImprovement() throws {
    let plateau = try PlateauSchedule(from: 1, factor: 0.5, patience: 2)
    let values = try follow(plateau, [0.1, 0.2, 0.2, 0.1, 0.15, 0.19, 0.3, 0.2, 0.2, 0])
    //                      misses:    0    0    1    2->   1    2->   0    1    2->
    #expect(values == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125])
    #expect(plateau.best == 0.3)
  }

  @Test func itWatchesTheMetricAndTheGoalThatItIsTold() throws {
    let rising = [0.1, 0.2, 0.3, 0.4]
    #expect(try follow(PlateauSchedule(from: 1, patience: 1), rising) == [1, 1, 1, 1])
    let second = try follow(PlateauSchedule(from: 1, factor: 0.5, patience: 1, metric: "ndcg@20"), rising)
    #expect(second == [1, 1, 0.5, 0.25])
    let lower = try follow(PlateauSchedule(from: 1, factor: 0.5, patience: 1, metric: "ndcg@20", goal: .min), rising)
    #expect(lower == [1, 1, 1, 1])
    #expect {
      _ = try follow(PlateauSchedule(from: 1, patience: 1, metric: "auc"), rising)
    } throws: { "\($0)".contains("watches 'auc', but the evaluation gives recall@20, ndcg@20") }
  }

  @Test func smallGainsAndMissingNumbersAreNoImprovement() throws {
    let strict = try PlateauSchedule(from: 1, factor: 0.5, patience: 1, minimumImprovement: 0.1, least: 0.2)
    let values = try follow(strict, [0.1, 0.15, .nan, 0.3, 0.35, 0.36, 0.37])
    #expect(values == [1, 1, 0.5, 0.25, 0.25, 0.2, 0.2])
    #expect(strict.best == 0.3)
  }

  @Test func itIsFoundInsideOfOtherSchedulesFunctionsAndLosses() throws {
    let falling = [0.4, 0.3, 0.2]
    func plateau() throws -> PlateauSchedule { try PlateauSchedule(from: 0.5, factor: 0.5, patience: 1) }
    let expected = [0.5, 0.5, 0.25]
    let inSum = try plateau()
    #expect(try follow(inSum, falling, on: trainer(rate: Schedule(inSum) * 0.1)) == expected)
    let inFunction = try plateau()
    let function = Schedule { try inFunction.value(at: $0) }
    #expect(try follow(inFunction, falling, on: trainer(rate: function)) == expected)
    let inLoss = try plateau()
    let loss = HingeLoss()
    loss.margin = Schedule(inLoss)
    #expect(try follow(inLoss, falling, on: trainer(rate: 0.1, loss: loss)) == expected)
  }

  @Test func theSameRunsGiveTheSameBits() throws {
    func bits() throws -> Bits {
      let plateau = try PlateauSchedule(from: 0.1, factor: 0.5, patience: 1)
      let trainer = try trainer(rate: Schedule(plateau))
      _ = try follow(plateau, [0.3, 0.2, 0.1], on: trainer)
      #expect(plateau.current == 0.05)
      return Bits(trainer)
    }
    #expect(try bits() == bits())
  }

  @Test func aSecondRunOfTheSameTrainerGoesOn() throws {
    let plateau = try PlateauSchedule(from: 1, factor: 0.5, patience: 2)
    let trainer = try trainer(rate: Schedule(plateau))
    #expect(try follow(plateau, [0.4, 0.3], on: trainer) == [1, 1])
    #expect(try follow(plateau, [0.2, 0.2], on: trainer) == [1, 0.5])
  }

  @Test func anotherTrainerWantsAnother() throws {
    let plateau = try PlateauSchedule(from: 1, factor: 0.5, patience: 1)
    _ = try follow(plateau, [0.4, 0.3, 0.3])
    #expect { _ = try follow(plateau, [0.4]) } throws: {
      "\($0)".contains("make one for each trainer, or call reset()")
    }
    plateau.reset()
    #expect(try follow(plateau, [0.4, 0.3, 0.3]) == [1, 1, 0.5])
  }

  @Test func aRunThatEvaluatesNothingIsRefused() throws {
    let plateau = try PlateauSchedule(from: 1, patience: 1)
    let trainer = try trainer(rate: Schedule(plateau))
    #expect { _ = try TrainingRun(trainer: trainer, epochs: 1).run() } throws: {
      "\($0)".contains("the run evaluates nothing to follow")
    }
    // A loop by hand may.
    _ = try trainer.trainEpoch()
    plateau.note(0.3)
    plateau.note(0.2)
    #expect(plateau.current == 0.1)
  }
}
