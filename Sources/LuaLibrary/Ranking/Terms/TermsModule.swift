import LuaHost
import Ranking

/// `perigee.terms`: what a trainer adds to its loss.
enum TermsModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "terms", "What a trainer adds to its loss: `terms` of `perigee.trainer`.",
      functions: [l2, covariance, clusterKL, clusters, custom],
      types: [l2Type, covarianceType, clusterType, learnedClusterType, LuaTerm.type, TermContext.type])
  }

  static var list: LuaType { .list(.object((any Term).self, named: "term")) }

  static func name(_ standard: String) -> OptionDescription {
    .init(
      "name", .string, "What reports and messages call it; a trainer has one of a name.", default: .string(standard))
  }

  static var weight: OptionDescription { .init("weight", .schedule(.weight), "What it is multiplied by.") }

  static func weightField<Owner: LuaObject>(_ path: ReferenceWritableKeyPath<Owner, Schedule>) -> FieldDescription {
    scheduleField("weight", .weight, "What it is multiplied by.", path)
  }

  static func nameField<Owner: LuaObject & Term>(_ owner: Owner.Type) -> FieldDescription {
    FieldDescription("name", .string, "What reports and messages call it.", get: { (term: Owner) in term.name })
  }

  // MARK: L2

  private static var l2: FunctionDescription {
    FunctionDescription(
      "l2", "An L2 term of chosen parameters, or of all that represents users and items with a weight of its own.",
      details:
        "One weight for all embeddings is faster as `regularization` of the trainer, which has the same gradients. Scopes that count rows "
        + "count those of the batch's users, and of its items, in parameters per user and per item; a shared parameter has none, and a "
        + "model that computes its rows says what they are (`lightgcn`: the rows before propagation), or has none.",
      equation:
        "batch: c/2 sum |row|^2,  batch_mean: c/2B sum |row|^2,  per_sample: c/B sum |row|^2,  tables: c/2 |table|^2",
      source: "LightGCN, He et al., SIGIR 2020, Eq. 15 (batch_mean)",
      example: """
        local trainer = perigee.trainer { model = model, loss = perigee.losses.bpr {}, sampler = sampler, optimizer = optimizer,
          terms = { perigee.terms.l2 { weight = 1e-4, scope = "tables", parameters = { weights } } } }
        """,
      options: [
        weight,
        .init(
          "scope", .choice(Regularization.Scope.self), "As of `regularization` of the trainer.", default: "batch_mean"),
        .init(
          "parameters", .list(.object(Parameter.self), count: 1...1024),
          "What it is of; all that represents users and items in the model if left out.", optional: true), name("l2"),
      ], returns: [.init("term", .object(L2Term.self), "The term.")]
    ) { call in
      let chosen = call.has("parameters") ? try call.objects("parameters", as: Parameter.self) : nil
      let term = L2Term(
        name: try call.string("name"), weight: 0, scope: try call.choice("scope"), parameters: chosen)
      term.weight = try call.schedule("weight", ownedBy: term)
      return [term]
    }
  }

  private static var l2Type: TypeDescription {
    TypeDescription(
      L2Term.self, "An L2 term.",
      fields: [
        nameField(L2Term.self), weightField(\L2Term.weight),
        FieldDescription(
          "scope", .choice(Regularization.Scope.self), "Which rows count.", get: { (t: L2Term) in t.scope.rawValue }),
      ], describe: { "terms.l2(weight = \($0.weight), scope = \($0.scope.rawValue))" })
  }
}

extension L2Term: LuaObject { public static var luaName: String { "L2Term" } }
