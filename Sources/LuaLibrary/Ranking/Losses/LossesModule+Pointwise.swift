import LuaHost
import Ranking

/// Losses in which every score stands for itself.
extension LossesModule {
  static var pointwise: [FunctionDescription] { [crossEntropy, squared] }
  static var pointwiseTypes: [TypeDescription] { [crossEntropyType, squaredType] }

  private static var crossEntropy: FunctionDescription {
    constructor(
      "bce", "Binary cross-entropy of scores as logits; label 1 for the positive, 0 for the negatives.",
      equation: "L = 1/(B (1 + N)) sum_b ( softplus(-s_b) + sum_j softplus(s_bj) )",
      source: "RecBox SigmoidCrossEntropyLoss, a sum over everything",
      make: BinaryCrossEntropyLoss.init)
  }

  private static var crossEntropyType: TypeDescription {
    lossType(BinaryCrossEntropyLoss(), "Binary cross-entropy.")
  }

  private static var squared: FunctionDescription {
    constructor(
      "mse", "Squared error to 1 for the positive and 0 for the negatives, summed over the negatives.",
      equation: "L = 1/B sum_b ( (s_b - 1)^2 / 2 + sum_j s_bj^2 / 2 )", source: "RecBox MSELoss (MML Table 3)",
      make: SquaredLoss.init)
  }

  private static var squaredType: TypeDescription {
    lossType(SquaredLoss(), "Squared error.")
  }
}

extension BinaryCrossEntropyLoss: LuaObject { public static var luaName: String { "BinaryCrossEntropyLoss" } }
extension SquaredLoss: LuaObject { public static var luaName: String { "SquaredLoss" } }
