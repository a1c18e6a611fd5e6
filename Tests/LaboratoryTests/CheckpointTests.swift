import Foundation
import Platform
import Tensors
import TestSupport
import Testing

@testable import Laboratory
@testable import Ranking

/// A run that is ended at any moment goes on from its checkpoint and ends with the same bits.
@Suite struct CheckpointTests {
  /// Ends a run as a killed process would: nothing is written after it.
  private struct Killed: Error {}
  private struct Wish: Error {}
  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/run" }

  private func trainer(threads: Int = 2, plateau: Bool = false) throws -> Trainer {
    let rate = plateau ? Schedule(try PlateauSchedule(from: 0.02, factor: 0.5, patience: 1)) : 0.01
    return try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .cosine),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: BPRLoss(),
      sampler: UniformSampler(count: 2),
      optimizer: Optimizer(.adam(.init()), rate: rate), batchSize: 50, seed: 1, pool: ThreadPool(threadCount: threads))
  }

  private let values = [0.1, 0.3, 0.2, 0.25, 0.4, 0.4, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3]

  /// Evaluates to the value of its epoch.
  private func run(_ trainer: Trainer, epochs: Int = 8, patience: Int? = 20, path: String? = nil) -> TrainingRun {
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    run.evaluate = { [values] in [("recall@20", values[trainer.epoch - 1])] }
    run.stopping = patience.map { EarlyStopping(metric: "recall@20", patience: $0) }
    run.checkpoint = Checkpoint(path: path ?? self.path)
    run.checkpoint?.everySeconds = 0
    run.isInterruption = { $0 is Wish }
    return run
  }

  private func report(_ summary: RunSummary) -> String {
    let records = summary.records.map { "\($0.epoch) \($0.loss) \($0.metrics)" }
    return "\(summary.end) \(String(describing: summary.best)) \(summary.isBestRestored) \(records)"
  }

  /// Where an end can reach a run.
  enum Place: CaseIterable { case batch, loss, onBatch, evaluate, onEpoch }

  /// Lets a run fail in its way at a step of the trainer.
  private func end(_ run: TrainingRun, at place: Place, _ step: Int, _ error: any Error) {
    let trainer = run.trainer
    func check() throws { if trainer.step >= step { throw error } }
    switch place {
    case .batch: run.trainer.isInterrupted = { trainer.step >= step }
    case .loss:
      let rate = trainer.optimizer.rate
      trainer.optimizer.rate = Schedule {
        try check()
        return try rate.value(at: $0)
      }
    case .onBatch: run.onBatch = { _ in try check() }
    case .evaluate:
      let evaluate = run.evaluate!
      run.evaluate = {
        try check()
        return try evaluate()
      }
    case .onEpoch:
      run.onEpoch = { _ in
        try check()
        return true
      }
    }
  }

  @Test(arguments: Place.allCases, [false, true]) func aRunGoesOnWithTheSameBits(_ place: Place, _ plateau: Bool) throws
  {
    let whole = try trainer(plateau: plateau)
    let wanted = report(try run(whole, path: path + "-whole").run())
    for step in 1..<whole.step where step % 3 != 1 {
      for isWish in [false, true] where place != .batch || isWish {
        let first = try trainer(plateau: plateau)
        let rate = first.optimizer.rate
        let ended = run(first)
        end(ended, at: place, step, isWish ? Wish() : Killed())
        if isWish {
          if place == .batch { ended.isInterruption = { ($0 as? TrainingError)?.kind == .interrupted } }
          // The last batch has no end behind it.
          #expect(try ended.run().end == .interrupted)
        } else {
          #expect(throws: Killed.self) { try ended.run() }
        }
        first.optimizer.rate = rate
        let second = try trainer(threads: step % 2 + 1, plateau: plateau)
        let found = report(try run(second).run())
        #expect(found == wanted, "step \(step), \(isWish ? "a wish" : "an error")")
        #expect(Bits(second) == Bits(whole) && second.best == whole.best, "step \(step)")
        _ = Platform.remove(path)
      }
    }
  }

  @Test func aRunThatIsEndedAgainAndAgainGetsThere() throws {
    let whole = try trainer(plateau: true)
    let wanted = report(try run(whole, path: path + "-whole").run())
    var found: String?
    var begun = 0
    while found == nil {
      begun += 1
      let trainer = try trainer(plateau: true)
      let run = run(trainer)
      var batches = 0
      run.onBatch = { _ in
        batches += 1
        if batches == 4 { throw Killed() }
      }
      found = try? report(run.run())
    }
    #expect(found == wanted && begun > 4)
  }

  @Test func theSameTrainerGoesOnAfterAnInterruption() throws {
    let whole = try trainer()
    let wanted = report(try run(whole, path: path + "-whole").run())
    let trainer = try trainer()
    let first = run(trainer)
    end(first, at: .onBatch, 18, Wish())
    let ended = try first.run()
    // What the script goes on with is the best epoch; the run goes on from the last batch.
    #expect(ended.end == .interrupted && ended.isBestRestored)
    #expect(report(try run(trainer).run()) == wanted)
    #expect(Bits(trainer) == Bits(whole))
  }

  @Test func aRunThatHasEndedIsNotTrainedAgain() throws {
    let first = try trainer()
    let wanted = report(try run(first, patience: 2).run())
    let second = try trainer()
    let again = run(second, patience: 2)
    again.onBatch = { _ in Issue.record("nothing is left to train") }
    #expect(report(try again.run()) == wanted && wanted.contains("earlyStop"))
    #expect(Bits(second) == Bits(first) && second.step == first.step)
  }

  @Test func aFinishedRunCanBeExtended() throws {
    let whole = try trainer()
    let wanted = report(try run(whole, epochs: 11, path: path + "-whole").run())
    _ = try run(trainer(), epochs: 4).run()
    let second = try trainer()
    #expect(report(try run(second, epochs: 11).run()) == wanted)
    #expect(Bits(second) == Bits(whole))
    let error = #expect(throws: TrainingError.self) { _ = try run(trainer(), epochs: 5).run() }
    #expect(error?.description == "\(path): has trained 11 epochs, and 5 are asked for; ask for at least as many")
  }

  @Test func eachRunOfATrainerWantsAFileOfItsOwn() throws {
    let trainer = try trainer()
    _ = try run(trainer, epochs: 2).run()
    let bits = Bits(trainer)
    let error = #expect(throws: TrainingError.self) { _ = try run(trainer, epochs: 2).run() }
    #expect(
      error?.description.contains("a run that began at step 0 of its trainer, and this run begins at step") == true)
    #expect(Bits(trainer) == bits)
    _ = try run(trainer, epochs: 2, path: path + "-second").run()
    // Both again, as the script would be run again.
    let second = try self.trainer()
    _ = try run(second, epochs: 2).run()
    _ = try run(second, epochs: 2, path: path + "-second").run()
    #expect(Bits(second) == Bits(trainer) && second.step == trainer.step)
  }

  @Test func anotherRunsCheckpointIsRefusedWithWhatDiffers() throws {
    _ = try run(trainer(), epochs: 3).run()
    let other = run(try trainer(), epochs: 3, patience: 7)
    other.evaluateEvery = 2
    other.restoresBest = false
    let text = #expect(throws: TrainingError.self) { try other.run() }?.description ?? ""
    #expect(text.contains("evaluation is on valid every 1 there and on valid every 2 here"))
    #expect(text.contains("patience 20, min_improvement 0.0 there and recall@20, patience 7"))
    #expect(text.contains("restore_best is true there and false here"))
    #expect(other.trainer.step == 0)
    let strange = try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .cosine),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: HingeLoss(),
      sampler: UniformSampler(count: 2),
      optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1)
    #expect(throws: TrainingError.self) { try run(strange).run() }
    try trainer().save(to: path)
    let saved = #expect(throws: TrainingError.self) { _ = try run(trainer()).run() }
    #expect(saved?.description.contains("was written by trainer:save, and is no run's checkpoint") == true)
  }

  /// Turns over a bit in the middle.
  private func damage(_ path: String) throws {
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count / 2] ^= 1
    // Written anew: the one before may be the same file under another name.
    try bytes.write(to: URL(filePath: path), options: .atomic)
  }

  @Test func aDamagedCheckpointFallsBackToTheOneBefore() throws {
    let whole = try trainer()
    let wanted = report(try run(whole, path: path + "-whole").run())
    let ended = run(try trainer())
    end(ended, at: .onBatch, 14, Killed())
    #expect(throws: Killed.self) { try ended.run() }
    try damage(path)
    let second = try trainer()
    let again = run(second)
    var warnings: [String] = []
    again.onWarning = { warnings.append($0) }
    var first: Int?
    again.onBatch = { first = first ?? $0.step }
    #expect(report(try again.run()) == wanted && Bits(second) == Bits(whole))
    #expect(warnings.count == 1 && warnings[0].hasPrefix("\(path): is not a whole checkpoint: "), "\(warnings)")
    #expect(warnings[0].hasSuffix("; going on from the one before it, \(path).previous"), "\(warnings)")
    #expect(first == 13, "one batch more than from the last checkpoint")
    // Neither is whole.
    try damage(path)
    try damage(path + ".previous")
    let text = #expect(throws: TrainingError.self) { try run(trainer()).run() }?.description ?? ""
    #expect(text.contains("is not a whole checkpoint") && text.contains("name another path"))
    // One that was deleted is none, whatever is beside it.
    Platform.unlink(path)
    let anew = try trainer()
    #expect(report(try run(anew).run()) == wanted)
    Checkpoint.remove(path)
    #expect(access(path, F_OK) != 0 && access(path + ".previous", F_OK) != 0)
  }

  @Test func aForcedRunGoesOnWithOtherSettings() throws {
    _ = try run(trainer(), epochs: 3, patience: nil).run()
    let other = run(try trainer(), epochs: 5, patience: 7)
    other.checkpoint?.isForced = true
    var warnings: [String] = []
    other.onWarning = { warnings.append($0) }
    #expect(try other.run().records.map(\.epoch) == [1, 2, 3, 4, 5])
    #expect(warnings.count == 1 && warnings[0].contains("early stopping is none there and recall@20"), "\(warnings)")
    // Numbers that do not fit are refused all the same.
    let small = run(
      try Trainer(
        model: randomModel(users: 20, items: 31, dim: 4, score: .cosine),
        train: randomInteractions(users: 20, items: 31, pairs: 200, seed: 1), loss: BPRLoss(),
        sampler: UniformSampler(count: 2), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1),
      epochs: 9)
    small.checkpoint?.isForced = true
    #expect(throws: TrainingError.self) { try small.run() }
    #expect(small.trainer.step == 0)
  }

  @Test func checkpointsComeWhenTheyAreDue() throws {
    func count(everyEpochs: Int?, everySeconds: Double?) throws -> Int {
      let run = run(try trainer(), epochs: 6)
      run.checkpoint?.everyEpochs = everyEpochs
      run.checkpoint?.everySeconds = everySeconds
      var written = 0
      var last: UInt64?
      let note = { [path] in
        var status = stat()
        guard stat(path, &status) == 0, UInt64(status.st_ino) != last else { return }
        last = UInt64(status.st_ino)
        written += 1
      }
      run.onBatch = { _ in note() }
      _ = try run.run()
      note()
      _ = Platform.remove(path)
      return written
    }
    #expect(try count(everyEpochs: nil, everySeconds: nil) == 1)
    #expect(try count(everyEpochs: nil, everySeconds: 1000) == 1)
    #expect(try count(everyEpochs: 2, everySeconds: nil) == 3)
    #expect(try count(everyEpochs: 1, everySeconds: nil) == 6)
  }
}
