/// Many epochs with evaluation in between, early stopping and progress.
///
/// Selection reads what `evaluate` returns; the caller decides on which part that is, and says so in `partName`.
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

  public init(trainer: Trainer, epochs: Int) {
    self.trainer = trainer
    self.epochs = epochs
  }

  /// What became of one epoch.
  public struct EpochRecord: Sendable {
    public let epoch: Int
    public let loss: Double
    /// Seconds spent training, without evaluation.
    public let seconds: Double
    /// Empty in epochs without evaluation.
    public let metrics: [(name: String, value: Double)]
  }

  public enum End: String, Sendable {
    case finished
    case earlyStop = "early_stop"
    case callback
  }

  public struct Summary: Sendable {
    public let records: [EpochRecord]
    public let end: End
    /// Epoch and value of the best evaluation; `nil` without early stopping.
    public let best: (epoch: Int, value: Double)?
    /// Seconds spent training, without evaluation.
    public var seconds: Double { records.reduce(0) { $0 + $1.seconds } }
  }

  /// - Throws: `TrainingError`, or what a callback or `evaluate` threw. The trainer stands between two batches then, and the
  ///   progress line is closed.
  public func run() throws -> Summary { try trainer.duringRun { try runEpochs() } }

  private func runEpochs() throws -> Summary {
    if let stopping, evaluate == nil {
      throw TrainingError.setting(
        "early stopping watches '\(stopping.metric)', but nothing is evaluated during the run")
    }
    progress?.begin(trainer: trainer, epochs: epochs)
    trainer.evaluations.isSilent = evaluate == nil
    defer {
      progress?.end()
      trainer.evaluations.isSilent = false
    }
    var records: [EpochRecord] = []
    var end = End.finished
    var bestParameters: ModelSnapshot?
    for index in 1...max(1, epochs) where epochs > 0 {
      let report = try trainer.trainEpochOfRun {
        progress?.batch($0, of: trainer)
        try onBatch?($0)
      }
      let metrics = try metricsAfter(index)
      let record = EpochRecord(epoch: report.epoch, loss: report.loss, seconds: report.seconds, metrics: metrics)
      records.append(record)
      progress?.epoch(record, partName: partName)
      if try stopping?.note(metrics, epoch: report.epoch) == .improved, restoresBest {
        bestParameters = trainer.model.snapshot()
      }
      if let onEpoch, try !onEpoch(record) {
        end = .callback
        break
      }
      if stopping?.isExhausted == true {
        end = .earlyStop
        break
      }
    }
    if let bestParameters { try trainer.model.restore(bestParameters) }
    return Summary(records: records, end: end, best: stopping?.best)
  }

  private func metricsAfter(_ index: Int) throws -> [(name: String, value: Double)] {
    guard let evaluate, index % max(1, evaluateEvery) == 0 || index == epochs else { return [] }
    progress?.evaluating(partName: partName)
    let metrics = try evaluate()
    trainer.evaluations.append(metrics)
    return metrics
  }
}

/// Stops a run when a metric has not improved for a while.
public struct EarlyStopping {
  public let metric: String
  /// Evaluations without improvement that end the run.
  public let patience: Int
  /// By how much a value must exceed the best to count.
  public let minimumImprovement: Double
  public private(set) var best: (epoch: Int, value: Double)?
  private var misses = 0

  public init(metric: String, patience: Int, minimumImprovement: Double = 0) {
    self.metric = metric
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }

  enum Outcome { case improved, notImproved, noEvaluation }

  mutating func note(_ metrics: [(name: String, value: Double)], epoch: Int) throws -> Outcome {
    guard !metrics.isEmpty else { return .noEvaluation }
    guard let value = metrics.first(where: { $0.name == metric })?.value else {
      throw TrainingError.setting(
        "early stopping watches '\(metric)', but the evaluation gives \(metrics.map(\.name).joined(separator: ", "))")
    }
    if !value.isNaN, best.map({ value > $0.value + minimumImprovement }) ?? true {
      best = (epoch, value)
      misses = 0
      return .improved
    }
    misses += 1
    return .notImproved
  }

  public var isExhausted: Bool { misses >= patience }
}
