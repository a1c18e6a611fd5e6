import LuaHost
import Ranking

/// `perigee.schedules`: numbers that change during training.
enum SchedulesModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "schedules",
      "Numbers that change during training. A schedule stands wherever a rate, temperature, margin, weight, dropout or count of "
        + "negatives is wanted, can be called as `schedule(epoch)` or `schedule(epoch, step)`, and combined by `+ - * /`.",
      functions: [
        ramp(.linear, "A straight line from one value to another within `steps`, then the last value."),
        ramp(.cosine, "Half a cosine from one value to another within `steps`, then the last value."),
        warmup, exponential, step, cyclic, plateau, sequence,
        extreme(.min, "The smaller of two at each time: an upper bound.", "perigee.schedules.min(alpha, 2)"),
        extreme(.max, "The larger of two at each time: a lower bound.", "perigee.schedules.max(rate, 1e-6)"),
      ], types: [type, plateauType])
  }

  static var result: [ReturnDescription] {
    [.init("schedule", .object(ScheduleShape.self), "A schedule, also a function of the epoch and the step.")]
  }

  static var clock: [OptionDescription] {
    [
      .init(
        "start", .integer(atLeast: 1), "The epoch or step at which it begins; before it has its first value.",
        default: 1),
      .init("by", .choice(ScheduleUnit.self), "What it counts.", default: "epoch"),
    ]
  }

  static func clock(_ call: LuaCall) throws -> ScheduleClock {
    ScheduleClock(try call.choice("by"), start: try call.integer("start"))
  }

  // MARK: Shapes

  private static func ramp(_ form: RampSchedule.Form, _ summary: String) -> FunctionDescription {
    FunctionDescription(
      form.rawValue, summary,
      details: "The first epoch (or step) has `from`, and the one `steps` later has `to`.",
      equation: form == .linear ? "from + (to - from) e / steps" : "from + (to - from) (1 - cos(pi e / steps)) / 2",
      example:
        "local alpha = perigee.schedules.\(form.rawValue) { from = 0.5, to = 2, steps = 50 }\nprint(alpha(51))  --> 2.0",
      options: [
        .init("from", .number, "The first value."),
        .init("to", .number, "The last value."),
        .init("steps", .integer(atLeast: 1), "Epochs (or steps, see `by`) that it takes."),
      ] + clock, returns: result
    ) { call in
      [
        try RampSchedule(
          form, from: try call.number("from"), to: try call.number("to"), steps: try call.integer("steps"),
          clock: try clock(call))
      ]
    }
  }

  private static var warmup: FunctionDescription {
    FunctionDescription(
      "warmup", "A straight line that reaches `to` in the last of `steps` epochs (or steps), then `to`.",
      details: "The first epoch already has a share of 1 / `steps`, so that none is lost to a rate of 0.",
      equation: "from + (to - from) min(1, (e + 1) / steps)", source: "Goyal et al., arXiv 1706.02677",
      example: "local rate = perigee.schedules.warmup { to = 1e-3, steps = 1000, by = \"step\" }",
      options: [
        .init("to", .number, "The value after the warm-up."),
        .init("steps", .integer(atLeast: 1), "Epochs (or steps, see `by`) that it takes."),
        .init("from", .number, "What it sets out from, before the first epoch.", default: 0),
      ] + clock, returns: result
    ) { call in
      [
        try RampSchedule(
          .warmup, from: try call.number("from"), to: try call.number("to"), steps: try call.integer("steps"),
          clock: try clock(call))
      ]
    }
  }

  private static var exponential: FunctionDescription {
    FunctionDescription(
      "exponential", "Multiplied by `factor` over every `every` epochs (or steps), smoothly and without end.",
      equation: "from factor^(e / every)",
      example: "local rate = perigee.schedules.exponential { from = 1e-3, factor = 0.97 }",
      options: [
        .init("from", .number, "The first value."),
        .init("factor", .number(atLeast: 0), "What it is multiplied by."),
        .init("every", .integer(atLeast: 1), "Within how many epochs (or steps).", default: 1),
      ] + clock, returns: result
    ) { call in
      [
        try DecaySchedule(
          from: try call.number("from"), factor: try call.number("factor"), .smooth(every: try call.integer("every")),
          clock: try clock(call))
      ]
    }
  }

  private static var step: FunctionDescription {
    FunctionDescription(
      "step", "Multiplied by `factor` in jumps: after every `every` epochs (or steps), or at those that `at` lists.",
      example: "local rate = perigee.schedules.step { from = 1e-3, factor = 0.1, at = { 31, 61 } }",
      options: [
        .init("from", .number, "The first value."),
        .init("factor", .number(atLeast: 0), "What it is multiplied by.", default: 0.1),
        .init("every", .integer(atLeast: 1), "Epochs (or steps) between two jumps.", optional: true),
        .init(
          "at", .list(.integer(atLeast: 1), count: 1...10_000), "Epochs (or steps) from which the next jump counts.",
          optional: true),
      ] + clock, returns: result
    ) { call in
      let times: DecaySchedule.Times
      switch (call.optionalInteger("every"), call.optionalIntegers("at")) {
      case (let every?, nil): times = .every(every)
      case (nil, let places?): times = .milestones(places)
      default: throw LuaArgumentError("want one of every and at: where it jumps")
      }
      return [
        try DecaySchedule(
          from: try call.number("from"), factor: try call.number("factor"), times, clock: try clock(call))
      ]
    }
  }

  private static var cyclic: FunctionDescription {
    FunctionDescription(
      "cyclic", "Comes back to `from` every `period` epochs (or steps), without end.",
      source: "Smith, WACV 2017 (triangle); Loshchilov and Hutter, ICLR 2017 (restarts)",
      example: "local rate = perigee.schedules.cyclic { from = 1e-3, to = 1e-5, period = 10, shape = \"restarts\" }",
      options: [
        .init("from", .number, "The value at the beginning of each period."),
        .init("to", .number, "The value farthest from it."),
        .init("period", .integer(atLeast: 2), "Epochs (or steps) from one beginning to the next."),
        .init(
          "shape", .choice(CyclicSchedule.Form.self),
          "triangle: straight there and back. wave: a cosine there and back. saw: straight there, then a jump. restarts: half a "
            + "cosine there, then a jump.", default: "triangle"),
      ] + clock, returns: result
    ) { call in
      [
        try CyclicSchedule(
          try call.choice("shape"), from: try call.number("from"), to: try call.number("to"),
          period: try call.integer("period"), clock: try clock(call))
      ]
    }
  }

  static var number: LuaType { .schedule(.number) }
}

extension ScheduleShape: LuaObject {
  public static var luaName: String { self == PlateauSchedule.self ? "Plateau" : "Schedule" }
}
