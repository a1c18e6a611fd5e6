import LuaHost
import Ranking
import Tensors

/// The loss that draws items to cluster centers: of tables, not of scores.
extension LossesModule {
  static var clustering: [FunctionDescription] { [clusterKL, clusterAssignments] }

  private static let source =
    "TIL, Wu et al., CIKM 2022, Eq. 7 to 9; Xie et al., \"Deep Embedding for Clustering\", ICML 2016"

  private static var tables: [ParameterDescription] {
    [
      .init("items", .object(Tensor.self), "q, [items, d]."),
      .init("centers", .object(Tensor.self), "c, [clusters, d]."),
    ]
  }

  private static var tau: OptionDescription {
    .init("tau", .number(above: 0), "Degrees of freedom of Student's distribution.", default: 1)
  }

  private static var clusterKL: FunctionDescription {
    FunctionDescription(
      "cluster_kl", "Divergence of soft cluster assignments from a sharper target, and its gradients.",
      details: "A sum over all items. T is a constant unless `through_target`; `target` gives an earlier one.",
      equation:
        "Q_ik ~ (1 + |q_i - c_k|^2 / tau)^(-(tau + 1)/2),  T_ik ~ Q_ik^2 / sum_j Q_jk,  L = sum_ik T_ik ln(T_ik / Q_ik)",
      source: source,
      example: "local value, at_items, at_centers = perigee.losses.cluster_kl(items, centers, { tau = 1 })",
      parameters: tables,
      options: [
        tau, .init("through_target", .boolean, "Whether T is differentiated.", default: false),
        .init("target", .object(Tensor.self), "T to hold to, [items, clusters].", optional: true),
      ],
      returns: [
        .init("value", .number, "L."), .init("at_items", .object(Tensor.self), "dL/dq, [items, d]."),
        .init("at_centers", .object(Tensor.self), "dL/dc, [clusters, d]."),
      ]
    ) { call in
      let divergence = ClusterDivergence(
        tau: try call.number("tau"), differentiatesTarget: try call.boolean("through_target"))
      let target = call.optionalObject("target", as: Tensor.self)
      if target != nil && divergence.differentiatesTarget {
        throw call.error("target", "is a constant; leave it out, or through_target")
      }
      let result = try divergence.evaluate(
        items: call.object("items", as: Tensor.self), centers: call.object("centers", as: Tensor.self), target: target)
      return [result.value, result.itemGradient, result.centerGradient]
    }
  }

  private static var clusterAssignments: FunctionDescription {
    FunctionDescription(
      "cluster_assignments", "Soft cluster assignments of items, and the sharper target made of them.",
      equation: "Q_ik ~ (1 + |q_i - c_k|^2 / tau)^(-(tau + 1)/2),  T_ik ~ Q_ik^2 / sum_j Q_jk", source: source,
      example: "local assignments, target = perigee.losses.cluster_assignments(items, centers)", parameters: tables,
      options: [tau],
      returns: [
        .init("assignments", .object(Tensor.self), "Q, [items, clusters]; rows sum to 1."),
        .init("target", .object(Tensor.self), "T, the same shape."),
      ]
    ) { call in
      let divergence = ClusterDivergence(tau: try call.number("tau"))
      let (items, centers) = (try call.object("items", as: Tensor.self), try call.object("centers", as: Tensor.self))
      return [
        try divergence.assignments(items: items, centers: centers),
        try divergence.target(items: items, centers: centers),
      ]
    }
  }
}
