import LuaHost
import Ranking

/// Losses that weigh a positive by an estimate of its rank.
extension LossesModule {
  static var ranked: [FunctionDescription] { [warp, cml] }
  static var rankedTypes: [TypeDescription] { [warpType, cmlType] }

  private static var warp: FunctionDescription {
    constructor(
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
      make: WARPLoss.init)
  }

  private static var warpType: TypeDescription {
    lossType(WARPLoss(), "Weighted approximate-rank pairwise loss.")
  }

  private static var cml: FunctionDescription {
    constructor(
      "cml", "The loss of collaborative metric learning: the hardest negative, weighted by an estimated rank.",
      details: "d = -s, for euclidean scores. The rank is a constant; the covariance term of Eq. 4 is not part of it.",
      equation:
        "L = 1/B sum_b ln(rank_b + 1) [d_b - min_j d_bj + margin]+,  rank_b = items * share of j with d_b - d_bj + margin > 0",
      source:
        "Hsieh et al., \"Collaborative Metric Learning\", WWW 2017, Eq. 2 and 3, as its official code computes it: a sum",
      example: "local loss = perigee.losses.cml { margin = 1.9 }   -- with 20 negatives in the official demo",
      make: CMLLoss.init)
  }

  private static var cmlType: TypeDescription {
    lossType(CMLLoss(), "The loss of collaborative metric learning.")
  }
}

extension WARPLoss: LuaObject { public static var luaName: String { "WARPLoss" } }
extension CMLLoss: LuaObject { public static var luaName: String { "CMLLoss" } }
