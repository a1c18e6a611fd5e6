import Foundation
import Interactions
import Platform
import TestSupport
import Testing

@testable import Laboratory
@testable import Ranking

/// A process that was killed, and another that goes on with its runs.
@Suite struct RunLaunchTests {
  private struct Killed: Error {}
  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/runs.sqlite" }
  private let train = randomInteractions(users: 20, items: 30, pairs: 200, seed: 1)
  private let script = RunRecord.Script(path: "/x/y.lua", text: "one\ntwo\n")

  /// A run as a script makes it in a process.
  private func run(_ name: String, _ launch: RunLaunch, seed: Int = 1, epochs: Int = 6) throws -> TrainingRun {
    let trainer = try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 2), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50,
      seed: UInt64(seed))
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    var record = RunRecord.beginning(.trainer, version: "1", script: script)
    (record.name, record.seed, record.model) = (name, seed, "mf")
    run.recorder = try RunRecorder(record, path: path, launch: launch) { Issue.record("\($0)") }
    run.checkpoint = run.recorder!.automaticCheckpoint()
    run.checkpoint?.everySeconds = 0
    return run
  }

  private func kill(_ run: TrainingRun, at step: Int) {
    run.onBatch = { if $0.step == step { throw Killed() } }
    #expect(throws: Killed.self) { try run.run() }
  }

  private var checkpoints: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/checkpoints")) ?? []).sorted()
  }

  @Test func whatWasKilledGoesOnAndTheRestIsTaken() throws {
    let whole = RunLaunch(folder: "/x", arguments: [])
    let wanted = try ["a", "b", "b"].enumerated().map { index, name in
      let run = try run(name, whole, seed: 1 + index)
      _ = try run.run()
      return Bits(run.trainer)
    }
    #expect(checkpoints.count == 6)
    whole.end()
    #expect(checkpoints.isEmpty, "all runs of a script that ended well have ended")

    let first = RunLaunch(folder: "/x", arguments: ["--all"])
    let (a, b) = (try run("a", first), try run("b", first, seed: 2))
    _ = try a.run()
    kill(b, at: 9)
    first.end()
    #expect(checkpoints.count == 4, "one has not ended")
    let store = try RunStore(path)
    let resumed = try ResumedLaunch(b.recorder!.id, in: store)
    #expect(resumed.identity.arguments == ["--all"] && resumed.runs.map(\.id) == [a.recorder!.id, b.recorder!.id])

    let second = RunLaunch(resumed, isForced: false)
    let names = [("a", 1), ("b", 2), ("b", 3)]
    var batches: [Int] = []
    let again = try names.map { name, seed in
      let run = try run(name, second, seed: seed)
      var count = 0
      run.onBatch = { _ in count += 1 }
      _ = try run.run()
      batches.append(count)
      return run
    }
    #expect(again.map { Bits($0.trainer) } == wanted)
    // Of the first nothing was left, of the second all but eight batches, the third is new.
    #expect(batches == [0, 24 - 8, 24])
    #expect(again[0].recorder!.id == a.recorder!.id && again[1].recorder!.id == b.recorder!.id)
    #expect(try store.runs().count == 6 && second.missing.isEmpty)
    second.end()
    #expect(checkpoints.isEmpty)
    let text = message { _ = try ResumedLaunch(b.recorder!.id, in: store) }
    #expect(text.contains("has finished, and so has its script: nothing is left to go on with"))
  }

  @Test func aRunThatWasKilledBeforeItsFirstCheckpointIsTheSame() throws {
    let first = try run("a", RunLaunch(folder: "/x", arguments: []))
    kill(first, at: 1)
    #expect(checkpoints.isEmpty)
    let id = first.recorder!.id
    try RunStore(path).tag(id, add: ["mine"])
    let second = try run("a", RunLaunch(ResumedLaunch(id, in: RunStore(path)), isForced: false))
    _ = try second.run()
    let runs = try RunStore(path).runs()
    #expect(runs.map(\.id) == [id] && runs[0].state == .finished && runs[0].tags == ["mine"])
  }

  @Test func aRunThatDoesNotComeUpIsMissing() throws {
    let first = try run("a", RunLaunch(folder: "/x", arguments: []))
    kill(first, at: 3)
    let launch = RunLaunch(try ResumedLaunch(first.recorder!.id, in: RunStore(path)), isForced: false)
    let other = try run("b", launch)
    _ = try other.run()
    #expect(other.recorder!.id != first.recorder!.id && launch.missing.map(\.id) == [first.recorder!.id])
  }

  @Test func otherSettingsAreRefusedUnlessForced() throws {
    let first = try run("a", RunLaunch(folder: "/x", arguments: []))
    kill(first, at: 3)
    let resumed = try ResumedLaunch(first.recorder!.id, in: RunStore(path))
    for isForced in [false, true] {
      let second = try run("a", RunLaunch(resumed, isForced: isForced))
      second.trainer.batchSize = 25
      second.stopping = nil
      let changed = TrainingRun(trainer: second.trainer, epochs: 6)
      (changed.recorder, changed.checkpoint) = (second.recorder, second.checkpoint)
      changed.evaluate = { [("x", 1)] }
      if isForced {
        #expect(try changed.run().records.count == 6)
      } else {
        let text = message { _ = try changed.run() }
        #expect(
          text.contains("evaluation is none there and on valid every 1 here") && text.contains("--force"), "\(text)")
      }
    }
  }

  @Test func otherDataAreRefusedUnlessForced() throws {
    func recorder(_ launch: RunLaunch, _ train: String) throws -> RunRecorder {
      var record = RunRecord.beginning(.trainer, version: "1", script: script)
      (record.name, record.data) = ("a", .init(name: "d", checksum: "1", split: "given", train: train))
      return try RunRecorder(record, path: path, launch: launch) { Issue.record("\($0)") }
    }
    let first = try recorder(RunLaunch(folder: "/x", arguments: []), "2")
    first.begin(settings: [], on: "valid")
    first.fail(Killed())
    let resumed = try ResumedLaunch(first.id, in: RunStore(path))
    let text = message { _ = try recorder(RunLaunch(resumed, isForced: false), "3") }
    #expect(
      text
        == "the data of \(first.id) have changed since: they were d (1), given, train part 2, and are d (1), given, train part 3. Put them "
        + "back, or go on with what they are now by --force")
    let forced = try recorder(RunLaunch(resumed, isForced: true), "3")
    forced.begin(settings: [], on: "valid")
    #expect(forced.id == first.id)
    _ = try recorder(RunLaunch(resumed, isForced: false), "2")
  }

  @Test func whatStillRunsIsLeftAlone() throws {
    let launch = RunLaunch(folder: "/x", arguments: [])
    let run = try run("a", launch)
    run.onEpoch = { [path] _ in
      let text = message { _ = try ResumedLaunch(run.recorder!.id, in: RunStore(path)) }
      #expect(text.contains("is still running, as process \(getpid()) on "))
      return false
    }
    _ = try run.run()
  }

  @Test func checkpointsOfEndedRunsAreNotTooLarge() throws {
    let one = RunLaunch(folder: "/x", arguments: [])
    let first = try run("a", one)
    _ = try first.run()
    let size = Checkpoint.size(first.checkpoint!.path)
    #expect(size > 1000)
    let launch = RunLaunch(folder: "/x", arguments: [], most: 2 * size + size / 2)
    let runs = try (1...4).map { seed in
      let run = try run("b", launch, seed: seed)
      _ = try run.run()
      return run
    }
    #expect(runs.map { access($0.checkpoint!.path, F_OK) } == [-1, -1, 0, 0])
    let small = RunLaunch(folder: "/x", arguments: [], most: 1)
    let large = try (1...2).map { seed in
      let run = try run("c", small, seed: seed)
      _ = try run.run()
      return run
    }
    #expect(large.map { access($0.checkpoint!.path, F_OK) } == [-1, 0], "the last stays")
    launch.end()
    #expect(runs.map { access($0.checkpoint!.path, F_OK) } == [-1, -1, -1, -1])
  }

  @Test func whatGoesWithADeletedRun() throws {
    let run = try run("a", RunLaunch(folder: "/x", arguments: []))
    kill(run, at: 3)
    #expect(checkpoints.count == 2)
    try RunStore(path).delete(run.recorder!.id)
    #expect(checkpoints.isEmpty)
  }

  @Test func aChangeOfTheScriptIsNamed() throws {
    let run = try run("a", RunLaunch(folder: "/x", arguments: []))
    kill(run, at: 3)
    let resumed = try ResumedLaunch(run.recorder!.id, in: RunStore(path))
    #expect(resumed.change(to: "one\ntwo\n") == nil)
    #expect(resumed.change(to: "one\n2\n") == #"line 2 was "two" and is "2""#)
    #expect(resumed.change(to: "one\ntwo\nthree") == #"line 3 was "" and is "three""#)
    #expect(resumed.change(to: "one") == #"line 2 was "two" and is nothing"#)
  }
}
