import Evaluation
import LuaHost
import Ranking

extension SchedulesModule {
  static var plateau: FunctionDescription {
    FunctionDescription(
      "plateau", "Multiplied by `factor` whenever a metric has not improved for `patience` evaluations.",
      details:
        "It follows the evaluations of `trainer:run` by itself, from the batch after each; a loop written by hand calls "
        + "`plateau:update(value)`. It has a state, so each trainer wants one of its own.",
      example: """
        local rate = perigee.schedules.plateau { from = 1e-3, factor = 0.5, patience = 3, metric = "ndcg@20" }
        """,
      options: [
        .init("from", .number, "The first value."),
        .init("factor", .number(atLeast: 0), "What it is multiplied by.", default: 0.1),
        .init("patience", .integer(atLeast: 1), "Evaluations in a row without improvement.", default: 3),
        .init("metric", .string, "The metric that it watches; the first of the evaluation by default.", optional: true),
        .init("goal", .choice(PlateauSchedule.Goal.self), "Whether more or less is better.", default: "max"),
        .init("min_improvement", .number(atLeast: 0), "By how much a value must beat the best.", default: 0),
        .init("least", .number, "It never becomes smaller.", default: 0),
      ], returns: [.init("schedule", .object(PlateauSchedule.self), "The schedule.")]
    ) { call in
      [
        try PlateauSchedule(
          from: try call.number("from"), factor: try call.number("factor"), patience: try call.integer("patience"),
          metric: try call.optionalString("metric").map { try Metric($0).description }, goal: try call.choice("goal"),
          minimumImprovement: try call.number("min_improvement"), least: try call.number("least"))
      ]
    }
  }

  static var plateauType: TypeDescription {
    TypeDescription(
      PlateauSchedule.self, "A schedule that follows a metric.",
      methods: [
        rounded,
        FunctionDescription(
          "update", "Takes note of an evaluation, in loops written by hand.",
          parameters: [.init("value", .real, "What the metric is.")],
          returns: [.init("value", .number, "The schedule's value from now on.")]
        ) { call in
          let plateau = call.receiver(PlateauSchedule.self)
          plateau.note(try call.number("value"))
          return [plateau.current]
        },
        FunctionDescription("reset", "Forgets all evaluations, for another training.") { call in
          call.receiver(PlateauSchedule.self).reset()
          return []
        },
      ],
      fields: fields + [
        FieldDescription("value", .number, "The value now.", get: { (p: PlateauSchedule) in p.current }),
        FieldDescription(
          "best", .number, "The best evaluation, nil before any.", get: { (p: PlateauSchedule) in p.best }),
        FieldDescription(
          "misses", .integer, "Evaluations since the best one or the last reduction.",
          get: { (p: PlateauSchedule) in p.misses }),
      ], metamethods: metamethods, describe: { $0.description })
  }
}
