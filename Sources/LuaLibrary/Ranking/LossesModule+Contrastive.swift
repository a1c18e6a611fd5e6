import LuaHost
import Ranking

extension LossesModule {
  // MARK: Softmax

  static var softmax: FunctionDescription {
    FunctionDescription(
      "softmax", "Softmax cross-entropy over the positive and its sampled negatives.",
      equation: "L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )",
      source: "RecBox SoftmaxCrossEntropyLoss has t = 1; with t it is InfoNCE (MML Eq. 4)",
      options: [
        .init("temperature", .schedule(.number(above: 0)), "What scores are divided by.", default: 1),
        reduction(.mean),
      ], returns: [.init("loss", .object(SoftmaxLoss.self), "The loss.")]
    ) { call in
      let loss = SoftmaxLoss()
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var softmaxType: TypeDescription {
    TypeDescription(
      SoftmaxLoss.self, "Softmax cross-entropy.",
      fields: [
        scheduleField("temperature", .number(above: 0), "What scores are divided by.", \SoftmaxLoss.temperature)
      ], describe: { "losses.softmax(temperature = \(number($0.temperature)))" })
  }

  static var bsl: FunctionDescription {
    FunctionDescription(
      "bsl", "Bilateral softmax loss, as its official code computes it.",
      details:
        "`multi` averages the exponentials of a user's positives in the batch; `reweight` sums over negatives instead of averaging; "
        + "`single` is the plain softmax loss without the positive in the denominator.",
      equation: "multi: L = 1/B sum_b ( e ln(1/N sum_j exp(s_bj/t)) - ln mean_{c: user_c = user_b} exp(s_c/t) )",
      source: "Wu et al., \"BSL: Understanding and Improving Softmax Loss for Recommendation\", ICDE 2024; MML Eq. 5",
      example: "local loss = perigee.losses.bsl { temperature = 0.08, negative_exponent = 1.22 }",
      options: [
        .init("temperature", .schedule(.number(above: 0)), "t, what scores are divided by.", default: 0.1),
        .init(
          "negative_exponent", .schedule(.number(atLeast: 0)),
          "e, the code's temperature_2: weight of the negative part.",
          default: 1),
        .init("mode", .choice(BSLLoss.Mode.self), "Which form.", default: "multi"),
        reduction(.mean),
      ], returns: [.init("loss", .object(BSLLoss.self), "The loss.")]
    ) { call in
      let loss = BSLLoss(mode: try call.choice("mode"), temperature: 1)
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.negativeExponent = try call.schedule("negative_exponent", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var bslType: TypeDescription {
    TypeDescription(
      BSLLoss.self, "Bilateral softmax loss.",
      fields: [
        scheduleField("temperature", .number(above: 0), "t, what scores are divided by.", \BSLLoss.temperature),
        scheduleField(
          "negative_exponent", .number(atLeast: 0), "e, weight of the negative part.", \BSLLoss.negativeExponent),
        FieldDescription("mode", .choice(BSLLoss.Mode.self), "Which form.", get: { (l: BSLLoss) in l.mode.rawValue }),
      ],
      describe: {
        "losses.bsl(mode = \($0.mode.rawValue), temperature = \(number($0.temperature)), "
          + "negative_exponent = \(number($0.negativeExponent)))"
      })
  }

  // MARK: Margins

  static var ccl: FunctionDescription {
    FunctionDescription(
      "ccl", "Cosine contrastive loss.", equation: "L = 1/B sum_b ( [1 - s_b]+ + w 1/N sum_j [s_bj - m]+ )",
      source: "Mao et al., \"SimpleX\", CIKM 2021, Eq. 1 (MML Eq. 2)",
      example: "local loss = perigee.losses.ccl { margin = 0.9, negative_weight = 150 }",
      options: [
        .init("margin", .schedule(.number), "m: negatives below it cost nothing.", default: 0.9),
        .init(
          "negative_weight", .schedule(.number(atLeast: 0)), "w; `negatives = \"sum\"` leaves it and 1/N out.",
          default: 150),
        .init(
          "negatives", .choice(["mean", "sum"]), "Weighted mean over the negatives, or their plain sum.",
          default: "mean"),
        reduction(.mean),
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
        .init("margins", .list(.schedule(.number), count: 1...64), "m_k, ascending.", default: [0.7, 0.8, 0.9]),
        .init(
          "weights", .list(.schedule(.number(atLeast: 0)), count: 1...64), "w_k, one for each margin.",
          default: [0.1, 0.15, 0.75]),
        .init("positive_weight", .schedule(.number(atLeast: 0)), "w+", default: 1),
        .init("negative_weight", .schedule(.number(atLeast: 0)), "w-", default: 700),
        .init(
          "form", .choice(MarginLoss.Form.self), "Whether all margins below a score count, or the largest.",
          default: "additive"),
        reduction(.mean),
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
          "margins", .list(.schedule(.number), count: 1...64), "m_k, ascending.",
          get: { (l: MarginLoss) in try l.margins.map { try $0.luaValue } },
          set: { (l: MarginLoss, call: LuaCall) in l.margins = try call.schedules("margins", default: [], ownedBy: l) }),
        FieldDescription(
          "weights", .list(.schedule(.number(atLeast: 0)), count: 1...64), "w_k, one for each margin.",
          get: { (l: MarginLoss) in try l.weights.map { try $0.luaValue } },
          set: { (l: MarginLoss, call: LuaCall) in l.weights = try call.schedules("weights", default: [], ownedBy: l) }),
        scheduleField("positive_weight", .number(atLeast: 0), "w+", \MarginLoss.positiveWeight),
        FieldDescription(
          "negative_weight", .schedule(.number(atLeast: 0)), "w-, nil where negatives are summed.",
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
