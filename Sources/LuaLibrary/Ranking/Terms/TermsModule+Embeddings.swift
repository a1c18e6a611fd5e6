import LuaHost
import Ranking

/// Terms of the embeddings as such.
extension TermsModule {
  static var covariance: FunctionDescription {
    FunctionDescription(
      "covariance", "What the dimensions of the embeddings have in common: keeps them from telling the same twice.",
      details:
        "x are the distinct users and items of the batch as they score, without biases and dropout; rows that a model computes count as "
        + "computed. The paper penalizes the squares, over a batch; the code that its authors published sums the covariances with their "
        + "signs over all users and items (`form = \"sum\"`, `rows = \"all\"`), which has no lower bound.",
      equation: "C = 1/n sum (x - mean)(x - mean)',  squares: c sum_{i != j} C_ij^2,  sum: c sum_{i != j} C_ij",
      source: "CML, Hsieh et al., WWW 2017, 3.4, and its CML.py",
      example: "local term = perigee.terms.covariance { weight = 10 }",
      options: [
        weight,
        .init("form", .choice(CovarianceTerm.Form.self), "What becomes of the covariances.", default: "squares"),
        .init(
          "rows", .choice(CovarianceTerm.Rows.self),
          "batch: the users and items of the batch, each once. all: all of them, where tables score.", default: "batch"),
        name("covariance"),
      ], returns: [.init("term", .object(CovarianceTerm.self), "The term.")]
    ) { call in
      let term = CovarianceTerm(
        name: try call.string("name"), weight: 0, form: try call.choice("form"), rows: try call.choice("rows"))
      term.weight = try call.schedule("weight", ownedBy: term)
      return [term]
    }
  }

  static var covarianceType: TypeDescription {
    TypeDescription(
      CovarianceTerm.self, "Covariances of dimensions.",
      fields: [
        nameField(CovarianceTerm.self), weightField(\CovarianceTerm.weight),
        FieldDescription(
          "form", .choice(CovarianceTerm.Form.self), "What becomes of the covariances.",
          get: { (t: CovarianceTerm) in t.form.rawValue }),
        FieldDescription(
          "rows", .choice(CovarianceTerm.Rows.self), "Whose rows.", get: { (t: CovarianceTerm) in t.rows.rawValue }),
      ],
      describe: { "terms.covariance(weight = \($0.weight), form = \($0.form.rawValue), rows = \($0.rows.rawValue))" })
  }

  static var clusterKL: FunctionDescription {
    FunctionDescription(
      "cluster_kl", "Draws items to the cluster centers to which they already lean; the centers are learned too.",
      details:
        "A sum over all items, in every batch. T is that of each batch, a constant to the gradient unless `through_target`. The mathematics is `losses.cluster_kl`.",
      equation:
        "Q_ik ~ (1 + |q_i - c_k|^2 / tau)^(-(tau + 1)/2),  T_ik ~ Q_ik^2 / sum_j Q_jk,  c sum_ik T_ik ln(T_ik / Q_ik)",
      source: "TIL, Wu et al., CIKM 2022, Eq. 7 to 9",
      example: """
        local centers = perigee.parameter { name = "centers", shape = { 60, 64 }, init = { std = 0.1 } }
        local term = perigee.terms.cluster_kl { weight = 0.1, centers = centers }
        """,
      options: [
        weight, .init("centers", .object(Parameter.self), "c, a shared parameter [clusters, d]."),
        .init("tau", .number(above: 0), "Degrees of freedom of Student's distribution.", default: 1),
        .init("through_target", .boolean, "Whether T is differentiated.", default: false),
        .init(
          "items", .object(Parameter.self),
          "q, [items, d]; the model's items without biases where it has a table of them.",
          optional: true), name("cluster_kl"),
      ], returns: [.init("term", .object(ClusterTerm.self), "The term.")]
    ) { call in
      let divergence = ClusterDivergence(
        tau: try call.number("tau"), differentiatesTarget: try call.boolean("through_target"))
      let term = ClusterTerm(
        name: try call.string("name"), weight: 0, centers: try call.object("centers", as: Parameter.self),
        items: call.optionalObject("items", as: Parameter.self), divergence: divergence)
      term.weight = try call.schedule("weight", ownedBy: term)
      return [term]
    }
  }

  static var clusterType: TypeDescription {
    TypeDescription(
      ClusterTerm.self, "Divergence of soft clusters from a sharper target.",
      fields: [
        nameField(ClusterTerm.self), weightField(\ClusterTerm.weight),
        FieldDescription(
          "centers", .object(Parameter.self), "The clusters' centers.", get: { (t: ClusterTerm) in t.centers }),
        FieldDescription("tau", .number, "Degrees of freedom.", get: { (t: ClusterTerm) in t.divergence.tau }),
      ],
      describe: { "terms.cluster_kl(weight = \($0.weight), tau = \($0.divergence.tau), centers = \($0.centers.name))" })
  }
}

extension CovarianceTerm: LuaObject { public static var luaName: String { "CovarianceTerm" } }
extension ClusterTerm: LuaObject { public static var luaName: String { "ClusterTerm" } }
