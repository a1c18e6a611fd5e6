import Evaluation
import Interactions
import LuaHost
import Ranking

/// How a model's scores are spread.
enum DistributionBinding {
  static var function: FunctionDescription {
    FunctionDescription(
      "score_distributions",
      "How the scores of items that users have, those of items that they do not have, and boundaries are spread.",
      details:
        "Of the part all pairs are taken, and for each of them one item that the user has in no part of the split, drawn uniformly by the "
        + "seed, as a training with one negative sees them; boundaries are those of the part's users. A bin holds its lower edge and not "
        + "its upper one, the last holds both. To lay distributions over each other give a `range`.",
      source: "\"Learning Explicit User Interest Boundary for Recommendation\", WWW 2022, Figures 5, 7 and 9",
      example: """
        local spread = perigee.score_distributions(model, split, { bins = 40, range = { -20, 20 } })
        print(spread.positive.mean, spread.negative.mean, spread.boundary and spread.boundary.deviation)
        """,
      parameters: BoundaryBinding.parameters,
      options: [
        BoundaryBinding.part,
        .init("bins", .integer(in: 1...100_000), "Bins of each distribution.", default: 50),
        .init(
          "range", .list(.number, count: 2...2),
          "First and last edge; each distribution from its smallest to its largest value if left out.", optional: true),
        .init("seed", .integer(atLeast: 0), "Of the items that users do not have.", default: 0),
        .init("values", .boolean, "Whether the numbers themselves are wanted: `values` of each.", default: false),
        BoundaryBinding.anySplit,
      ],
      returns: [
        .init(
          "distributions", .table,
          "`positive`, `negative` and, where the model has one, `boundary`, each with its `name`, `count`, `mean`, `deviation`, `min`, `max`, `edges` "
            + "(one more than bins), `counts`, and `below` and `above`, how many are outside of the edges. `negative` is nil where nobody "
            + "is left without an item.")
      ]
    ) { call in
      let (model, split) = try BoundaryBinding.modelAndSplit(call)
      let positives = try BoundaryBinding.positives(call, split)
      let range = try range(call)
      let samples = try split.namingIdentifiers {
        try ScoreSamples(
          model.model.scores(), positives: positives, observed: split.observed, seed: UInt64(call.integer("seed")))
      }
      guard !samples.positives.isEmpty else {
        throw EvaluationError.nobodyToEvaluate(relevant: "the part that is looked at")
      }
      var sets = [("positive", samples.positives), ("negative", samples.negatives)]
      if let boundaries = try model.rankingModel?.boundaries() {
        let users = boundaries.indices.filter { !positives.items(of: $0).isEmpty }
        sets.append(("boundary", users.map { boundaries[$0] }))
      }
      var result: LuaRecord = [:]
      for (name, values) in sets where !values.isEmpty {
        guard values.allSatisfy(\.isFinite) else {
          throw LuaArgumentError("the model's \(name) values are not all finite numbers; the training has diverged")
        }
        result.append(
          name,
          record(
            name, Histogram(values.map { Double($0) }, bins: try call.integer("bins"), range: range),
            try call.boolean("values") ? values : nil))
      }
      return [LuaReport(result, Reports.distributions)]
    }
  }

  private static func range(_ call: LuaCall) throws -> ClosedRange<Double>? {
    guard let edges = call.optionalNumbers("range") else { return nil }
    guard edges[0] < edges[1], edges.allSatisfy(\.isFinite) else {
      throw call.error("range", "want the lower edge before the upper one, got \(edges[0]) and \(edges[1])")
    }
    return edges[0]...edges[1]
  }

  private static func record(_ name: String, _ histogram: Histogram, _ values: [Float]?) -> LuaRecord {
    var record: LuaRecord = [
      "name": name, "count": histogram.count, "mean": histogram.mean, "deviation": histogram.deviation,
      "min": histogram.smallest,
      "max": histogram.largest, "below": histogram.below, "above": histogram.above, "edges": histogram.edges,
      "counts": histogram.counts,
    ]
    if let values { record.append("values", values.map { Double($0) }) }
    return record
  }
}
