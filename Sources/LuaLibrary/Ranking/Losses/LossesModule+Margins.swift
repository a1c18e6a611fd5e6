import LuaHost
import Ranking

/// Losses that hold cosine scores against fixed margins.
extension LossesModule {
  static var margins: [FunctionDescription] { [ccl, mml] }
  static var marginTypes: [TypeDescription] { [cosineContrastiveType, multiMarginType] }

  static var ccl: FunctionDescription {
    constructor(
      "ccl", "Cosine contrastive loss.", equation: "L = 1/B sum_b ( [1 - s_b]+ + w 1/N sum_j [s_bj - m]+ )",
      source: "Mao et al., \"SimpleX\", CIKM 2021, Eq. 1 (MML Eq. 2)",
      example: "local loss = perigee.losses.ccl { margin = 0.9, negative_weight = 150 }",
      make: { CosineContrastiveLoss() })
  }

  static var mml: FunctionDescription {
    constructor(
      "mml", "Multi-margin loss.", equation: "L = 1/B sum_b ( w+ [1 - s_b]+ + w- 1/N sum_j sum_k w_k [s_bj - m_k]+ )",
      source: "Ozsoy, \"Multi-Margin Loss\", arXiv 2405.04614, Eq. 7; one margin of weight 1 is CCL",
      example: "local loss = perigee.losses.mml { margins = { 0.7, 0.8, 0.9 }, weights = { 0.1, 0.15, 0.75 } }",
      make: MultiMarginLoss.init,
      finish: { loss, call in
        guard loss.margins.count == loss.weights.count else {
          throw call.error(
            "weights", "want one for each of the \(loss.margins.count) margins, got \(loss.weights.count)")
        }
      })
  }

  static var cosineContrastiveType: TypeDescription {
    lossType(CosineContrastiveLoss(), "Cosine contrastive loss.")
  }

  static var multiMarginType: TypeDescription { lossType(MultiMarginLoss(), "Multi-margin loss.") }
}

extension CosineContrastiveLoss: LuaObject { public static var luaName: String { "CosineContrastiveLoss" } }
extension MultiMarginLoss: LuaObject { public static var luaName: String { "MultiMarginLoss" } }
