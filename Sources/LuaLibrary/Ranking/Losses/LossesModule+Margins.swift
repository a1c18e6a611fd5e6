import LuaHost
import Ranking

/// Losses that hold cosine scores against fixed margins.
extension LossesModule {
  static var margins: [FunctionDescription] { [ccl, mml] }
  static var marginTypes: [TypeDescription] { [marginType] }

  static var ccl: FunctionDescription {
    FunctionDescription(
      "ccl", "Cosine contrastive loss.", equation: "L = 1/B sum_b ( [1 - s_b]+ + w 1/N sum_j [s_bj - m]+ )",
      source: "Mao et al., \"SimpleX\", CIKM 2021, Eq. 1 (MML Eq. 2)",
      example: "local loss = perigee.losses.ccl { margin = 0.9, negative_weight = 150 }",
      options: [
        .init("margin", .schedule(.margin), "m: negatives below it cost nothing.", default: 0.9),
        .init(
          "negative_weight", .schedule(.weight), "w; `negatives = \"sum\"` leaves it and 1/N out.",
          default: 150),
        .init(
          "negatives", .choice(["mean", "sum"]), "Weighted mean over the negatives, or their plain sum.",
          default: "mean"),
        reduction,
      ], returns: [.init("loss", .object(MarginLoss.self), "The loss.")]
    ) { call in
      let loss = MarginLoss(margin: 0, negativeWeight: nil)
      loss.margins = [try call.schedule("margin", ownedBy: loss)]
      if try call.string("negatives") == "mean" {
        loss.negativeWeight = try call.schedule("negative_weight", ownedBy: loss)
      }
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var mml: FunctionDescription {
    FunctionDescription(
      "mml", "Multi-margin loss.", equation: "L = 1/B sum_b ( w+ [1 - s_b]+ + w- 1/N sum_j sum_k w_k [s_bj - m_k]+ )",
      source: "Ozsoy, \"Multi-Margin Loss\", arXiv 2405.04614, Eq. 7; one margin of weight 1 is CCL",
      example: "local loss = perigee.losses.mml { margins = { 0.7, 0.8, 0.9 }, weights = { 0.1, 0.15, 0.75 } }",
      options: [
        .init("margins", .list(.schedule(.margin), count: 1...64), "m_k, ascending.", default: [0.7, 0.8, 0.9]),
        .init(
          "weights", .list(.schedule(.weight), count: 1...64), "w_k, one for each margin.",
          default: [0.1, 0.15, 0.75]),
        .init("positive_weight", .schedule(.weight), "w+", default: 1),
        .init("negative_weight", .schedule(.weight), "w-", default: 700),
        .init(
          "form", .choice(MarginLoss.Form.self), "Whether all margins below a score count, or the largest.",
          default: "additive"),
        reduction,
      ], returns: [.init("loss", .object(MarginLoss.self), "The loss.")]
    ) { call in
      let loss = try MarginLoss(margins: [0], weights: [1], negativeWeight: 1)
      loss.margins = try call.schedules("margins", default: [0.7, 0.8, 0.9], ownedBy: loss)
      loss.weights = try call.schedules("weights", default: [0.1, 0.15, 0.75], ownedBy: loss)
      guard loss.margins.count == loss.weights.count else {
        throw call.error("weights", "want one for each of the \(loss.margins.count) margins, got \(loss.weights.count)")
      }
      loss.positiveWeight = try call.schedule("positive_weight", ownedBy: loss)
      loss.negativeWeight = try call.schedule("negative_weight", ownedBy: loss)
      loss.form = try call.choice("form")
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var marginType: TypeDescription {
    TypeDescription(
      MarginLoss.self, "Cosine contrastive loss with one margin (CCL) or several (MML).",
      fields: [
        FieldDescription(
          "margins", .list(.schedule(.margin), count: 1...64), "m_k, ascending.",
          get: { (l: MarginLoss) in try l.margins.map { try $0.luaValue } },
          set: { (l: MarginLoss, call: LuaCall) in l.margins = try call.schedules("margins", default: [], ownedBy: l) }),
        FieldDescription(
          "weights", .list(.schedule(.weight), count: 1...64), "w_k, one for each margin.",
          get: { (l: MarginLoss) in try l.weights.map { try $0.luaValue } },
          set: { (l: MarginLoss, call: LuaCall) in l.weights = try call.schedules("weights", default: [], ownedBy: l) }),
        scheduleField("positive_weight", .weight, "w+", \MarginLoss.positiveWeight),
        FieldDescription(
          "negative_weight", .schedule(.weight), "w-, nil where negatives are summed.",
          get: { (l: MarginLoss) in try l.negativeWeight?.luaValue ?? .nil },
          set: { (l: MarginLoss, call: LuaCall) in l.negativeWeight = try call.schedule("negative_weight", ownedBy: l) }
        ),
      ],
      describe: { loss in
        let margins = loss.margins.map(number).joined(separator: ", ")
        let weights = loss.weights.map(number).joined(separator: ", ")
        return "losses.\(loss.name)(margins = {\(margins)}, weights = {\(weights)}, "
          + "negative_weight = \(loss.negativeWeight.map(number) ?? "none"))"
      })
  }
}

extension MarginLoss: LuaObject { public static var luaName: String { "MarginLoss" } }
