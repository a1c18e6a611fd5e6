import Interactions
import LuaHost
import Ranking

// Models of distances: `sml`.

extension ModelsModule {
  static var sml: FunctionDescription {
    FunctionDescription(
      "sml",
      "Symmetric metric learning: rows within the unit ball, their squared distance, and margins that are learned.",
      details:
        "After every step rows longer than 1 are put back to length 1, and margins into 0 to 1. The losses `sml` and `sml_uib` learn the "
        + "margins, parameters `user_margin` and `item_margin` of the model, at first 1: they are saved and loaded with it. A loss of a "
        + "script reads them as `model.parameters.user_margin[s.users]`. Both losses sum over the batch, so that rates are those of a sum. "
        + "Where an optimizer moves rows without a gradient (dense Adam, momentum) every row steps at every batch.",
      equation: "score = -|P_u - Q_x|^2, |P_u| <= 1, |Q_x| <= 1, 0 <= m_u, n_x <= 1",
      source:
        "Li et al., \"Symmetric Metric Learning with Adaptive Margin for Recommendation\", AAAI 2020; with boundary it is SML+UIB (WWW "
        + "2022, Eq. 11)",
      example: """
        local model = perigee.models.sml { data = split, dim = 32, boundary = "linear_bias" }
        local trainer = perigee.trainer {
          model = model, loss = perigee.losses.sml_uib { alpha = 0.2, item_weight = 0.3, margin_weight = 128 },
          sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adagrad { rate = 1 }, batch = 1024,
        }
        """,
      options: [
        .init("data", .object(Split.self), "Whose users and items."),
        .init("dim", .integer(in: 1...4096), "Length of a row.", default: 32),
        .init(
          "init", initializationType,
          "How rows start, before those longer than 1 are put back; normal with deviation 1 / sqrt(dim) if left out.",
          optional: true),
        .init(
          "boundary", .choice(Boundary.Kind.self),
          "As for `mf`. Scores are at most 0, and linear_bias reaches below all of them at once.", optional: true),
        .init("dropout", .schedule(.dropout), "Share of a user's row that is dropped in training.", default: 0),
        .init("seed", .integer(atLeast: 0), "Of the initial parameters.", default: 0),
      ], returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      var configuration = SymmetricMetric.Configuration(
        userCount: split.userCount, itemCount: split.itemCount, dim: try call.integer("dim"))
      if call.has("init"), try call.string("init.kind") != "normal" || call.optionalNumber("init.std") != nil {
        configuration.initialization = try initialization(call, scoring: .euclidean)
      }
      configuration.boundary = call.optionalString("boundary").flatMap(Boundary.Kind.init)
      configuration.seed = UInt64(try call.integer("seed"))
      let handle = ModelHandle(model: try SymmetricMetric(configuration), split: split)
      handle.dropout = try call.schedule("dropout", ownedBy: handle)
      return [handle]
    }
  }
}
