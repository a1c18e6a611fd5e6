import LuaHost
import Ranking

/// Values of a loss in Lua: their type, and the functions of `perigee` that take them as well as tensors.
enum TracedValueBinding {
  private static var result: [ReturnDescription] { [.init("value", .lossValue, "A new value.")] }

  static var type: TypeDescription {
    TypeDescription(
      TracedValue.self,
      "A value of a loss: one number, one for each positive, or one for each negative. Where two kinds meet, the lower one is "
        + "repeated. It is a record of what the loss does, which is compiled and then run on the scores.",
      methods: methods + [TensorFallback.tensor], fields: [kindField], metamethods: operators + [TensorFallback.index],
      describe: { value in
        let (rows, negatives) = (value.trace.batch.rowCount, value.trace.batch.negativeCount)
        return switch value.kind {
        case .scalar: "LossValue(one number)"
        case .row: "LossValue(one number for each of \(rows) positives)"
        case .plane: "LossValue(\(negatives) numbers for each of \(rows) positives)"
        }
      })
  }

  private static var kindField: FieldDescription {
    FieldDescription(
      "kind", .choice(ValueKind.allCases.map { "\($0)" }),
      "scalar: one number. row: one for each positive. plane: one for each negative.",
      get: { (value: TracedValue) in "\(value.kind)" })
  }

  static var methods: [FunctionDescription] { TracedOperations.all.map(method) }

  /// The general way checks the arguments against the description, then does the same.
  private static func method(_ operation: TracedOperations.Operation) -> FunctionDescription {
    let direct = operation.direct
    var description = FunctionDescription(
      operation.name, operation.summary, example: operation.example, parameters: operation.parameters, returns: result
    ) { call in
      guard let value = try direct(call.arguments) else { throw unusable }
      return [value]
    }
    description.direct = direct
    return description
  }

  private static var unusable: LuaArgumentError {
    LuaArgumentError(
      "want at least one value of the loss that is being computed; a parameter alone has a value only there")
  }

  // MARK: Operators

  static var operators: [FunctionDescription] {
    [
      binary("__add", "Sum; the lower kind is repeated.", .add),
      binary("__sub", "Difference.", .subtract),
      binary("__mul", "Product.", .multiply),
      binary("__div", "Quotient.", .divide),
      operator2("__pow", "Power.", TracedOperations.power),
      negation, order("__lt", "<", "lt"), order("__le", "<=", "le"), order("__eq", "==", "eq"),
    ]
  }

  private static func binary(_ name: String, _ summary: String, _ operation: LossOperation) -> FunctionDescription {
    operator2(name, summary) { arguments, trace in
      guard let x = try arguments.operand(1, trace), let y = try arguments.operand(2, trace) else { return nil }
      return try x.apply(operation, y)
    }
  }

  private static func operator2(_ name: String, _ summary: String, _ apply: @escaping TracedOperations.Apply)
    -> FunctionDescription
  {
    let direct: FunctionDescription.DirectBody = { arguments in
      guard let trace = arguments.trace(2) else { return nil }
      return try apply(arguments, trace)
    }
    var description = FunctionDescription(
      name, summary,
      parameters: [.init("left", .lossOperand, "One."), .init("right", .lossOperand, "The other.")], returns: result
    ) { call in
      guard let value = try direct(call.arguments) else { throw unusable }
      return [value]
    }
    description.direct = direct
    return description
  }

  private static var negation: FunctionDescription {
    let direct: FunctionDescription.DirectBody = { arguments in
      guard let trace = arguments.trace(1) else { return nil }
      return try arguments.operand(1, trace)?.apply(.negate)
    }
    var description = FunctionDescription(
      "__unm", "Each number negated.", parameters: [.init("x", .lossOperand, "The value.")], returns: result
    ) { call in
      guard let value = try direct(call.arguments) else { throw unusable }
      return [value]
    }
    description.direct = direct
    return description
  }

  /// Lua makes true or false of what a comparison gives; there is neither, once for all rows.
  private static func order(_ name: String, _ text: String, _ method: String) -> FunctionDescription {
    FunctionDescription(
      name, "An error: a comparison has another result for each row, see `\(method)` and `perigee.where`.",
      parameters: [.init("left", .any, "One."), .init("right", .any, "The other.")]
    ) { _ in
      throw LuaArgumentError(
        "a loss is called once for all rows, so x \(text) y is neither true nor false; write perigee.where(x:\(method)(y), a, b) "
          + "for a where it holds and b elsewhere")
    }
  }

  // MARK: Functions of perigee and operators of tensors

  /// The type of tensors, whose operators meet the values of a loss as well: a constant tensor may stand on the left.
  static func accepting(_ type: TypeDescription) -> TypeDescription {
    var result = type
    result.metamethods = result.metamethods.map(acceptingOperator)
    return result
  }

  /// An operator of tensors that takes values of a loss as well.
  static func acceptingOperator(_ description: FunctionDescription) -> FunctionDescription {
    guard let direct = operators.first(where: { $0.name == description.name })?.direct else { return description }
    var result = description
    result.direct = direct
    if result.parameters.count == 2 { result.parameters[1].type = result.parameters[1].type.or(.lossValue) }
    return result
  }

  /// A method of tensors that is also the operation of that name of a loss's values, where they have it.
  static func acceptingMethod(_ description: FunctionDescription) -> FunctionDescription {
    guard let operation = TracedOperations.all.first(where: { $0.name == description.name }) else { return description }
    var result = description
    result.direct = operation.direct
    for (index, parameter) in zip(result.parameters.indices, operation.parameters) {
      switch parameter.name {
      case "y": result.parameters[index].type = result.parameters[index].type.or(.lossValue)
      case "axis": result.parameters[index].type = result.parameters[index].type.or(parameter.type)
      default: break
      }
    }
    return result
  }

  /// A function of tensors that takes values of a loss as well, where losses have the operation.
  static func accepting(_ description: FunctionDescription) -> FunctionDescription {
    let operations = TracedOperations.all + [TracedOperations.choose]
    guard let operation = operations.first(where: { $0.name == description.name }),
      operation.parameters.count + 1 == description.parameters.count
    else { return description }
    var result = description
    for index in result.parameters.indices {
      result.parameters[index].type = result.parameters[index].type.or(.lossValue)
    }
    result.direct = operation.direct
    return result
  }
}
