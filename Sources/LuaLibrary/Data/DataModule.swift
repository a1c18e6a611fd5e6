import Platform
import Interactions
import LuaHost

/// `perigee.data`: data sets from files, by name, or made from a seed.
enum DataModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "data",
      "Data sets: opened from files of any of the field's formats, by a known name, from a script's own columns, or made from a seed.",
      functions: [open, DataFromBinding.from, synthetic, list, info, find, fetch],
      types: [DatasetBinding.type, SplitBinding.type])
  }

  private static var open: FunctionDescription {
    FunctionDescription(
      "open", "Opens a data set by a known name or the path of a file or folder; the format is told by the content.",
      details: """
        Formats: lists `user item item ...` (LightGCN; a folder with train and test files is a set with a published split), tables of \
        pairs or ratings separated by tabs, commas, `::` or spaces with or without header and times, RecBole's `.inter`, NCF's \
        `.train.rating`/`.test.rating`/`.test.negative`, CiteULike's `users.dat`, JSON lines of Amazon and Yelp reviews, MATLAB 5 \
        sparse matrices; any of them gzipped. Identifiers are kept byte for byte, in whatever encoding the file has, but for one thing: `17850.0`, as \
        pandas writes a whole number in a column with gaps, is `17850`. Known names are looked for in `$PERIGEE_DATA`, then in `~/.perigee/data`. A parsed \
        set is kept in `$PERIGEE_CACHE` or `~/.perigee/cache`.
        """,
      example:
        "local data = perigee.data.open \"gowalla\"\nlocal mine = perigee.data.open(\"my.csv\", { on_bad_line = \"skip\" })",
      parameters: [
        .init("name", .string, "A known name (`perigee.data.list()`), or a path.").completing(paths: true) { _ in
          DataCatalog.all.map(\.name)
        }
      ], options: openOptions,
      returns: [.init("dataset", .object(Dataset.self), "The data set.")]
    ) { call in
      let (name, options) = (try call.string("name"), try readOpenOptions(call))
      let dataset = try call.interruptible { try Dataset.open(name, options, isInterrupted: $0) }
      for warning in dataset.provenance.warnings { warn(warning) }
      return [dataset]
    }
  }

  private static var openOptions: [OptionDescription] {
    [
      .init("format", .choice(FileFormat.self), "The format, where its content leaves a doubt.", optional: true),
      .init(
        "columns", .list(.string).or(.map(.string.or(.integer(atLeast: 1)))),
        "Which columns of a table mean what, by the header's names or by place: `{ user = \"userId\", item = 2, time = \"timestamp\" }`, out of `user`, `item`, `rating`, `time` and `title`; or all of them from left to right, `_` for one to ignore. For JSON the keys of user, item, rating and time.",
        optional: true),
      .init(
        "separator", .string, "What separates a table's columns: `,` `;` `|` `::`, a tab, or a space for runs of them.",
        optional: true),
      .init("header", .boolean, "Whether a table's first line is a header.", optional: true),
      .init(
        "titles", .string, "A file with the items' titles, where it does not lie beside the data under a usual name.",
        optional: true),
      .init(
        "on_bad_line", .choice(OpenOptions.BadLines.self),
        "What happens at a line that is wrong: skipped ones are counted.", default: "error"),
      .init(
        "duplicates", .choice(OpenOptions.Duplicates.self),
        "Which of a user's repeated interactions with an item stays; `max`: the best rated.", default: "first"),
      .init(
        "overlap", .choice(OpenOptions.Overlap.self),
        "What happens to a pair in two parts of a published split: `earlier` keeps it in the first of them.",
        default: "error"),
      .init(
        "catalog", .choice(OpenOptions.Catalog.self),
        "Which users and items there are: those `seen`, or every whole number from 0 to the highest.", default: "seen"),
      .init("cache", .boolean, "Whether the parsed set is kept for the next time.", default: true),
    ]
  }

  private static func readOpenOptions(_ call: LuaCall) throws -> OpenOptions {
    var options = OpenOptions()
    options.format = call.optionalChoice("format")
    options.columns = try columns(call)
    options.separator = call.optionalString("separator")
    options.header = call.optionalBoolean("header")
    options.titles = call.optionalString("titles")
    options.badLines = try call.choice("on_bad_line")
    options.duplicates = try call.choice("duplicates")
    options.overlap = try call.choice("overlap")
    options.catalog = try call.choice("catalog")
    options.cache = try call.boolean("cache")
    return options
  }

  private static func columns(_ call: LuaCall) throws -> OpenOptions.Columns? {
    guard let table = call.optionalTable("columns") else { return nil }
    var named: [String: OpenOptions.Column] = [:]
    try table.forEachEntry { key, value in
      if let role = key.asString { named[role] = value.asInteger.map { .place($0) } ?? .name(value.asString ?? "") }
    }
    return named.isEmpty ? .inOrder(call.optionalStrings("columns") ?? []) : .named(named)
  }

  private static var synthetic: FunctionDescription {
    FunctionDescription(
      "synthetic", "Makes a data set with planted interests from a seed: always there, and the right answer is known.",
      details: """
        Every item serves one interest, every user has some. An interaction is with an item of one of the user's interests, popular \
        ones more often, or with probability `noise` with any item. `dataset:interests_of(user)` and `dataset:interest_of(item)` \
        tell the truth.
        """,
      example: "local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }",
      options: [
        .init("users", .integer(atLeast: 1), "Users.", default: 1000),
        .init("items", .integer(atLeast: 1), "Items.", default: 500),
        .init("interests", .integer(atLeast: 1), "Groups of items that serve one interest each.", default: 10),
        .init("interests_per_user", .integer(atLeast: 1), "Interests of a user.", default: 2),
        .init(
          "interactions_per_user", .integer(atLeast: 1),
          "Interactions of a user on average, from half to one and a half of it.", default: 30),
        .init(
          "noise", .number(in: 0...1), "Share of interactions that have nothing to do with the user's interests.",
          default: 0.1),
        .init(
          "skew", .number(in: 0...10),
          "How unequal items are: rank r within an interest is chosen in proportion to 1 / r^skew.", default: 0.8),
        .init("seed", .integer(atLeast: 0), "The same seed makes the same set.", default: 0),
      ],
      returns: [.init("dataset", .object(Dataset.self), "The data set.")]
    ) { call in
      var options = SyntheticOptions()
      options.users = try call.integer("users")
      options.items = try call.integer("items")
      options.interests = try call.integer("interests")
      options.interestsPerUser = try call.integer("interests_per_user")
      options.interactionsPerUser = try call.integer("interactions_per_user")
      options.noise = try call.number("noise")
      options.skew = try call.number("skew")
      options.seed = UInt64(try call.integer("seed"))
      return [try call.interruptible { try Dataset.synthetic(options, isInterrupted: $0) }]
    }
  }

  private static var list: FunctionDescription {
    FunctionDescription(
      "list", "The data sets that are known by name.",
      example:
        "for _, set in ipairs(perigee.data.list()) do print(set.name, set.interactions, set.path or \"not here\") end",
      returns: [.init("sets", .list(.table), "As `perigee.data.info` gives them.")]
    ) { _ in [LuaList(DataCatalog.all.map { record($0) })] }
  }

  private static var info: FunctionDescription {
    FunctionDescription(
      "info", "What is known about a data set: publisher, terms, counts, how to get it, and where it is.",
      parameters: [knownName],
      returns: [
        .init(
          "info", .table,
          "`name`, `title`, `publisher`, `terms`, `users`, `items`, `interactions`, `files`, `by_hand`, and `path` where it is on this machine."
        )
      ]
    ) { call in [record(try known(call))] }
  }

  private static var find: FunctionDescription {
    FunctionDescription(
      "find", "The folder of a known data set, or nil where it is not on this machine.",
      parameters: [knownName],
      returns: [.init("path", .string, "The folder, or nil.")]
    ) { call in [DataCatalog.path(of: try known(call))] }
  }

  private static var fetch: FunctionDescription {
    FunctionDescription(
      "fetch",
      "Brings a known data set to this machine, verifies it, and tells its folder; at once where it is already there.",
      details: "It is put into `$PERIGEE_DATA`, or into `~/.perigee/data`. What is done is told on standard error.",
      example: "local there = pcall(perigee.data.fetch, \"ml-100k\")",
      parameters: [knownName],
      returns: [.init("path", .string, "The folder.")]
    ) { call in
      let known = try known(call)
      if let path = DataCatalog.path(of: known) { return [path] }
      return [
        try call.interruptible { try DataFetcher(isInterrupted: $0, report: { note($0) }).fetch(known) }
      ]
    }
  }

  private static var knownName: ParameterDescription {
    .init("name", .string, "A known name.").completing { _ in DataCatalog.all.map(\.name) }
  }

  private static func known(_ call: LuaCall) throws -> KnownDataset { try DataCatalog.named(try call.string("name")) }

  private static func record(_ known: KnownDataset) -> LuaRecord {
    var record: LuaRecord = [
      "name": known.name, "title": known.title, "publisher": known.publisher, "terms": known.terms,
      "users": known.users,
      "items": known.items, "interactions": known.interactions, "files": known.origins[0].files.map(\.name),
      "by_hand": known.byHand(folder: "\(DataCatalog.roots.last ?? "data")/\(known.name)"),
    ]
    if let path = DataCatalog.path(of: known) { record.append("path", path) }
    return record
  }

  private static func warn(_ text: String) { note("perigee: warning: \(text)") }

  private static func note(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
