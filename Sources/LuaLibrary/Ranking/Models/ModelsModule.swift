import Interactions
import LuaHost
import Ranking

/// `perigee.models`: what is trained.
enum ModelsModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "models", "Models that give a user's score of an item; `model:fit` fits some, a trainer the others.",
      functions: [mf, sml, simplex, lightgcn, mgccf, ncf, gmf, neumf] + solved,
      types: [type, TracedParameter.accepting(ParameterModule.type), BatchRows.type])
  }

  static var mf: FunctionDescription {
    FunctionDescription(
      "mf", "Matrix factorization: a row of parameters for each user and item.",
      equation: "dot: <u, v>;  cosine: <u/|u|, v/|v|>;  euclidean: -|u - v|^2;  biases add b_u + b_i to dot",
      source: "Koren et al., Computer 2009; with cosine and dropout on the scoring row it is the MF of SimpleX and MML",
      example: "local model = perigee.models.mf { data = split, dim = 64, score = \"cosine\" }",
      options: [
        .init("data", .object(Split.self), "Whose users and items."),
        .init("dim", .integer(in: 1...4096), "Length of a row.", default: 64),
        .init("score", .choice(ScoreFunction.self), "How two rows make a score.", default: "cosine"),
        .init("init", initializationType, "How parameters start.", optional: true),
        .init(
          "biases", .boolean,
          "A bias for each user and item; with dot only. Rows are then two numbers longer: a user's (row, bias, 1), an item's (row, 1, bias).",
          default: false),
        .init(
          "boundary", .choice(Boundary.Kind.self),
          "A boundary between a user's positives and negatives, for losses that read it: linear is <W, P_u> (UIB Eq. 3), "
            + "linear_bias adds c (its code), user is a free number for each user.", optional: true),
        .init(
          "dropout", .schedule(.dropout), "Share of a user's row that is dropped in training.", default: 0),
        .init(
          "dropout_on", .choice([DropoutPlace.scoring, .parameters, .lookups].map(\.rawValue)),
          "scoring: on the row that scores, after it is normalized (MML). parameters: before (BSL). lookups: on the user's row and, anew "
            + "for each score, on the item's (UIB's code), with score = \"dot\"; L2 terms count whole rows.",
          default: "scoring"),
        .init("seed", .integer(atLeast: 0), "Of the initial parameters.", default: 0),
      ], returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      var configuration = MatrixFactorization.Configuration(
        userCount: split.userCount, itemCount: split.itemCount, dim: try call.integer("dim"))
      configuration.score = try call.choice("score")
      configuration.initialization = try initialization(call)
      configuration.biases = try call.boolean("biases")
      configuration.boundary = call.optionalString("boundary").flatMap(Boundary.Kind.init)
      configuration.seed = UInt64(try call.integer("seed"))
      let handle = ModelHandle(model: try MatrixFactorization(configuration), split: split)
      handle.rankingModel?.dropoutPlace = try call.choice("dropout_on")
      if configuration.score != .dot, handle.rankingModel?.dropoutPlace == .lookups {
        throw call.error("dropout_on", "lookups goes with score = \"dot\", not '\(configuration.score.rawValue)'")
      }
      handle.dropout = try call.schedule("dropout", ownedBy: handle)
      return [handle]
    }
  }

  /// Where dropout may act in a model of rows.
  static var rowDropoutPlace: LuaType { .choice([DropoutPlace.scoring.rawValue, DropoutPlace.parameters.rawValue]) }

  static var initializationType: LuaType {
    .options([
      .init(
        "kind", .choice(["normal", "uniform", "xavier_uniform", "xavier_normal"]), "Distribution of the parameters.",
        default: "normal"),
      .init(
        "std", .number(above: 0),
        "Deviation of `normal`; if left out 1e-4 with cosine scores, which do not see the length of a row, and 0.1 with others.",
        optional: true),
      .init("bound", .number(above: 0), "Bound of `uniform`.", default: 0.1),
    ])
  }

  /// - Parameter score: What the rows make scores with; the option `score` where `nil`.
  static func initialization(_ call: LuaCall, scoring score: ScoreFunction? = nil) throws -> Initialization {
    switch try call.string("init.kind") {
    case "uniform": .uniform(bound: try call.number("init.bound"))
    case "xavier_uniform": .xavierUniform
    case "xavier_normal": .xavierNormal
    default:
      .normal(
        standardDeviation: try call.optionalNumber("init.std")
          ?? Initialization.standardDeviation(for: score ?? call.choice("score")))
    }
  }

  static var type: TypeDescription {
    TypeDescription(
      ModelHandle.self, "A model.",
      methods: [score, FitBinding.fit] + embeddingMethods + savingMethods + EvaluationModule.modelMethods
        + ModelExportBinding.methods,
      fields: [
        FieldDescription("users", .integer, "Count of users.", get: { (m: ModelHandle) in m.model.userCount }),
        FieldDescription("items", .integer, "Count of items.", get: { (m: ModelHandle) in m.model.itemCount }),
        FieldDescription(
          "parameters", .map(.object(Parameter.self)), "What is learned, by name.",
          get: { (m: ModelHandle) in LuaRecord(m.model.trainedParameters.map { ($0.name, $0) }) }),
        FieldDescription("name", .string, "Its name.", get: { (m: ModelHandle) in m.model.name }),
        FieldDescription(
          "dim", .integer, "Length of a row; nil where the model has no rows.",
          get: { (m: ModelHandle) in (m.model as? any EmbeddingModel)?.dim }),
        FieldDescription(
          "score_function", .choice(ScoreFunction.self), "How two rows make a score.",
          get: { (m: ModelHandle) in m.model.scoreName }),
        scheduleField(
          "dropout", .dropout, "Share of a user's row that is dropped in training.", \ModelHandle.dropout),
      ], size: { $0.byteCount },
      describe: {
        "models.\($0.model.name)(\($0.model.userCount) users, \($0.model.itemCount) items, "
          + (($0.model as? any EmbeddingModel).map { "dim = \($0.dim), " } ?? "") + "score = \($0.model.scoreName))"
      })
  }

  static var score: FunctionDescription {
    FunctionDescription(
      "score", "The score of one item for one user, both by the data set's identifiers.",
      parameters: [
        .init("user", .string.or(.integer), "Identifier of the user."),
        .init("item", .string.or(.integer), "Identifier of the item."),
      ], returns: [.init("score", .number, "The score as parameters stand now.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      let user = try handle.split.userIndex(call, "user")
      let item = try handle.split.itemIndex(call, "item")
      return [try handle.score(user: user, item: item)]
    }
  }
}

extension Split {
  /// The dense row of the user that a script names.
  func userIndex(_ call: LuaCall, _ name: String) throws -> Int {
    try call.user(name, in: dataset)
  }

  func itemIndex(_ call: LuaCall, _ name: String) throws -> Int {
    try call.item(name, in: dataset)
  }
}
