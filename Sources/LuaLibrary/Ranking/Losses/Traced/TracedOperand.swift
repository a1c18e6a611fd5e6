import LuaHost
import Ranking
import Tensors

extension TracedValue: LuaObject {
  public static var luaName: String { "LossValue" }
  public static var keepsIdentity: Bool { false }
}

extension LuaType {
  static var lossValue: LuaType { .object(TracedValue.self) }
  /// What takes part in the arithmetic of a loss.
  static var lossOperand: LuaType {
    .lossValue.or(.real).or(.object(Parameter.self)).or(.tensor)
  }
}

extension LuaArguments {
  /// The record that arguments belong to: that of a value among the first `count`, or that of the loss which is being called where a
  /// parameter is among them. `nil` where this is no operation of a loss.
  func trace(_ count: Int) -> LossTrace? {
    for position in 1...count {
      if let value = object(position, as: TracedValue.self) { return value.trace }
    }
    for position in 1...count where object(position, as: Parameter.self) != nil {
      return state.callPurpose?.trace
    }
    return nil
  }

  /// An argument as a value of a loss; `nil` for what cannot be one.
  func operand(_ position: Int, _ trace: LossTrace) throws -> TracedValue? {
    if let value = object(position, as: TracedValue.self) { return value }
    if let value = number(position) { return trace.number(value) }
    if let parameter = object(position, as: Parameter.self) { return try trace.parameter(parameter) }
    if let tensor = object(position, as: Tensor.self) { return try trace.tensor(tensor) }
    return nil
  }

  /// An axis by its name; `nil` for another value.
  func axis(_ position: Int, default standard: LossAxis) -> LossAxis? {
    if isAbsent(position) { return standard }
    switch string(position) {
    case "negatives": return .negatives
    case "batch": return .batch
    default: return nil
    }
  }
}
