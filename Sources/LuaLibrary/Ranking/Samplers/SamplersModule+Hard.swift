import LuaHost
import Ranking

/// Samplers that look for items which the model ranks high.
extension SamplersModule {
  static var dynamic: FunctionDescription {
    FunctionDescription(
      "dynamic", "The hardest of a random set: of `candidates` uniform items the `count` that score highest now.",
      details:
        "Scores are those of the model as it stands before the batch, without dropout. Candidates are drawn with replacement. A model "
        + "that computes its rows computes them once more for it, those of all items too where it computes items.",
      source:
        "Zhang et al., \"Optimizing Top-N Collaborative Filtering via Dynamic Negative Item Sampling\", SIGIR 2013",
      example: "local sampler = perigee.samplers.dynamic { candidates = 32, count = 1 }",
      options: [
        .init("candidates", .schedule(.negativeCount), "Items drawn for each positive, at least `count`.", default: 32),
        count, excludePositives(true),
      ], returns: [.init("sampler", .object(DynamicSampler.self), "The sampler.")]
    ) { call in
      let sampler = DynamicSampler(candidates: 1, excludesPositives: try call.boolean("exclude_positives"))
      sampler.candidates = try call.schedule("candidates", ownedBy: sampler)
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  static var dynamicType: TypeDescription {
    TypeDescription(
      DynamicSampler.self, "The hardest of a random set.",
      fields: [
        countField(\DynamicSampler.count),
        scheduleField(
          "candidates", .negativeCount, "Items drawn for each positive.", \DynamicSampler.candidates),
        excludeField(\DynamicSampler.excludesPositives),
      ],
      describe: {
        "samplers.dynamic(candidates = \($0.candidates), count = \($0.count), "
          + "exclude_positives = \($0.excludesPositives))"
      })
  }

  static var warp: FunctionDescription {
    FunctionDescription(
      "warp",
      "One negative: the first of uniform draws that scores above the positive's score - margin, and how many it took.",
      details:
        "Draws from all items until one violates the margin by the model's scores before the batch, without dropout; no score is computed "
        + "beyond it. One that the user has in the train part is passed over, and its trial counts. Where `max_trials` find none, the row's "
        + "trials are 0: `losses.warp` leaves it out; a loss that does not read trials is given the last item that was drawn. Take the same "
        + "margin in `losses.warp`.",
      source: "Weston et al., \"WSABIE\", IJCAI 2011; lightfm's fit_warp, which has 50 trials and a margin of 1",
      example: """
        local trainer = perigee.trainer {
          model = model, loss = perigee.losses.warp { reduction = "sum" }, sampler = perigee.samplers.warp {},
          optimizer = perigee.optimizers.adagrad { rate = 0.05 }, batch = 256,
        }
        """,
      options: [
        .init("max_trials", .schedule(.negativeCount), "Items drawn before a positive is left alone.", default: 50),
        .init("margin", .schedule(.margin), "How near a violator must come.", default: 1),
      ], returns: [.init("sampler", .object(WARPSampler.self), "The sampler.")]
    ) { call in
      let sampler = WARPSampler()
      sampler.maximumTrials = try call.schedule("max_trials", ownedBy: sampler)
      sampler.margin = try call.schedule("margin", ownedBy: sampler)
      return [sampler]
    }
  }

  static var warpType: TypeDescription {
    TypeDescription(
      WARPSampler.self, "The first violator of the margin.",
      fields: [
        scheduleField(
          "max_trials", .negativeCount, "Items drawn before a positive is left alone.", \WARPSampler.maximumTrials),
        scheduleField("margin", .margin, "How near a violator must come.", \WARPSampler.margin),
      ],
      describe: {
        "samplers.warp(max_trials = \($0.maximumTrials), margin = \($0.margin))"
      })
  }
}

extension DynamicSampler: LuaObject { public static var luaName: String { "DynamicSampler" } }
extension WARPSampler: LuaObject { public static var luaName: String { "WARPSampler" } }
