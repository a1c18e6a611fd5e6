import Evaluation
import Interactions
import Laboratory
import LuaHost
import Platform
import Ranking
import Tensors

/// `model:export`, `model:export_lists`, `model:similar`: what a model knows, for other programs and for people.
enum ModelExportBinding {
  static var methods: [FunctionDescription] { [export, exportLists, similar] }

  private static var export: FunctionDescription {
    FunctionDescription(
      "export", "Writes the rows of users and items, or all parameters, to a file that other programs read.",
      details:
        "By the ending of its name. `.safetensors`: tensors `users` and `items`, or each parameter by its name; model, data and identifiers "
        + "(JSON lists `users_identifiers`, `items_identifiers`) stand in the metadata. `.npy`: one part; the identifiers stand line by line in "
        + "`NAME.ids.txt` beside it. `.txt`: word2vec's text of one part. `.csv`: one part with a header, and titles where the data has them. The "
        + "numbers are those of the model to the bit. The file gets its name when it is whole.",
      example: """
        model:export "gowalla.safetensors"
        model:export("items.npy", { part = "items" })
        -- Python: safetensors.numpy.load_file("gowalla.safetensors")["items"], numpy.load("items.npy")
        """,
      parameters: [.init("path", .string, "The file; one that is there is replaced.")],
      options: [
        .init(
          "what", .choice(["rows", "parameters"]), "The rows that represent users and items, or all that is learned.",
          default: "rows"),
        .init(
          "part", .choice(EmbeddingExport.Part.self), "Whose rows; both if left out, for .safetensors alone.",
          optional: true),
      ], returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      let (path, export) = (try call.string("path"), EmbeddingExport(handle.model, handle.split.dataset))
      try call.naming("path") {
        if try call.string("what") == "rows" {
          try export.writeRows(of: call.has("part") ? call.choice("part") : nil, to: path)
        } else {
          guard !call.has("part") else {
            throw call.error("part", "is for rows; parameters are written all together, leave it out")
          }
          try export.writeParameters(to: path)
        }
      }
      handle.recorder?.attach("export", path)
      return [call.receiverValue]
    }
  }

  private static var exportLists: FunctionDescription {
    FunctionDescription(
      "export_lists", "Writes the best items of all users, or of some, that they do not have yet, to a file.",
      details:
        "By the ending of its name. `.csv`: user, rank, item, score, and title where the data has one; `.jsonl`: an object for each user, a "
        + "line each; `.run` or `.trec`: a TREC run, which `perigee.evaluate_lists` and trec_eval read.",
      example: "model:export_lists(\"bpr.run\", { k = 20, tag = \"bpr\" })",
      parameters: [.init("path", .string, "The file; one that is there is replaced.")],
      options: [
        .init("k", .integer(atLeast: 1), "Length of a list; shorter where fewer items are left.", default: 10),
        .init(
          "users", .list(.string).or(.list(.integer)), "Identifiers; all users of the data if left out.", optional: true
        ),
        .init("tag", .string, "The name of a TREC run.", default: "perigee"),
        EvaluationOptions.mask(default: "auto"),
        .init(
          "any_split", .boolean,
          "Whether items are left out though the model was trained on other ones than those of its split.",
          default: false),
      ], returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      let split = handle.trainerSplit ?? handle.split
      let mask: MaskChoice = try call.choice("mask")
      if mask != .none, !split.holdsNothingOut, !(try call.boolean("any_split")) {
        try handle.checkTraining(on: split, "mask", call)
      }
      let users = try call.value("users").asTable.map {
        try $0.array().map { Int32(try call.user($0, of: "users", in: split.dataset)) }
      }
      let lists = try handle.recommend(
        users: users ?? (0..<Int32(split.userCount)).map { $0 }, k: try call.integer("k"),
        excluding: mask.mask.pairs(of: split, part: .test))
      try call.naming("path") {
        try RecommendationExport(lists, split.dataset).write(call.string("path"), tag: call.string("tag"))
      }
      handle.recorder?.attach("lists", try call.string("path"))
      return [call.receiverValue]
    }
  }

  private static var similar: FunctionDescription {
    FunctionDescription(
      "similar", "The items whose rows point most nearly where an item's does: by the cosine of the rows.",
      example: "print(model:similar(\"302\", { k = 5 }))",
      parameters: [LuaCall.identifier("item", "Identifier of the item.")],
      options: [.init("k", .integer(atLeast: 1), "How many; fewer where there are fewer others.", default: 10)],
      returns: [
        .init("items", .table, "Best first: `item`, `score`, the cosine, and `title` where the data has one.")
      ]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      let (model, data) = (try handle.embeddingModel(), handle.split.dataset)
      let item = try handle.split.itemIndex(call, "item")
      let rows = try model.itemEmbeddings()
      let scores = FactorScores(
        .cosine, users: Array(rows[item * model.dim..<(item + 1) * model.dim]), items: rows, userCount: 1,
        itemCount: model.itemCount)
      let own = InteractionMatrix(userCount: 1, itemCount: model.itemCount, users: [0], items: [Int32(item)])
      let lists = try recommend(
        .factors(scores), users: [0], k: min(call.integer("k"), model.itemCount), excluding: own)
      return [
        LuaReport(
          LuaList(
            zip(lists.items(at: 0), lists.scores(at: 0)).map { RecommendBinding.record($0, $1, data) }),
          Reports.recommendations)
      ]
    }
  }
}

extension LuaCall {
  /// Runs a body whose refusals are about an argument.
  fileprivate func naming<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let problem as ExportError {
      throw error(name, problem.description)
    } catch let refusal as FileRefusal {
      throw error(name, refusal.description)
    }
  }
}
