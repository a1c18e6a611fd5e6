import LuaHost
import Ranking

/// Losses that weigh a positive by an estimate of its rank.
extension LossesModule {
  static var ranked: [FunctionDescription] { [warp, cml] }
  static var rankedTypes: [TypeDescription] { [warpType, cmlType] }

  private static var warp: FunctionDescription {
    FunctionDescription(
      "warp", "Weighted approximate-rank pairwise loss, as lightfm computes it.",
      details:
        "Take `samplers.warp {}`, which looks for the candidate itself and gives it with its trials: no score is computed in vain, and a "
        + "row of 0 trials costs nothing. Of any other sampler the negatives are candidates in the order in which they were drawn: the first "
        + "above s_b - margin that the user does not know from the train part counts; trials is how many were looked at, known ones included. "
        + "That wants a sampler that draws from all items, such as `samplers.uniform { count = 50 }`.",
      equation:
        "w_b = min(maximum_weight, ln max(1, floor((items - 1) / trials))),  L = 1/B sum_b w_b (margin - s_b + s_bj)",
      source:
        "Weston et al., \"WSABIE\", IJCAI 2011; lightfm's fit_warp; both step at each positive, which is `sum`. `harmonic` is the paper's weight, sum_{k <= rank} 1/k",
      example: "local loss = perigee.losses.warp {}",
      options: [
        .init("margin", .schedule(.margin), "How near a candidate must come.", default: 1),
        .init("maximum_weight", .schedule(.weight), "Bound of the weight.", default: 10),
        .init(
          "weight", .choice(WARPLoss.Weight.self), "How the estimated rank becomes a weight.", default: "logarithm"),
        reduction,
      ], returns: [.init("loss", .object(WARPLoss.self), "The loss.")]
    ) { call in
      let loss = WARPLoss()
      loss.margin = try call.schedule("margin", ownedBy: loss)
      loss.maximumWeight = try call.schedule("maximum_weight", ownedBy: loss)
      loss.weight = try call.choice("weight")
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var warpType: TypeDescription {
    TypeDescription(
      WARPLoss.self, "Weighted approximate-rank pairwise loss.",
      fields: [
        scheduleField("margin", .margin, "How near a candidate must come.", \WARPLoss.margin),
        scheduleField("maximum_weight", .weight, "Bound of the weight.", \WARPLoss.maximumWeight),
        FieldDescription(
          "weight", .choice(WARPLoss.Weight.self), "How the estimated rank becomes a weight.",
          get: { (l: WARPLoss) in l.weight.rawValue }),
        reductionField(\WARPLoss.reduction),
      ],
      describe: { "losses.warp(margin = \(number($0.margin)), weight = \($0.weight.rawValue))" })
  }

  private static var cml: FunctionDescription {
    FunctionDescription(
      "cml", "The loss of collaborative metric learning: the hardest negative, weighted by an estimated rank.",
      details: "d = -s, for euclidean scores. The rank is a constant; the covariance term of Eq. 4 is not part of it.",
      equation:
        "L = 1/B sum_b ln(rank_b + 1) [d_b - min_j d_bj + margin]+,  rank_b = items * share of j with d_b - d_bj + margin > 0",
      source:
        "Hsieh et al., \"Collaborative Metric Learning\", WWW 2017, Eq. 2 and 3, as its official code computes it: a sum",
      example: "local loss = perigee.losses.cml { margin = 1.9 }   -- with 20 negatives in the official demo",
      options: [
        .init("margin", .schedule(.margin), "How much farther negatives should be.", default: 1.9), reduction,
      ],
      returns: [.init("loss", .object(CMLLoss.self), "The loss.")]
    ) { call in
      let loss = CMLLoss()
      loss.margin = try call.schedule("margin", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var cmlType: TypeDescription {
    TypeDescription(
      CMLLoss.self, "The loss of collaborative metric learning.",
      fields: [
        scheduleField("margin", .margin, "How much farther negatives should be.", \CMLLoss.margin),
        reductionField(\CMLLoss.reduction),
      ], describe: { "losses.cml(margin = \(number($0.margin)))" })
  }
}

extension WARPLoss: LuaObject { public static var luaName: String { "WARPLoss" } }
extension CMLLoss: LuaObject { public static var luaName: String { "CMLLoss" } }
