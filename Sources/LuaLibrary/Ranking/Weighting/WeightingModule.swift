import LuaHost
import Ranking

/// `perigee.weighting`: weights of triplets that are learned with the model.
enum WeightingModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "weighting", "Weights of triplets that are learned with the model: `weighting` of `perigee.trainer`.",
      functions: [tripletImportance], types: [tripletImportanceType])
  }

  private static var innerRate: LuaType { .schedule(.number(in: 0...1000)) }

  private static var tripletImportance: FunctionDescription {
    FunctionDescription(
      "triplet_importance",
      "A network that says how much each triplet of user, positive and negative counts, learned with the model.",
      details:
        "The model is trained by the weighted loss J, the network by what the plain loss of the same triplets says after a look-ahead step of "
        + "the model by J, exactly. Both move by the trainer's optimizer, of which a group may name `importance_hidden`, `importance_bias`, "
        + "`importance_output` and `importance_offset`. Wants `losses.bpr`, one negative a positive, and a model of two tables without biases or "
        + "dropout whose scores are inner products. With reduction = \"sum\" it is the paper's: with means the step is as much smaller as a "
        + "batch has triplets.",
      equation:
        "g = p_u + mean of u's items' rows,  s = [q_i * g; q_j * g],  w = sigmoid(<W2, relu(W1 s + b1)> + b2),  J = sum w softplus(y_uj - y_ui)",
      source:
        "TIL-UI, Wu et al., \"Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation\", CIKM 2022, Eq. 3 to 5, 12 to 15",
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
        .init("seed", .integer(atLeast: 0), "Of the network's first values.", default: 0),
      ], returns: [.init("weighting", .object(TripletImportance.self), "The weights.")]
    ) { call in
      let handle = try call.object("model", as: ModelHandle.self)
      guard let model = handle.rankingModel else {
        throw call.error(
          "model", "model '\(handle.model.name)' is not trained by batches: its triplets have no weights")
      }
      let importance = try TripletImportance(
        width: model.dim, isAttached: call.string("states") == "attached", seed: UInt64(call.integer("seed")))
      importance.innerRate = try call.schedule("inner_rate", ownedBy: importance)
      return [importance]
    }
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
          "weights", .table,
          "Of the epoch under way or just finished: `count`, `mean`, `deviation`, `least`, `most`; nil before the first batch.",
          get: { (i: TripletImportance) in i.summary.count == 0 ? nil : i.summary.report }),
        parameter("hidden", "W1, `[d, 2 d]`.", \.hidden), parameter("bias", "b1, `[1, d]`.", \.bias),
        parameter("output", "W2, `[1, d]`.", \.output), parameter("offset", "b2, `[1, 1]`.", \.offset),
      ],
      describe: {
        "weighting.triplet_importance(inner_rate = \($0.innerRate), states = \($0.isAttached ? "attached" : "detached"))"
      })
  }
}

extension TripletImportance: LuaObject { public static var luaName: String { "TripletImportance" } }

extension WeightSummary {
  fileprivate var report: LuaRecord {
    ["count": count, "mean": mean, "deviation": deviation, "least": least, "most": most]
  }
}
