import Platform
import Ranking

/// What became of a run.
public struct RunSummary: Sendable {
  public let records: [EpochRecord]
  public let end: TrainingRun.End
  /// The best evaluation; `nil` without early stopping.
  public let best: BestEpoch?
  /// Whether the best epoch's parameters were put back.
  public let isBestRestored: Bool
  let patience: Int?
  /// The epoch that was finished or under way at the end.
  let lastEpoch: Int

  /// Seconds spent training, without evaluation.
  public var seconds: Double { records.reduce(0) { $0 + $1.seconds } }

  /// Why the run ended and whose parameters the model has, in one sentence.
  public var description: String { "\(reason); the model has the parameters \(holder)" }

  private var reason: String {
    switch end {
    case .finished: return "all \(records.count) epochs trained"
    case .callback: return "on_epoch ended the run after epoch \(lastEpoch)"
    case .interrupted: return "interrupted in epoch \(lastEpoch)"
    case .earlyStop:
      let watched = best.map { "\($0.metric) on \($0.part)" } ?? "the metric"
      let times = patience == 1 ? "in the last evaluation" : "in the last \(patience ?? 0) evaluations"
      return "early stopping after epoch \(lastEpoch): \(watched) did not improve \(times)"
    }
  }

  private var holder: String {
    guard let best, isBestRestored else { return end == .interrupted ? "of the last whole batch" : "of the last epoch" }
    return "of the best epoch, \(best.epoch): \(best.metric) \(decimal(best.value, 4)) on \(best.part)"
  }
}
