import Testing

@testable import Ranking

/// Two trainings of one model, one after the other.
@Suite struct SuccessiveTrainingTests {
  private func train(_ step: TrainingStep, from first: Int) throws {
    for index in first..<first + 40 {
      let batch = GivenBatch.random(rows: 3, negatives: 2, users: 30, items: 90, seed: UInt64(index))
      try batch.run(step, BPRLoss(), .init(rate: 0.01))
    }
  }

  @Test func aSecondTrainingBeginsWhereTheFirstEnded() throws {
    let model = try randomModel(users: 30, items: 90, dim: 5, score: .cosine)
    try train(TrainingStep(model: model, optimizer: Optimizer(.adam(.init()), rate: 1), pool: .shared), from: 0)
    let ended = model.parameters
    let second = try TrainingStep(model: model, optimizer: Optimizer(.adagrad(.torch), rate: 1), pool: .shared)
    // Many rows still had momentum that they had not been moved by.
    #expect(model.parameters == ended)
    try train(second, from: 40)
    #expect(model.parameters != ended)
  }

  @Test func aTrainingThatLostItsModelSaysSo() throws {
    let model = try randomModel(users: 30, items: 90, dim: 5, score: .dot)
    let first = try TrainingStep(model: model, optimizer: Optimizer(.adam(.init()), rate: 1), pool: .shared)
    let second = try TrainingStep(model: model, optimizer: Optimizer(.adam(.init()), rate: 1), pool: .shared)
    let error = #expect(throws: TrainingError.self) { try train(first, from: 0) }
    #expect(
      error?.description
        == "another trainer was made for this model after this one, and holds its moments now; go on with that one, or give "
        + "each trainer a model of its own")
    try train(second, from: 0)
  }
}
