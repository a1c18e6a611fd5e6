import Interactions
import LuaHost
import Ranking

// Models that see the train part as a graph.

extension ModelsModule {
  /// Options that they share.
  private static func options(rows: String, _ own: [OptionDescription], dropout: String) -> [OptionDescription] {
    [
      .init("data", .object(Split.self), "Whose users and items; the train part makes the graph."),
      .init("dim", .integer(in: 1...4096), "Length of a row.", default: 64),
      .init("score", .choice(ScoreFunction.self), "How two rows make a score.", default: "dot"),
    ] + own + [
      .init("init", initializationType, rows, optional: true),
      .init(
        "boundary", .choice(Boundary.Kind.self), "As for `mf`; P_u is the row that scores, after the graph.",
        optional: true),
      .init("dropout", .schedule(.dropout), dropout, default: 0),
      .init("seed", .integer(atLeast: 0), "Of the initial parameters.", default: 0),
    ]
  }

  /// Where no deviation is given: 0.1 whatever the score, since the graph mixes rows before they score.
  private static func graphInitialization(_ call: LuaCall) throws -> Initialization {
    if try call.string("init.kind") == "normal", call.optionalNumber("init.std") == nil {
      return .normal(standardDeviation: 0.1)
    }
    return try initialization(call)
  }

  static var lightgcn: FunctionDescription {
    FunctionDescription(
      "lightgcn", "LightGCN: rows of users and items are smoothed over the graph of the train part.",
      details:
        "The parameters `user` and `item` are the ego rows, E_0; `user_embeddings` and scores are of the propagated ones. L2 of a "
        + "scope that counts rows (`batch`, `batch_mean`, `per_sample`) counts the ego rows of the batch. A user or item without "
        + "train pairs keeps w_0 E_0. A batch costs a product with the graph for each layer, forward and backward, however small it is.",
      equation: "out = sum_k w_k E_k, E_{k+1} = A E_k; symmetric: A = D^-1/2 B D^-1/2; row: A = D^-1 (B + I)",
      source: "He et al., \"LightGCN\", SIGIR 2020, Eq. 3-8; `row` is the released code of TIL",
      example: "local model = perigee.models.lightgcn { data = split, dim = 64, layers = 3 }",
      options: options(
        rows: "How the ego rows start; normal with deviation 0.1 if left out.",
        [
          .init("layers", .integer(in: 1...64), "K.", default: 3),
          .init(
            "layer_weights", .list(.number, count: 2...65),
            "w_0 of the ego rows, then one for each layer; 1 / (layers + 1) each if left out.", optional: true),
          .init(
            "normalization", .choice(GraphNormalization.self),
            "symmetric: as the paper. row: each node averages itself and its neighbors; not symmetric.",
            default: "symmetric"),
        ], dropout: "Share of the ego rows that is dropped in training, before they are propagated."),
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      var configuration = LightGCN.Configuration()
      configuration.dim = try call.integer("dim")
      configuration.score = try call.choice("score")
      configuration.layers = try call.integer("layers")
      configuration.normalization = try call.choice("normalization")
      configuration.initialization = try graphInitialization(call)
      configuration.boundary = call.optionalString("boundary").flatMap(Boundary.Kind.init)
      configuration.seed = UInt64(try call.integer("seed"))
      if call.has("layer_weights") {
        let weights = try call.numbers("layer_weights")
        guard weights.count == configuration.layers + 1 else {
          throw call.error(
            "layer_weights",
            "\(weights.count) weights for \(configuration.layers) layers; want \(configuration.layers + 1), the first for the ego rows"
          )
        }
        configuration.layerWeights = weights
      }
      let handle = ModelHandle(model: try LightGCN(configuration, train: split.train), split: split)
      handle.dropout = try call.schedule("dropout", ownedBy: handle)
      return [handle]
    }
  }

  static var mgccf: FunctionDescription {
    FunctionDescription(
      "mgccf",
      "Multi-GCCF: a row is made of the own one, of the items (or users) that go with it and of similar users (or items).",
      details:
        "One layer, all neighbors, as TIL compares with it. Similar are those with the largest cosine of their train rows; whoever "
        + "has nothing in common is nobody's neighbor. Weights of users and of items are apart, and start Xavier uniform. L2 of a "
        + "scope that counts rows counts the rows that come out.",
      equation:
        "out_u = tanh([e_u; mean e_i, i in N(u)] W_user) + tanh((sum e_v, v in N'(u)) M_user) + tanh(e_u S_user); items likewise",
      source:
        "Sun et al., \"Multi-Graph Convolution Collaborative Filtering\", ICDM 2019; one layer as in TIL, section 5.4",
      example: "local model = perigee.models.mgccf { data = split, dim = 64, neighbors = 10 }",
      options: options(
        rows: "How the tables start; normal with deviation 0.1 if left out.",
        [
          .init(
            "neighbors", .integer(in: 1...1000), "Similar users of a user, and similar items of an item.", default: 10)
        ], dropout: "Share of a user's row that is dropped in training."),
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      var configuration = MultiGCCF.Configuration()
      configuration.dim = try call.integer("dim")
      configuration.score = try call.choice("score")
      configuration.neighbors = try call.integer("neighbors")
      configuration.initialization = try graphInitialization(call)
      configuration.boundary = call.optionalString("boundary").flatMap(Boundary.Kind.init)
      configuration.seed = UInt64(try call.integer("seed"))
      let handle = ModelHandle(model: try MultiGCCF(configuration, train: split.train), split: split)
      handle.dropout = try call.schedule("dropout", ownedBy: handle)
      return [handle]
    }
  }
}
