import LuaHost
import Ranking

/// Pairwise losses that weigh negatives by their scores.
extension LossesModule {
  static var importance: [FunctionDescription] { [pris, selfAdversarial] }
  static var importanceTypes: [TypeDescription] { [importanceType] }

  private static var pris: FunctionDescription {
    constructor(
      "pris", "Pairwise logistic loss with negatives weighted by importance.",
      details:
        "ln q is the logarithm of the sampler's proposal where the sampler gives one, a constant; otherwise 0, which is right for a uniform "
        + "sampler. With one negative it is BPR.",
      equation: "w_b = softmax_j( s_bj / t - ln q(bj) ),  L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)",
      source: "Lian et al., \"Personalized Ranking with Importance Sampling\", WWW 2020, Eq. 6",
      example: "local loss = perigee.losses.pris { gradient_through_weights = false }",
      make: { ImportanceLoss() })
  }

  private static var selfAdversarial: FunctionDescription {
    constructor(
      "self_adversarial",
      "Pairwise logistic loss with negatives weighted by their own scores, the weights held constant.",
      equation: "w_b = softmax_j( s_bj / t ),  L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)",
      source: "PRIS, WWW 2020, section 5.4 (t = 1); Sun et al., \"RotatE\", ICLR 2019, Eq. 5",
      make: ImportanceLoss.selfAdversarial)
  }

  private static var importanceType: TypeDescription {
    lossType(ImportanceLoss(), "Pairwise logistic loss with negatives weighted by importance.")
  }
}

extension ImportanceLoss: LuaObject { public static var luaName: String { "ImportanceLoss" } }
