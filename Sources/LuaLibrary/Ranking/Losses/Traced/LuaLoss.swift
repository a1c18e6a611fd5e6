import Platform
import LuaHost
import Ranking
import Tensors

/// A loss that a script wrote as a function. It is called once a batch; what it does is recorded and compiled.
public final class LuaLoss: TracedLoss, LuaObject {
  public static var luaName: String { "LuaLoss" }
  /// Belongs to this loss's handle.
  private var function: LuaOwned?
  private var current: LossBatch?
  private var unfusedPlace: String?

  /// Whether it is called after its place, which is another where the script has changed.
  private let isCalledAfterItsPlace: Bool

  private init(name: String?, place: String?, fuses: Bool) {
    isCalledAfterItsPlace = name == nil
    super.init(name: name ?? place ?? "loss", fuses: fuses)
  }

  /// What checkpoints know it by.
  var text: String { isCalledAfterItsPlace ? "a function" : name }

  /// Makes a loss of a function that was given to a call under `argument`. Without a name it is called after its place.
  static func make(_ argument: String, name: String? = nil, fuses: Bool = true, in call: LuaCall) throws -> LuaLoss {
    let function = try call.function(argument)
    let place = function.definition.map { "loss at \($0.script):\($0.line)" }
    let loss = LuaLoss(name: name, place: place, fuses: fuses)
    loss.function = try call.own(.function(function), by: loss)
    // Each batch makes a handle for each value of the loss.
    call.state.collectGenerations()
    return loss
  }

  public override func prepare(for batch: LossBatch) throws {
    current = batch
    try naming { try super.prepare(for: batch) }
  }

  public override func evaluateBatch(_ plane: ScorePlane) throws { try naming { try super.evaluateBatch(plane) } }

  /// Says in errors which loss it was, and where.
  private func naming(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as LossProgramError {
      throw LuaArgumentError("\(name): \(error)\(current.map(place) ?? "")")
    }
  }

  private var hasWarned = false

  public override func cannotFuse(_ reason: LossNotFused) {
    let text =
      "perigee: \(name): \(reason.operation)\(unfusedPlace.map { " (\($0))" } ?? "") is no operation of a compiled loss; this one is "
      + "computed with tensors, which gives the same result and takes longer\n"
    _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }

  public override func record(_ trace: LossTrace) throws -> TracedValue {
    guard let function = try function?.function() else { preconditionFailure("a Lua loss is made with its function") }
    do {
      let result = try function.call([LossScores(trace)], for: CallPurpose.loss(trace)).first ?? .nil
      if let operation = trace.unfusable { throw LossNotFused(operation: operation) }
      warnOfRequiredGradients(trace)
      return try value(of: result, in: trace)
    } catch let error as LuaError where error.kind == .runtime {
      if let operation = trace.unfusable {
        unfusedPlace = error.line.flatMap { line in error.script.map { "\($0):\(line)" } }
        throw LossNotFused(operation: operation)
      }
      // A loss within a loss has said where it is.
      throw error.message.hasSuffix(place(trace.batch)) ? error : error.adding(place(trace.batch))
    }
  }

  private func warnOfRequiredGradients(_ trace: LossTrace) {
    guard trace.readsRequiredGradient, !hasWarned else { return }
    hasWarned = true
    warn(
      "\(name) reads a tensor that requires a gradient, which the optimizer does not know and will not move; make it a "
        + "perigee.parameter")
  }

  private func place(_ batch: LossBatch) -> String {
    " (in the loss, epoch \(batch.position.epoch), batch \(batch.number))"
  }

  private func value(of result: LuaValue, in trace: LossTrace) throws -> TracedValue {
    if let value = result.asObject(TracedValue.self) {
      // One that was kept from an earlier batch.
      guard value.trace === trace else { throw LossProgramError.stale }
      return value
    }
    if trace.computesWithTensors, let tensor = result.asObject(Tensor.self) { return try trace.tensor(tensor) }
    let wanted = "want a value made of s.positive and s.negative: one number, or one for each positive"
    switch result {
    case .nil: throw LossProgramError("the loss returned nothing; \(wanted)")
    case .number, .integer:
      throw LossProgramError(
        "the loss forgets to use the scores: it returned the number \(result.asNumber ?? 0); \(wanted)")
    default: throw LossProgramError("the loss returned a \(result.typeName); \(wanted)")
    }
  }
}
