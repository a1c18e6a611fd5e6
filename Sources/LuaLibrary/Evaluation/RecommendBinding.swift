import Evaluation
import Interactions
import LuaHost
import Ranking

/// Lists of items for users, with the data set's own identifiers and titles.
enum RecommendBinding {
  private static var users: ParameterDescription {
    .init(
      "users", .string.or(.integer).or(.list(.string)).or(.list(.integer)), "Identifier of a user, or a list of them.")
  }

  private static var options: [ParameterDescription] {
    [
      .init("k", .integer(atLeast: 1), "Length of a list; shorter where fewer items are left.", default: 10),
      EvaluationOptions.mask(default: "auto"),
      .init(
        "any_split", .boolean,
        "Whether items are left out though the model was trained on other ones than those of its split.",
        default: false),
    ]
  }

  private static var returns: [ReturnDescription] {
    [
      .init(
        "items", .table,
        "Best first: `item`, `score`, and `title` where the data has one; `print` shows them as a table. For a list of users a list "
          + "of such lists, each with its `user`.")
    ]
  }

  static var recommend: FunctionDescription {
    FunctionDescription(
      "recommend", "The best items for a user, or for each of several, that they do not have yet.",
      example: """
        for rank, best in ipairs(perigee.recommend(model, "196", { k = 5 })) do
          print(rank, best.title or best.item, best.score)
        end
        """,
      parameters: [.init("model", .object(ModelHandle.self), "The model."), users], options: options, returns: returns
    ) { call in [try lists(try call.object("model", as: ModelHandle.self), call)] }
  }

  /// `model:recommend(users, { ... })`
  static var method: FunctionDescription {
    FunctionDescription(
      "recommend", "The best items for a user, or for each of several, that they do not have yet.",
      example: "local best = model:recommend(\"196\", { k = 5 })[1].item", parameters: [users], options: options,
      returns: returns
    ) { call in [try lists(call.receiver(ModelHandle.self), call)] }
  }

  private static func lists(_ model: ModelHandle, _ call: LuaCall) throws -> LuaReport {
    let split = model.trainerSplit ?? model.split
    let value = call.value("users")
    let names = try value.asTable?.array() ?? [value]
    let users = try names.map { try index(of: $0, in: split, call) }
    let mask: MaskChoice = try call.choice("mask")
    if mask != .none, !split.holdsNothingOut, !(try call.boolean("any_split")) {
      try model.checkTraining(on: split, "mask", call)
    }
    let ranked = try model.recommend(
      users: users, k: try call.integer("k"), excluding: mask.mask.pairs(of: split, part: .test))
    let lists = users.indices.map { position in
      LuaList(zip(ranked.items(at: position), ranked.scores(at: position)).map { record($0, $1, split.dataset) })
    }
    guard value.asTable != nil else { return LuaReport(lists[0], Reports.recommendations) }
    let ofUsers = zip(users, lists).map { user, list in
      LuaReport(
        NamedList(list, ["user": split.dataset.userIdentifiers.identifier(at: Int(user))]), Reports.recommendations)
    }
    return LuaReport(LuaList(ofUsers), Reports.recommendationLists)
  }

  static func record(_ item: Int32, _ score: Float, _ data: Dataset) -> LuaRecord {
    var record: LuaRecord = ["item": data.itemIdentifiers.luaString(at: Int(item)), "score": Double(score)]
    if let title = data.titles?[Int(item)] { record.append("title", title) }
    return record
  }

  private static func index(of value: LuaValue, in split: Split, _ call: LuaCall) throws -> Int32 {
    Int32(try call.user(value, of: "users", in: split.dataset))
  }
}
