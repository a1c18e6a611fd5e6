import Platform
import Ranking

/// Passes of a solver with evaluation in between and early stopping.
///
/// A run that a person interrupts ends like one that stops early: the best parameters are back in the model, and what was measured is
/// kept.
public final class SolverRun {
  public let solver: any Solver
  /// Passes of this run; one for a closed form.
  public let epochs: Int
  /// Metrics by name, in order. Called every `evaluateEvery` passes and after the last.
  public var evaluate: (() throws -> [(name: String, value: Double)])?
  public var evaluateEvery = 1
  /// The part that `evaluate` reads, for messages.
  public var partName = "valid"
  public var stopping: EarlyStopping?
  /// Return `false` to end the run after this pass.
  public var onEpoch: ((SolverRecord) throws -> Bool)?
  public var isInterrupted: () -> Bool = { false }
  /// Keeps what becomes of the run in a store.
  public var recorder: RunRecorder?
  /// Is told each pass as soon as it is over.
  public var log: RunLog?
  /// Whether an error, the solver's own or one of a callback, is a person's wish to stop.
  public var isInterruption: (any Error) -> Bool = { ($0 as? TrainingError)?.kind == .interrupted }

  private var records: [SolverRecord] = []
  private var best: (epoch: BestEpoch, snapshot: SolverSnapshot)?

  public init(_ solver: any Solver, epochs: Int) {
    self.solver = solver
    self.epochs = epochs
  }

  /// - Throws: What the solver, a callback or `evaluate` threw, unless `isInterruption`. The model stands as after the last whole pass.
  public func run() throws -> SolverSummary {
    do {
      return try runPasses()
    } catch {
      recorder?.fail(error)
      throw error
    }
  }

  private func runPasses() throws -> SolverSummary {
    if let stopping, evaluate == nil {
      throw TrainingError.setting(
        "early stopping watches '\(stopping.metric)', but nothing is evaluated during the run")
    }
    records = []
    best = nil
    stopping?.reset()
    try log?.begin(next: solver.epochsDone + 1)
    recorder?.begin(settings: settings, on: partName)
    var end: TrainingRun.End
    do { end = try fit() } catch  where isInterruption(error) { end = .interrupted }
    // One that came after the last pass: it has ended nothing yet, and must not end what the caller does next.
    if isInterrupted() { end = .interrupted }
    if let best { try solver.restore(best.snapshot) }
    let summary = SolverSummary(
      records: records, end: end, best: best?.epoch, patience: stopping?.patience, isClosedForm: solver.isClosedForm)
    recorder?.end(end, message: summary.description, best: summary.best, hasBest: best != nil)
    return summary
  }

  /// What was asked for, in words.
  private var settings: [TrainerDescription.Entry] {
    let model = solver.model
    var entries: [TrainerDescription.Entry] = [.init("model", model.name)]
    for (name, value) in (model as? any DescribedModel)?.settings.entries ?? [] {
      entries.append(.init("model's \(name)", value))
    }
    entries += solver.description.entries
    entries.append(.init("evaluation", evaluate == nil ? "none" : "on \(partName) every \(evaluateEvery)"))
    entries.append(
      .init(
        "early stopping",
        stopping.map { "\($0.metric), patience \($0.patience), min_improvement \($0.minimumImprovement)" } ?? "none"))
    return entries + [.init("epochs", "\(epochs)")]
  }

  private func fit() throws -> TrainingRun.End {
    for index in 1...max(1, epochs) where epochs > 0 {
      let report = try solver.epoch(isInterrupted: isInterrupted)
      records.append(SolverRecord(epoch: report.epoch, objective: report.objective, seconds: report.seconds))
      let metrics = try metricsAfter(index)
      records[records.count - 1].metrics = metrics
      recorder?.note(records[records.count - 1], on: partName)
      log?.note(LogRow(records[records.count - 1], on: partName))
      if try stopping?.note(metrics, epoch: report.epoch) == .improved, let stopping, let found = stopping.best {
        best = (
          BestEpoch(epoch: found.epoch, metric: stopping.metric, part: partName, value: found.value), solver.snapshot()
        )
      }
      if let onEpoch, try !onEpoch(records[records.count - 1]) { return .callback }
      if stopping?.isExhausted == true { return .earlyStop }
    }
    return .finished
  }

  private func metricsAfter(_ index: Int) throws -> [(name: String, value: Double)] {
    guard let evaluate, index % max(1, evaluateEvery) == 0 || index == epochs else { return [] }
    return try evaluate()
  }
}

/// What became of one pass.
public struct SolverRecord: Sendable {
  public let epoch: Int
  public let objective: Double?
  /// Without evaluation.
  public let seconds: Double
  /// Empty in passes without evaluation.
  public internal(set) var metrics: [(name: String, value: Double)] = []
}

/// What became of a solver's run.
public struct SolverSummary: Sendable {
  public let records: [SolverRecord]
  public let end: TrainingRun.End
  /// The best evaluation, whose parameters the model has; `nil` without early stopping.
  public let best: BestEpoch?
  let patience: Int?
  let isClosedForm: Bool

  public var seconds: Double { records.reduce(0) { $0 + $1.seconds } }

  /// Why the run ended and whose parameters the model has, in one sentence.
  public var description: String {
    if isClosedForm {
      return end == .interrupted && records.isEmpty
        ? "interrupted; the model stands as before" : "fitted in \(decimal(seconds, 2)) s"
    }
    let last = records.last?.epoch ?? 0
    let holder =
      best.map { "the best epoch, \($0.epoch): \($0.metric) \(decimal($0.value, 4)) on \($0.part)" }
      ?? "the last whole epoch"
    return "\(reason(last)); the model has the parameters of \(holder)"
  }

  private func reason(_ last: Int) -> String {
    switch end {
    case .finished: "all \(records.count) epochs done"
    case .callback: "on_epoch ended the fit after epoch \(last)"
    case .interrupted: "interrupted after epoch \(last)"
    case .earlyStop:
      "early stopping after epoch \(last): \(best?.metric ?? "the metric") did not improve in the last \(patience ?? 0) evaluations"
    }
  }
}
