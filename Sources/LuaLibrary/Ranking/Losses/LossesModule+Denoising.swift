import LuaHost
import Ranking

/// Losses that trust what they find unlikely less.
extension LossesModule {
  static var denoising: [FunctionDescription] { [tce, rce, tceBPR, rceBPR] }
  static var denoisingTypes: [TypeDescription] { [truncatedType, reweightedType] }

  private static let paper = "Wang et al., \"Denoising Implicit Feedback for Recommendation\", WSDM 2021"

  // MARK: Truncated

  private static var tce: FunctionDescription {
    constructor(
      "tce", "Truncated cross-entropy: the batch's positives of largest loss are left out.",
      details: "Only where there are not enough positives are negatives left out, those of the last rows first.",
      equation: "keep the floor((1 - r) B (1 + N)) samples with the smallest label * loss;  L = their mean",
      source: paper + ", Eq. 3, and its official code",
      example: "local loss = perigee.losses.tce { drop_rate = 0.2, gradual_steps = 30000 }",
      make: { TruncatedLoss() })
  }

  private static var tceBPR: FunctionDescription {
    constructor(
      "tce_bpr", "Truncated BPR: the batch's pairs of largest loss are left out.",
      details: "One pair is kept however small the batch.",
      equation: "keep the floor((1 - r) B N) pairs with the smallest softplus(s_bj - s_b);  L = their mean",
      source: "A baseline of TIL, CIKM 2022, section 5.3, which prints no formula",
      make: { TruncatedLoss(isPairwise: true) })
  }

  private static var truncatedType: TypeDescription {
    lossType(TruncatedLoss(), "A truncated loss.")
  }

  // MARK: Reweighted

  private static var rce: FunctionDescription {
    constructor(
      "rce", "Reweighted cross-entropy: a sample counts by how likely the model finds it.",
      details: "The weight is a constant.",
      equation: "L = mean of p^beta * -ln p over the B (1 + N) samples, p = sigmoid(s_b) or 1 - sigmoid(s_bj)",
      source: paper + ", Eq. 4, and its official code", example: "local loss = perigee.losses.rce { beta = 0.25 }",
      make: { ReweightedLoss() })
  }

  private static var rceBPR: FunctionDescription {
    constructor(
      "rce_bpr", "Reweighted BPR: a pair counts by how likely the model finds its order.",
      details: "The weight is a constant.",
      equation: "L = mean of p^beta * -ln p over the B N pairs, p = sigmoid(s_b - s_bj)",
      source: "A baseline of TIL, CIKM 2022, section 5.3, which prints no formula",
      make: { ReweightedLoss(isPairwise: true) })
  }

  private static var reweightedType: TypeDescription {
    lossType(ReweightedLoss(), "A reweighted loss.")
  }
}

extension TruncatedLoss: LuaObject { public static var luaName: String { "TruncatedLoss" } }
extension ReweightedLoss: LuaObject { public static var luaName: String { "ReweightedLoss" } }
