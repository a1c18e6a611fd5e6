import LuaHost
import Ranking

/// `perigee.samplers`: where negatives come from.
enum SamplersModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "samplers", "Where a trainer's negatives come from.",
      functions: [
        uniform, popularity, cluster, learnedClusters, exact, adaptive, inBatch, dynamic, warp, mixture, fixed, custom,
      ],
      types: [
        uniformType, popularityType, clusterType, learnedClustersType, exactType, adaptiveType, inBatchType,
        dynamicType, warpType,
        mixtureType, fixedType, LuaSampler.type, SamplingBatch.type, BatchStream.type,
      ])
  }

  static let countSummary = "Negatives for each positive."
  static var count: OptionDescription { .init("count", .schedule(.negativeCount), countSummary, default: 1) }

  static func excludePositives(_ isDefault: LuaDefault) -> OptionDescription {
    .init("exclude_positives", .boolean, excludeSummary, default: isDefault)
  }
  static let excludeSummary = "Whether the user's train items are drawn again."

  static func countField<Owner: LuaObject>(_ path: ReferenceWritableKeyPath<Owner, Schedule>) -> FieldDescription {
    scheduleField("count", .negativeCount, countSummary, path)
  }

  static func excludeField<Owner: LuaObject>(_ excludes: @escaping (Owner) -> Bool) -> FieldDescription {
    FieldDescription("exclude_positives", .boolean, excludeSummary, get: { (s: Owner) in excludes(s) })
  }

  /// What tells how often what was drawn was kept.
  static func drawFields<Owner: LuaObject>(_ counter: @escaping (Owner) -> DrawCounter) -> [FieldDescription] {
    [
      FieldDescription(
        "drawn", .integer, "Items that were drawn so far, the user's own ones included, which were drawn again.",
        get: { (s: Owner) in counter(s).drawn }),
      FieldDescription(
        "kept", .integer, "Negatives that were given so far: drawn / kept is what PRIS' Corollary 4.3 expects.",
        get: { (s: Owner) in counter(s).kept }),
    ]
  }

  /// What popularity is made of.
  static func popularityOptions(transform: PopularitySampler.Transform) -> [OptionDescription] {
    [
      .init("exponent", .number(in: -8...8), "What counts are raised to; 0 draws all seen items alike.", default: 1),
      .init(
        "transform", .choice(PopularitySampler.Transform.self), "What is raised: the count, or ln(1 + count).",
        default: .string(transform.rawValue)),
    ]
  }

  // MARK: Uniform

  static var uniform: FunctionDescription {
    FunctionDescription(
      "uniform", "Negatives uniform over the catalog, with replacement.",
      details:
        "Papers differ: SimpleX, MML and BSL draw from all items, positives included; UIB, PRIS and LightGCN draw again when "
        + "an item is one of the user's train items (`exclude_positives = true`). The logarithm of its proposal is 0 for every item.",
      example: "local sampler = perigee.samplers.uniform { count = 100 }",
      options: [count, excludePositives(false)],
      returns: [.init("sampler", .object(UniformSampler.self), "The sampler.")]
    ) { call in
      let sampler = UniformSampler(count: 1, excludesPositives: try call.boolean("exclude_positives"))
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  static var uniformType: TypeDescription {
    TypeDescription(
      UniformSampler.self, "Uniform negatives.",
      fields: [countField(\UniformSampler.count), excludeField(\UniformSampler.excludesPositives)]
        + drawFields { (s: UniformSampler) in s.counter },
      describe: {
        "samplers.uniform(count = \($0.count), exclude_positives = \($0.excludesPositives))"
      })
  }

  // MARK: Popularity

  private static var popularity: FunctionDescription {
    FunctionDescription(
      "popularity", "Negatives in proportion to how often items occur in the train part, with replacement.",
      details:
        "An item that nobody has is never drawn. A draw takes constant time (Walker's alias table). The logarithm of the proposal is ln f. "
        + "With `exclude_positives` an item of the user's is drawn again; a user who has all items that anybody has is left out.",
      equation:
        "p(j) = f_j / sum f,  f_j = c_j^exponent or ln(1 + c_j)^exponent, c_j how many users have j, f_j = 0 where c_j = 0",
      source:
        "exponent 1: WBPR, Gantner et al., KDD Cup 2011; 0.75: word2vec; `logarithm`: PRIS' sampler P, Lian et al., WWW 2020, 5.3",
      example: "local sampler = perigee.samplers.popularity { count = 5, exponent = 0.75 }",
      options: [
        count
      ] + popularityOptions(transform: .count) + [excludePositives(false)],
      returns: [.init("sampler", .object(PopularitySampler.self), "The sampler.")]
    ) { call in
      let sampler = PopularitySampler(
        count: 1, exponent: try call.number("exponent"), transform: try call.choice("transform"),
        excludesPositives: try call.boolean("exclude_positives"))
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  private static var popularityType: TypeDescription {
    TypeDescription(
      PopularitySampler.self, "Negatives by popularity.",
      fields: [
        countField(\PopularitySampler.count), excludeField(\PopularitySampler.excludesPositives),
        FieldDescription(
          "exponent", .number, "What counts are raised to.", get: { (s: PopularitySampler) in s.exponent }),
        FieldDescription(
          "transform", .choice(PopularitySampler.Transform.self), "What is raised.",
          get: { (s: PopularitySampler) in s.transform.rawValue }),
      ] + drawFields { (s: PopularitySampler) in s.counter },
      describe: {
        "samplers.popularity(count = \($0.count), exponent = \($0.exponent), transform = "
          + "\($0.transform.rawValue), exclude_positives = \($0.excludesPositives))"
      })
  }

  // MARK: In the batch

  private static var inBatch: FunctionDescription {
    FunctionDescription(
      "in_batch", "The positives of the batch's other rows as negatives.",
      details:
        "All others, or `count` of them drawn with replacement. They come as often as items occur in the train part: the logarithm of the "
        + "proposal is ln count, which `losses.sampled_softmax` corrects for. With `exclude_positives` another row's item that the user has "
        + "in the train part is drawn again. Where no other row has anything to offer, as in a batch of one, the draw is from the "
        + "train part's pairs, by the same law.",
      source:
        "Yi et al., \"Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations\", RecSys 2019",
      example: "local sampler = perigee.samplers.in_batch { exclude_positives = true }",
      options: [
        .init(
          "count", .schedule(.negativeCount),
          "Negatives for each positive; one of every other row where it is left out.",
          optional: true), excludePositives(false),
      ], returns: [.init("sampler", .object(InBatchSampler.self), "The sampler.")]
    ) { call in
      let sampler = InBatchSampler(excludesPositives: try call.boolean("exclude_positives"))
      sampler.count = try call.optionalSchedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  private static var inBatchType: TypeDescription {
    TypeDescription(
      InBatchSampler.self, "Negatives from the batch's other rows.",
      fields: [
        FieldDescription(
          "count", .schedule(.negativeCount), "Negatives for each positive; nil for one of every other row.",
          get: { (s: InBatchSampler) in try s.count?.luaValue },
          set: { (s: InBatchSampler, call: LuaCall) in s.count = try call.schedule("count", ownedBy: s) }),
        excludeField(\InBatchSampler.excludesPositives),
      ],
      describe: {
        "samplers.in_batch(count = \($0.count.map { "\($0)" } ?? "all others"), exclude_positives = \($0.excludesPositives))"
      })
  }
}

extension UniformSampler: LuaObject { public static var luaName: String { "UniformSampler" } }
extension PopularitySampler: LuaObject { public static var luaName: String { "PopularitySampler" } }
extension InBatchSampler: LuaObject { public static var luaName: String { "InBatchSampler" } }
