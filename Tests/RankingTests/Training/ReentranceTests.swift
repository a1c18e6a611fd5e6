import Interactions
import Tensors
import Testing

@testable import Ranking

/// What a trainer does when the things that it calls (schedules, losses, callbacks) call it back.
@Suite struct ReentranceTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func trainer(
    _ loss: any Loss = BPRLoss(), model: MatrixFactorization? = nil, sampler: UniformSampler = UniformSampler(count: 3)
  ) throws -> Trainer {
    try Trainer(
      model: model ?? randomModel(users: 40, items: 60, dim: 6, score: .cosine), train: train, loss: loss,
      sampler: sampler, optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 33, seed: 9)
  }

  private func bits(_ trainer: Trainer, epochs: Int = 2) throws -> Bits {
    let losses = try (0..<epochs).map { _ in try trainer.trainEpoch().loss }
    return Bits(parameters: trainer.model.parameters, losses: losses)
  }

  private func busy(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch let error as TrainingError where error.kind == .busy {
      return error.description
    } catch { return "another error: \(error)" }
  }

  @Test func aScheduleCannotTrainItsOwnTrainerAndTheBatchGoesOn() throws {
    let trainer = try trainer()
    var refusals: [String] = []
    trainer.optimizer.rate = Schedule { _ in
      refusals = [
        busy { try trainer.trainBatch() }, busy { _ = try trainer.trainEpoch() },
        busy { _ = try trainer.duringRun {} },
      ]
      return 0.01
    }
    let found = try bits(trainer)
    #expect(try found == bits(self.trainer()))
    #expect(
      refusals.map { $0.prefix(36) } == [
        "a batch cannot begin inside a batch ", "an epoch cannot begin inside a batch",
        "a run cannot begin inside a batch (e",
      ])
  }

  @Test func aCallbackCannotTrainItsOwnTrainer() throws {
    let trainer = try trainer()
    var refusals: [String] = []
    _ = try trainer.trainEpoch { _ in
      refusals = [busy { try trainer.trainBatch() }, busy { _ = try trainer.trainEpoch() }]
    }
    #expect(refusals.allSatisfy { $0.contains("inside epoch 1 of the same trainer") })
    try trainer.duringRun {
      _ = try trainer.trainEpochOfRun { _ in }
      refusals = [busy { try trainer.trainBatch() }, busy { _ = try trainer.duringRun {} }]
    }
    #expect(refusals.allSatisfy { $0.contains("inside a run of the same trainer") })
    #expect(trainer.epoch == 2 && trainer.place == 0)
  }

  @Test func anErrorInsideLeavesTheTrainerUsable() throws {
    struct ScriptError: Error {}
    let trainer = try trainer()
    var fails = false
    trainer.optimizer.rate = Schedule { _ in
      if fails { throw ScriptError() }
      return 0.01
    }
    var losses = [try trainer.trainEpoch().loss]
    let report = trainer.currentEpochReport
    fails = true
    for _ in 0..<3 { #expect(throws: ScriptError.self) { try trainer.trainBatch() } }
    #expect(trainer.currentEpochReport.batches == report.batches)
    fails = false
    losses.append(try trainer.trainEpoch().loss)
    #expect(try Bits(parameters: trainer.model.parameters, losses: losses) == bits(self.trainer()))
  }

  @Test func assignmentsInsideABatchCountFromTheNextOn() throws {
    let trainer = try trainer()
    let other = HingeLoss()
    trainer.optimizer.rate = Schedule { _ in
      trainer.loss = other
      trainer.batchSize = 7
      return 0.01
    }
    #expect(try trainer.trainBatch().size == 33)
    #expect(try trainer.trainBatch().size == 7)
    #expect(trainer.loss === other)
  }

  @Test func parametersStandStillForTheBatchThatReadsThem() throws {
    let trainer = try trainer()
    let model = trainer.model as! MatrixFactorization
    let before = model.parameters
    let snapshot = model.snapshot()
    var refusals: [String] = []
    trainer.optimizer.rate = Schedule { _ in
      refusals = [
        busy { try model.setParameters(before) }, busy { try model.restore(snapshot) },
        busy { _ = try self.trainer(model: model) },
      ]
      return 0.01
    }
    try trainer.trainBatch()
    #expect(refusals.allSatisfy { $0.contains("in the middle of a batch (epoch 1, step 1)") })
    trainer.optimizer.rate = 0.01
    try model.setParameters(before)
    try trainer.trainBatch()
  }

  @Test func anotherTrainerInsideABatchChangesNothing() throws {
    let sampler = UniformSampler(count: 3)
    // Fewer items: what was drawn for one would be out of range for the other.
    let smaller = randomInteractions(users: 20, items: 10, pairs: 90, seed: 2)
    let other = try Trainer(
      model: randomModel(users: 20, items: 10, dim: 4, score: .dot), train: smaller, loss: HingeLoss(),
      sampler: sampler, optimizer: Optimizer(.sgd(momentum: 0), rate: 0.1), batchSize: 8, seed: 3)
    let trainer = try trainer(sampler: sampler)
    trainer.optimizer.rate = Schedule { _ in
      try other.trainBatch()
      return 0.01
    }
    #expect(try bits(trainer) == bits(self.trainer()))
    #expect(other.step == trainer.step)
  }

  @Test func aLossServesOneBatchAtATime() throws {
    let loss = BPRLoss()
    let inner = try trainer(loss)
    let outer = try trainer(loss)
    var refusals: [String] = []
    outer.optimizer.rate = Schedule { _ in
      let scores = LossEvaluation.Scores(positive: [1], negative: [0])
      refusals = [
        busy { try inner.trainBatch() }, busy { _ = try LossEvaluation(of: loss, on: scores) },
        busy { _ = try LossTiming(of: loss, rows: 2, negatives: 1) }, busy { _ = try self.trainer(loss) },
      ]
      return 0.01
    }
    try outer.trainBatch()
    #expect(refusals.count == 4 && refusals.allSatisfy { $0.contains("loss 'bpr' is in the middle of a batch") })
    try inner.trainBatch()
  }

  @Test func aSecondTrainerMadeInACallbackTakesTheModelOver() throws {
    let first = try trainer()
    var second: Trainer?
    #expect(throws: TrainingError.self) {
      try first.trainEpoch {
        if $0.step == 2 { second = try trainer(model: first.model as? MatrixFactorization) }
      }
    }
    #expect(first.step == 2)
    _ = try second!.trainEpoch()
  }

  /// The second one's optimizer keeps other moments; the first would step by memory that is not there.
  @Test func aLossWithParametersBelongsToTheTrainerThatTrainedItLast() throws {
    let margin = try Parameter(name: "margin", owner: .user, rowCount: 40) { _, _ in 0.5 }
    let loss = TracedLoss(name: "margins") { s in
      try (s.parameter(margin, at: .users) - s.positive + s.negative.mean(.negatives)).softplus().mean(.batch)
    }
    let first = try trainer(loss)
    try first.trainBatch()
    let second = try Trainer(
      model: randomModel(users: 40, items: 60, dim: 6, score: .cosine), train: train, loss: loss,
      sampler: UniformSampler(count: 3), optimizer: Optimizer(.sgd(momentum: 0), rate: 0.01), batchSize: 33, seed: 9)
    try second.trainBatch()
    let error = #expect(throws: TrainingError.self) { try first.trainBatch() }
    #expect(
      error?.description.contains("another trainer has trained parameter 'margin' of loss 'margins' since") == true)
    // Without that loss it goes on.
    first.loss = BPRLoss()
    try first.trainBatch()
    try second.trainBatch()
  }

  /// Margins learned on one data set would be lost, or belong to strangers, on another.
  @Test func aLossWithARowForEachUserStaysWithItsData() throws {
    let loss = SymmetricMetricLoss()
    try loss.attach(to: train)
    let margins = loss.userMargin
    try loss.attach(to: train)
    #expect(loss.userMargin === margins)
    let error = #expect(throws: TrainingError.self) {
      try loss.attach(to: randomInteractions(users: 20, items: 10, pairs: 90, seed: 2))
    }
    #expect(error?.description.contains("the margins are those of 40 users and 60 items") == true)
  }
}
