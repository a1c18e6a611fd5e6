import LuaHost
import Ranking

/// Losses that trust what they find unlikely less.
extension LossesModule {
  static var denoising: [FunctionDescription] { [tce, rce, tceBPR, rceBPR] }
  static var denoisingTypes: [TypeDescription] { [truncatedType, reweightedType] }

  private static let paper = "Wang et al., \"Denoising Implicit Feedback for Recommendation\", WSDM 2021"

  // MARK: Truncated

  private static var dropOptions: [OptionDescription] {
    [
      .init("drop_rate", .schedule(.number(in: 0..<1)), "The share that is left out, in the end.", default: 0.2),
      .init(
        "gradual_steps", .integer(atLeast: 0),
        "Batches over which the share grows: before batch t + 1 it is t / (gradual_steps - 1) * drop_rate ^ exponent. 0: none.",
        default: 30000, unit: "steps"),
      .init("exponent", .number(above: 0), "Of the growing share; 1 unless the end is to be a jump.", default: 1),
      reduction,
    ]
  }

  private static func truncated(_ call: LuaCall, isPairwise: Bool) throws -> TruncatedLoss {
    let loss = TruncatedLoss(isPairwise: isPairwise)
    loss.dropRate = DropRate(
      maximum: try call.schedule("drop_rate", ownedBy: loss), gradualSteps: try call.integer("gradual_steps"),
      exponent: try call.number("exponent"))
    loss.reduction = try call.choice("reduction")
    return loss
  }

  private static var tce: FunctionDescription {
    FunctionDescription(
      "tce", "Truncated cross-entropy: the batch's positives of largest loss are left out.",
      details: "Only where there are not enough positives are negatives left out, those of the last rows first.",
      equation: "keep the floor((1 - r) B (1 + N)) samples with the smallest label * loss;  L = their mean",
      source: paper + ", Eq. 3, and its official code",
      example: "local loss = perigee.losses.tce { drop_rate = 0.2, gradual_steps = 30000 }", options: dropOptions,
      returns: [.init("loss", .object(TruncatedLoss.self), "The loss.")]
    ) { call in [try truncated(call, isPairwise: false)] }
  }

  private static var tceBPR: FunctionDescription {
    FunctionDescription(
      "tce_bpr", "Truncated BPR: the batch's pairs of largest loss are left out.",
      details: "One pair is kept however small the batch.",
      equation: "keep the floor((1 - r) B N) pairs with the smallest softplus(s_bj - s_b);  L = their mean",
      source: "A baseline of TIL, CIKM 2022, section 5.3, which prints no formula", options: dropOptions,
      returns: [.init("loss", .object(TruncatedLoss.self), "The loss.")]
    ) { call in [try truncated(call, isPairwise: true)] }
  }

  private static var truncatedType: TypeDescription {
    TypeDescription(
      TruncatedLoss.self, "A truncated loss.",
      fields: [
        scheduleField(
          "drop_rate", .number(in: 0..<1), "The share that is left out, in the end.", \TruncatedLoss.dropRate.maximum),
        FieldDescription(
          "gradual_steps", .integer(atLeast: 0), "Batches over which the share grows.",
          get: { (l: TruncatedLoss) in l.dropRate.gradualSteps }),
        reductionField(\TruncatedLoss.reduction),
      ],
      describe: {
        "losses.\($0.name)(drop_rate = \(number($0.dropRate.maximum)), gradual_steps = \($0.dropRate.gradualSteps))"
      })
  }

  // MARK: Reweighted

  private static var betaOptions: [OptionDescription] {
    [.init("beta", .schedule(.exponent), "0 trusts all alike.", default: 0.25), reduction]
  }

  private static func reweighted(_ call: LuaCall, isPairwise: Bool) throws -> ReweightedLoss {
    let loss = ReweightedLoss(isPairwise: isPairwise)
    loss.beta = try call.schedule("beta", ownedBy: loss)
    loss.reduction = try call.choice("reduction")
    return loss
  }

  private static var rce: FunctionDescription {
    FunctionDescription(
      "rce", "Reweighted cross-entropy: a sample counts by how likely the model finds it.",
      details: "The weight is a constant.",
      equation: "L = mean of p^beta * -ln p over the B (1 + N) samples, p = sigmoid(s_b) or 1 - sigmoid(s_bj)",
      source: paper + ", Eq. 4, and its official code", example: "local loss = perigee.losses.rce { beta = 0.25 }",
      options: betaOptions, returns: [.init("loss", .object(ReweightedLoss.self), "The loss.")]
    ) { call in [try reweighted(call, isPairwise: false)] }
  }

  private static var rceBPR: FunctionDescription {
    FunctionDescription(
      "rce_bpr", "Reweighted BPR: a pair counts by how likely the model finds its order.",
      details: "The weight is a constant.",
      equation: "L = mean of p^beta * -ln p over the B N pairs, p = sigmoid(s_b - s_bj)",
      source: "A baseline of TIL, CIKM 2022, section 5.3, which prints no formula", options: betaOptions,
      returns: [.init("loss", .object(ReweightedLoss.self), "The loss.")]
    ) { call in [try reweighted(call, isPairwise: true)] }
  }

  private static var reweightedType: TypeDescription {
    TypeDescription(
      ReweightedLoss.self, "A reweighted loss.",
      fields: [
        scheduleField("beta", .exponent, "0 trusts all alike.", \ReweightedLoss.beta),
        reductionField(\ReweightedLoss.reduction),
      ], describe: { "losses.\($0.name)(beta = \(number($0.beta)))" })
  }
}

extension TruncatedLoss: LuaObject { public static var luaName: String { "TruncatedLoss" } }
extension ReweightedLoss: LuaObject { public static var luaName: String { "ReweightedLoss" } }
