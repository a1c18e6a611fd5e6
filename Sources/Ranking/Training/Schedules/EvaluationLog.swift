/// What a trainer's evaluations gave, in order: what schedules read that follow a metric.
///
/// A trainer's positions carry it, so that a schedule finds it wherever it is used: as a number of the trainer, in a loss, inside of
/// another schedule or of a function.
public final class EvaluationLog {
  private(set) var entries: [[(name: String, value: Double)]] = []
  /// Whether a run is under way that evaluates nothing.
  var isSilent = false

  func append(_ metrics: [(name: String, value: Double)]) { entries.append(metrics) }
}
