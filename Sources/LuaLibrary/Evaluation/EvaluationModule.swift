import Evaluation
import Interactions
import LuaHost
import Ranking

/// `perigee.evaluate`, `perigee.recommend` and the methods of a model that do the same.
enum EvaluationModule {
  static var functions: [FunctionDescription] { [evaluate, RecommendBinding.recommend] }

  /// Methods that a type of model adds to its own.
  static var modelMethods: [FunctionDescription] { [RecommendBinding.method] }

  static var maskOption: ParameterDescription {
    .init(
      "mask", .choice(MaskChoice.self),
      "What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one.",
      default: "auto")
  }

  static var anySplitOption: ParameterDescription {
    .init(
      "any_split", .boolean,
      "Whether a model that was trained on another split than this is taken: what it saw there may be among what is looked for.",
      default: false)
  }

  static var evaluate: FunctionDescription {
    FunctionDescription(
      "evaluate",
      "Ranks all items for every user who has items in the chosen part, and measures where those items stand.",
      details:
        "Items stand by score descending, of equal scores the one that the data has first. Users without items in the part are left "
        + "out of every mean. `recall@k`, `precision@k` (divides by k), `f1@k`, `hit@k`, `ndcg@k` (ideal of min(k, items)), "
        + "`map@k` (divides by min(k, items)), `mrr@k` (first hit) and `auc` (ties count one half; users all or none of whose rankable "
        + "items are in the part have none and are left out of its mean, `auc_users` are in it; nan where nobody is). A model knows "
        + "the train parts that it learned from, also when it was saved and loaded: another split of the same data is refused.",
      equation: "recall@k = |R_k ∩ T| / |T|;  ndcg@k = Σ_p h_p / log2(p + 2) / Σ_{p < min(k, |T|)} 1 / log2(p + 2)",
      example: """
        local result = perigee.evaluate(model, split, { on = "test", metrics = { "recall@20", "ndcg@20" } })
        print(result, result["recall@20"])
        """,
      parameters: [
        .init("model", .object(ModelHandle.self), "The model."),
        .init("split", .object(Split.self), "The split; of the data set that the model was made for."),
      ],
      options: [
        .init(
          "on", .choice(EvaluationPart.self), "The part whose items are looked for.",
          default: "test"),
        .init(
          "metrics", .string.or(.list(.string, count: 1...64)), "Such as `recall@20`.",
          default: ["recall@20", "ndcg@20"]),
        maskOption, anySplitOption,
        .init(
          "per_user", .boolean,
          "Adds `per_user`: `user`, a list of identifiers, and for each metric the list of their values.",
          default: false),
      ],
      returns: [
        .init("result", .table, "The mean of each metric by its name, and `users`, the number of users in the means.")
      ]
    ) { call in
      let split = try call.object("split", as: Split.self)
      let part: EvaluationPart = try call.choice("on")
      let mask: MaskChoice = try call.choice("mask")
      let metrics = try call.strings("metrics").map { try Metric($0) }
      let model = try call.object("model", as: ModelHandle.self)
      if !(try call.boolean("any_split")) { try model.checkTraining(on: split, "split", call) }
      let result = try model.evaluate(split, part: part, metrics: metrics, mask: mask.mask)
      return [table(result, split, perUser: try call.boolean("per_user"))]
    }
  }

  /// Metrics by name, printing themselves in the order that they were asked for.
  private static func table(_ result: EvaluationResult, _ split: Split, perUser: Bool) -> LuaReport {
    var record: LuaRecord = ["users": result.users.count]
    for (metric, mean) in zip(result.metrics, result.means) { record.append(metric.description, mean) }
    if let index = result.metrics.firstIndex(of: Metric(.auc)) {
      record.append("auc_users", result.definedCounts[index])
    }
    if perUser {
      var values: LuaRecord = ["user": split.dataset.userIdentifiers.identifiers(result.users.lazy.map { Int($0) })]
      for (metric, list) in zip(result.metrics, result.perUser) { values.append(metric.description, list) }
      record.append("per_user", values)
    }
    let text = zip(result.metrics, result.means).map { "\($0) \(decimal($1, 4))" }.joined(separator: "  ")
    return LuaReport(record, says: "\(text)  (\(result.users.count) users)")
  }
}

/// `EvaluationMask` as scripts write it.
enum MaskChoice: String, CaseIterable {
  case auto, train
  case trainAndValid = "train+valid"
  case none

  var mask: EvaluationMask {
    switch self {
    case .auto: .automatic
    case .train: .train
    case .trainAndValid: .trainAndValid
    case .none: .nothing
    }
  }
}

extension Split {
  /// Runs an evaluation so that its errors name users and items as the data does.
  func namingIdentifiers<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch EvaluationError.scoreIsNotANumber(let user, let item) {
      throw LuaArgumentError(
        "the model's score of user '\(dataset.userIdentifiers.shownIdentifier(at: user))' for item "
          + "'\(dataset.itemIdentifiers.shownIdentifier(at: item))' is not a number (NaN): the training has diverged; "
          + "try a lower rate or a smaller initialisation")
    }
  }
}
