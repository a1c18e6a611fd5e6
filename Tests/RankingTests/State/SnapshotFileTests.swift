import Interactions
import Platform
import Tensors
import TestSupport
import Testing

@testable import Ranking

/// What a file of a snapshot holds, and what is refused.
@Suite struct SnapshotFileTests {
  private let train = randomInteractions(users: 20, items: 30, pairs: 200, seed: 1)
  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/t" }

  private func trainer(
    batch: Int = 50, seed: UInt64 = 1, modelSeed: UInt64 = 1, loss: any Loss = BPRLoss(), count: Schedule = 2,
    optimizer: Optimizer = Optimizer(.adam(.init()), rate: 0.01), score: ScoreFunction = .dot,
    train: InteractionMatrix? = nil
  ) throws -> Trainer {
    try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: score, seed: modelSeed), train: train ?? self.train,
      loss: loss,
      sampler: UniformSampler(count: count), optimizer: optimizer, batchSize: batch, seed: seed)
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  private func bytes() -> [UInt8] {
    let file = try! RegularFile(reading: path)
    var bytes = [UInt8](repeating: 0, count: file.size)
    let count = bytes.withUnsafeMutableBytes { file.read(into: $0) }
    return count == bytes.count ? bytes : []
  }

  @Test func everyKindOfArrayComesBack() throws {
    var snapshot = Snapshot()
    snapshot["a"] = .floats([1, .infinity, -0.0])
    snapshot["b.with space"] = .doubles([])
    snapshot["c"] = .counts([.min, 3])
    snapshot["d"] = .integers([.max])
    snapshot["e"] = .texts(["", "two\nlines", "ü"])
    snapshot["f"] = .texts([])
    try SnapshotFile.write(snapshot, to: path)
    #expect(try SnapshotFile.read(from: path) == snapshot)
    #expect(try SnapshotFile.read(from: path + "-absent") == nil)
  }

  @Test func partsStandUnderTheirNames() throws {
    var (inner, outer) = (Snapshot(), Snapshot())
    inner["x"] = .integers([4])
    outer.add(inner, under: "parameter.1")
    outer.add(inner, under: "parameter.10")
    #expect(outer.part("parameter.1") == inner && outer.part("parameter").part("10") == inner)
    #expect(outer.part("param").isEmpty)
    #expect(message { _ = try inner.integers("y") }.contains("has no 'y'"))
    #expect(message { _ = try inner.floats("x") }.contains("has no 'x' of the kind"))
    #expect(message { _ = try inner.integers("x", count: 2) }.contains("has 1 of 'x', and 2 are wanted"))
  }

  @Test func aDamagedFileIsRefusedAndNothingChanges() throws {
    let first = try trainer()
    for _ in 0..<5 { try first.trainBatch() }
    try first.save(to: path)
    let whole = bytes()
    let second = try trainer()
    try second.trainBatch()
    let before = try second.snapshot()
    for place in stride(from: 0, to: whole.count, by: 37) {
      var damaged = whole
      damaged[place] ^= 0x10
      folder.write("t", damaged)
      let text = message { try second.load(from: path) }
      #expect(
        text.hasPrefix(path) && (text.contains("is not a whole checkpoint") || text.contains("of format")),
        "byte \(place)")
    }
    for length in [0, 39, 40, whole.count / 2, whole.count - 1] {
      folder.write("t", Array(whole[..<length]))
      #expect(message { try second.load(from: path) }.contains("is not a whole checkpoint"), "\(length) bytes")
    }
    #expect(message { try second.load(from: path + "-absent") }.hasSuffix("no such file"))
    #expect(try second.snapshot() == before)
    folder.write("t", whole)
    try second.load(from: path)
  }

  @Test func aNewerVersionIsNamed() throws {
    let writer = try CheckedFileWriter(path: path)
    try writer.write([SnapshotFile.version + 1])
    try writer.finish(key: SnapshotFile.key)
    let text = message { _ = try SnapshotFile.read(from: path) }
    #expect(text.contains("is a checkpoint of format 2, and this version of Perigee knows format 1"))
  }

  @Test func aSavedModelIsNoCheckpoint() throws {
    let data = Dataset(name: "d", userCount: 20, itemCount: 30, users: [1], items: [2])
    try ModelFile.write(trainer().model, data: data, to: path)
    #expect(message { try trainer().load(from: path) }.contains("is not a whole checkpoint: it belongs to other data"))
  }

  @Test func anotherTrainerIsRefusedWithWhatDiffers() throws {
    try trainer().save(to: path)
    let clipping = Optimizer(.adam(.init()), rate: 0.01)
    clipping.clip = 3
    let others: [(Trainer, String)] = [
      (try trainer(batch: 20), "batch is 50 there and 20 here"), (try trainer(seed: 2), "seed is 1 there and 2 here"),
      (try trainer(modelSeed: 2), "start of the parameters is "),
      (try trainer(loss: HingeLoss()), "loss is bpr there and hinge here"),
      (try trainer(count: 3), "sampler is uniform(count = 2) there and uniform(count = 3) here"),
      (try trainer(optimizer: Optimizer(.adam(.init()), rate: 0.1)), "rate is 0.01 there and 0.1 here"),
      (try trainer(optimizer: Optimizer(.sgd(momentum: 0), rate: 0.01)), "there and sgd(momentum = 0.0) here"),
      (try trainer(optimizer: clipping), "clip is none there and 3 here"),
      (try trainer(score: .cosine), "score is dot there and cosine here"),
      (try trainer(train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 2)), "data is train ("),
    ]
    for (other, wanted) in others {
      let before = try other.snapshot()
      let text = message { try other.load(from: path) }
      #expect(text.contains("was saved by another trainer: ") && text.contains(wanted), "\(text)")
      #expect(try other.snapshot() == before)
    }
    let two = message { try trainer(batch: 20, seed: 2).load(from: path) }
    #expect(two.contains("batch is 50 there and 20 here; seed is 1 there and 2 here"))
  }

  @Test func nothingIsSavedOrLoadedInTheMiddle() throws {
    let trainer = try trainer()
    try trainer.save(to: path)
    var texts: [String] = []
    trainer.optimizer.rate = Schedule { _ in
      texts += [message { try trainer.save(to: path) }, message { try trainer.load(from: path) }]
      return 0.01
    }
    try trainer.trainBatch()
    #expect(texts.count == 2 && texts[0].contains("cannot be saved in the middle of a batch (epoch 1, step 1)"))
    #expect(texts[1].contains("a restoration cannot begin inside a batch"))
    trainer.optimizer.rate = 0.01
    _ = try trainer.trainEpoch { _ in
      texts.append(message { try trainer.load(from: path) })
      try trainer.save(to: path)
    }
    #expect(texts[2].contains("a restoration cannot begin inside epoch 1"))
  }

  @Test func aTrainerWhoseModelWasTakenOverIsNeitherSavedNorLoaded() throws {
    let first = try trainer()
    try first.save(to: path)
    _ = try Trainer(
      model: first.model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 1),
      optimizer: Optimizer(.sgd(momentum: 0), rate: 1), batchSize: 9, seed: 1)
    #expect(message { try first.save(to: path) }.contains("another trainer was made for this model"))
    #expect(message { try first.load(from: path) }.contains("another trainer was made for this model"))
  }

  @Test func twoParametersOfOneNameAreRefused() throws {
    let user = try Parameter(name: "user", owner: .shared, rowCount: 1) { _, _ in 1 }
    let trainer = try trainer(
      loss: TracedLoss(name: "twice") { s in
        try (s.parameter(user) * s.negative.mean(.negatives) - s.positive).softplus().mean(.batch)
      })
    try trainer.trainBatch()
    #expect(message { try trainer.save(to: path) }.contains("two parameters that are trained are named 'user'"))
  }

  /// What has a state of its own joins in by one protocol.
  @Test func aPartWithAStateIsInTheSnapshot() throws {
    final class CountingLoss: Loss, Stateful {
      let (name, isRowwise) = ("counting", true)
      var batches = 0
      private let inner = BPRLoss()
      func prepare(for batch: LossBatch) throws {
        batches += 1
        try inner.prepare(for: batch)
      }
      func evaluate(_ plane: ScorePlane, rows: Range<Int>) { inner.evaluate(plane, rows: rows) }
      func snapshot() -> Snapshot {
        var snapshot = Snapshot()
        snapshot["batches"] = .integers([Int64(batches)])
        return snapshot
      }
      func restoration(from snapshot: Snapshot) throws -> () -> Void {
        let batches = try snapshot.integers("batches", count: 1)[0]
        return { self.batches = batches }
      }
    }
    let (first, second) = (CountingLoss(), CountingLoss())
    let trainer = try trainer(loss: first)
    for _ in 0..<3 { try trainer.trainBatch() }
    try self.trainer(loss: second).restore(trainer.snapshot())
    #expect(second.batches == 3)
  }
}
