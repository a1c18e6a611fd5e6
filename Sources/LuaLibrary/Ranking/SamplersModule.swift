import LuaHost
import Ranking

/// `perigee.samplers`: where negatives come from.
enum SamplersModule {
  static func module() -> ModuleDescription {
    ModuleDescription("samplers", "Where a trainer's negatives come from.", functions: [uniform], types: [uniformType])
  }

  static var uniform: FunctionDescription {
    FunctionDescription(
      "uniform", "Negatives uniform over the catalogue, with replacement.",
      details:
        "Papers differ: SimpleX, MML and BSL draw from all items, positives included; UIB, PRIS and LightGCN draw again when "
        + "an item is one of the user's train items (`exclude_positives = true`).",
      example: "local sampler = perigee.samplers.uniform { count = 100 }",
      options: [
        .init("count", .schedule(.negativeCount), "Negatives for each positive.", default: 1),
        .init("exclude_positives", .boolean, "Whether the user's train items are drawn again.", default: false),
      ], returns: [.init("sampler", .object(UniformSampler.self), "The sampler.")]
    ) { call in
      let sampler = UniformSampler(count: 1, excludesPositives: try call.boolean("exclude_positives"))
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  static var uniformType: TypeDescription {
    TypeDescription(
      UniformSampler.self, "Uniform negatives.",
      fields: [
        scheduleField("count", .negativeCount, "Negatives for each positive.", \UniformSampler.count),
        FieldDescription(
          "exclude_positives", .boolean, "Whether the user's train items are drawn again.",
          get: { (s: UniformSampler) in s.excludesPositives }),
      ],
      describe: {
        "samplers.uniform(count = \(LossesModule.number($0.count)), exclude_positives = \($0.excludesPositives))"
      })
  }
}

extension UniformSampler: LuaObject { public static var luaName: String { "UniformSampler" } }
