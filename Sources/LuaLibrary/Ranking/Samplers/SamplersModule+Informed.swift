import LuaHost
import Ranking

/// Samplers whose law is made of the model's rows.
extension SamplersModule {
  // MARK: Clusters

  static var cluster: FunctionDescription {
    FunctionDescription(
      "cluster",
      "Negatives near those that the model takes for best: a cluster by the user's score of its center, then an item of it.",
      details:
        "Items are clustered by k-means of their rows as they stand (k-means++ at first, later from where the centers stood); users score the "
        + "centers. A cluster of which the user has everything is never drawn; within a cluster an item that the user has is drawn again, "
        + "and where less than an eighth is left, what is left is listed. The logarithm of its proposal is the score of the item's cluster, "
        + "plus ln f_j. Wants a model whose scores are inner products of rows.",
      equation:
        "q(j|u) ~ exp(<p_u, c_y(j)>) f_j for j that u does not have;  f_j = 1, or as in samplers.popularity",
      source:
        "CU and CP of PRIS, Lian et al., \"Personalized Ranking with Importance Sampling\", WWW 2020, 4.2.3 and 4.2.4, with line 10 of "
        + "Algorithm 3 drawn from all members",
      example:
        "local sampler = perigee.samplers.cluster { count = 5, clusters = 100, members = \"popularity\" }",
      options: [
        count,
        .init(
          "clusters", .integer(in: 1...1_000_000).or(.object(LearnedClusters.self)),
          "Clusters, at most as many as items; or those of `learned_clusters`, which are not made by k-means.",
          default: 100),
        .init(
          "members", .choice(ClusterSampler.Members.self),
          "How an item of a cluster is drawn: all alike, or by popularity.",
          default: "uniform"),
        .init(
          "recluster", .choice(["epoch"]).or(.integer(in: 1...1_000_000_000)),
          "When clusters are made anew: before each epoch, or after so many steps of the optimizer.", default: "epoch"),
        .init("iterations", .integer(in: 1...10_000), "Iterations of k-means at most, each time.", default: 20),
      ] + popularityOptions(transform: .logarithm) + [excludePositives(true)],
      returns: [.init("sampler", .object(ClusterSampler.self), "The sampler.")]
    ) { call in
      let sampler = ClusterSampler(
        count: 1, clustering: try clustering(call), members: try call.choice("members"),
        exponent: try call.number("exponent"),
        transform: try call.choice("transform"), excludesPositives: try call.boolean("exclude_positives"))
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  private static func clustering(_ call: LuaCall) throws -> any ItemClustering {
    guard let learned = call.optionalObject("clusters", as: LearnedClusters.self) else {
      let interval: KMeansClustering.Interval = call.value("recluster").asInteger.map { .steps($0) } ?? .epoch
      return KMeansClustering(
        count: try call.integer("clusters"), interval: interval, iterations: try call.integer("iterations"))
    }
    for option in ["recluster", "iterations"] where call.has(option) {
      throw call.error(option, "is of k-means; learned clusters have `reassign`")
    }
    return learned
  }

  static var clusterType: TypeDescription {
    TypeDescription(
      ClusterSampler.self, "Negatives of the clusters that a user scores high.",
      fields: [
        countField(\ClusterSampler.count), excludeField(\ClusterSampler.excludesPositives),
        FieldDescription(
          "clusters", .integer, "Clusters of items.", get: { (s: ClusterSampler) in s.clustering.count }),
        FieldDescription(
          "members", .choice(ClusterSampler.Members.self), "How an item of a cluster is drawn.",
          get: { (s: ClusterSampler) in s.members.rawValue }),
      ] + drawFields { (s: ClusterSampler) in s.counter }, describe: text)
  }

  private static func text(_ sampler: ClusterSampler) -> String {
    var words = [
      "count = \(sampler.count)", "clusters = \(sampler.clustering.count)",
      "members = \(sampler.members.rawValue)",
    ]
    if let clustering = sampler.clustering as? KMeansClustering {
      words.append("recluster = \(clustering.interval)")
      words.append("iterations = \(clustering.iterations)")
    }
    if let clustering = sampler.clustering as? LearnedClusters {
      words.append("learned, reassign = \(clustering.interval)")
    }
    if sampler.members == .popularity {
      words += ["exponent = \(sampler.exponent)", "transform = \(sampler.transform.rawValue)"]
    }
    words.append("exclude_positives = \(sampler.excludesPositives)")
    return "samplers.cluster(\(words.joined(separator: ", ")))"
  }

  // MARK: All items

  static var exact: FunctionDescription {
    FunctionDescription(
      "exact", "Negatives by the model's own softmax over all items that the user does not have.",
      details:
        "Exact, without scoring all items: an item is drawn by a bound of its score, that of its cluster's center plus the length of the "
        + "user's row times the item's distance from it, and kept with probability exp(score - bound), else drawn again. Clusters are made by "
        + "k-means before each epoch; they decide what a draw costs, not what is drawn. Users whose bounds are too loose have all items scored, "
        + "as all users have where there are fewer than 32 items, with clusters = 0, and in a mixture. The logarithm of its proposal is the "
        + "score. Wants a model whose scores are inner products of rows.",
      equation: "q(j|u) ~ exp(<p_u, v_j>) for j that u does not have",
      source: "PRIS, Lian et al., WWW 2020, Eq. 2",
      example: "local sampler = perigee.samplers.exact { count = 5 }",
      options: [
        count,
        .init(
          "clusters", .integer(in: 0...1_000_000),
          "Clusters of items that bound scores, at most one for 16 items; 0: all items are scored for every user.",
          default: .integer(ExactSampler.defaultClusters)),
        excludePositives(true),
      ],
      returns: [.init("sampler", .object(ExactSampler.self), "The sampler.")]
    ) { call in
      let sampler = ExactSampler(
        count: 1, excludesPositives: try call.boolean("exclude_positives"), clusters: try call.integer("clusters"))
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  static var exactType: TypeDescription {
    TypeDescription(
      ExactSampler.self, "Negatives by the model's softmax.",
      fields: [
        countField(\ExactSampler.count), excludeField(\ExactSampler.excludesPositives),
        FieldDescription(
          "clusters", .integer, "Clusters of items that bound scores, at most.",
          get: { (s: ExactSampler) in s.clusters }),
      ] + drawFields { (s: ExactSampler) in s.counter },
      describe: {
        "samplers.exact(count = \($0.count), clusters = \($0.clusters), exclude_positives = \($0.excludesPositives))"
      })
  }

  // MARK: Factors

  static var adaptive: FunctionDescription {
    FunctionDescription(
      "adaptive", "Negatives that stand high in one of the factors that count for the user.",
      details:
        "A factor f is drawn by |p_uf| times how far it spreads over the items, and a rank r; the negative is the item of this rank by "
        + "factor f, from the top where p_uf > 0, else from the bottom. One that the user has is drawn again, factor and rank. Orders are "
        + "made anew after `refresh` draws, before a batch. Gives no proposal. LibRec's law of ranks is flatter: it multiplies lambda by "
        + "the number of items. Wants a model whose scores are inner products of rows.",
      equation: "p(f|u) ~ |p_uf| s_f,  p(r) ~ exp(-r / lambda), r = 0, 1, ...",
      source:
        "AOBPR, Rendle & Freudenthaler, \"Improving Pairwise Learning for Item Recommendation from Implicit Feedback\", WSDM 2014",
      example: "local sampler = perigee.samplers.adaptive { count = 1, lambda = 500 }",
      options: [
        count, .init("lambda", .number(above: 0), "Ranks within which most draws are.", default: 500),
        .init(
          "deviation", .choice(AdaptiveSampler.Deviation.self),
          "s_f: the standard deviation, or the variance as LibRec has it.",
          default: "standard"),
        .init(
          "refresh", .integer(in: 1...1_000_000_000_000),
          "Draws between two orders; N ln N for N items where it is left out.", optional: true),
        excludePositives(true),
      ], returns: [.init("sampler", .object(AdaptiveSampler.self), "The sampler.")]
    ) { call in
      let sampler = AdaptiveSampler(
        count: 1, reach: try call.number("lambda"), deviation: try call.choice("deviation"),
        interval: call.value("refresh").asInteger, excludesPositives: try call.boolean("exclude_positives"))
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }

  static var adaptiveType: TypeDescription {
    TypeDescription(
      AdaptiveSampler.self, "Negatives that stand high in a user's factors.",
      fields: [
        countField(\AdaptiveSampler.count), excludeField(\AdaptiveSampler.excludesPositives),
        FieldDescription(
          "lambda", .number, "Ranks within which most draws are.", get: { (s: AdaptiveSampler) in s.reach }),
      ] + drawFields { (s: AdaptiveSampler) in s.counter },
      describe: {
        "samplers.adaptive(count = \($0.count), lambda = \($0.reach), deviation = \($0.deviation.rawValue), refresh = "
          + "\($0.interval.map { "\($0)" } ?? "N ln N"), exclude_positives = \($0.excludesPositives))"
      })
  }
}

extension ClusterSampler: LuaObject { public static var luaName: String { "ClusterSampler" } }
extension ExactSampler: LuaObject { public static var luaName: String { "ExactSampler" } }
extension AdaptiveSampler: LuaObject { public static var luaName: String { "AdaptiveSampler" } }
