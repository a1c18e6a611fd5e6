import Platform
import Ranking

/// Many epochs with evaluation in between, early stopping, progress and checkpoints.
///
/// Selection reads what `evaluate` returns; the caller decides on which part that is, and says so in `partName`. A run that a
/// person interrupts ends like one that stops early: the best parameters are back in the model, and what was measured is kept. One
/// that is killed goes on from its last checkpoint when it is run again, and ends with the same bits.
public final class TrainingRun {
  public let trainer: Trainer
  /// Epochs to train in this run.
  public let epochs: Int
  /// Metrics by name, in order. Called every `evaluateEvery` epochs and after the last.
  public var evaluate: (() throws -> [(name: String, value: Double)])?
  public var evaluateEvery = 1
  /// The part that `evaluate` reads, for messages.
  public var partName = "valid"
  public var stopping: EarlyStopping?
  /// Whether the parameters of the best evaluation are put back at the end; only with `stopping`.
  public var restoresBest = true
  public var progress: ProgressReporter?
  public var checkpoint: Checkpoint?
  /// Keeps what becomes of the run in a store.
  public var recorder: RunRecorder?
  /// Is told each epoch as soon as it is over.
  public var log: RunLog?
  public var onBatch: ((Trainer.BatchReport) throws -> Void)?
  /// Return `false` to end the run after this epoch.
  public var onEpoch: ((EpochRecord) throws -> Bool)?
  /// Whether an error, the trainer's own or one of a callback, is a person's wish to stop.
  public var isInterruption: (any Error) -> Bool = { ($0 as? TrainingError)?.kind == .interrupted }
  /// Receives what is legal but probably not meant; see `StandstillCheck`.
  public var onWarning: (String) -> Void = { _ in }

  /// How far it is.
  private var done = Checkpoint.Progress()
  private var bestParameters: ModelSnapshot?
  private var keeper: CheckpointKeeper?

  public init(trainer: Trainer, epochs: Int) {
    self.trainer = trainer
    self.epochs = epochs
  }

  public enum End: String, CaseIterable, Sendable {
    case finished
    case earlyStop = "early_stop"
    case callback
    case interrupted
  }

  /// - Throws: `TrainingError`, or what a callback or `evaluate` threw, unless `isInterruption`. The trainer stands between two
  ///   batches then, and the progress line is closed.
  public func run() throws -> RunSummary {
    do {
      return try trainer.duringRun { try runEpochs() }
    } catch {
      recorder?.fail(error)
      throw error
    }
  }

  private func runEpochs() throws -> RunSummary {
    if let stopping, evaluate == nil {
      throw TrainingError.setting(
        "early stopping watches '\(stopping.metric)', but nothing is evaluated during the run")
    }
    try begin()
    defer {
      progress?.end()
      trainer.evaluations.isSilent = false
      bestParameters = nil
      keeper = nil
    }
    let end = try done.end ?? trainToTheEnd()
    if let bestParameters { try trainer.model.restore(bestParameters) }
    let summary = RunSummary(
      records: Array(trainer.history[done.firstRecord...]), end: end, best: stopping == nil ? nil : trainer.best,
      isBestRestored: bestParameters != nil, patience: stopping?.patience, lastEpoch: trainer.epoch)
    progress?.close(summary)
    recorder?.end(
      end, message: summary.description, best: summary.best, hasBest: summary.isBestRestored)
    return summary
  }

  /// Begins anew, or where the checkpoint was.
  private func begin() throws {
    done = Checkpoint.Progress(firstStep: trainer.step, firstRecord: trainer.history.count)
    bestParameters = nil
    stopping?.reset()
    keeper = checkpoint.map { CheckpointKeeper($0) }
    if let found = try keeper?.resume(trainer, state, epochs: epochs, tell: onWarning) {
      done = found.progress
      bestParameters = found.bestParameters
      stopping?.resume(best: found.best, misses: done.misses)
      // One that was extended goes on behind its last epoch.
      if done.end == .interrupted || done.end == .finished && done.epochs < epochs { done.end = nil }
      if done.end != nil { try trainer.showAwaitedParameters() }
    } else if stopping != nil {
      trainer.best = nil
    }
    trainer.evaluations.isSilent = evaluate == nil
    try beginLog()
    recorder?.begin(
      settings: trainer.description.entries + description.entries + [.init("epochs", "\(epochs)")],
      goesOn: trainer.step > done.firstStep, isOver: done.end != nil,
      done: Array(trainer.history[done.firstRecord...].prefix(done.measured)),
      on: partName)
    progress?.begin(trainer: trainer, epochs: epochs, done: done.epochs)
    if let stopping { progress?.watch(stopping) }
    if trainer.step > done.firstStep, let checkpoint {
      let place = "\(shownPath(checkpoint.path)): epoch \(trainer.epoch), step \(trainer.step)"
      progress?.say(
        done.end == nil ? "going on from \(place)" : "the run of \(place) has ended, nothing is left to train")
    }
  }

  private func beginLog() throws {
    let behind = trainer.history.prefix(done.firstRecord + done.measured)
    try log?.begin(
      next: (behind.last?.epoch ?? 0) + 1, done: behind.dropFirst(done.firstRecord).map { LogRow($0, on: partName) })
  }

  private func trainToTheEnd() throws -> End {
    var end: End
    do { end = try trainEpochs() } catch  where isInterruption(error) { end = .interrupted }
    // One that came after the last batch: it has ended nothing yet, and must not end what the caller does next.
    if trainer.isInterrupted() { end = .interrupted }
    // Before the best parameters are put back: training goes on from here. An interruption is no end of what is to be trained.
    done.end = end == .interrupted ? nil : end
    try keeper?.write(trainer, state)
    return end
  }

  private func trainEpochs() throws -> End {
    var standstill = StandstillCheck(trainer, epochs: epochs)
    while done.epochs < epochs {
      // One that was stopped may have been behind the epoch's last batch, or its evaluation.
      if trainer.history.count - done.firstRecord == done.epochs { try trainEpoch() }
      if done.measured == done.epochs {
        try measure()
        if let warning = standstill?.warning(after: trainer.history.last!, of: trainer) { onWarning(warning) }
      }
      let goesOn = try onEpoch?(trainer.history.last!) ?? true
      done.epochs += 1
      if !goesOn { return .callback }
      if stopping?.isExhausted == true { return .earlyStop }
      if done.epochs < epochs, keeper?.isDue(afterEpoch: done.epochs) == true { try keeper?.write(trainer, state) }
    }
    return .finished
  }

  private func trainEpoch() throws {
    _ = try trainer.trainEpochOfRun {
      progress?.batch($0, of: trainer)
      try onBatch?($0)
      // The end of an epoch is behind its evaluation.
      if keeper?.isDue == true, !$0.endsEpoch { try keeper?.write(trainer, state) }
    }
  }

  private func measure() throws {
    let metrics = try metricsAfter(done.epochs + 1)
    trainer.addMetrics(metrics)
    let record = trainer.history.last!
    recorder?.note(record, on: partName)
    log?.note(LogRow(record, on: partName))
    try select(metrics, record.epoch)
    progress?.epoch(record, partName: partName, stopping: stopping)
    done.measured += 1
  }

  private func metricsAfter(_ index: Int) throws -> [(name: String, value: Double)] {
    guard let evaluate, index % max(1, evaluateEvery) == 0 || index == epochs else { return [] }
    progress?.evaluating(partName: partName)
    let metrics = try evaluate()
    trainer.evaluations.append(metrics)
    return metrics
  }

  private func select(_ metrics: [(name: String, value: Double)], _ epoch: Int) throws {
    guard try stopping?.note(metrics, epoch: epoch) == .improved, let stopping, let best = stopping.best else { return }
    trainer.best = BestEpoch(epoch: best.epoch, metric: stopping.metric, part: partName, value: best.value)
    if restoresBest { bestParameters = trainer.model.snapshot() }
  }

  // MARK: Checkpoints

  private var state: RunState {
    var progress = done
    progress.misses = stopping?.misses ?? 0
    return RunState(description: description, progress: progress, best: stopping?.best, bestParameters: bestParameters)
  }

  /// What was asked for, but for the count of epochs: a run may be extended.
  private var description: TrainerDescription {
    TrainerDescription([
      .init("evaluation", evaluate == nil ? "none" : "on \(partName) every \(evaluateEvery)"),
      .init(
        "early stopping",
        stopping.map { "\($0.metric), patience \($0.patience), min_improvement \($0.minimumImprovement)" } ?? "none"),
      .init("restore_best", "\(restoresBest)"),
    ])
  }
}
