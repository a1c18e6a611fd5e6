import LuaHost
import Ranking

/// What a trainer, a loss or a model calls a function of a script for: how native functions that it calls know it.
///
/// A parameter, for one, is a value to differentiate in a loss and in `encode`, and a number anywhere else. Every call that begins
/// something of its own says what, so that a trainer which a loss or `encode` runs is not taken for a part of them.
final class CallPurpose {
  /// The record of the loss that is being called.
  let trace: LossTrace?
  /// Reads parameters for the encoding that is being computed.
  let reader: ParameterReader?
  /// What the training has measured, for schedules that follow a metric.
  let evaluations: EvaluationLog?

  private init(trace: LossTrace? = nil, reader: ParameterReader? = nil, evaluations: EvaluationLog?) {
    self.trace = trace
    self.reader = reader
    self.evaluations = evaluations
  }

  static func loss(_ trace: LossTrace) -> CallPurpose {
    CallPurpose(trace: trace, evaluations: trace.batch.position.evaluations)
  }

  static func encoding(_ reader: ParameterReader, _ evaluations: EvaluationLog?) -> CallPurpose {
    CallPurpose(reader: reader, evaluations: evaluations)
  }

  static func schedule(_ position: TrainingPosition) -> CallPurpose { CallPurpose(evaluations: position.evaluations) }

  /// A callback between two batches.
  static func callback() -> CallPurpose { CallPurpose(evaluations: nil) }
}

extension LuaState {
  var callPurpose: CallPurpose? { purpose as? CallPurpose }

  /// Of the encoding under way; outside of one it reads values as they stand.
  var parameterReader: ParameterReader { callPurpose?.reader ?? ParameterReader.evaluation() }
}
