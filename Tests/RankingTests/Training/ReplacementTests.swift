import Interactions
import Tensors
import TestSupport
import Testing

@testable import Ranking

/// Epochs that draw their positives with replacement.
@Suite struct ReplacementTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func trainer(batch: Int = 64, threads: Int = 2, seed: UInt64 = 9) throws -> Trainer {
    let trainer = try Trainer(
      model: randomModel(users: 40, items: 60, dim: 6, score: .dot), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 2), optimizer: Optimizer(.adagrad(.torch), rate: 0.1), batchSize: batch,
      seed: seed,
      pool: ThreadPool(threadCount: threads))
    trainer.drawsWithReplacement = true
    trainer.describe()
    return trainer
  }

  @Test func anEpochIsWholeBatchesOneMoreThanFit() throws {
    let count = train.count
    for (batch, wanted) in [
      (64, count / 64 + 1), (count, 2), (count - 1, 2), (count + 1, 1), (4 * count, 1), (1, count + 1),
    ] { try expectBatches(batch, wanted) }
  }

  private func expectBatches(_ batch: Int, _ wanted: Int) throws {
    let trainer = try trainer(batch: batch)
    #expect(trainer.batchesPerEpoch == wanted && trainer.epochLength == wanted * batch)
    var sizes: [Int] = []
    let report = try trainer.trainEpoch { sizes.append($0.size) }
    #expect(report.batches == wanted && sizes == [Int](repeating: batch, count: wanted))
    #expect(trainer.place == 0 && trainer.epoch == 1 && trainer.history.count == 1)
    #expect(try trainer.nextRows().users.count == batch)
  }

  /// Every interaction is drawn equally often, and some twice in an epoch.
  @Test func drawsAreUniform() throws {
    let trainer = try trainer(batch: 50)
    let count = train.count
    var counts = [Int](repeating: 0, count: count)
    var hadRepeats = false
    for epoch in 1...100 {
      let order = try trainer.orderOfEpoch(epoch, length: 550, shuffled: true)
      let places = order.positives.map { train.position(user: Int($0.user), item: $0.item)! }
      hadRepeats = hadRepeats || Set(places).count < places.count
      for place in places { counts[place] += 1 }
    }
    #expect(hadRepeats)
    // About 120 each, with a deviation of 11.
    let mean = 55_000 / Double(count)
    #expect(counts.allSatisfy { abs(Double($0) - mean) < 55 })
    let variance = counts.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
    #expect((0.75...1.3).contains(variance / mean))
  }

  @Test func nextRowsAreThoseThatAreTrained() throws {
    let trainer = try trainer()
    var seen: [Int32] = []
    let batches = trainer.batchesPerEpoch
    for _ in 0...batches {
      seen += try trainer.nextRows().users
      _ = try trainer.trainBatch()
    }
    let wanted =
      try trainer.orderOfEpoch(1, length: 64 * batches, shuffled: true).positives.map(\.user)
      + trainer.orderOfEpoch(2, length: 64 * batches, shuffled: true).positives.prefix(64).map(\.user)
    #expect(seen == wanted)
  }

  @Test func aTrainerGoesOnWithTheSameBits() throws {
    let folder = TemporaryFolder()
    let (whole, first, second) = (try trainer(threads: 1), try trainer(), try trainer())
    for _ in 0..<21 { _ = try whole.trainBatch() }
    for _ in 0..<11 { _ = try first.trainBatch() }
    #expect(first.place != 0)
    try first.save(to: "\(folder.path)/t")
    try second.load(from: "\(folder.path)/t")
    for _ in 0..<10 { _ = try second.trainBatch() }
    #expect(whole.model.trainedParameters.map(\.currentValues) == second.model.trainedParameters.map(\.currentValues))
    let plain = try trainer()
    plain.drawsWithReplacement = false
    plain.describe()
    let error = #expect(throws: TrainingError.self) { try plain.load(from: "\(folder.path)/t") }
    #expect(error?.description.contains("replacement is true there and not set here") == true)
  }

  /// A batch that a script assigns counts at once, and the epoch keeps its length.
  @Test func anotherBatchSizeWithinAnEpoch() throws {
    let trainer = try trainer()
    _ = try trainer.trainBatch()
    let length = trainer.epochLength
    trainer.batchSize = 100
    var sizes: [Int] = []
    _ = try trainer.trainEpoch { sizes.append($0.size) }
    #expect(sizes.reduce(64, +) == length && sizes.dropLast().allSatisfy { $0 == 100 } && sizes.last! <= 100)
    #expect(trainer.epochLength == (train.count / 100 + 1) * 100)
  }

  @Test func moreThanThereIsMemoryForIsAnError() throws {
    let trainer = try trainer()
    trainer.batchSize = 1 << 55
    #expect(throws: (any Error).self) { try trainer.trainBatch() }
    #expect(trainer.step == 0)
  }
}
