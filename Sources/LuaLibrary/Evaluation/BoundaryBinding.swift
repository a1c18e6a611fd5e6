import Evaluation
import Interactions
import LuaHost
import Ranking

/// What a user's boundary is for: deciding without a ranking.
enum BoundaryBinding {
  /// Of a model.
  static var methods: [FunctionDescription] { [boundary, interested] }
  static var functions: [FunctionDescription] { [evaluate] }

  private static let uib = "\"Learning Explicit User Interest Boundary for Recommendation\", WWW 2022"

  private static var boundary: FunctionDescription {
    FunctionDescription(
      "boundary", "The boundaries of users: items that score above them are those they would like.",
      details:
        "P_u is the row that scores: of length 1 with cosine scores, propagated in a model of graphs. The model must have been made with "
        + "a boundary; before a loss that reads it has trained it (`losses.uib`, `losses.sml_uib`) it means nothing.",
      equation: "b_u = <W, P_u>, with boundary = \"linear_bias\" + c", source: uib + ", Eq. 3",
      example: "local b = model:boundary \"196\"",
      parameters: [
        .init(
          "users", .string.or(.integer).or(.list(.string)).or(.list(.integer)),
          "Identifier of a user, or a list of them; everybody, in the order of `dataset:users()`, if left out.",
          optional: true)
      ], returns: [.init("boundary", .number.or(.list(.number)), "A number, or a list of one for each.")]
    ) { call in
      let model = call.receiver(ModelHandle.self)
      let boundaries = try model.boundaries()
      let value = call.value("users")
      if value.isNil { return [LuaList(boundaries.map { Double($0) })] }
      guard let list = value.asTable else { return [Double(boundaries[try model.split.userIndex(call, "users")])] }
      let users = try list.array().map { try call.user($0, of: "users", in: model.split.dataset) }
      return [LuaList(users.map { Double(boundaries[$0]) })]
    }
  }

  private static var interested: FunctionDescription {
    FunctionDescription(
      "interested", "Whether items score above a user's boundary: would the user like them at all?",
      equation: "s(u, x) > b_u + offset", source: uib + ", section 3.2",
      example: """
        for place, yes in ipairs(model:interested("196", { "242", "302" })) do print(place, yes) end
        """,
      parameters: [
        .init("user", .string.or(.integer), "Identifier of the user."),
        .init(
          "items", .string.or(.integer).or(.list(.string)).or(.list(.integer)),
          "Identifier of an item, or a list of them."),
      ], options: [.init("offset", .number, "Added to the boundary.", default: 0)],
      returns: [.init("interested", .boolean.or(.list(.boolean)), "true or false, or a list of one for each.")]
    ) { call in
      let model = call.receiver(ModelHandle.self)
      let user = try model.split.userIndex(call, "user")
      let list = call.value("items").asTable
      let items = try (list?.array() ?? [call.value("items")]).map {
        Int32(try call.item($0, of: "items", in: model.split.dataset))
      }
      let (boundaries, offset) = (try model.boundaries(), try call.number("offset"))
      let answers = try model.split.namingIdentifiers {
        try areAboveBoundary(
          model.model.scores(), boundaries: boundaries, user: Int32(user), items: items, offset: offset)
      }
      return list == nil ? [answers[0]] : [LuaList(answers)]
    }
  }

  private static var evaluate: FunctionDescription {
    FunctionDescription(
      "evaluate_boundary",
      "Decides for every user and every item by the user's boundary, and measures the decisions.",
      details:
        "What is looked for are items that users were seen to have, by default of all parts: all items are decided on, those of the train "
        + "part among them, and a held-out item alone could not be told from them. Users without such items are left out. `precision`, "
        + "`recall` and `f1` are of all decisions together, `macro_precision`, `macro_recall` and `macro_f1` means over users; nothing "
        + "over nothing is 0. `predicted` is the mean number of items above the boundary, `filtered` of those that are not, which a filter "
        + "before the ranking spares, `filtered_share` its share of all items.",
      equation: "predicted: s(u, x) > b_u + offset", source: uib + ", section 4.6 and Figure 6",
      example: """
        local quality = perigee.evaluate_boundary(model, split, { offsets = { -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5 } })
        print(quality, quality[6].f1, quality[6].filtered_share)
        """,
      parameters: parameters,
      options: [
        .init(
          "offsets", .list(.number, count: 1...10_000), "Added to every user's boundary; { 0 } if left out.",
          optional: true),
        part, usersOption, anySplit,
      ],
      returns: [
        .init(
          "quality", .table,
          "A row for each offset: `offset`, `precision`, `recall`, `f1`, `macro_precision`, `macro_recall`, `macro_f1`, `predicted`, "
            + "`filtered`, `filtered_share`; and `users`, how many were counted, `items`, how many there are. `print` shows it as a table."
        )
      ]
    ) { call in
      let (model, split) = try modelAndSplit(call)
      let boundaries = try model.boundaries()
      let users = try call.optionalTable("users")?.array().map {
        Int32(try call.user($0, of: "users", in: split.dataset))
      }
      let result = try split.namingIdentifiers {
        try evaluateBoundary(
          model.model.scores(), boundaries: boundaries, positives: positives(call, split),
          offsets: call.optionalNumbers("offsets") ?? [0], users: users.map { Set($0).sorted() })
      }
      return [report(result)]
    }
  }

  private static func report(_ result: BoundaryResult) -> LuaReport {
    let rows = result.rows.map { row -> LuaRecord in
      [
        "offset": row.offset, "precision": row.micro.precision, "recall": row.micro.recall, "f1": row.micro.f1,
        "macro_precision": row.macro.precision, "macro_recall": row.macro.recall, "macro_f1": row.macro.f1,
        "predicted": row.meanPredicted, "filtered": row.meanFiltered, "filtered_share": row.filteredShare,
      ]
    }
    return LuaReport(
      NamedList(LuaList(rows), ["users": result.users.count, "items": result.itemCount]), Reports.boundary)
  }

  // MARK: Shared with distributions of scores

  static var parameters: [ParameterDescription] {
    [
      .init("model", .object(ModelHandle.self), "The model."),
      .init("split", .object(Split.self), "The split; of the data set that the model was made for."),
    ]
  }

  static var part: OptionDescription {
    .init("on", .choice(ObservedPart.self), "The part whose items count as those that a user has.", default: "all")
  }

  static var anySplit: OptionDescription {
    .init(
      "any_split", .boolean, "Whether a model that was trained on another split than this is taken.", default: false)
  }

  private static var usersOption: OptionDescription {
    .init("users", .list(.string.or(.integer)), "Who is counted; everybody if left out.", optional: true)
  }

  static func modelAndSplit(_ call: LuaCall) throws -> (ModelHandle, Split) {
    let split = try call.object("split", as: Split.self)
    let model = try call.object("model", as: ModelHandle.self)
    if !(try call.boolean("any_split")) { try model.checkTraining(on: split, "split", call) }
    return (model, split)
  }

  static func positives(_ call: LuaCall, _ split: Split) throws -> InteractionMatrix {
    switch try call.choice("on", as: ObservedPart.self) {
    case .all: return split.observed
    case .train: return split.train
    case .test: return split.test
    case .valid:
      guard let valid = split.valid else { throw EvaluationError.noValidPart }
      return valid
    }
  }

  enum ObservedPart: String, CaseIterable { case all, train, valid, test }
}

extension ModelHandle {
  /// The boundary of every user.
  func boundaries() throws -> [Float] {
    guard let model = rankingModel else {
      throw LuaArgumentError(
        "model '\(self.model.name)' has no boundary, and none of its kind has; take one that a trainer trains, such as models.mf with "
          + "boundary = \"linear\"")
    }
    if let boundaries = try model.boundaries() { return boundaries }
    throw LuaArgumentError(
      "model '\(model.name)' has no boundary; make it with boundary = \"linear\" and train it with a loss that reads it, such as "
        + (model.scoring.function == .euclidean ? "losses.sml_uib" : "losses.uib"))
  }
}
