import LuaHost
import Ranking

/// Schedules made of others, and what can be done with one.
extension SchedulesModule {
  static var sequence: FunctionDescription {
    FunctionDescription(
      "sequence", "One schedule after another.",
      details:
        "The first part holds up to the first number of `at`, where the second begins, and so on; the last has no end. Each part "
        + "counts from its own beginning and by the same unit as the sequence; a function gets the training's own epoch and step.",
      example: """
        local rate = perigee.schedules.sequence {
          parts = {
            perigee.schedules.warmup { to = 1e-3, steps = 5 },
            perigee.schedules.cosine { from = 1e-3, to = 0, steps = 95 },
          }, at = { 6 },
        }
        """,
      options: [
        .init("parts", .list(number, count: 1...1000), "Numbers, schedules or functions, in their order."),
        .init("at", .list(.integer(atLeast: 2)), "The epochs (or steps) at which the next part begins."),
        .init("by", .choice(ScheduleUnit.self), "What it counts.", default: "epoch"),
      ], returns: result
    ) { call in
      let parts = try call.table("parts").array()
      // The sequence has to exist before it can own a function.
      let placeholders = parts.map(placeholder)
      let sequence = try SequenceSchedule(placeholders, at: try call.integers("at"), by: try call.choice("by"))
      sequence.setFunctions(try parts.map { try call.schedule(of: $0, ownedBy: sequence) })
      return [sequence]
    }
  }

  static func extreme(_ rule: CombinedSchedule.Rule, _ summary: String, _ example: String) -> FunctionDescription {
    FunctionDescription(
      rule.rawValue, summary, example: example,
      parameters: [.init("left", number, "One."), .init("right", number, "The other.")], returns: result
    ) { call in [try combined(call, rule, ["left", "right"])] }
  }

  private static func combined(_ call: LuaCall, _ rule: CombinedSchedule.Rule, _ names: [String]) throws
    -> CombinedSchedule
  {
    let result = try CombinedSchedule(rule, names.map { placeholder(call.value($0)) })
    result.setFunctions(try names.map { try call.schedule($0, ownedBy: result) })
    return result
  }

  /// A part as far as it is known before there is a schedule that can own it.
  private static func placeholder(_ value: LuaValue) -> Schedule {
    value.asObject(ScheduleShape.self).map { Schedule($0) } ?? 0
  }

  // MARK: The handle

  static var type: TypeDescription {
    TypeDescription(
      ScheduleShape.self, "A number that changes during training.", methods: [rounded], fields: fields,
      metamethods: metamethods, describe: { $0.description })
  }

  static var fields: [FieldDescription] {
    [
      FieldDescription("kind", .string, "`linear`, `cosine`, ...", get: { (s: ScheduleShape) in s.kind }),
      FieldDescription(
        "by", .list(.string), "What it counts: `epoch`, `step`, neither or both.",
        get: { (s: ScheduleShape) in s.units.map(\.rawValue).sorted() }),
      FieldDescription(
        "settings", .map(.string), "What it was made with, as text.",
        get: { (s: ScheduleShape) in
          LuaRecord(s.settings.enumerated().map { ($1.name.isEmpty ? "\($0 + 1)" : $1.name, $1.value) })
        }),
    ]
  }

  static var rounded: FunctionDescription {
    FunctionDescription(
      "rounded", "The nearest whole number, for a count of negatives.",
      example: "local count = perigee.schedules.linear { from = 10, to = 100, steps = 50 }:rounded()",
      returns: result
    ) { call in
      let result = try CombinedSchedule(.rounded, [placeholder(call.receiverValue)])
      result.setFunctions([try call.schedule(of: call.receiverValue, ownedBy: result)])
      return [result]
    }
  }

  static var metamethods: [FunctionDescription] {
    [
      FunctionDescription(
        "__call", "The value at an epoch and a step.",
        details: "With one number, that is both: the epoch of a schedule by epochs, the step of one by steps.",
        parameters: [
          .init("self", .object(ScheduleShape.self), "The schedule."),
          .init("epoch", .integer, "The epoch, from 1."),
          .init("step", .integer, "The batch over all epochs, from 1.", optional: true),
        ], returns: [.init("value", .number, "The value.")]
      ) { call in
        let epoch = try call.integer("epoch")
        let position = TrainingPosition(
          epoch: epoch, step: call.optionalInteger("step") ?? epoch, evaluations: call.state.callPurpose?.evaluations)
        return [try call.object("self", as: ScheduleShape.self).value(at: position)]
      },
      binary("__add", "The sum.") { try combined($0, .sum, ["left", "right"]) },
      binary("__mul", "The product.") { try combined($0, .product, ["left", "right"]) },
      binary("__sub", "The difference.") { try combined($0, .difference, ["left", "right"]) },
      binary("__div", "The quotient.") { try combined($0, .quotient, ["left", "right"]) },
      FunctionDescription(
        "__unm", "The negative.", parameters: [.init("self", .object(ScheduleShape.self), "The schedule.")],
        returns: result
      ) { call in [try combined(call, .negated, ["self"])] },
    ]
  }

  private static func binary(
    _ name: String, _ summary: String, _ make: @escaping (LuaCall) throws -> ScheduleShape
  ) -> FunctionDescription {
    FunctionDescription(
      name, summary, parameters: [.init("left", number, "One."), .init("right", number, "The other.")],
      returns: result
    ) { call in [try make(call)] }
  }
}
