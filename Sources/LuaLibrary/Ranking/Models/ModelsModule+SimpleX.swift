import Interactions
import LuaHost
import Ranking

extension ModelsModule {
  static var simplex: FunctionDescription {
    FunctionDescription(
      "simplex", "SimpleX: a user's row is a blend of the user's own and of the items that the user has.",
      details:
        "In training a history leaves out the positive beside the user. With gate = 1 the history does not count: the model is "
        + "`mf`, as in the published Yelp2018 configuration.",
      equation: "u = g P_u + (1 - g) W_v agg(q_h, h in H_u); attention: softmax_h <tanh(W_k q_h + b_k), P_u or w_q>",
      source: "Mao et al., \"SimpleX\", CIKM 2021, section 3.2, and its public code",
      example: "local model = perigee.models.simplex { data = split, gate = 0.8, aggregator = \"user_attention\" }",
      options: [
        .init("data", .object(Split.self), "Whose users and items; the train part makes the histories."),
        .init("dim", .integer(in: 1...4096), "Length of a row.", default: 64),
        .init("score", .choice(ScoreFunction.self), "How two rows make a score.", default: "cosine"),
        .init("gate", .number(in: 0...1), "g, the share of the user's own row.", default: 0.5),
        .init(
          "aggregator", .choice(SimpleX.Aggregator.self), "How the items of a history become one row.", default: "mean"),
        .init(
          "history", .choice(SimpleX.HistoryTable.self),
          "Whether rows of a history come from a table of their own or from the items'.", default: "separate"),
        .init("max_history", .integer(atLeast: 1), "Items of a history that count; all if left out.", optional: true),
        .init(
          "mask", .choice(SimpleX.Mask.self),
          "proper: an attention's weights sum to 1. code: each place of padding adds exp(0) to their denominator, as in the public "
            + "code.", default: "proper"),
        .init(
          "exclude_positive", .boolean, "Whether a history leaves out the positive beside the user in training.",
          default: true),
        .init("init", initializationType, "How tables start; matrices start Xavier normal.", optional: true),
        .init(
          "dropout", .schedule(.dropout), "Share of a user's row that is dropped in training.", default: 0),
        .init("dropout_on", rowDropoutPlace, "As for `mf`.", default: "scoring"),
        .init("seed", .integer(atLeast: 0), "Of the initial parameters.", default: 0),
      ], returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      var configuration = SimpleX.Configuration()
      configuration.dim = try call.integer("dim")
      configuration.score = try call.choice("score")
      configuration.gate = try call.number("gate")
      configuration.aggregator = try call.choice("aggregator")
      configuration.history = try call.choice("history")
      configuration.mask = try call.choice("mask")
      configuration.excludesPositive = try call.boolean("exclude_positive")
      configuration.maximumHistory = call.optionalInteger("max_history")
      configuration.initialization = try initialization(call)
      configuration.seed = UInt64(try call.integer("seed"))
      let handle = ModelHandle(model: try SimpleX(configuration, train: split.train), split: split)
      handle.rankingModel?.dropoutPlace = try call.choice("dropout_on")
      handle.dropout = try call.schedule("dropout", ownedBy: handle)
      return [handle]
    }
  }
}
