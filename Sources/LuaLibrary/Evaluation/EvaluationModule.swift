import Evaluation
import Interactions
import LuaHost
import Platform
import Ranking

/// `perigee.evaluate`, `perigee.evaluate_lists`, `perigee.recommend` and the methods of a model that do the same.
enum EvaluationModule {
  static var functions: [FunctionDescription] {
    let lists = [evaluate, EvaluateListsBinding.function, RecommendBinding.recommend]
    return (lists + BoundaryBinding.functions + [DistributionBinding.function]).about("Evaluation")
  }

  /// Methods that a type of model adds to its own.
  static var modelMethods: [FunctionDescription] { [RecommendBinding.method] + BoundaryBinding.methods }

  static var evaluate: FunctionDescription {
    FunctionDescription(
      "evaluate",
      "Ranks all items, or candidates, for every user who has items in the chosen part, and measures where those items stand.",
      details:
        "Items stand by score descending, of equal scores the one that the data has first (`ties` has another rule). Users without items in the part are left "
        + "out of every mean. `recall@k`, `precision@k` (divides by k), `f1@k`, `hit@k`, `ndcg@k` (ideal of min(k, items)), "
        + "`map@k` (divides by min(k, items)), `mrr@k` (first hit) and `auc` (ties count one half; users all or none of whose rankable "
        + "items are in the part have none and are left out of its mean, `auc_users` are in it; nan where nobody is). What is recommended, "
        + "right or not, is measured by `novelty@k`, `popularity@k`, `tail@k` and `diversity@k`, means over the items or pairs of a list, and by "
        + "`coverage@k` and `gini@k` of all lists together. A model knows "
        + "the train parts that it learned from, also when it was saved and loaded: another split of the same data is refused.",
      equation: "recall@k = |R_k ∩ T| / |T|;  ndcg@k = Σ_p h_p / log2(p + 2) / Σ_{p < min(k, |T|)} 1 / log2(p + 2);  "
        + "novelty@k = mean of -log2(max(c_i, 1) / U), c_i of U users have item i in train;  popularity@k = mean of c_i;  tail@k = share of the list "
        + "outside the most popular items that have 80 % of train;  diversity@k = mean over pairs of 1 - |U_i ∩ U_j| / sqrt(c_i c_j);  coverage@k = "
        + "share of all items that are recommended to anybody;  gini@k = Gini index of how often items are",
      example: """
        local result = perigee.evaluate(model, split, { on = "test", metrics = { "recall@20", "ndcg@20" } })
        print(result, result["recall@20"])

        print(perigee.evaluate(model, split, { metrics = { "ndcg@20", "novelty@20", "coverage@20", "gini@20" },
          groups = "activity", item_groups = "popularity" }))

        local popularity = {}                             -- how often training has each item
        for _, user in ipairs(split:users()) do
          for _, item in ipairs(split:items_of(user)) do popularity[item] = (popularity[item] or 0) + 1 end
        end
        print(perigee.evaluate(model, split, {
          candidates = { count = 100, seed = 1 }, ties = "against",
          metrics = { "hit@10", ["rare@10"] = function(list, truth, user)
            local rare = 0
            for _, item in ipairs(list) do if (popularity[item] or 0) < 5 then rare = rare + 1 end end
            return rare / #list
          end },
          groups = function(user) return #split:items_of(user) < 20 and "few" or "many" end,
        }))
        """,
      parameters: [
        .init("model", .object(ModelHandle.self), "The model."),
        .init("split", .object(Split.self), "The split; of the data set that the model was made for."),
      ],
      options: EvaluationOptions.measures(on: .test) + EvaluationOptions.ranking + [
        .init(
          "per_user", .boolean,
          "Adds `per_user`: `user`, a list of identifiers, and for each metric the list of their values.",
          default: false)
      ],
      returns: [
        .init(
          "result", .table,
          "The mean of each metric by its name, and `users`, the number of users in the means; \(EvaluationReport.groupsDoc), and `candidates` "
            + "tells what is to know of these.")
      ]
    ) { call in
      let split = try call.object("split", as: Split.self)
      let model = try call.object("model", as: ModelHandle.self)
      if !(try call.boolean("any_split")) { try model.checkTraining(on: split, "split", call) }
      let plan = try EvaluationOptions(call, split: split).plan()
      let result = try model.evaluate(plan)
      model.recorder?.note(result, on: plan.settings.part.rawValue, of: split)
      return [EvaluationReport(result, split).table(perUser: try call.boolean("per_user"))]
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
          + "try a lower rate or a smaller initialization")
    } catch EvaluationError.boundaryIsNotANumber(let user) {
      throw LuaArgumentError(
        "the model's boundary of user '\(dataset.userIdentifiers.shownIdentifier(at: user))' is not a number (NaN): the training has "
          + "diverged; try a lower rate or a smaller initialization")
    }
  }
}
