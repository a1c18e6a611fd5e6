import Interactions
import Tensors
import Testing

@testable import Ranking

/// Training stops between two batches and goes on as if it had not.
@Suite struct InterruptionTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func trainer() throws -> Trainer {
    let trainer = try Trainer(
      model: randomModel(users: 40, items: 60, dim: 6, score: .cosine), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 3), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 33, seed: 9)
    trainer.model.dropout = 0.1
    return trainer
  }

  private func uninterrupted() throws -> Bits {
    let trainer = try trainer()
    let losses = try (0..<3).map { _ in try trainer.trainEpoch().loss }
    return Bits(parameters: trainer.model.parameters, losses: losses)
  }

  @Test(arguments: [0, 1, 5, 16, 20, 31]) func anInterruptedRunEndsWithTheSameBits(_ batches: Int) throws {
    let trainer = try trainer()
    var losses: [Double] = []
    trainer.isInterrupted = { trainer.step == batches }
    while trainer.step < batches || trainer.isInterrupted() {
      do { losses.append(try trainer.trainEpoch().loss) } catch let error as TrainingError {
        #expect(error.kind == .interrupted)
        #expect(trainer.step == batches)
        break
      }
    }
    trainer.isInterrupted = { false }
    while losses.count < 3 { losses.append(try trainer.trainEpoch().loss) }
    #expect(try Bits(parameters: trainer.model.parameters, losses: losses) == uninterrupted())
  }

  @Test func anErrorOfACallbackLeavesTheTrainerBetweenTwoBatches() throws {
    struct ScriptError: Error {}
    let trainer = try trainer()
    #expect(throws: ScriptError.self) {
      try trainer.trainEpoch { if $0.step == 4 { throw ScriptError() } }
    }
    #expect(trainer.step == 4 && trainer.place == 4 * 33)
    var losses = [try trainer.trainEpoch().loss]
    while losses.count < 3 { losses.append(try trainer.trainEpoch().loss) }
    #expect(try Bits(parameters: trainer.model.parameters, losses: losses) == uninterrupted())
  }

  /// Reading parameters and scores shows rows where a dense optimizer has them, and moves nothing.
  @Test func evaluationInTheMiddleChangesNoBits() throws {
    let trainer = try trainer()
    var losses: [Double] = []
    var reads = 0.0
    for _ in 0..<3 {
      losses.append(
        try trainer.trainEpoch { _ in
          reads += try Double(trainer.model.parameters.items[0]) + trainer.model.scores().score(user: 0, item: 0)
          reads += try Double(trainer.model.userEmbeddings()[0] + trainer.model.itemEmbeddings()[0])
        }.loss)
    }
    #expect(reads.isFinite)
    #expect(try Bits(parameters: trainer.model.parameters, losses: losses) == uninterrupted())
  }

  @Test func theMessageSaysWhereItStopped() throws {
    let trainer = try trainer()
    trainer.isInterrupted = { trainer.step == 2 }
    let error = #expect(throws: TrainingError.self) { try trainer.trainEpoch() }
    #expect(error?.description == "stopped at epoch 1, step 2; the model stands as after the last whole batch")
  }
}
