import LuaHost
import Ranking

/// `perigee.losses`: what a trainer minimises.
enum LossesModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "losses", "Losses of a positive's score and those of its negatives, for `perigee.trainer`.",
      functions: [bpr, hinge, crossEntropy, squared, softmax, ccl, mml, bsl] + LossFunctions.all,
      types: [bprType, hingeType, crossEntropyType, squaredType, softmaxType, marginType, bslType, LossFunctions.type])
  }

  static func reduction(_ standard: Reduction) -> OptionDescription {
    .init(
      "reduction", .choice(Reduction.self), "How the batch's terms become one number.",
      default: .string(standard.rawValue))
  }

  static var reductionField: String { "How the batch's terms become one number." }

  // MARK: Pairwise

  static var bpr: FunctionDescription {
    FunctionDescription(
      "bpr", "Pairwise logistic loss (BPR).", equation: "L = 1/B sum_b 1/N sum_j softplus(s_bj - s_b)",
      source: "Rendle et al., UAI 2009, section 4.1, with N negatives and a mean over the batch",
      example: "local loss = perigee.losses.bpr { reduction = \"sum\" }", options: [reduction(.mean)],
      returns: [.init("loss", .object(BPRLoss.self), "The loss.")]
    ) { call in
      let loss = BPRLoss()
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var bprType: TypeDescription {
    TypeDescription(
      BPRLoss.self, "Pairwise logistic loss.",
      fields: [
        FieldDescription(
          "reduction", .choice(Reduction.self), reductionField, get: { (l: BPRLoss) in l.reduction.rawValue })
      ], describe: { "losses.bpr(reduction = \($0.reduction.rawValue))" })
  }

  static var hinge: FunctionDescription {
    FunctionDescription(
      "hinge", "Pairwise hinge loss.", equation: "L = 1/B sum_b 1/N sum_j [margin + s_bj - s_b]+",
      source: "RecBox PairwiseMarginLoss (MML Table 3)",
      options: [
        .init("margin", .schedule(.number), "By how much a positive should win.", default: 1),
        reduction(.mean),
      ], returns: [.init("loss", .object(HingeLoss.self), "The loss.")]
    ) { call in
      let loss = HingeLoss()
      loss.margin = try call.schedule("margin", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var hingeType: TypeDescription {
    TypeDescription(
      HingeLoss.self, "Pairwise hinge loss.",
      fields: [scheduleField("margin", .number, "By how much a positive should win.", \HingeLoss.margin)],
      describe: { "losses.hinge(margin = \(number($0.margin)))" })
  }

  // MARK: Pointwise

  static var crossEntropy: FunctionDescription {
    FunctionDescription(
      "bce", "Binary cross-entropy of scores as logits; label 1 for the positive, 0 for the negatives.",
      equation: "L = sum_b ( softplus(-s_b) + sum_j softplus(s_bj) ); mean divides by B (1 + N)",
      source: "RecBox SigmoidCrossEntropyLoss, a sum over everything", options: [reduction(.sum)],
      returns: [.init("loss", .object(CrossEntropyLoss.self), "The loss.")]
    ) { call in
      let loss = CrossEntropyLoss()
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var crossEntropyType: TypeDescription {
    TypeDescription(
      CrossEntropyLoss.self, "Binary cross-entropy.",
      fields: [
        FieldDescription(
          "reduction", .choice(Reduction.self), reductionField, get: { (l: CrossEntropyLoss) in l.reduction.rawValue })
      ], describe: { "losses.bce(reduction = \($0.reduction.rawValue))" })
  }

  static var squared: FunctionDescription {
    FunctionDescription(
      "mse", "Squared error to 1 for the positive and 0 for the negatives, summed over the negatives.",
      equation: "L = 1/B sum_b ( (s_b - 1)^2 / 2 + sum_j s_bj^2 / 2 )", source: "RecBox MSELoss (MML Table 3)",
      options: [reduction(.mean)], returns: [.init("loss", .object(SquaredLoss.self), "The loss.")]
    ) { call in
      let loss = SquaredLoss()
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var squaredType: TypeDescription {
    TypeDescription(
      SquaredLoss.self, "Squared error.",
      fields: [
        FieldDescription(
          "reduction", .choice(Reduction.self), reductionField, get: { (l: SquaredLoss) in l.reduction.rawValue })
      ], describe: { "losses.mse(reduction = \($0.reduction.rawValue))" })
  }

  /// A schedule for `tostring`: `100`, `0.9`, `schedules.linear(...)` or `function`.
  static func number(_ schedule: Schedule) -> String { schedule.description }
}

extension BPRLoss: LuaObject { public static var luaName: String { "BPRLoss" } }
extension HingeLoss: LuaObject { public static var luaName: String { "HingeLoss" } }
extension CrossEntropyLoss: LuaObject { public static var luaName: String { "CrossEntropyLoss" } }
extension SquaredLoss: LuaObject { public static var luaName: String { "SquaredLoss" } }
extension SoftmaxLoss: LuaObject { public static var luaName: String { "SoftmaxLoss" } }
extension MarginLoss: LuaObject { public static var luaName: String { "MarginLoss" } }
extension BSLLoss: LuaObject { public static var luaName: String { "BSLLoss" } }
