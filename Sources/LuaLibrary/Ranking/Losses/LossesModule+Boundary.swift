import LuaHost
import Ranking

/// The loss of a user's boundary.
extension LossesModule {
  static var boundary: [FunctionDescription] { [uib] }
  static var boundaryTypes: [TypeDescription] { [uibType] }

  private static var uib: FunctionDescription {
    constructor(
      "uib", "Hybrid loss of the user interest boundary: positives above it, negatives below.",
      details:
        "Wants a model with a boundary. The paper does not say whether the negatives of a positive are summed or averaged; "
        + "`released_weights` are those of its code, with one negative.",
      equation:
        "L = 1/B sum_b ( phi(b_b - s_b) + alpha sum_j phi(s_bj - b_b) ), phi(x) = softplus(x) or [x + margin]+; released weights: "
        + "1 - alpha before the positive part",
      source:
        "Wang et al., \"Learning Explicit User Interest Boundary for Recommendation\", WWW 2022, Eq. 4, 6 and section 4.7: a sum",
      example: """
        local model = perigee.models.mf { data = split, dim = 32, score = "dot", boundary = "linear" }
        local loss = perigee.losses.uib { alpha = 8 }
        """,
      make: BoundaryLoss.init,
      finish: { loss, call in
        if loss.hasReleasedWeights, let alpha = loss.alpha.constant, alpha > 1 {
          throw call.error("alpha", "want 0 to 1 with released_weights, got \(alpha)")
        }
      })
  }

  private static var uibType: TypeDescription {
    lossType(BoundaryLoss(), "Hybrid loss of the user interest boundary.")
  }
}

extension BoundaryLoss: LuaObject { public static var luaName: String { "BoundaryLoss" } }
