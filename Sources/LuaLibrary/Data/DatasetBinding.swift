import Interactions
import LuaHost

extension Dataset: LuaObject { public static var luaName: String { "Dataset" } }

/// The handle `Dataset(943 users, 1682 items, 100000 interactions)`.
enum DatasetBinding {
  static var type: TypeDescription {
    TypeDescription(
      Dataset.self,
      "Interactions of users with items, with the identifiers they came with. It does not change: filters make new ones.",
      methods: [
        SplitOptions.split, DatasetFilterBinding.filter, statistics, users, items, itemsOf, usersOf, has, rating, time,
        title, find,
        userName,
        interestsOf,
        interestOf, provenance,
      ], fields: fields, size: { $0.byteCount }, describe: { $0.description })
  }

  private static var fields: [FieldDescription] {
    [
      FieldDescription("name", .string, "Name, as it was opened.", get: { (data: Dataset) in data.name }),
      FieldDescription("user_count", .integer, "Users.", get: { (data: Dataset) in data.userCount }),
      FieldDescription("item_count", .integer, "Items.", get: { (data: Dataset) in data.itemCount }),
      FieldDescription("count", .integer, "Interactions.", get: { (data: Dataset) in data.interactions.count }),
      FieldDescription(
        "has_ratings", .boolean, "Whether interactions have ratings.", get: { (data: Dataset) in data.ratings != nil }),
      FieldDescription(
        "has_times", .boolean, "Whether interactions have times.", get: { (data: Dataset) in data.timestamps != nil }),
      FieldDescription(
        "has_titles", .boolean, "Whether items have titles.", get: { (data: Dataset) in data.titles != nil }),
      FieldDescription(
        "has_split", .boolean, "Whether it comes with a split of its own.",
        get: { (data: Dataset) in data.parts != nil }),
      FieldDescription(
        "checksum", .string, "A hash of the files' bytes: the same data, the same checksum.",
        get: { (data: Dataset) in data.checksum }),
    ]
  }

  private static var statistics: FunctionDescription {
    FunctionDescription(
      "statistics", "Numbers that describe the set, as papers print them.",
      returns: [
        .init(
          "statistics", .table,
          "`users`, `items`, `interactions`, `density`, `duplicates`, `bad_lines`; `per_user` and `per_item` with `min`, `median`, `mean`, `max`, `zeros`, `gini`; where there are any `parts`, `ratings` and `times`."
        )
      ]
    ) { call in [record(call.receiver(Dataset.self).statistics())] }
  }

  private static func record(_ statistics: DatasetStatistics) -> LuaRecord {
    var record: LuaRecord = [
      "users": statistics.users, "items": statistics.items, "interactions": statistics.interactions,
      "density": statistics.density, "per_user": self.record(statistics.perUser),
      "per_item": self.record(statistics.perItem),
      "duplicates": statistics.duplicates, "bad_lines": statistics.badLines,
    ]
    if let parts = statistics.parts {
      record.append("parts", ["train": parts.train, "valid": parts.valid, "test": parts.test])
    }
    if let ratings = statistics.ratings {
      record.append("ratings", ["min": Double(ratings.lowerBound), "max": Double(ratings.upperBound)])
    }
    if let times = statistics.times {
      record.append("times", ["min": Int(times.lowerBound), "max": Int(times.upperBound)])
    }
    return record
  }

  private static func record(_ counts: CountDistribution) -> LuaRecord {
    [
      "min": counts.minimum, "median": counts.median, "mean": counts.mean, "max": counts.maximum, "zeros": counts.zeros,
      "gini": counts.gini,
    ]
  }

  private static var users: FunctionDescription {
    FunctionDescription(
      "users", "Identifiers of all users.", returns: [.init("users", .list(.string), "In the order of the data.")]
    ) {
      call in
      let data = call.receiver(Dataset.self)
      return [data.userIdentifiers.identifiers(0..<data.userCount)]
    }
  }

  private static var items: FunctionDescription {
    FunctionDescription(
      "items", "Identifiers of all items.", returns: [.init("items", .list(.string), "In the order of the data.")]
    ) {
      call in
      let data = call.receiver(Dataset.self)
      return [data.itemIdentifiers.identifiers(0..<data.itemCount)]
    }
  }

  private static var itemsOf: FunctionDescription {
    FunctionDescription(
      "items_of", "Identifiers of the items of a user.",
      parameters: [LuaCall.identifier("user", "Identifier of the user.")],
      returns: [.init("items", .list(.string), "In the order of the data.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let user = try call.user("user", in: data)
      return [data.itemIdentifiers.identifiers(data.interactions.items(of: user).lazy.map { Int($0) })]
    }
  }

  private static var usersOf: FunctionDescription {
    FunctionDescription(
      "users_of", "Identifiers of the users of an item.",
      parameters: [LuaCall.identifier("item", "Identifier of the item.")],
      returns: [.init("users", .list(.string), "In the order of the data.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let item = Int32(try call.item("item", in: data))
      let users = (0..<data.userCount).filter { data.interactions.contains(user: $0, item: item) }
      return [data.userIdentifiers.identifiers(users)]
    }
  }

  private static var pair: [ParameterDescription] {
    [LuaCall.identifier("user", "Identifier of the user."), LuaCall.identifier("item", "Identifier of the item.")]
  }

  private static func position(_ call: LuaCall) throws -> Int? {
    let data = call.receiver(Dataset.self)
    return data.interactions.position(
      user: try call.user("user", in: data), item: Int32(try call.item("item", in: data)))
  }

  private static var has: FunctionDescription {
    FunctionDescription(
      "has", "Whether a user has an item.", parameters: pair, returns: [.init("has", .boolean, "True or false.")]
    ) { call in [try position(call) != nil] }
  }

  private static var rating: FunctionDescription {
    FunctionDescription(
      "rating", "The rating of an interaction.", parameters: pair,
      returns: [.init("rating", .number, "Or nil where there is no such interaction, or no rating.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      return [try position(call).flatMap { place in data.ratings.map { Double($0[place]) } }]
    }
  }

  private static var time: FunctionDescription {
    FunctionDescription(
      "time", "The time of an interaction, in the data's unit.", parameters: pair,
      returns: [.init("time", .integer, "Or nil where there is no such interaction, or no time.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      return [try position(call).flatMap { place in data.timestamps.map { Int($0[place]) } }]
    }
  }

  private static var title: FunctionDescription {
    FunctionDescription(
      "title", "The title of an item.", parameters: [LuaCall.identifier("item", "Identifier of the item.")],
      returns: [.init("title", .string, "Or nil where it has none.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let item = try call.item("item", in: data)
      return [data.titles?[item]]
    }
  }

  private static var find: FunctionDescription {
    FunctionDescription(
      "find", "Items whose titles hold a text, in upper or lower case.", example: "print(data:find \"star wars\")",
      parameters: [.init("text", .string, "What is looked for.")],
      options: [.init("k", .integer(atLeast: 1), "How many at most; those that most users have.", default: 20)],
      returns: [.init("items", .table, "Most users first: `item`, `title` and `users`, how many have it.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      guard let titles = data.titles else {
        throw LuaArgumentError("data set '\(data.name)' has no titles to look in; data:items() lists identifiers")
      }
      let text = try call.string("text").lowercased()
      let counts = data.interactions.itemCounts()
      let found = (0..<data.itemCount).filter { titles[$0]?.lowercased().contains(text) == true }
        .sorted { (counts[$0], $1) > (counts[$1], $0) }
      return [
        LuaReport(
          LuaList(
            found.prefix(try call.integer("k")).map { item in
              [
                "item": data.itemIdentifiers.luaString(at: item), "title": titles[item]!, "users": counts[item],
              ] as LuaRecord
            }), Reports.foundItems)
      ]
    }
  }

  private static var userName: FunctionDescription {
    FunctionDescription(
      "user_name", "The name of a user.", parameters: [LuaCall.identifier("user", "Identifier of the user.")],
      returns: [.init("name", .string, "Or nil where there is none.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let user = try call.user("user", in: data)
      return [data.userTitles?[user]]
    }
  }

  private static var interestsOf: FunctionDescription {
    FunctionDescription(
      "interests_of", "The planted interests of a user of a synthetic set.",
      parameters: [LuaCall.identifier("user", "Identifier of the user.")],
      returns: [.init("interests", .list(.integer), "From 1, or nil where the set is not synthetic.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let user = try call.user("user", in: data)
      return [data.planted?.interestsOfUser[user].map { Int($0) + 1 }]
    }
  }

  private static var interestOf: FunctionDescription {
    FunctionDescription(
      "interest_of", "The interest that an item of a synthetic set serves.",
      parameters: [LuaCall.identifier("item", "Identifier of the item.")],
      returns: [.init("interest", .integer, "From 1, or nil where the set is not synthetic.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let item = try call.item("item", in: data)
      return [data.planted.map { Int($0.interestOfItem[item]) + 1 }]
    }
  }

  private static var provenance: FunctionDescription {
    FunctionDescription(
      "provenance", "Where the set came from and what was found on the way, for a report.",
      returns: [
        .init(
          "provenance", .table,
          "`files`, `format`, `checksum`, `duplicates`, `bad_lines`, `bad_line_examples`, `notes`, `warnings`, `cached`."
        )
      ]
    ) { call in
      let data = call.receiver(Dataset.self)
      let provenance = data.provenance
      return [
        [
          "files": provenance.files, "format": provenance.format, "checksum": data.checksum,
          "duplicates": provenance.duplicates,
          "bad_lines": provenance.badLines, "bad_line_examples": provenance.badLineExamples, "notes": provenance.notes,
          "warnings": provenance.warnings, "cached": provenance.cached,
        ] as LuaRecord
      ]
    }
  }
}
