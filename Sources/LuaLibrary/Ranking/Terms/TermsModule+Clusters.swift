import LuaHost
import Ranking

/// The loss of learned clusters.
extension TermsModule {
  static var clusters: FunctionDescription {
    FunctionDescription(
      "clusters",
      "Trains the clusters by which a sampler draws: the loss `pris` with each item replaced by its center.",
      details:
        "`straight_through` has the most similar center in the forward pass and the derivative of the mixture behind it, `soft` the mixture in "
        + "both. ln q is what the sampler said when it drew.",
      equation:
        "b_i = softmax_k(sim(v_i, c_k) / T),  x_ui = <p_u, C b_i>,  w = softmax_j(x_uj - ln q(j)),  c/B sum_b sum_j w_j softplus(x_uj - x_ui)",
      source: "PRIS, Lian et al., WWW 2020, 4.3, Eq. 17: L^C + L is minimized",
      example: """
        local term = perigee.terms.clusters {
          clusters = clusters, temperature = function(epoch) return math.max(0.1, 0.95 ^ epoch) end,
        }
        """,
      options: [
        .init("clusters", .object(LearnedClusters.self), "What `samplers.learned_clusters` made."),
        .init("weight", .schedule(.weight), "What it is multiplied by.", default: 1),
        .init(
          "temperature", .schedule(.number(in: 1e-6...1e6)), "T of the mixture: high at first, cooled gradually.",
          default: 1),
        .init(
          "form", .choice(LearnedClusterTerm.Form.self), "What stands for an item.", default: "straight_through"),
        .init(
          "trains", .choice(LearnedClusterTerm.Reach.self),
          "The rows of users and items too, or the clusters alone.", default: "all"), name("clusters"),
      ], returns: [.init("term", .object(LearnedClusterTerm.self), "The term.")]
    ) { call in
      let term = LearnedClusterTerm(
        name: try call.string("name"), clusters: try call.object("clusters", as: LearnedClusters.self),
        form: try call.choice("form"), reach: try call.choice("trains"))
      term.weight = try call.schedule("weight", ownedBy: term)
      term.temperature = try call.schedule("temperature", ownedBy: term)
      return [term]
    }
  }

  static var learnedClusterType: TypeDescription {
    TypeDescription(
      LearnedClusterTerm.self, "The loss of learned clusters.",
      fields: [
        nameField(LearnedClusterTerm.self), weightField(\LearnedClusterTerm.weight),
        scheduleField(
          "temperature", .number(in: 1e-6...1e6), "T of the mixture.", \LearnedClusterTerm.temperature),
        FieldDescription(
          "form", .choice(LearnedClusterTerm.Form.self), "What stands for an item.",
          get: { (t: LearnedClusterTerm) in t.form.rawValue }),
      ],
      describe: {
        "terms.clusters(clusters = \($0.clusters.count), weight = \($0.weight), temperature = \($0.temperature), form = \($0.form.rawValue))"
      })
  }
}

extension LearnedClusterTerm: LuaObject { public static var luaName: String { "LearnedClusterTerm" } }
