/// Many epochs with evaluation in between, early stopping and progress.
///
/// Selection reads what `evaluate` returns; the caller decides on which part that is, and says so in `partName`. A run that a
/// person interrupts ends like one that stops early: the best parameters are back in the model, and what was measured is kept.
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
  public var onBatch: ((Trainer.BatchReport) throws -> Void)?
  /// Return `false` to end the run after this epoch.
  public var onEpoch: ((EpochRecord) throws -> Bool)?
  /// Whether an error, the trainer's own or one of a callback, is a person's wish to stop.
  public var isInterruption: (any Error) -> Bool = { ($0 as? TrainingError)?.kind == .interrupted }
  /// Receives what is legal but probably not meant; see `StandstillCheck`.
  public var onWarning: (String) -> Void = { _ in }

  private var bestParameters: ModelSnapshot?

  public init(trainer: Trainer, epochs: Int) {
    self.trainer = trainer
    self.epochs = epochs
  }

  public enum End: String, Sendable {
    case finished
    case earlyStop = "early_stop"
    case callback
    case interrupted
  }

  /// - Throws: `TrainingError`, or what a callback or `evaluate` threw, unless `isInterruption`. The trainer stands between two
  ///   batches then, and the progress line is closed.
  public func run() throws -> RunSummary { try trainer.duringRun { try runEpochs() } }

  private func runEpochs() throws -> RunSummary {
    if let stopping, evaluate == nil {
      throw TrainingError.setting(
        "early stopping watches '\(stopping.metric)', but nothing is evaluated during the run")
    }
    progress?.begin(trainer: trainer, epochs: epochs)
    trainer.evaluations.isSilent = evaluate == nil
    if stopping != nil { trainer.best = nil }
    bestParameters = nil
    let before = trainer.history.count
    defer {
      progress?.end()
      trainer.evaluations.isSilent = false
      bestParameters = nil
    }
    var end: End
    do { end = try trainEpochs() } catch  where isInterruption(error) { end = .interrupted }
    // One that came after the last batch: it has ended nothing yet, and must not end what the caller does next.
    if trainer.isInterrupted() { end = .interrupted }
    if let bestParameters { try trainer.model.restore(bestParameters) }
    let summary = RunSummary(
      records: Array(trainer.history[before...]), end: end, best: stopping == nil ? nil : trainer.best,
      isBestRestored: bestParameters != nil, patience: stopping?.patience, lastEpoch: trainer.epoch)
    progress?.close(summary)
    return summary
  }

  private func trainEpochs() throws -> End {
    var standstill = StandstillCheck(trainer, epochs: epochs)
    for index in 1...max(1, epochs) where epochs > 0 {
      _ = try trainer.trainEpochOfRun {
        progress?.batch($0, of: trainer)
        try onBatch?($0)
      }
      let metrics = try metricsAfter(index)
      trainer.addMetrics(metrics)
      let record = trainer.history.last!
      progress?.epoch(record, partName: partName)
      if let warning = standstill?.warning(after: record, of: trainer) { onWarning(warning) }
      try select(metrics, record.epoch)
      if let onEpoch, try !onEpoch(record) { return .callback }
      if stopping?.isExhausted == true { return .earlyStop }
    }
    return .finished
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
}
