import LuaHost
import Ranking

/// The loss of a user's boundary.
extension LossesModule {
  static var boundary: [FunctionDescription] { [uib] }
  static var boundaryTypes: [TypeDescription] { [uibType] }

  private static var uib: FunctionDescription {
    FunctionDescription(
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
      options: [
        .init("alpha", .schedule(.weight), "Weight of the negative part.", default: 1),
        .init(
          "form", .choice(BoundaryLoss.Shape.self), "phi: logistic is softplus, margin a hinge.", default: "logistic"),
        .init("margin", .schedule(.margin), "Of the form `margin`.", default: 1),
        .init("negatives", .choice(BoundaryLoss.Negatives.self), "How those of a positive count.", default: "sum"),
        .init("released_weights", .boolean, "1 - alpha and alpha instead of 1 and alpha.", default: false),
        reduction,
      ], returns: [.init("loss", .object(BoundaryLoss.self), "The loss.")]
    ) { call in
      let loss = BoundaryLoss()
      loss.alpha = try call.schedule("alpha", ownedBy: loss)
      loss.shape = try call.choice("form")
      loss.margin = try call.schedule("margin", ownedBy: loss)
      loss.negatives = try call.choice("negatives")
      loss.hasReleasedWeights = try call.boolean("released_weights")
      loss.reduction = try call.choice("reduction")
      if loss.hasReleasedWeights, let alpha = loss.alpha.constant, alpha > 1 {
        throw call.error("alpha", "want 0 to 1 with released_weights, got \(alpha)")
      }
      return [loss]
    }
  }

  private static var uibType: TypeDescription {
    TypeDescription(
      BoundaryLoss.self, "Hybrid loss of the user interest boundary.",
      fields: [
        scheduleField("alpha", .weight, "Weight of the negative part.", \BoundaryLoss.alpha),
        scheduleField("margin", .margin, "Of the form `margin`.", \BoundaryLoss.margin),
        FieldDescription(
          "form", .choice(BoundaryLoss.Shape.self), "phi.", get: { (l: BoundaryLoss) in l.shape.rawValue }),
        FieldDescription(
          "negatives", .choice(BoundaryLoss.Negatives.self), "How those of a positive count.",
          get: { (l: BoundaryLoss) in l.negatives.rawValue }),
        reductionField(\BoundaryLoss.reduction),
      ],
      describe: {
        "losses.uib(alpha = \(number($0.alpha)), form = \($0.shape.rawValue), negatives = \($0.negatives.rawValue))"
      })
  }
}

extension BoundaryLoss: LuaObject { public static var luaName: String { "BoundaryLoss" } }
