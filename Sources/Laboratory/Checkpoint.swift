import Platform
import Ranking

/// A file in which a run keeps what it takes to go on after it was killed: with the same final bits, wherever that was.
///
/// The file has the trainer's snapshot, where the run is, its best epoch so far and that epoch's parameters. It gets its name only when it
/// is whole, so that there is always a whole one; the one before stays beside it as `NAME.previous`, for a disk that loses bits.
public struct Checkpoint: Sendable {
  public let path: String
  /// Whether the run has it because it is recorded, and nobody named a path.
  public var isAutomatic = false
  /// Whether the run goes on from there although it is not the same any more: other settings, other data.
  public var isForced = false
  /// Epochs between two checkpoints; none at ends of epochs where `nil`.
  public var everyEpochs: Int?
  /// Seconds between two checkpoints, in the middle of epochs too.
  public var everySeconds: Double? = 30

  public init(path: String) { self.path = path }

  var previousPath: String { Self.previous(path) }
  private static func previous(_ path: String) -> String { "\(path).previous" }

  /// Removes a checkpoint and the one before it.
  public static func remove(_ path: String) {
    unlink(path)
    unlink(previous(path))
  }

  /// Bytes of a checkpoint and the one before it.
  static func size(_ path: String) -> Int {
    [path, previous(path)].reduce(0) { sum, path in
      var information = stat()
      return sum + (stat(path, &information) == 0 ? Int(information.st_size) : 0)
    }
  }

  /// What can be done where it does not fit the run.
  var remedy: String {
    isAutomatic
      ? "Run with the same; or go on all the same with --force; or train anew, without --resume"
      : "Run with the same, or train anew with another path"
  }

  /// How far a run is.
  struct Progress: Equatable {
    /// Epochs finished, evaluation and all.
    var epochs = 0
    /// Epochs whose evaluation was noted: one more in the middle of `onEpoch`.
    var measured = 0
    /// Batches and finished epochs of the trainer when the run began.
    var firstStep = 0
    var firstRecord = 0
    /// How the run ended; `nil` while it goes on.
    var end: TrainingRun.End?
    /// Of early stopping.
    var misses = 0
  }
}

/// What a run was asked for, in words, and how far it is: its part of a checkpoint.
struct RunState {
  var description: TrainerDescription
  var progress: Checkpoint.Progress
  var best: (epoch: Int, value: Double)?
  var bestParameters: ModelSnapshot?

  init(
    description: TrainerDescription, progress: Checkpoint.Progress, best: (epoch: Int, value: Double)?,
    bestParameters: ModelSnapshot?
  ) {
    self.description = description
    self.progress = progress
    self.best = best
    self.bestParameters = bestParameters
  }

  var snapshot: Snapshot {
    var snapshot = Snapshot()
    snapshot.add(description.snapshot, under: "description")
    snapshot["progress"] = .integers(
      [progress.epochs, progress.measured, progress.firstStep, progress.firstRecord, progress.misses].map { Int64($0) })
    if let end = progress.end { snapshot["end"] = .texts([end.rawValue]) }
    if let best {
      snapshot["best.epoch"] = .integers([Int64(best.epoch)])
      snapshot["best.value"] = .doubles([best.value])
    }
    guard let bestParameters else { return snapshot }
    snapshot["best.parameters"] = .texts(bestParameters.values.map(\.name))
    for (index, (_, values)) in bestParameters.values.enumerated() {
      snapshot["best.parameter.\(index)"] = .floats(values)
    }
    return snapshot
  }

  init(_ snapshot: Snapshot, model: any ScoredModel) throws {
    description = try TrainerDescription(snapshot.part("description"))
    let numbers = try snapshot.integers("progress", count: 5)
    progress = Checkpoint.Progress(
      epochs: numbers[0], measured: numbers[1], firstStep: numbers[2], firstRecord: numbers[3], misses: numbers[4])
    if snapshot["end"] != nil { progress.end = TrainingRun.End(rawValue: try snapshot.texts("end", count: 1)[0]) }
    if snapshot["best.epoch"] != nil {
      best = (try snapshot.integers("best.epoch", count: 1)[0], try snapshot.doubles("best.value", count: 1)[0])
    }
    guard snapshot["best.parameters"] != nil else { return }
    let names = try snapshot.texts("best.parameters", count: model.trainedParameters.count)
    bestParameters = ModelSnapshot(
      values: try zip(model.trainedParameters, names.indices).map { parameter, index in
        let values = try snapshot.floats("best.parameter.\(index)", count: parameter.rowCount * parameter.columnCount)
        return (names[index], values)
      })
  }
}

/// Writes a run's checkpoints when they are due, and finds the one to go on from.
struct CheckpointKeeper {
  let checkpoint: Checkpoint
  private var lastWritten = monotonicSeconds()

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  /// Whether enough time has passed since the last one.
  var isDue: Bool { checkpoint.everySeconds.map { monotonicSeconds() - lastWritten >= $0 } ?? false }

  /// Whether one is due after so many epochs of the run.
  func isDue(afterEpoch epoch: Int) -> Bool { isDue || checkpoint.everyEpochs.map { epoch % $0 == 0 } ?? false }

  mutating func write(_ trainer: Trainer, _ state: RunState) throws {
    var file = Snapshot()
    file.add(try trainer.snapshot(), under: "trainer")
    file.add(state.snapshot, under: "run")
    unlink(checkpoint.previousPath)
    // On a file system without hard links there is none before it.
    link(checkpoint.path, checkpoint.previousPath)
    try SnapshotFile.write(file, to: checkpoint.path)
    lastWritten = monotonicSeconds()
  }

  /// Puts the trainer where the checkpoint has it, and gives where the run was; `nil` where there is none yet.
  ///
  /// - Parameters:
  ///   - wanted: The run that is to begin, or to go on.
  ///   - tell: Receives what a person has to know of it.
  func resume(_ trainer: Trainer, _ wanted: RunState, epochs: Int, tell: (String) -> Void) throws -> RunState? {
    guard
      let file = try SnapshotFile.read(from: checkpoint.path, orElse: checkpoint.previousPath, tell: tell)
    else { return nil }
    return try namingFile(checkpoint.path) {
      guard !file.part("run").isEmpty else {
        throw TrainingError.setting(
          "was written by trainer:save, and is no run's checkpoint; load it with trainer:load, and give the run another path"
        )
      }
      try check(file, trainer, wanted, tell)
      let found = try RunState(file.part("run"), model: trainer.model)
      let putBack = try trainer.restorationOfRun(from: file.part("trainer"), isForced: checkpoint.isForced)
      try check(found.progress, at: trainer.step, savedAt: file.part("trainer"), epochs: epochs)
      putBack()
      return found
    }
  }

  private func check(_ file: Snapshot, _ trainer: Trainer, _ wanted: RunState, _ tell: (String) -> Void) throws {
    let all =
      try trainer.description.differences(from: TrainerDescription(file.part("trainer.description")))
      + wanted.description.differences(from: TrainerDescription(file.part("run.description")))
    if all.isEmpty { return }
    let differences = all.joined(separator: "; ")
    guard checkpoint.isForced else {
      throw TrainingError.setting("was written by a run with other settings: \(differences). \(checkpoint.remedy)")
    }
    tell("\(shownPath(checkpoint.path)) was written by a run with other settings, and goes on: \(differences)")
  }

  private func check(_ progress: Checkpoint.Progress, at step: Int, savedAt saved: Snapshot, epochs: Int) throws {
    // A run goes on from its own beginning, or where this very trainer was stopped in the middle of it.
    let savedStep = try saved.integers("optimizer.steps", count: 1)[0]
    let first = progress.firstStep
    guard step == first || progress.end == nil && step == savedStep else {
      throw TrainingError.setting(
        "is the checkpoint of a run that began at step \(first) of its trainer, and this run begins at step \(step); give each run of a "
          + "trainer a path of its own")
    }
    let records = try saved.integers("history.epochs").count
    guard (0...records).contains(progress.firstRecord), (0...records - progress.firstRecord).contains(progress.epochs),
      (0...1).contains(progress.measured - progress.epochs), progress.firstStep >= 0, progress.misses >= 0
    else { throw TrainingError.setting("is damaged: the run's progress does not fit the trainer's") }
    guard progress.epochs <= epochs else {
      throw TrainingError.setting(
        "has trained \(progress.epochs) epochs, and \(epochs) are asked for; ask for at least as many")
    }
  }
}
