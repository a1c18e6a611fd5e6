import LuaHost
import Ranking

/// What a trainer's negatives cost.
extension TrainerModule {
  static var measureSampler: FunctionDescription {
    FunctionDescription(
      "measure_sampler", "What the negatives of the next batch cost: the fastest of several repeats. Trains nothing.",
      example: """
        local cost = trainer:measure_sampler { repeats = 20 }
        print(cost.draw * 1e9)   -- nanoseconds a negative
        """,
      options: [.init("repeats", .integer(in: 1...1_000_000), "How often.", default: 20)],
      returns: [
        .init(
          "seconds", .table,
          "`first`: what the sampler does before the batch the first time, with all that is due (clusters, orders). `refresh`: the same "
            + "when the batch is known. `draw`: one negative of the batch. `negatives`: how many it has.")
      ]
    ) { call in
      let handle = call.receiver(TrainerHandle.self)
      let repeats = try call.integer("repeats")
      let timing = try handle.training(call.state) { try handle.trainer.timeSampler(repeats: repeats) }
      return [
        [
          "first": timing.firstRefresh, "refresh": timing.refresh, "draw": timing.draw / Double(timing.negatives),
          "negatives": timing.negatives,
        ] as LuaRecord
      ]
    }
  }
}
