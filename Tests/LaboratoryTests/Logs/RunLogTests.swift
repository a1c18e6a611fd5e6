import Platform
import TestSupport
import Testing

@testable import Laboratory
@testable import Ranking

/// Logs of runs: tables and event files, runs that go on, disks that are full.
@Suite struct RunLogTests {
  private let folder = TemporaryFolder()

  private func run(_ path: String, epochs: Int, trainer: Trainer? = nil, told: @escaping (String) -> Void = { _ in })
    throws -> TrainingRun
  {
    let trainer = try trainer ?? makeTrainer()
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    run.log = RunLog(path, tell: told)
    return run
  }

  private func makeTrainer() throws -> Trainer {
    try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: BPRLoss(),
      sampler: UniformSampler(count: 2), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1)
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try RegularFile.bytes(of: path), as: UTF8.self)
  }

  private func rows(_ path: String) throws -> [[String]] { CSVText.rows(try RegularFile.bytes(of: path)) }

  // MARK: Tables

  @Test func aTableHasARowAnEpochAsSoonAsItIsOver() throws {
    let path = "\(folder.path)/new/folder/log.csv"
    let run = try run(path, epochs: 3)
    run.evaluate = { [("ndcg@20, of \"few\"", 0.25)] }
    run.evaluateEvery = 2
    var seen: [Int] = []
    run.onEpoch = { _ in
      seen.append(try rows(path).count - 1)
      return true
    }
    let records = try run.run().records
    #expect(seen == [1, 2, 3])
    let found = try rows(path)
    #expect(found[0] == ["epoch", "loss", "seconds", "valid.ndcg@20, of \"few\""])
    #expect(
      found.dropFirst().map { $0[0] } == ["1", "2", "3"] && found.dropFirst().map { $0[3] } == ["", "0.25", "0.25"])
    #expect(found.dropFirst().map { Double($0[1]) } == records.map(\.loss))
    #expect(try text(path).hasPrefix("epoch,loss,seconds,\"valid.ndcg@20, of \"\"few\"\"\"\n1,"))
  }

  @Test func theNextRunOfATrainerGoesOnInTheTable() throws {
    let path = "\(folder.path)/log.csv"
    let first = try run(path, epochs: 2)
    _ = try first.run()
    _ = try run(path, epochs: 3, trainer: first.trainer).run()
    #expect(try rows(path).map { $0[0] } == ["epoch", "1", "2", "3", "4", "5"])
    // One that begins anew leaves nothing of it, columns of other metrics neither.
    let again = try run(path, epochs: 1)
    again.evaluate = { [("auc", 0.5)] }
    _ = try again.run()
    #expect(try rows(path).map { $0[0] } == ["epoch", "1"] && rows(path)[0].last == "valid.auc")
    _ = try run(path, epochs: 1).run()
    #expect(try rows(path)[0] == ["epoch", "loss", "seconds"])
  }

  /// The rows without seconds, which no two trainings share.
  private func bits(_ path: String) throws -> [[String]] { try rows(path).map { [$0[0], $0[1]] + $0.dropFirst(3) } }

  @Test(arguments: [1, 2, 3, 4]) func aRunThatGoesOnWritesNoEpochTwice(stop: Int) throws {
    let (whole, path) = ("\(folder.path)/whole.csv", "\(folder.path)/log.csv")
    _ = try run(whole, epochs: 5).run()
    struct Stopped: Error {}
    func attempt(_ stop: Int?) throws {
      let run = try run(path, epochs: 5)
      run.checkpoint = Checkpoint(path: "\(folder.path)/checkpoint")
      run.checkpoint?.everyEpochs = 2
      run.onEpoch = {
        if $0.epoch == stop { throw Stopped() }
        return true
      }
      _ = try run.run()
    }
    #expect(throws: Stopped.self) { try attempt(stop) }
    // Killed while it wrote: the last row is cut.
    if stop == 3 { try AppendedFile(path).append(Array("4,0.1".utf8)) }
    try attempt(nil)
    #expect(try bits(path) == bits(whole))
    // It has ended: the log stays as it is, or comes back.
    _ = remove(path)
    try attempt(nil)
    #expect(try bits(path) == bits(whole))
  }

  @Test func aFileThatIsNoLogIsLeftAlone() throws {
    let path = folder.write("data.csv", "user,item\n1,2\n")
    #expect(message { _ = try run(path, epochs: 1).run() }.contains("data.csv' is there and is no log of a run"))
    #expect(try text(path) == "user,item\n1,2\n")
    let pipe = "\(folder.path)/pipe.csv"
    mkfifo(pipe, 0o600)
    #expect(message { _ = try run(pipe, epochs: 1).run() } == "\(pipe) is a pipe; want a file")
  }

  @Test(arguments: ["log.csv", "events"]) func whatCannotBeWrittenIsToldOnceAndFollows(name: String) throws {
    let file = folder.write("file", "")
    let path = "\(file)/\(name)"
    var told: [String] = []
    let run = try run(path, epochs: 4) { told.append($0) }
    run.onEpoch = {
      // From the third epoch on there is a folder.
      if $0.epoch == 2 {
        unlink(file)
        mkdir(file, 0o755)
      }
      return true
    }
    #expect(try run.run().records.count == 4)
    #expect(told.count == 1 && told[0].hasPrefix("the log \(path)") && told[0].contains("training goes on"), "\(told)")
    let steps = name == "events" ? try events(path).map(\.step) : try rows(path).dropFirst().map { Int($0[0])! }
    #expect(steps == [1, 2, 3, 4])
  }

  // MARK: Event files

  /// Scalars of all event files of a folder, in the order of their names.
  private func events(_ folder: String) throws -> [(step: Int, values: [String: Float])] {
    try names(folder).flatMap { try PlainEvents.scalars(RegularFile.bytes(of: "\(folder)/\($0)")) }
  }

  private func names(_ folder: String) -> [String] {
    var names: [String] = []
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names.filter { $0.contains("tfevents") }.sorted()
  }

  @Test func eventFilesHaveAllNumbersOfAnEpoch() throws {
    let run = try run("\(folder.path)/events", epochs: 2)
    run.evaluate = { [("ndcg@20", 0.25), ("auc", .nan)] }
    let records = try run.run().records
    let found = try events("\(folder.path)/events")
    #expect(found.map(\.step) == [1, 2])
    for (event, record) in zip(found, records) {
      #expect(event.values["loss"] == Float(record.loss) && event.values["seconds"] == Float(record.seconds))
      #expect(
        event.values["valid/ndcg@20"] == 0.25 && event.values["valid/auc"]?.isNaN == true && event.values.count == 4)
    }
    // The next run begins a file of its own, and takes back what others have from its first epoch on.
    _ = try self.run("\(folder.path)/events", epochs: 1, trainer: run.trainer).run()
    #expect(names("\(folder.path)/events").count == 2)
    #expect(try events("\(folder.path)/events").map(\.step) == [1, 2, 3])
    let second = try RegularFile.bytes(of: "\(folder.path)/events/\(names("\(folder.path)/events")[1])")
    #expect(try PlainEvents.starts(second) == [3])
  }
}
