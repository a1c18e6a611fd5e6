import LuaHost
import Ranking

/// Parameters in losses: a shared number is a value like any other, rows of users and items are read as `margin[s.users]`.
/// Anywhere else a parameter is as good as the tensor of all its numbers.
enum TracedParameter {
  /// The type of parameters with the operations of tensors, which are those of a loss's values while a loss is computed.
  static func accepting(_ type: TypeDescription) -> TypeDescription {
    var result = type
    result.methods = adding(TensorModule.readingMethods.map(TracedValueBinding.acceptingMethod), to: result.methods)
    result.methods = adding(TracedValueBinding.methods, to: result.methods)
    result.metamethods += TensorModule.arithmetic.map(TracedValueBinding.acceptingOperator)
    result.metamethods = adding(TracedValueBinding.operators, to: result.metamethods)
    for index in result.metamethods.indices where result.metamethods[index].name == "__index" {
      result.metamethods[index].direct = read
      let rows = result.metamethods[index].parameters[1].type
      result.metamethods[index].parameters[1].type = rows.or(.object(LossRows.self)).or(.integer(atLeast: 1))
      result.metamethods[index].summary =
        "The rows of a batch's users or items; in a loss also one number of a shared parameter."
    }
    return result
  }

  private static func adding(_ others: [FunctionDescription], to own: [FunctionDescription]) -> [FunctionDescription] {
    let known = Set(own.map(\.name))
    return own + others.filter { !known.contains($0.name) }
  }

  private static func read(_ arguments: LuaArguments) throws -> (any LuaObject & AnyObject)? {
    guard let parameter = arguments.object(1, as: Parameter.self) else { return nil }
    let rows = arguments.object(2, as: LossRows.self)
    let column = arguments.number(2).flatMap { Int(exactly: $0) }
    guard rows != nil || column != nil else { return nil }
    if let rows { return try rows.open().parameter(parameter, at: rows.index) }
    guard let trace = arguments.state.callPurpose?.trace else {
      throw LuaArgumentError("a parameter is read like this in a loss only; tensor() gives its numbers")
    }
    return try trace.parameter(parameter, column: column! - 1)
  }
}
