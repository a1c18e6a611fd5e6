import Evaluation
import Interactions
import LuaHost
import Platform

/// `perigee.evaluate_lists`: what other programs recommend, measured as models are.
enum EvaluateListsBinding {
  static var function: FunctionDescription {
    FunctionDescription(
      "evaluate_lists",
      "Measures lists that another program made, from a file or a table, as those of a model are measured.",
      details:
        "Files: lines `user item item ...`, best first; runs of TREC, `user Q0 item rank score tag`, as ranx and trec_eval take them (the score "
        + "counts, the rank is not read); or `user item score`, which needs `format = \"scores\"`. Fields are separated by spaces or tabs, "
        + "identifiers are the data's own, the file may be gzipped. A user with items in the part whom the lists leave out counts as one who got "
        + "nothing. `auc` reads the whole ranking: lists do not have it.",
      example: """
        local result = perigee.evaluate_lists("implicit.run", split, { metrics = { "recall@20", "ndcg@20" } })
        print(result)
        """,
      parameters: [
        .init("lists", .string.or(.table), "Path of the file, or a table from users to lists of items, best first."),
        .init("split", .object(Split.self), "The split whose items are looked for."),
      ],
      options: EvaluationOptions.measures(on: .test) + [
        EvaluationOptions.mask(default: "none"),
        .init(
          "format", .choice(ItemLists.Format.self), "How the file is written; told by its content where left out.",
          optional: true),
        .init("per_user", .boolean, "Adds `per_user`, as in `perigee.evaluate`.", default: false),
      ],
      returns: [
        .init(
          "result", .table,
          "As of `perigee.evaluate`; `users_without` is the number of users whom the lists leave out. \(EvaluationReport.groupsDoc)."
        )
      ]
    ) { call in
      let split = try call.object("split", as: Split.self)
      let options = EvaluationOptions(call, split: split)
      var settings = try options.measures()
      settings.mask = try call.choice("mask", as: MaskChoice.self).mask
      let lists = try lists(options)
      let (result, report) = try Evaluation.evaluate(lists, split: split, settings: settings)
      for text in report.warnings { warn(text) }
      let more: [(String, any LuaConvertible)] = [("users_without", report.usersWithout)]
      return [EvaluationReport(result, split).table(perUser: try call.boolean("per_user"), more: more)]
    }
  }

  private static func lists(_ options: EvaluationOptions) throws -> ItemLists {
    let (call, data) = (options.call, options.split.dataset)
    let format: ItemLists.Format? = call.optionalChoice("format")
    if let path = call.optionalString("lists") {
      return try call.interruptible { try ItemLists(path: path, format: format, for: data, isInterrupted: $0) }
    }
    if call.has("format") { throw call.error("format", "is for files; the table has items best first") }
    return try ItemTable(options, of: "lists").ranked(call.table("lists"))
  }
}
