import LuaHost
import Ranking

/// Losses in which every score stands for itself.
extension LossesModule {
  static var pointwise: [FunctionDescription] { [crossEntropy, squared] }
  static var pointwiseTypes: [TypeDescription] { [crossEntropyType, squaredType] }

  private static var crossEntropy: FunctionDescription {
    FunctionDescription(
      "bce", "Binary cross-entropy of scores as logits; label 1 for the positive, 0 for the negatives.",
      equation: "L = 1/(B (1 + N)) sum_b ( softplus(-s_b) + sum_j softplus(s_bj) )",
      source: "RecBox SigmoidCrossEntropyLoss, a sum over everything", options: [reduction],
      returns: [.init("loss", .object(BinaryCrossEntropyLoss.self), "The loss.")]
    ) { call in
      let loss = BinaryCrossEntropyLoss()
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var crossEntropyType: TypeDescription {
    TypeDescription(
      BinaryCrossEntropyLoss.self, "Binary cross-entropy.", fields: [reductionField(\BinaryCrossEntropyLoss.reduction)],
      describe: { "losses.bce(reduction = \($0.reduction.rawValue))" })
  }

  private static var squared: FunctionDescription {
    FunctionDescription(
      "mse", "Squared error to 1 for the positive and 0 for the negatives, summed over the negatives.",
      equation: "L = 1/B sum_b ( (s_b - 1)^2 / 2 + sum_j s_bj^2 / 2 )", source: "RecBox MSELoss (MML Table 3)",
      options: [reduction], returns: [.init("loss", .object(SquaredLoss.self), "The loss.")]
    ) { call in
      let loss = SquaredLoss()
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var squaredType: TypeDescription {
    TypeDescription(
      SquaredLoss.self, "Squared error.", fields: [reductionField(\SquaredLoss.reduction)],
      describe: { "losses.mse(reduction = \($0.reduction.rawValue))" })
  }
}

extension BinaryCrossEntropyLoss: LuaObject { public static var luaName: String { "BinaryCrossEntropyLoss" } }
extension SquaredLoss: LuaObject { public static var luaName: String { "SquaredLoss" } }
