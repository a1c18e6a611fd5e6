import LuaHost
import Ranking

/// Pairwise losses that weigh negatives by their scores.
extension LossesModule {
  static var importance: [FunctionDescription] { [pris, selfAdversarial] }
  static var importanceTypes: [TypeDescription] { [importanceType] }

  private static var temperature: OptionDescription {
    .init("temperature", .schedule(.temperature), "t, what scores are divided by in the weights.", default: 1)
  }

  private static var pris: FunctionDescription {
    FunctionDescription(
      "pris", "Pairwise logistic loss with negatives weighted by importance.",
      details:
        "ln q is the logarithm of the sampler's proposal where the sampler gives one, a constant; otherwise 0, which is right for a uniform "
        + "sampler. With one negative it is BPR.",
      equation: "w_b = softmax_j( s_bj / t - ln q(bj) ),  L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)",
      source: "Lian et al., \"Personalized Ranking with Importance Sampling\", WWW 2020, Eq. 6",
      example: "local loss = perigee.losses.pris { gradient_through_weights = false }",
      options: [
        .init("gradient_through_weights", .boolean, "Whether weights are differentiated.", default: true), temperature,
        reduction,
      ], returns: [.init("loss", .object(ImportanceLoss.self), "The loss.")]
    ) { call in
      let loss = ImportanceLoss(differentiatesWeights: try call.boolean("gradient_through_weights"))
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var selfAdversarial: FunctionDescription {
    FunctionDescription(
      "self_adversarial",
      "Pairwise logistic loss with negatives weighted by their own scores, the weights held constant.",
      equation: "w_b = softmax_j( s_bj / t ),  L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)",
      source: "PRIS, WWW 2020, section 5.4 (t = 1); Sun et al., \"RotatE\", ICLR 2019, Eq. 5",
      options: [temperature, reduction],
      returns: [.init("loss", .object(ImportanceLoss.self), "The loss.")]
    ) { call in
      let loss = ImportanceLoss.selfAdversarial()
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var importanceType: TypeDescription {
    TypeDescription(
      ImportanceLoss.self, "Pairwise logistic loss with weights by importance.",
      fields: [
        scheduleField(
          "temperature", .temperature, "t, what scores are divided by in the weights.",
          \ImportanceLoss.temperature),
        FieldDescription(
          "gradient_through_weights", .boolean, "Whether weights are differentiated.",
          get: { (l: ImportanceLoss) in l.differentiatesWeights }),
        reductionField(\ImportanceLoss.reduction),
      ],
      describe: {
        "losses.\($0.name)(gradient_through_weights = \($0.differentiatesWeights), temperature = \(number($0.temperature)))"
      })
  }
}

extension ImportanceLoss: LuaObject { public static var luaName: String { "ImportanceLoss" } }
