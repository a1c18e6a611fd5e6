import Interactions
import LuaHost
import Ranking

/// Symmetric metric learning, alone and with a boundary.
extension LossesModule {
  static var metric: [FunctionDescription] { [sml, smlUIB] }
  static var metricTypes: [TypeDescription] { [metricType] }

  private static let details =
    "Wants euclidean scores; t_bj is the score that the negative and the positive have between them. m is a margin of each user and n one "
    + "of each item, learned by the optimizer as `user_margin` and `item_margin`; they begin at 1 and stay in 0 to 1. They are those of "
    + "`models.sml`, which keeps them and saves them; with another model they are the loss's own, and "
    + "`model:save(path, { also = { loss.user_margins, loss.item_margins } })` keeps them with it. `loss.user_margins:assign(0.5)` sets "
    + "them. With several negatives the hinges are summed over them."

  private static var data: [OptionDescription] {
    [
      .init(
        "data", .object(Split.self),
        "Whose users and items have margins of the loss's own: they are then there at once; else from when a trainer has the loss.",
        optional: true)
    ]
  }

  private static func makeMargins(_ loss: SymmetricMetricLoss, _ call: LuaCall) throws {
    if let split = call.optionalObject("data", as: Split.self) { try loss.attach(to: split.train) }
  }

  private static var sml: FunctionDescription {
    constructor(
      "sml", "Symmetric metric learning with margins that are learned.", details: details,
      equation: "L = sum_b sum_j ( [s_bj - s_b + m_u]+ + lambda [t_bj - s_b + n_p]+ ) - gamma (mean m + mean n)",
      source:
        "Li et al., AAAI 2020, as Wang et al., WWW 2022, Eq. 8 to 10 print it, with its code's sum over the batch",
      example: "local loss = perigee.losses.sml { item_weight = 0.3, margin_weight = 128 }",
      more: data,
      make: { SymmetricMetricLoss() },
      finish: makeMargins)
  }

  private static var smlUIB: FunctionDescription {
    constructor(
      "sml_uib", "Symmetric metric learning with the user interest boundary.",
      details: details + " Wants a model with a boundary. alpha weighs the positive part, as the paper prints it.",
      equation: "L = sum_b ( sum_j [s_bj - b_b + m_u]+ + alpha [b_b - s_b + m_u]+ + lambda sum_j [t_bj - s_b + n_p]+ ) "
        + "- gamma (mean m + mean n)",
      source: "Wang et al., WWW 2022, Eq. 11",
      example: "local loss = perigee.losses.sml_uib { alpha = 0.2, margin_weight = 64 }",
      more: data,
      make: { SymmetricMetricLoss(hasBoundary: true) },
      finish: makeMargins)
  }

  private static var metricType: TypeDescription {
    lossType(
      SymmetricMetricLoss(hasBoundary: true), "Symmetric metric learning.",
      more: [
        margins(
          "user_margins",
          "Margins of the users, the model's where it keeps any; nil before a trainer has the loss, where it was made without data."
        ) {
          $0.userMargin
        },
        margins(
          "item_margins",
          "Margins of the items, the model's where it keeps any; nil before a trainer has the loss, where it was made without data."
        ) {
          $0.itemMargin
        },
      ])
  }

  private static func margins(
    _ name: String, _ summary: String, _ parameter: @escaping (SymmetricMetricLoss) -> Parameter?
  ) -> FieldDescription {
    FieldDescription(
      name, .object(Parameter.self), summary, get: { (loss: SymmetricMetricLoss) in parameter(loss) })
  }
}

extension SymmetricMetricLoss: LuaObject { public static var luaName: String { "SymmetricMetricLoss" } }
