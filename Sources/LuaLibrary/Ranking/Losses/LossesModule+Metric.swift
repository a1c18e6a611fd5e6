import Interactions
import LuaHost
import Ranking

/// Symmetric metric learning, alone and with a boundary.
extension LossesModule {
  static var metric: [FunctionDescription] { [sml, smlUIB] }
  static var metricTypes: [TypeDescription] { [metricType] }

  private static let details =
    "Wants euclidean scores; t_bj is the score that the negative and the positive have between them. m is a margin of each user and n one "
    + "of each item, learned by the optimizer as `user_margin` and `item_margin`; they begin at 1 and stay in 0 to 1. With several "
    + "negatives the hinges are summed over them. `loss.user_margins:assign(0.5)` sets them, "
    + "`model:save(path, { also = { loss.user_margins, loss.item_margins } })` keeps them with the model."

  private static var options: [OptionDescription] {
    [
      .init("item_weight", .schedule(.weight), "lambda, of the hinge between items.", default: 0.3),
      .init("margin_weight", .schedule(.weight), "gamma, how strongly margins are to grow.", default: 64),
      .init(
        "margin_mean", .choice(SymmetricMetricLoss.MarginMean.self),
        "Whether margins are averaged over the batch's rows (the code) or over all users and items (the text).",
        default: "batch"),
      .init(
        "data", .object(Split.self),
        "Whose users and items have margins: they are then there at once; else from when a trainer has the loss.",
        optional: true),
    ]
  }

  private static func make(_ call: LuaCall, hasBoundary: Bool) throws -> SymmetricMetricLoss {
    let loss = SymmetricMetricLoss(hasBoundary: hasBoundary)
    loss.itemWeight = try call.schedule("item_weight", ownedBy: loss)
    loss.marginWeight = try call.schedule("margin_weight", ownedBy: loss)
    loss.marginMean = try call.choice("margin_mean")
    if let split = call.optionalObject("data", as: Split.self) { try loss.attach(to: split.train) }
    return loss
  }

  private static var sml: FunctionDescription {
    FunctionDescription(
      "sml", "Symmetric metric learning with margins that are learned.", details: details,
      equation: "L = sum_b sum_j ( [s_bj - s_b + m_u]+ + lambda [t_bj - s_b + n_p]+ ) - gamma (mean m + mean n)",
      source:
        "Li et al., AAAI 2020, as Wang et al., WWW 2022, Eq. 8 to 10 print it, with its code's sum over the batch",
      example: "local loss = perigee.losses.sml { item_weight = 0.3, margin_weight = 128 }", options: options,
      returns: [.init("loss", .object(SymmetricMetricLoss.self), "The loss.")]
    ) { call in [try make(call, hasBoundary: false)] }
  }

  private static var smlUIB: FunctionDescription {
    FunctionDescription(
      "sml_uib", "Symmetric metric learning with the user interest boundary.",
      details: details + " Wants a model with a boundary. alpha weighs the positive part, as the paper prints it.",
      equation: "L = sum_b ( sum_j [s_bj - b_b + m_u]+ + alpha [b_b - s_b + m_u]+ + lambda sum_j [t_bj - s_b + n_p]+ ) "
        + "- gamma (mean m + mean n)",
      source: "Wang et al., WWW 2022, Eq. 11",
      example: "local loss = perigee.losses.sml_uib { alpha = 0.2, margin_weight = 64 }",
      options: [.init("alpha", .schedule(.weight), "Weight of the positive part.", default: 1)] + options,
      returns: [.init("loss", .object(SymmetricMetricLoss.self), "The loss.")]
    ) { call in
      let loss = try make(call, hasBoundary: true)
      loss.alpha = try call.schedule("alpha", ownedBy: loss)
      return [loss]
    }
  }

  private static var metricType: TypeDescription {
    TypeDescription(
      SymmetricMetricLoss.self, "Symmetric metric learning.",
      fields: [
        scheduleField(
          "item_weight", .weight, "lambda, of the hinge between items.", \SymmetricMetricLoss.itemWeight),
        scheduleField(
          "margin_weight", .weight, "gamma, how strongly margins are to grow.",
          \SymmetricMetricLoss.marginWeight),
        scheduleField(
          "alpha", .weight, "Weight of the positive part; read where there is a boundary.",
          \SymmetricMetricLoss.alpha),
        FieldDescription(
          "margin_mean", .choice(SymmetricMetricLoss.MarginMean.self), "What margins are averaged over.",
          get: { (l: SymmetricMetricLoss) in l.marginMean.rawValue }),
        margins(
          "user_margins", "Margins of the users; nil before a trainer has the loss, where it was made without data."
        ) {
          $0.userMargin
        },
        margins(
          "item_margins", "Margins of the items; nil before a trainer has the loss, where it was made without data."
        ) {
          $0.itemMargin
        },
      ],
      describe: {
        "losses.\($0.name)(item_weight = \(number($0.itemWeight)), margin_weight = \(number($0.marginWeight))"
          + ($0.hasBoundary ? ", alpha = \(number($0.alpha)))" : ")")
      })
  }

  private static func margins(
    _ name: String, _ summary: String, _ parameter: @escaping (SymmetricMetricLoss) -> Parameter?
  ) -> FieldDescription {
    FieldDescription(
      name, .object(Parameter.self), summary, get: { (loss: SymmetricMetricLoss) in parameter(loss) })
  }
}

extension SymmetricMetricLoss: LuaObject { public static var luaName: String { "SymmetricMetricLoss" } }
