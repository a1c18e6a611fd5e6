import Interactions
import Tensors
import Testing

@testable import Ranking

/// Training with weights.
@Suite struct TrainerWeightTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func trainer(_ weighting: Weighting? = nil, loss: Loss = BPRLoss(), threads: Int = 1) throws -> Trainer {
    let trainer = try Trainer(
      model: randomModel(users: 40, items: 60, dim: 6, score: .dot), train: train, loss: loss,
      sampler: UniformSampler(count: 3), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 170, seed: 9,
      pool: ThreadPool(threadCount: threads))
    try trainer.weigh(by: weighting)
    return trainer
  }

  private func bits(_ trainer: Trainer) throws -> Bits {
    var losses: [Double] = []
    for _ in 0..<2 { _ = try trainer.trainEpoch { losses.append($0.loss) } }
    return Bits(parameters: (trainer.model as! MatrixFactorization).parameters, losses: losses)
  }

  /// A function of an interaction.
  private func weight(_ user: Int32, _ item: Int32) -> Float { Float((user * 7 + item * 3) % 5) * 0.5 }

  private var weights: [Float] {
    (0..<40).flatMap { user in train.items(of: user).map { weight(Int32(user), $0) } }
  }

  @Test func aWeightOfOneIsNone() throws {
    let ones = [Float](repeating: 1, count: train.count)
    #expect(try bits(trainer(.interactions(ones))) == bits(trainer()))
    #expect(try bits(trainer(.interactions(weights))) != bits(trainer()))
  }

  @Test func aFunctionSeesTheBatchAndTheThreadsDoNotMatter() throws {
    let function = Weighting.function { batch in
      BatchWeights(zip(batch.users, batch.positives).map { self.weight($0, $1) })
    }
    let expected = try bits(trainer(.interactions(weights)))
    for threads in 1...3 {
      #expect(try bits(trainer(function, threads: threads)) == expected)
      #expect(try bits(trainer(.interactions(weights), threads: threads)) == expected)
    }
  }

  @Test func aWeightByTripletThatIsOneOfThePositiveIsTheSame() throws {
    let function = Weighting.function { batch in
      let weights = zip(batch.users, batch.positives).map { self.weight($0, $1) }
      return BatchWeights(weights.flatMap { [Float](repeating: $0, count: batch.negativeCount) }, isByTriplet: true)
    }
    let (by, plain) = (try bits(trainer(function)), try bits(trainer(.interactions(weights))))
    expectClose(by.losses, plain.losses, rtol: 1e-5, atol: 1e-7, "losses")
  }

  @Test func weightsFitTheTrainPart() throws {
    func message(_ weighting: Weighting) -> String? {
      #expect(throws: TrainingError.self) { _ = try trainer(weighting).trainBatch() }?.description
    }
    #expect(message(.interactions([1]))?.contains("1 weights for \(train.count) interactions") == true)
    var bad = weights
    bad[17] = -1
    #expect(message(.interactions(bad))?.contains("weight 18, of user number ") == true)
    #expect(message(.function { _ in BatchWeights([1, 2]) })?.contains("want 170") == true)
    #expect(
      message(.function { batch in BatchWeights(batch.users.map { _ in .nan }) })?.contains("row 1 of the batch")
        == true)
  }

  @Test func aTrainerStandsWhereItStoodAfterABadWeight() throws {
    var fails = false
    let function = Weighting.function { batch in
      BatchWeights(batch.users.map { _ in fails ? -.infinity : 1 })
    }
    let trainer = try trainer(function)
    fails = true
    #expect(throws: TrainingError.self) { try trainer.trainBatch() }
    fails = false
    #expect(try bits(trainer) == bits(self.trainer()))
  }

  /// WARP's trials, in a recorded loss.
  @Test func trialsAreAnInputOfARecordedLoss() throws {
    var trials: [Float] = []
    let loss = TracedLoss(name: "warp", fuses: false) { s in
      let value = try s.channel(.trials)!
      trials += try s.tensor(of: value, for: "trials").elements()
      return try (s.negative - s.positive).softplus().mean(.negatives) * value
    }
    let fused = TracedLoss(name: "warp") { s in
      try (s.negative - s.positive).softplus().mean(.negatives) * s.channel(.trials)!
    }
    func trainer(_ loss: Loss) throws -> Trainer {
      try Trainer(
        model: randomModel(users: 40, items: 60, dim: 6, score: .dot), train: train, loss: loss, sampler: WARPSampler(),
        optimizer: Optimizer(.sgd(momentum: 0), rate: 0.01), batchSize: 100, seed: 9)
    }
    let (slow, fast) = (try trainer(loss), try trainer(fused))
    for _ in 0..<3 {
      expectClose(try fast.trainBatch().loss, try slow.trainBatch().loss, rtol: 1e-5, atol: 1e-7, "loss")
    }
    #expect(trials.count == 300 && trials.allSatisfy { $0 >= 0 && $0 == $0.rounded() } && trials.contains { $0 > 1 })
    var isAbsent = false
    let plain = TracedLoss(name: "none") { s in
      isAbsent = try s.channel(.trials) == nil
      return try (s.negative - s.positive).softplus().mean()
    }
    _ = try self.trainer(loss: plain).trainBatch()
    #expect(isAbsent)
  }
}
