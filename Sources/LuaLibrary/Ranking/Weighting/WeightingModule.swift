import LuaHost
import Ranking

/// `perigee.weighting`: weights of triplets that are learned with the model.
enum WeightingModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "weighting", "Weights of triplets that are learned with the model: `weighting` of `perigee.trainer`.",
      functions: [tripletImportance], types: [tripletImportanceType, interestClustersType])
  }

  private static var innerRate: LuaType { .schedule(.number(in: 0...1000)) }
  private static var shareType: LuaType { .schedule(.number(in: -1e6...1e6)) }
  private static var pullType: LuaType { .schedule(.number(in: 0...1e9)) }

  private static var tripletImportance: FunctionDescription {
    FunctionDescription(
      "triplet_importance",
      "A network that says how much each triplet of user, positive and negative counts, learned with the model.",
      details:
        "The model is trained by the weighted loss J, the network by what the plain loss of the same triplets says after a look-ahead step of "
        + "the model by J, exactly. Both move by the trainer's optimizer, of which a group may name `importance_hidden`, `importance_bias`, "
        + "`importance_output` and `importance_offset`. Wants `losses.bpr`, one negative a positive, and a model without biases or dropout: "
        + "`models.mf`, or `models.lightgcn` whose states are of the tables' rows, both differentiated by hand; or `models.mgccf`, `gmf`, `ncf` "
        + "or `neumf`, whose states are of the rows or the first embeddings, and whose step is recorded and differentiated twice, at some ten "
        + "times the cost of a batch. With strategy = \"multi\" (TIL-MI) the center of an item's cluster, times alpha, stands "
        + "beside its row in a state, and J has gamma times a loss that draws items to the centers to which they lean; a group of the optimizer "
        + "may name `importance_centers`. With reduction = \"sum\" it is the paper's: with means the step is as much smaller as a "
        + "batch has triplets.",
      equation:
        "g = p_u + mean of u's items' rows,  s = [(q_i + alpha c_i) * g; (q_j + alpha c_j) * g],  w = sigmoid(<W2, relu(W1 s + b1)> + b2),  "
        + "J = sum w softplus(y_uj - y_ui) + gamma L_c",
      source:
        "TIL-UI and TIL-MI, Wu et al., \"Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation\", CIKM 2022, Eq. 3 to 15",
      example: """
        local importance = perigee.weighting.triplet_importance { model = model }
        local trainer = perigee.trainer {
          model = model, loss = perigee.losses.bpr { reduction = "sum" }, sampler = perigee.samplers.uniform { count = 1 },
          optimizer = perigee.optimizers.adam { rate = 1e-3 }, batch = 5000, weighting = importance,
        }
        trainer:epoch()
        print(importance.weights.mean, importance.weights.deviation)
        """,
      options: [
        .init("model", .object(ModelHandle.self), "Whose triplets are weighed."),
        .init("inner_rate", innerRate, "The rate of the look-ahead step; not the optimizer's.", default: 1e-3),
        .init(
          "states", .choice(["attached", "detached"]),
          "Whether J differentiates the weights with respect to the rows that states are made of.", default: "attached"),
        .init(
          "hypergradient", .choice(TripletImportance.Hypergradient.allCases.map(\.rawValue)),
          "How the network's derivative is found: by what v, the plain loss's derivative after the step, makes of weights and losses, or by "
            + "central differences along v, or by differentiating the recorded inner derivative, which says what \"exact\" says and costs more.",
          default: "exact"),
        .init(
          "accumulate_outer", .boolean,
          "Whether the plain loss after the step moves the model too, by its derivative through the step, as in the authors' code.",
          default: false),
        .init(
          "aggregate", .choice(TripletImportance.Aggregate.allCases.map(\.rawValue)),
          "What a user's items are to its state: the mean or the sum of their rows.", default: "mean"),
        .init(
          "activation", .choice(TripletNetwork.Activation.allCases.map(\.rawValue)),
          "What makes a weight of the network's last number: \"softplus\" as in the authors' code for matrix factorization.",
          default: "sigmoid"),
        .init("offset", .boolean, "Whether the network has b2; the authors' code has none.", default: true),
        .init(
          "strategy", .choice(["uni", "multi"]),
          "What a user is interested in: the mean of its items (TIL-UI), or the centers of their clusters besides (TIL-MI).",
          default: "uni"),
        .init("clusters", .integer(atLeast: 1), "With \"multi\": how many clusters of items.", default: 60),
        .init(
          "clustering", .choice(InterestClusters.Motion.allCases.map(\.rawValue)),
          "With \"multi\": whether the centers are trained, once k-means has found them, or found by k-means at each look (TIL-MIK).",
          default: "learned"),
        .init("alpha", shareType, "With \"multi\": how much of its center stands beside an item.", default: 0.5),
        .init(
          "gamma", pullType,
          "With \"multi\" and learned centers: what the clustering loss, a sum over all items, counts.",
          default: 1e-4),
        .init(
          "tau", .number(above: 0), "With \"multi\" and learned centers: degrees of freedom of Student's distribution.",
          default: 1),
        .init(
          "refresh", .integer(atLeast: 1), "With \"multi\": epochs from one look at where items belong to the next.",
          default: 10, unit: "epochs"),
        .init(
          "pretrain", .integer(atLeast: 0), "Epochs of the plain loss before the first with weights.", default: 0,
          unit: "epochs"),
        .init("seed", .integer(atLeast: 0), "Of the network's first values, and of where clusters begin.", default: 0),
      ], returns: [.init("weighting", .object(TripletImportance.self), "The weights.")]
    ) { call in
      let handle = try call.object("model", as: ModelHandle.self)
      guard let model = handle.rankingModel else {
        throw call.error(
          "model", "model '\(handle.model.name)' is not trained by batches: its triplets have no weights")
      }
      let clusters = try interestClusters(of: model, call)
      let network = try TripletNetwork(
        width: model.dim, activation: TripletNetwork.Activation(rawValue: call.string("activation"))!,
        hasOffset: call.boolean("offset"), seed: UInt64(call.integer("seed")))
      let importance = try TripletImportance(
        network, isAttached: call.string("states") == "attached",
        hypergradient: TripletImportance.Hypergradient(rawValue: call.string("hypergradient"))!,
        aggregate: TripletImportance.Aggregate(rawValue: call.string("aggregate"))!,
        accumulatesOuter: call.boolean("accumulate_outer"), clusters: clusters, pretraining: call.integer("pretrain"))
      importance.innerRate = try call.schedule("inner_rate", ownedBy: importance)
      if let clusters {
        clusters.share = try call.schedule("alpha", ownedBy: clusters)
        clusters.pull = try call.schedule("gamma", ownedBy: clusters)
      }
      return [importance]
    }
  }

  /// Those of TIL-MI; `nil` for TIL-UI, which has no use for their options.
  private static func interestClusters(of model: any RankingModel, _ call: LuaCall) throws -> InterestClusters? {
    let motion = try InterestClusters.Motion(rawValue: call.string("clustering"))!
    func refuse(_ names: [String], _ reason: String) throws {
      for name in names where call.has(name) { throw call.error(name, reason) }
    }
    guard try call.string("strategy") == "multi" else {
      try refuse(
        ["clusters", "clustering", "alpha", "gamma", "tau", "refresh"],
        "clusters of items are part of strategy = \"multi\"; leave it out, or say strategy = \"multi\"")
      return nil
    }
    if motion == .kmeans {
      try refuse(
        ["gamma", "tau"],
        "centers that k-means finds have no loss of their own; leave it out, or let clustering be \"learned\"")
    }
    let count = try call.integer("clusters")
    guard count <= model.itemCount else {
      throw call.error(
        "clusters", "\(count) clusters of \(model.itemCount) items; want at most as many clusters as items")
    }
    return try InterestClusters(
      count: count, width: model.dim, motion: motion, share: 0, pull: 0, tau: call.number("tau"),
      interval: call.integer("refresh"), seed: UInt64(call.integer("seed")))
  }

  private static var interestClustersType: TypeDescription {
    TypeDescription(
      InterestClusters.self, "Clusters of items that stand for interests of users.",
      fields: [
        scheduleField("alpha", shareType, "How much of its center stands beside an item.", \InterestClusters.share),
        scheduleField("gamma", pullType, "What the clustering loss counts.", \InterestClusters.pull),
        FieldDescription(
          "centers", .object(Parameter.self), "`[clusters, d]`.", get: { (c: InterestClusters) in c.centers }),
        FieldDescription("count", .integer, "How many clusters there are.", get: { (c: InterestClusters) in c.count }),
        FieldDescription(
          "sizes", .table, "How many items each cluster had at the last look; nil before the first.",
          get: { (c: InterestClusters) in c.labels.isEmpty ? nil : LuaList(c.sizes) }),
        FieldDescription(
          "reseeded", .integer,
          "How many clusters were empty at a look, and moved to an item that was far from its own.",
          get: { (c: InterestClusters) in c.reseeded }),
        FieldDescription(
          "divergence", .number, "The clustering loss of the last batch, without gamma; nil before.",
          get: { (c: InterestClusters) in c.divergence }),
      ], describe: { "weighting clusters(\($0.count), \($0.motion.rawValue))" })
  }

  private static var tripletImportanceType: TypeDescription {
    func parameter(_ name: String, _ doc: String, _ path: KeyPath<TripletNetwork, Parameter>) -> FieldDescription {
      FieldDescription(name, .object(Parameter.self), doc, get: { (i: TripletImportance) in i.network[keyPath: path] })
    }
    return TypeDescription(
      TripletImportance.self, "Weights of triplets that are learned.",
      fields: [
        scheduleField(
          "inner_rate", .number(in: 0...1000), "The rate of the look-ahead step.", \TripletImportance.innerRate),
        FieldDescription(
          "states", .choice(["attached", "detached"]), "Whether states are differentiated.",
          get: { (i: TripletImportance) in i.isAttached ? "attached" : "detached" }),
        FieldDescription(
          "hypergradient", .choice(TripletImportance.Hypergradient.allCases.map(\.rawValue)),
          "How the network's derivative is found.", get: { (i: TripletImportance) in i.hypergradient.rawValue }),
        FieldDescription(
          "weights", .table,
          "Of the epoch under way or just finished: `count`, `mean`, `deviation`, `least`, `most`, and `tenths`, the share of them in each tenth of "
            + "0 to 1; nil before the first batch.",
          get: { (i: TripletImportance) in i.summary.count == 0 ? nil : i.summary.report }),
        FieldDescription(
          "clusters", .object(InterestClusters.self), "Of items, with strategy = \"multi\"; nil otherwise.",
          get: { (i: TripletImportance) in i.clusters }),
        FieldDescription(
          "pretrain", .integer, "Epochs of the plain loss before the first with weights.",
          get: { (i: TripletImportance) in i.pretraining }),
        FieldDescription(
          "accumulate_outer", .boolean, "Whether the plain loss after the step moves the model too.",
          get: { (i: TripletImportance) in i.accumulatesOuter }),
        FieldDescription(
          "aggregate", .choice(TripletImportance.Aggregate.allCases.map(\.rawValue)),
          "What a user's items are to its state.", get: { (i: TripletImportance) in i.aggregate.rawValue }),
        FieldDescription(
          "activation", .choice(TripletNetwork.Activation.allCases.map(\.rawValue)),
          "What makes a weight of the network's last number.",
          get: { (i: TripletImportance) in i.network.activation.rawValue }),
        parameter("hidden", "W1, `[d, 2 d]`.", \.hidden), parameter("bias", "b1, `[1, d]`.", \.bias),
        parameter("output", "W2, `[1, d]`.", \.output), parameter("offset", "b2, `[1, 1]`.", \.offset),
      ],
      describe: { "weighting.\($0.text)" })
  }
}

extension TripletImportance: LuaObject { public static var luaName: String { "TripletImportance" } }
extension InterestClusters: LuaObject { public static var luaName: String { "InterestClusters" } }
