import Interactions
import LuaHost
import Ranking

// Models that a solver fits: `model:fit` in place of a trainer.

extension ModelsModule {
  static var solved: [FunctionDescription] { [wrmf, popularity, ease, itemNeighbors] }

  private static var data: OptionDescription {
    .init("data", .object(Split.self), "Whose users and items; the train part is what it is fitted to.")
  }

  private static var model: [ReturnDescription] { [.init("model", .object(ModelHandle.self), "The model.")] }

  private static var wrmf: FunctionDescription {
    FunctionDescription(
      "wrmf", "Weighted regularized matrix factorization, fitted by alternating least squares.",
      details:
        "An epoch solves all users' rows for the items' as they stand, then all items' rows for the new users'. A row without "
        + "interactions is 0. `cholesky` finds each row's minimum; `cg` takes a few steps towards it from where the row stands, which costs "
        + "less where rows are long, and ends at the same objective after a few more epochs.",
      equation:
        "min sum_ui c_ui (r_ui - <x_u, y_i>)^2 + l (|X|^2 + |Y|^2);  c = 1 + alpha for what was observed, 1 for the rest",
      source: "Hu, Koren, Volinsky, ICDM 2008, Eq. 3 to 5; cg: Takács, Pilászy, Tikk, RecSys 2011",
      example: """
        local model = perigee.models.wrmf { data = split, dim = 64, alpha = 10 }
        print(model:fit { epochs = 15, evaluate = { on = "test" } })
        """,
      options: [
        data,
        .init("dim", .integer(in: 1...4096), "Length of a row.", default: 64),
        .init("alpha", .number(in: 0...1e5), "By how much observed pairs count more than others.", default: 40),
        .init(
          "confidence", .choice(AlternatingLeastSquares.Configuration.Confidence.self),
          "one_plus_alpha: c = 1 + alpha, as the paper. alpha: c = alpha, as the library `implicit`.",
          default: "one_plus_alpha"),
        .init("regularization", .number(above: 0), "l, of the sum of all rows' squares.", default: 0.01),
        .init(
          "method", .choice(LeastSquaresMethod.self), "cholesky: exact. cg: steps of the conjugate gradient.",
          default: "cholesky"),
        .init("steps", .integer(in: 1...1000), "Of the conjugate gradient in an epoch; 3 if left out.", optional: true),
        .init("init", initializationType, "How rows start.", optional: true),
        .init("seed", .integer(atLeast: 0), "Of the rows at the start.", default: 0),
      ], returns: model
    ) { call in
      let split = try call.object("data", as: Split.self)
      var configuration = AlternatingLeastSquares.Configuration()
      configuration.alpha = try call.number("alpha")
      configuration.confidence = try call.choice("confidence")
      configuration.regularization = try call.number("regularization")
      let method: LeastSquaresMethod = try call.choice("method")
      let steps = call.optionalInteger("steps")
      if method == .cg { configuration.method = .conjugateGradient(steps: steps ?? 3) }
      if method == .cholesky, steps != nil {
        throw call.error("steps", "are of the conjugate gradient: say method = \"cg\" too, or leave them out")
      }
      let model = try WeightedFactorization(
        userCount: split.userCount, itemCount: split.itemCount, dim: try call.integer("dim"),
        initialization: try initialization(call, scoring: .dot), seed: UInt64(try call.integer("seed")))
      let solver = try AlternatingLeastSquares(model, train: split.train, configuration, rule: split.rule)
      return [ModelHandle(solver: solver, split: split, seed: try call.integer("seed"))]
    }
  }

  private static var popularity: FunctionDescription {
    FunctionDescription(
      "popularity", "How many users have an item: the same list for everybody, and the floor for any other model.",
      equation: "s_ui = |{v : i in I_v}|",
      example: "local model = perigee.models.popularity { data = split }\nmodel:fit()",
      options: [data], returns: model
    ) { call in
      let split = try call.object("data", as: Split.self)
      return [try closedForm(Popularity(userCount: split.userCount, itemCount: split.itemCount), split)]
    }
  }

  private static var ease: FunctionDescription {
    FunctionDescription(
      "ease", "A weight from each item to each other, in closed form.",
      details:
        "Dense: 4 bytes for each pair of items, and 12 while it is fitted; a catalog for which the machine has not enough is refused at "
        + "once. The time goes with the third power of the number of items.",
      equation: "P = (X'X + l I)^-1;  B_ij = -P_ij / P_jj, 0 on the diagonal;  s_ui = sum_{j in I_u} B_ji",
      source: "Steck, \"Embarrassingly Shallow Autoencoders for Sparse Data\", WWW 2019, Eq. 8",
      example: "local model = perigee.models.ease { data = split, l2 = 200 }\nmodel:fit()",
      options: [
        data, .init("l2", .number(above: 0), "l, of the sum of all weights' squares.", default: 500),
      ], returns: model
    ) { call in
      let split = try call.object("data", as: Split.self)
      return [try closedForm(Ease(train: split.train, regularization: try call.number("l2")), split)]
    }
  }

  private static var itemNeighbors: FunctionDescription {
    FunctionDescription(
      "item_neighbors", "Each of a user's items speaks for the items that most resemble it.",
      details: "Sparse: k neighbors an item. Of equally near items the one that the data has first is the neighbor.",
      equation: "s_ij = n_ij / (sqrt(n_i n_j) + shrinkage);  s_ui = sum_{j in I_u} s_ji [i in N_k(j)]",
      source: "Deshpande, Karypis, ACM TOIS 2004, sections 4.1 and 4.2: cosine, without normalized rows",
      example: "local model = perigee.models.item_neighbors { data = split, k = 100, shrinkage = 10 }\nmodel:fit()",
      options: [
        data, .init("k", .integer(atLeast: 1), "Neighbors of an item.", default: 100),
        .init(
          "shrinkage", .number(in: 0...1e9), "Holds back pairs of items that few users have; 0 is the plain cosine.",
          default: 0),
      ], returns: model
    ) { call in
      let split = try call.object("data", as: Split.self)
      let model = try ItemNeighbors(
        train: split.train, count: try call.integer("k"), shrinkage: try call.number("shrinkage"))
      return [try closedForm(model, split)]
    }
  }

  private static func closedForm(_ model: any ClosedFormModel, _ split: Split) throws -> ModelHandle {
    ModelHandle(solver: try ClosedForm(model, train: split.train, rule: split.rule), split: split)
  }
}

/// How least squares are solved, as scripts write it.
private enum LeastSquaresMethod: String, CaseIterable {
  case cholesky, cg
}
