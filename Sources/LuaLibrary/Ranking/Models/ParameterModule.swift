import Interactions
import LuaHost
import Ranking
import Tensors

/// `perigee.parameter`: tables of numbers that the optimizer moves, for models and losses written in Lua.
enum ParameterModule {
  static var parameter: FunctionDescription {
    FunctionDescription(
      "parameter",
      "Numbers that the optimizer moves: a scalar, a row for each user or item, or a shared vector or matrix.",
      details:
        "Give them to `perigee.model { parameters = ... }`, or use them in a loss written in Lua; the trainer's optimizer finds "
        + "them by their name, also in its `groups`. `parameter[users]` are the rows of a batch's users, in `encode` or in a loss.",
      example: """
        local margin = perigee.parameter { name = "margin", per = "user", data = split, init = 1, min = 0, max = 1 }
        local weights = perigee.parameter { name = "weights", shape = { 64, 64 }, init = { kind = "xavier_normal" } }
        """,
      options: [
        .init("name", .string, "What the optimizer's groups and messages call it.", default: "parameter"),
        .init(
          "per", .choice(["user", "item"]), "A row for each user or item; shared by all if left out.", optional: true),
        .init("data", .object(Split.self), "Whose users or items; wanted with `per`.", optional: true),
        .init("dim", .integer(in: 1...4096), "Numbers in a row, with `per`.", default: 1),
        .init(
          "shape", .list(.integer(atLeast: 1), count: 1...2),
          "Of a shared parameter: { columns } or { rows, columns }; a scalar if left out.", optional: true),
        .init(
          "init",
          .number.or(
            .options([
              .init(
                "kind", .choice(["normal", "uniform", "xavier_uniform", "xavier_normal"]),
                "Distribution of the numbers.", default: "normal"),
              .init("std", .number(above: 0), "Deviation of `normal`.", default: 0.1),
              .init("bound", .number(above: 0), "Bound of `uniform`.", default: 0.1),
            ])), "How it starts: a number, or how numbers are drawn.", optional: true),
        .init("min", .number, "No number is less after a step.", optional: true),
        .init("max", .number, "No number is more after a step.", optional: true),
        .init("seed", .integer(atLeast: 0), "Of drawn numbers.", default: 0),
      ], returns: [.init("parameter", .object(Parameter.self), "The parameter.")]
    ) { call in [try make(call)] }
  }

  private static func make(_ call: LuaCall) throws -> Parameter {
    let owner = call.optionalString("per").flatMap(Parameter.Owner.init) ?? .shared
    let (rows, columns) = try size(call, owner)
    let low = call.optionalNumber("min").map(Float.init) ?? -.infinity
    let high = call.optionalNumber("max").map(Float.init) ?? .infinity
    guard low <= high else { throw call.error("min", "\(low) is above max, \(high)") }
    let isBounded = call.has("min") || call.has("max")
    let start = try start(call)
    let name = try call.string("name")
    let stream = RandomStream(
      seed: UInt64(try call.integer("seed")), purpose: "parameter", Int(truncatingIfNeeded: stableHash(name)))
    let parameter = try Parameter(
      name: name, owner: owner, rowCount: rows, columnCount: columns, bounds: isBounded ? low...high : nil,
      initialization: start, stream: stream)
    parameter.accountsForItself = true
    return parameter
  }

  /// The same at every run, unlike `hashValue`.
  private static func stableHash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } >> 2
  }

  private static func size(_ call: LuaCall, _ owner: Parameter.Owner) throws -> (rows: Int, columns: Int) {
    guard owner != .shared else {
      for name in ["data", "dim"] where call.has(name) {
        throw call.error(name, "goes with per = \"user\" or \"item\"; a shared parameter has a shape")
      }
      guard call.has("shape") else { return (1, 1) }
      let shape = try call.integers("shape")
      return shape.count == 1 ? (1, shape[0]) : (shape[0], shape[1])
    }
    if call.has("shape") { throw call.error("shape", "goes with shared parameters; with `per` say dim") }
    guard let split = call.optionalObject("data", as: Split.self) else {
      throw call.error("data", "per = \"\(owner.rawValue)\" wants the split whose \(owner.rawValue)s have a row")
    }
    return (owner == .user ? split.userCount : split.itemCount, try call.integer("dim"))
  }

  private static func start(_ call: LuaCall) throws -> Parameter.Start {
    let value = call.value("init")
    if value.isNil { return .number(0) }
    if let number = value.asNumber { return .number(Float(number)) }
    let table = try call.table("init")
    let deviation = try table.get("std").asNumber ?? 0.1
    let bound = try table.get("bound").asNumber ?? 0.1
    switch try table.get("kind").asString ?? "normal" {
    case "uniform": return .drawn(.uniform(bound: bound))
    case "xavier_uniform": return .drawn(.xavierUniform)
    case "xavier_normal": return .drawn(.xavierNormal)
    default: return .drawn(.normal(standardDeviation: deviation))
    }
  }

  // MARK: The handle

  static var type: TypeDescription {
    TypeDescription(
      Parameter.self, "Numbers that the optimizer moves.", methods: [tensor, assign],
      fields: [
        FieldDescription("name", .string, "Its name.", get: { (p: Parameter) in p.name }),
        FieldDescription("rows", .integer, "Count of rows.", get: { (p: Parameter) in p.rowCount }),
        FieldDescription("columns", .integer, "Numbers in a row.", get: { (p: Parameter) in p.columnCount }),
        FieldDescription(
          "per", .choice(Parameter.Owner.self), "What a row belongs to.", get: { (p: Parameter) in p.owner.rawValue }),
      ], metamethods: [index], size: { $0.accountsForItself ? $0.byteCount : 0 },
      describe: { parameter in
        let of = parameter.owner == .shared ? "" : " per \(parameter.owner.rawValue)"
        return "parameter '\(parameter.name)' [\(parameter.rowCount), \(parameter.columnCount)]\(of)"
      })
  }

  private static var tensor: FunctionDescription {
    FunctionDescription(
      "tensor", "All its numbers, `[rows, columns]`.",
      details:
        "In `encode` and in a term the gradient goes back to the parameter; anywhere else it is a copy as they stand now. The same "
        + "holds where a parameter stands for a tensor: in `perigee.matmul(x, parameter)`, `x + parameter` or `parameter:sum()`.",
      returns: [.init("tensor", .tensor, "`[rows, columns]`.")]
    ) { call in
      [try call.state.parameterReader.all(call.receiver(Parameter.self))]
    }
  }

  private static var assign: FunctionDescription {
    FunctionDescription(
      "assign", "Replaces its numbers; what the optimizer remembers of them is kept.",
      parameters: [.init("values", .tensor.or(.number), "A tensor of shape `[rows, columns]`, or a number for all.")],
      returns: [.init("parameter", .object(Parameter.self), "The parameter.")]
    ) { call in
      let parameter = call.receiver(Parameter.self)
      let count = parameter.rowCount * parameter.columnCount
      guard let tensor = call.optionalObject("values", as: Tensor.self) else {
        try parameter.setValues([Float](repeating: try call.float("values"), count: count))
        return [call.receiverValue]
      }
      guard tensor.shape == [parameter.rowCount, parameter.columnCount] else {
        throw call.error(
          "values", "got shape \(tensor.shape); want [\(parameter.rowCount), \(parameter.columnCount)]")
      }
      try parameter.setValues(tensor.elements())
      return [call.receiverValue]
    }
  }

  private static var index: FunctionDescription {
    FunctionDescription(
      "__index", "The rows of a batch's users or items.",
      details: "In `encode`, and with what a term is given: `parameter[users]` has shape `[users, columns]`.",
      example: "local rows = parameters.user[users]",
      parameters: [
        .init("self", .object(Parameter.self), "The parameter."),
        .init("rows", .object(BatchRows.self), "Users or items as `encode` receives them."),
      ], returns: [.init("tensor", .tensor, "`[rows, columns]`.")]
    ) { call in
      let parameter = try call.object("self", as: Parameter.self)
      let rows = try call.object("rows", as: BatchRows.self)
      guard parameter.owner == rows.owner else {
        throw call.error(
          "rows",
          "these are \(rows.owner.rawValue)s, and '\(parameter.name)' is "
            + (parameter.owner == .shared
              ? "shared; parameter:tensor() is the whole of it" : "one of \(parameter.owner.rawValue)s"))
      }
      try checkRows(of: parameter, rows.split)
      return [try rows.reader.rows(parameter, rows.identifiers)]
    }
  }
}

extension Parameter: TensorSource {
  /// All its numbers: in `encode` recorded, elsewhere as they stand.
  func tensor(in state: LuaState) throws -> Tensor {
    guard state.callPurpose?.trace == nil else {
      throw LuaArgumentError(
        "parameter '\(name)': want a parameter in a loss where losses record it (+, -, exp, where, ...); "
          + "parameter:tensor() is its numbers as constants")
    }
    return try state.parameterReader.all(self)
  }
}

extension Parameter: LuaObject { public static var luaName: String { "Parameter" } }
