import LuaHost
import Ranking

/// Clusters that are learned: what `samplers.cluster` draws by and `terms.clusters` trains.
extension SamplersModule {
  static var learnedClusters: FunctionDescription {
    FunctionDescription(
      "learned_clusters",
      "Clusters of items that are learned with the model, for `samplers.cluster` and `terms.clusters`.",
      details:
        "The sampler draws by them, the term trains them: give both the same. The centers begin where k-means of the model's items ends, the "
        + "similarity as the inner product. An optimizer's group may name `cluster_centers`, `cluster_similarity` and `cluster_lean`. Wants "
        + "a model of two tables without biases whose scores are inner products.",
      equation: "sim(v_i, c_k) = 1/2 <v_i, W c_k> + <w, c_k>,  y_i = argmax_k sim(v_i, c_k)",
      source:
        "CUJ and CPJ of PRIS, Lian et al., \"Personalized Ranking with Importance Sampling\", WWW 2020, 4.3, Eq. 16",
      example: """
        local clusters = perigee.samplers.learned_clusters { model = model, count = 100 }
        local trainer = perigee.trainer {
          model = model, loss = perigee.losses.pris {}, optimizer = perigee.optimizers.adam { rate = 1e-3 },
          sampler = perigee.samplers.cluster { count = 5, clusters = clusters, members = "popularity" },
          terms = { perigee.terms.clusters { clusters = clusters } },
        }
        """,
      options: [
        .init("model", .object(ModelHandle.self), "Whose items they are."),
        .init("count", .integer(in: 1...1_000_000), "Clusters, at most as many as items.", default: 100),
        .init(
          "reassign", .choice(["epoch"]).or(.integer(in: 1...1_000_000_000)),
          "When items are assigned to clusters anew: before each epoch, or after so many steps of the optimizer.",
          default: "epoch"),
        .init("seed", .integer(atLeast: 0), "Of the first centers.", default: 0),
      ], returns: [.init("clusters", .object(LearnedClusters.self), "The clusters.")]
    ) { call in
      let handle = try call.object("model", as: ModelHandle.self)
      guard let model = handle.rankingModel else {
        throw call.error("model", "model '\(handle.model.name)' is not trained by batches: it learns no clusters")
      }
      return [
        try LearnedClusters(
          count: call.integer("count"), of: model,
          interval: call.value("reassign").asInteger.map { .steps($0) } ?? .epoch,
          seed: UInt64(call.integer("seed")))
      ]
    }
  }

  static var learnedClustersType: TypeDescription {
    TypeDescription(
      LearnedClusters.self, "Clusters of items that are learned.",
      fields: [
        FieldDescription("count", .integer, "Clusters.", get: { (c: LearnedClusters) in c.count }),
        FieldDescription(
          "centers", .object(Parameter.self), "c, `[clusters, d]`.", get: { (c: LearnedClusters) in c.centers }),
        FieldDescription(
          "similarity", .object(Parameter.self), "W, `[d, d]`.", get: { (c: LearnedClusters) in c.similarity }),
        FieldDescription("lean", .object(Parameter.self), "w, `[1, d]`.", get: { (c: LearnedClusters) in c.lean }),
      ],
      describe: { "samplers.learned_clusters(count = \($0.count), reassign = \($0.interval))" })
  }
}

extension LearnedClusters: LuaObject { public static var luaName: String { "LearnedClusters" } }
