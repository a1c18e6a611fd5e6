import Interactions
import LuaHost
import Platform

/// `dataset:filter { ... }`: by ratings and times, by a function of the script, by counts.
enum DatasetFilterBinding {
  static var filter: FunctionDescription {
    FunctionDescription(
      "filter", "A new data set with the interactions, users and items that pass.",
      details: """
        Ratings and times are looked at first; then `keep` is asked about each interaction that passes by them, users in the order of the \
        data; then counts. Users and items that are left without interactions go, a published split stays with the interactions that stay. \
        Chain filters where the order matters.
        """,
      example: """
        local core = data:filter { min_rating = 4, from = "2015-01-01", min_per_user = 10, min_per_item = 10 }
        local odd = data:filter { keep = function(interaction) return tonumber(interaction.item) % 2 == 1 end }
        """,
      options: [
        .init("min_rating", .number, "Keep ratings of at least this.", optional: true),
        .init("rating_above", .number, "Keep ratings above this.", optional: true),
        .init(
          "from", .integer.or(.string),
          "Keep what happened at this time or later: in the data's unit, or a date as `2015-01-01`.",
          optional: true),
        .init("before", .integer.or(.string), "Keep what happened before this time.", optional: true),
        .init(
          "keep",
          .function("fun(interaction: { user: string, item: string, rating?: number, time?: integer }): boolean"),
          "Is called once an interaction and says whether it stays: true or false, nothing else.", optional: true),
        .init("min_per_user", .integer(atLeast: 0), "Keep users with at least so many interactions.", default: 0),
        .init("min_per_item", .integer(atLeast: 0), "Keep items with at least so many interactions.", default: 0),
        .init(
          "passes", .choice(["until_stable", "users_then_items", "items_then_users"]),
          "Until every user and item that stays has its minimum (the k-core), or once each in this order.",
          default: "until_stable"),
      ],
      returns: [.init("dataset", .object(Dataset.self), "The new data set.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let filter = try read(call, data)
      guard let keep = call.optionalFunction("keep") else { return [try data.filter(filter)] }
      let place = keep.definition.map { " of \($0.script):\($0.line)" } ?? ""
      var user = (index: -1, name: LuaString(""))
      return [
        try data.filter(filter, note: "keep = function\(place)") { index, place in
          if user.index != index { user = (index, data.userIdentifiers.luaString(at: index)) }
          return try ask(keep, data, user.name, place, call)
        }
      ]
    }
  }

  private static func read(_ call: LuaCall, _ data: Dataset) throws -> DatasetFilter {
    var filter = DatasetFilter()
    filter.minimumRating = call.optionalFloat("min_rating")
    filter.ratingAbove = call.optionalFloat("rating_above")
    filter.from = try call.time("from", in: data, mayLieOutside: true)
    filter.before = try call.time("before", in: data, mayLieOutside: true)
    filter.minimumPerUser = try call.integer("min_per_user")
    filter.minimumPerItem = try call.integer("min_per_item")
    switch try call.string("passes") {
    case "users_then_items": filter.passes = .usersThenItems
    case "items_then_users": filter.passes = .itemsThenUsers
    default: filter.passes = .untilStable
    }
    return filter
  }

  private static func ask(
    _ keep: LuaFunction, _ data: Dataset, _ user: LuaString, _ place: Int, _ call: LuaCall
  ) throws -> Bool {
    let item = data.itemIdentifiers.luaString(at: Int(data.interactions.items[place]))
    var interaction: LuaRecord = ["user": user, "item": item]
    if let ratings = data.ratings { interaction.append("rating", ratings[place]) }
    if let timestamps = data.timestamps { interaction.append("time", Int(timestamps[place])) }
    let answer = try keep.call(interaction).first ?? .nil
    guard let isKept = answer.asBoolean else {
      throw call.error(
        "keep",
        "the function must return true or false, it returned \(answer.typeName) for user \(quoted(user.bytes)) and item \(quoted(item.bytes))"
      )
    }
    return isKept
  }
}
