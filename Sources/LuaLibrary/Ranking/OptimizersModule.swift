import LuaHost
import Ranking

/// `perigee.optimizers`: how parameters move along the gradient.
enum OptimizersModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "optimizers", "How parameters move along the gradient.", functions: [sgd, adagrad, adam], types: [type])
  }

  static let rate = "Step size"
  static var common: [OptionDescription] {
    [
      .init(
        "weight_decay", .schedule(.decay), "L2: weight_decay * x joins the gradient of every row.",
        default: 0),
      .init(
        "decay_rows", .choice(Optimizer.DecayedRows.self),
        "Where the decay joins the gradient: in all rows at every step (exact, slow on large tables) or in touched ones.",
        default: "all"),
      .init(
        "clip", .schedule(.clip), "Gradients longer than this in global norm are scaled down to it.",
        optional: true),
      .init(
        "groups", .list(.options(OptimizerGroups.fields), count: 0...256),
        "Parameters that differ; what a group leaves out is as for all.", optional: true),
    ]
  }

  static func finish(_ optimizer: Optimizer, _ call: LuaCall) throws -> LuaResults {
    optimizer.rate = try call.schedule("rate", ownedBy: optimizer)
    optimizer.weightDecay = try call.schedule("weight_decay", ownedBy: optimizer)
    optimizer.decayedRows = try call.choice("decay_rows")
    optimizer.clip = try call.optionalSchedule("clip", ownedBy: optimizer)
    optimizer.groups = try OptimizerGroups(call, optimizer).read()
    return [optimizer]
  }

  static var sgd: FunctionDescription {
    FunctionDescription(
      "sgd", "Gradient descent, with momentum or without.",
      details:
        "A loss is a mean over its batch by default, which divides the step of a row by the batch's size: with 256 positives in a batch "
        + "a rate of 10 moves a row as a rate of 0.04 does positive by positive.",
      equation: "v = momentum v + g;  x -= rate v",
      source: "PyTorch SGD",
      options: [
        .init("rate", .schedule(.rate), "Step size.", default: 0.05),
        .init("momentum", .number(in: 0..<1), "Share of the last step that is kept.", default: 0),
      ] + common, returns: [.init("optimizer", .object(Optimizer.self), "The optimizer.")]
    ) { call in try finish(Optimizer(.sgd(momentum: try call.number("momentum")), rate: 1), call) }
  }

  static var adagrad: FunctionDescription {
    FunctionDescription(
      "adagrad", "Adagrad.", equation: "G += g^2;  x -= rate g / (sqrt(G) + epsilon)",
      source: "Duchi et al., JMLR 2011; the variants differ in G's start and order",
      options: [
        .init("rate", .schedule(.rate), "Step size.", default: 0.1),
        .init(
          "variant", .choice(Optimizer.AdagradVariant.self),
          "torch: G starts at 0, epsilon 1e-10. tensorflow: at 0.1, no epsilon. lightfm: at 1, steps before it adds.",
          default: "torch"),
      ] + common, returns: [.init("optimizer", .object(Optimizer.self), "The optimizer.")]
    ) { call in try finish(Optimizer(.adagrad(try call.choice("variant")), rate: 1), call) }
  }

  static var adam: FunctionDescription {
    FunctionDescription(
      "adam", "Adam, equal to a dense Adam: rows without a gradient keep moving by their momentum.",
      details:
        "Rows catch up when a batch reads them, which gives the dense result at a fraction of its cost. `dense = false` leaves "
        + "rows without a gradient where they are (\"sparse\" Adam): another algorithm, with other results. A number whose gradient "
        + "is 0 but for rounding, such as one that is added to all scores of a user in a loss of differences, drifts, because a step "
        + "is the gradient over its own size: harmless, as it changes no ranking.",
      equation: "m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  x -= rate m^ / (sqrt(v^) + epsilon)",
      source: "Kingma and Ba, ICLR 2015; PyTorch's and Keras' forms",
      example: "local optimizer = perigee.optimizers.adam { rate = 1e-4 }",
      options: [
        .init("rate", .schedule(.rate), "Step size.", default: 1e-3),
        .init("beta1", .number(in: 0..<1), "Fading of the first moment.", default: 0.9),
        .init("beta2", .number(in: 0..<1), "Fading of the second moment.", default: 0.999),
        .init("epsilon", .number(atLeast: 0), "Added to the root of the second moment.", default: 1e-8),
        .init("keras", .boolean, "Whether epsilon joins the uncorrected root, as in Keras.", default: false),
        .init("decoupled", .boolean, "Whether weight decay shrinks parameters directly (AdamW).", default: false),
        .init("dense", .boolean, "Whether rows without a gradient keep moving.", default: true),
      ] + common, returns: [.init("optimizer", .object(Optimizer.self), "The optimizer.")]
    ) { call in
      var options = Optimizer.AdamOptions()
      options.beta1 = try call.number("beta1")
      options.beta2 = try call.number("beta2")
      options.epsilon = try call.number("epsilon")
      options.keras = try call.boolean("keras")
      options.decoupled = try call.boolean("decoupled")
      options.dense = try call.boolean("dense")
      return try finish(Optimizer(.adam(options), rate: 1), call)
    }
  }

  static var type: TypeDescription {
    TypeDescription(
      Optimizer.self, "How parameters move along the gradient.",
      fields: [
        scheduleField("rate", .rate, "Step size.", \Optimizer.rate),
        scheduleField("weight_decay", .decay, "L2 of every row.", \Optimizer.weightDecay),
        FieldDescription(
          "clip", .schedule(.clip), "Largest global norm of a gradient, nil for none.",
          get: { (o: Optimizer) in try o.clip?.luaValue ?? .nil },
          set: { (o: Optimizer, call: LuaCall) in o.clip = try call.schedule("clip", ownedBy: o) }),
      ], describe: { "optimizers.\(name($0))(rate = \($0.rate))" })
  }

  private static func name(_ optimizer: Optimizer) -> String {
    switch optimizer.method {
    case .sgd: "sgd"
    case .adagrad: "adagrad"
    case .adam: "adam"
    }
  }
}

extension Optimizer: LuaObject { public static var luaName: String { "Optimizer" } }
