import Interactions
import LuaHost
import Ranking
import Tensors

extension Split: LuaObject { public static var luaName: String { "Split" } }

/// The handle `Split(given: 29858 users, 40981 items, 810128 train, 217242 test)`.
enum SplitBinding {
  static var type: TypeDescription {
    TypeDescription(
      Split.self, "A data set cut into train, valid and test. Nothing may be selected on test.",
      methods: [itemsOf, users, candidatesOf, graph, save],
      fields: [
        FieldDescription("dataset", .object(Dataset.self), "What was cut.", get: { (split: Split) in split.dataset }),
        FieldDescription("rule", .string, "How, as a script would write it.", get: { (split: Split) in split.rule }),
        FieldDescription("user_count", .integer, "Users.", get: { (split: Split) in split.userCount }),
        FieldDescription("item_count", .integer, "Items.", get: { (split: Split) in split.itemCount }),
        FieldDescription(
          "train_count", .integer, "Interactions to train on.", get: { (split: Split) in split.train.count }),
        FieldDescription(
          "valid_count", .integer, "Interactions that select.", get: { (split: Split) in split.valid?.count ?? 0 }),
        FieldDescription(
          "test_count", .integer, "Interactions that are reported.", get: { (split: Split) in split.test.count }),
        FieldDescription(
          "dropped_users", .integer, "Users who have interactions, but none in any part.",
          get: { (split: Split) in split.usersInNoPart.count }),
        FieldDescription(
          "has_candidates", .boolean, "Whether it comes with published lists for sampled evaluation.",
          get: { (split: Split) in split.candidates != nil }),
      ], size: { $0.byteCount }, describe: { $0.description })
  }

  private static var part: ParameterDescription {
    .init("part", .choice(Part.allCases.map(\.name)), "The part: `train`, `valid` or `test`.", default: "train")
  }

  /// The matrix of the part that the call names; nil where there is no validation part.
  private static func matrix(_ call: LuaCall) throws -> InteractionMatrix? {
    let name = try call.string("part")
    return Part.allCases.first { $0.name == name }.flatMap { call.receiver(Split.self).matrix(of: $0) }
  }

  private static var itemsOf: FunctionDescription {
    FunctionDescription(
      "items_of", "Identifiers of the items of a user in a part.",
      example: "local held_out = split:items_of(\"196\", \"test\")",
      parameters: [LuaCall.identifier("user", "Identifier of the user."), part],
      returns: [.init("items", .list(.string), "In the order of the data.")]
    ) { call in
      let data = call.receiver(Split.self).dataset
      let user = try call.user("user", in: data)
      let items = try matrix(call)?.items(of: user) ?? []
      return [data.itemIdentifiers.identifiers(items.lazy.map { Int($0) })]
    }
  }

  private static var users: FunctionDescription {
    FunctionDescription(
      "users", "Identifiers of the users that have an interaction in a part.", parameters: [part],
      returns: [.init("users", .list(.string), "In the order of the data.")]
    ) { call in
      let data = call.receiver(Split.self).dataset
      guard let matrix = try matrix(call) else { return [[String]()] }
      let present = (0..<matrix.userCount).filter { matrix.rowOffsets[$0] < matrix.rowOffsets[$0 + 1] }
      return [data.userIdentifiers.identifiers(present)]
    }
  }

  private static var save: FunctionDescription {
    FunctionDescription(
      "save",
      "Writes the split as a folder of text files, for other programs and to be opened again as the same split.",
      details: """
        `train.csv`, `valid.csv` and `test.csv` with the columns user, item, rating and timestamp (what there is of them), \
        `user_catalog.csv` and `item_catalog.csv` with all users and items in their order, also those in no part, and titles; \
        `candidates.txt` where the split has published lists. `perigee.data.open(folder):split { kind = "given" }` is the same split to \
        the bit. A folder gets its name only when it is whole; an earlier save is replaced, a folder with anything else is refused. \
        Identifiers with spaces around them or line ends cannot be written; line ends in titles become spaces.
        """,
      example: "data:split({ kind = \"ratio\", by = \"latest\" }):save \"my-split\"\n"
        + "local split = perigee.data.open(\"my-split\"):split { kind = \"given\" }",
      parameters: [.init("folder", .string, "The folder; those above it are made.")],
      returns: [.init("split", .object(Split.self), "The split.")]
    ) { call in
      let folder = try call.string("folder")
      try call.interruptible { try call.receiver(Split.self).save(to: folder, isInterrupted: $0) }
      return [call.receiverValue]
    }
  }

  private static var graph: FunctionDescription {
    FunctionDescription(
      "matrix",
      "The train part as a graph: a sparse matrix of all nodes, users first, with an entry for each pair and its mirror.",
      details: "Row and column of the user at position u are u, of the item at position i `split.user_count + i`.",
      example: "local graph = split:matrix { normalize = \"symmetric\" }",
      options: [
        .init(
          "normalize", .choice(["none"] + GraphNormalization.allCases.map(\.rawValue)),
          "none: ones. symmetric: D^-1/2 B D^-1/2, as LightGCN. row: D^-1 (B + I).", default: "none")
      ],
      returns: [.init("matrix", .object(SparseMatrix.self), "`[users + items, users + items]`.")]
    ) { call in
      [
        try SparseMatrix(
          graphOf: call.receiver(Split.self).train,
          normalization: GraphNormalization(rawValue: call.string("normalize")))
      ]
    }
  }

  private static var candidatesOf: FunctionDescription {
    FunctionDescription(
      "candidates_of", "The published candidates of a user for sampled evaluation.",
      parameters: [LuaCall.identifier("user", "Identifier of the user.")],
      returns: [.init("items", .list(.string), "As published, or nil where there are none.")]
    ) { call in
      let split = call.receiver(Split.self)
      let user = try call.user("user", in: split.dataset)
      let items = split.candidates?.items(of: user)
      return [items.map { split.dataset.itemIdentifiers.identifiers($0.lazy.map { Int($0) }) }]
    }
  }
}
