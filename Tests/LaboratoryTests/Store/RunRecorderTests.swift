import Evaluation
import GRDB
import Interactions
import Platform
import TestSupport
import Testing

@testable import Laboratory
@testable import Ranking

/// What a run leaves in a store, and beside one that cannot be written.
@Suite struct RunRecorderTests {
  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/runs.sqlite" }
  private let train = randomInteractions(users: 20, items: 30, pairs: 200, seed: 1)

  private func run(epochs: Int, checkpoint: String? = nil) throws -> TrainingRun {
    let trainer = try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 2), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1)
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    run.evaluate = { [("ndcg@20", 0.1 * Double(5 - abs(trainer.epoch - 3)))] }
    run.checkpoint = checkpoint.map { Checkpoint(path: $0) }
    run.checkpoint?.everyEpochs = 1
    return run
  }

  private func recorder(checkpoint: String? = nil, notes: String = "", tell: @escaping (String) -> Void = { _ in })
    throws -> RunRecorder
  {
    var record = RunRecord.beginning(.trainer, version: "1", script: nil)
    record.name = "test"
    record.notes = notes
    record.checkpoint = checkpoint
    record.data = .init(name: "d", checksum: "", split: "", train: hexadecimal(train.fingerprint))
    return try RunRecorder(record, path: path, tell: tell)
  }

  @Test func aRunIsRecorded() throws {
    let run = try run(epochs: 5)
    run.stopping = EarlyStopping(metric: "ndcg@20", patience: 9)
    let recorder = try recorder()
    run.recorder = recorder
    var states: [RunRecord.State] = []
    run.onEpoch = { _ in
      states.append(try RunStore(path).run(recorder.id).state)
      return true
    }
    let summary = try run.run()
    #expect(states == [.running, .running, .running, .running, .running])
    let found = try RunStore(path).run(recorder.id)
    #expect(found == recorder.record)
    #expect(found.state == .finished && found.message == summary.description && found.finished! >= found.started)
    #expect(found.epochs.map(\.loss) == summary.records.map { $0.loss } && found.seconds == summary.seconds)
    #expect(found.metrics.map(\.value) == summary.records.map { $0.metrics[0].value })
    // The model has the third epoch's parameters.
    #expect(found.best?.epoch == 3 && found.results == [.init(on: "valid", name: "ndcg@20", value: 0.5)])
    #expect(found.setting("batch") == "50" && found.setting("epochs") == "5" && found.setting("restore_best") == "true")
  }

  @Test func recordingChangesNoBit() throws {
    let (plain, recorded) = (try run(epochs: 3), try run(epochs: 3))
    recorded.recorder = try recorder()
    _ = try plain.run()
    _ = try recorded.run()
    #expect(Bits(plain.trainer) == Bits(recorded.trainer))
  }

  @Test func anErrorIsRecorded() throws {
    struct Trouble: Error, CustomStringConvertible { let description = "no luck" }
    let run = try run(epochs: 3)
    run.recorder = try recorder()
    run.onEpoch = { if $0.epoch == 2 { throw Trouble() } else { true } }
    #expect(throws: Trouble.self) { try run.run() }
    let found = try RunStore(path).run(run.recorder!.id)
    #expect(found.state == .failed && found.message == "no luck" && found.epochs.count == 2)
  }

  @Test func anInterruptionIsRecorded() throws {
    let run = try run(epochs: 3)
    run.recorder = try recorder()
    run.trainer.isInterrupted = { run.trainer.epoch == 2 }
    #expect(try run.run().end == .interrupted)
    let found = try RunStore(path).run(run.recorder!.id)
    #expect(found.state == .interrupted && found.epochs.count == 1 && found.results[0].value == 0.1 * 3)
  }

  @Test func aRunThatGoesOnFromItsCheckpointIsTheSame() throws {
    let checkpoint = "\(folder.path)/checkpoint"
    let first = try run(epochs: 4, checkpoint: checkpoint)
    first.recorder = try recorder(checkpoint: checkpoint)
    first.trainer.isInterrupted = { first.trainer.epoch == 3 }
    _ = try first.run()
    let id = first.recorder!.id
    try RunStore(path).tag(id, add: ["mine"])
    let second = try run(epochs: 4, checkpoint: checkpoint)
    second.recorder = try recorder(checkpoint: checkpoint)
    let summary = try second.run()
    let runs = try RunStore(path).runs()
    #expect(
      runs.map(\.id) == [id] && second.recorder?.id == id && runs[0].state == .finished && runs[0].tags == ["mine"])
    let found = try RunStore(path).run(id)
    #expect(found.epochs.map(\.loss) == summary.records.map { $0.loss } && found.metrics.count == 4)
    // One that had ended gives its record again, one that has nothing to go on from is another.
    let again = try run(epochs: 4, checkpoint: checkpoint)
    again.recorder = try recorder(checkpoint: checkpoint)
    _ = try again.run()
    #expect(again.recorder?.id == id)
    #expect(try RunStore(path).run(id).epochs == found.epochs)
    let third = try run(epochs: 1, checkpoint: "\(folder.path)/other")
    third.recorder = try recorder(checkpoint: "\(folder.path)/other")
    _ = try third.run()
    #expect(try RunStore(path).runs().count == 2)
  }

  @Test func aSolverIsRecorded() throws {
    let model = try WeightedFactorization(userCount: 20, itemCount: 30, dim: 4, seed: 1)
    let run = SolverRun(try AlternatingLeastSquares(model, train: train), epochs: 3)
    run.evaluate = { [("ndcg@20", 0.5)] }
    run.recorder = try recorder()
    let summary = try run.run()
    let found = try RunStore(path).run(run.recorder!.id)
    #expect(found.state == .finished && found.epochs.map(\.loss) == summary.records.map(\.objective))
    #expect(found.metrics.count == 3 && found.setting("model's dim") == "4")
  }

  // MARK: Evaluations

  @Test func whatIsEvaluatedBelongsToTheRun() throws {
    let dataset = Dataset(
      name: "d", userCount: 20, itemCount: 30, users: (0..<200).map { Int32($0 % 20) },
      items: (0..<200).map { Int32($0 / 7 % 30) })
    let split = try dataset.split(.ratio(test: 0.3, valid: 0, seed: 1))
    let model = try randomModel(users: 20, items: 30, dim: 4, score: .dot)
    var record = RunRecord.beginning(.trainer, version: "1", script: nil)
    record.data = .init(split)
    let recorder = try RunRecorder(record, path: path) { _ in }
    let result = try evaluate(
      model.scores(), split: split, metrics: [Metric(.ndcg, at: 5), Metric(.recall, at: 5), Metric(.coverage, at: 5)])
    // Before it began it is nobody's.
    recorder.note(result, on: "test", of: split)
    recorder.begin(settings: [], on: "valid")
    recorder.note(EpochRecord(epoch: 1, loss: 1, seconds: 1), on: "valid")
    recorder.note(result, on: "test", of: split)
    #expect(recorder.record.metrics.map(\.epoch) == [1, 1, 1] && recorder.record.perUser.isEmpty)
    recorder.end(.finished, message: "", best: nil, hasBest: false)
    recorder.note(result, on: "test", of: split)
    recorder.note(result, on: "test", of: split)
    // Of another split nothing is taken.
    recorder.note(result, on: "test", of: try dataset.split(.ratio(test: 0.3, valid: 0, seed: 2)))
    let found = try RunStore(path).run(recorder.id, .withUsers)
    #expect(found.results.map(\.value) == result.means)
    // Coverage has none.
    #expect(found.perUser.map(\.values) == Array(result.perUser[..<2]))
    #expect(found.perUser[0].users == result.users.map { dataset.userIdentifiers.identifier(at: Int($0)) })
  }

  // MARK: Stores that cannot be written

  @Test(arguments: ["PRAGMA max_page_count = 1", "PRAGMA query_only = 1"])
  func trainingGoesOnWhereTheStoreCannotBeWritten(obstacle: String) throws {
    // A full disk, and one that is read-only, as SQLite tells them.
    var told: [String] = []
    // More than the pages hold that the file has already.
    let recorder = try recorder(notes: String(repeating: "x", count: 100_000)) { told.append($0) }
    let store = try RunStore.shared(path)
    try store.queue.writeWithoutTransaction { try $0.execute(sql: obstacle) }
    let run = try run(epochs: 3)
    run.recorder = recorder
    #expect(try run.run().end == .finished)
    let journal = "\(folder.path)/\(recorder.id).run.jsonl"
    let why = obstacle.contains("page") ? "the disk is full" : "cannot be written"
    #expect(told.count == 1 && told.first?.contains(why) == true)
    #expect(
      told.first?.hasSuffix("; the run goes on, and is kept in \(journal): `perigee runs import` reads it") == true)
    #expect(try RunJournal.read(journal) == [recorder.record])
    #expect(recorder.record.epochs.count == 3)
    // Once there is room again.
    let other = try RunStore("\(folder.path)/other.sqlite")
    #expect(try other.importRuns(journal) == [recorder.id])
    #expect(try other.run(recorder.id) == recorder.record)
  }

  @Test func aStoreThatFillsDuringTheRunIsReplacedByTheJournal() throws {
    var told: [String] = []
    let recorder = try recorder { told.append($0) }
    let run = try run(epochs: 3)
    run.recorder = recorder
    run.onEpoch = { record in
      if record.epoch == 1 {
        try RunStore.shared(path).queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
      }
      return true
    }
    _ = try run.run()
    let journal = try RunJournal.read("\(folder.path)/\(recorder.id).run.jsonl")
    #expect(told.count == 1 && journal == [recorder.record])
    // What the store has of it is taken over.
    let store = try RunStore(path)
    #expect(try store.run(recorder.id).state == .running)
    _ = try store.importRuns("\(folder.path)/\(recorder.id).run.jsonl")
    #expect(try store.runs().count == 1)
    #expect(try store.run(recorder.id) == recorder.record)
  }

  @Test func aPlaceThatCannotBeOpenedIsToldOnce() throws {
    var told: [String] = []
    let record = RunRecord.beginning(.trainer, version: "1", script: nil)
    let file = folder.write("file", "x")
    let recorder = try RunRecorder(record, path: "\(file)/runs.sqlite") { told.append($0) }
    let run = try run(epochs: 2)
    run.recorder = recorder
    _ = try run.run()
    #expect(told.count == 1 && told.first?.contains("cannot be opened; the run goes on, and is kept in ./") == true)
    let journal = "./\(record.id).run.jsonl"
    #expect(try RunJournal.read(journal).first?.state == .finished)
    unlink(journal)
  }

  @Test func aWrongFileIsAnErrorBeforeTraining() throws {
    let file = folder.write("letter", "not a database at all, but some text of a person\n")
    #expect(throws: RunStoreError.self) {
      try RunRecorder(.beginning(.trainer, version: "1", script: nil), path: file) { _ in }
    }
  }

  @Test func aRunThatIsDeletedMeanwhileStaysDeleted() throws {
    let run = try run(epochs: 3)
    let recorder = try recorder()
    run.recorder = recorder
    run.onEpoch = { record in
      if record.epoch == 1 { try RunStore(path).delete(recorder.id) }
      return true
    }
    #expect(try run.run().end == .finished)
    #expect(try RunStore(path).runs().isEmpty)
  }

  @Test func theCommitOfARepositoryIsFound() {
    folder.write("plain/.git/HEAD", "ref: refs/heads/main\n")
    folder.write("plain/.git/refs/heads/main", "1234\n")
    #expect(RepositoryCommit.find(above: "\(folder.path)/plain/a/b/perigee") == "1234")
    folder.write("packed/.git/HEAD", "ref: refs/heads/main\n")
    folder.write("packed/.git/packed-refs", "# pack-refs\n99 refs/heads/other\n56 refs/heads/main\n")
    #expect(RepositoryCommit.find(above: "\(folder.path)/packed/perigee") == "56")
    folder.write("tree/.git", "gitdir: \(folder.path)/plain/.git/worktrees/tree\n")
    folder.write("plain/.git/worktrees/tree/HEAD", "ref: refs/heads/main\n")
    folder.write("plain/.git/worktrees/tree/commondir", "../..\n")
    #expect(RepositoryCommit.find(above: "\(folder.path)/tree/x") == "1234")
    folder.write("detached/.git/HEAD", "abcd\n")
    #expect(RepositoryCommit.find(above: "\(folder.path)/detached/x") == "abcd")
  }
}
