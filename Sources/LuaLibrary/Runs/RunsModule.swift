import Laboratory
import LuaHost
import Platform

extension RunStore: LuaObject { public static var luaName: String { "RunStore" } }

/// `perigee.runs`: the store of runs as plain tables.
enum RunsModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "runs", "Runs that were recorded, in a store that any number of processes share: listed, tagged, compared.",
      functions: [open], types: [type])
  }

  private static var open: FunctionDescription {
    FunctionDescription(
      "open", "Opens a store of runs, or makes one.",
      details:
        "One file, an SQLite database. Processes may read and write it at once; one that is killed leaves it whole. A file of a newer "
        + "Perigee or of another program is refused.",
      example: """
        local store = perigee.runs.open {}
        for _, run in ipairs(store:list { data = "gowalla", where = "ndcg@20 > 0.13", sort = "ndcg@20", limit = 5 }) do
          print(run.id, run.settings.loss, run.results.test["ndcg@20"])
        end
        """,
      options: [
        .init(
          "path", .string, "The file; `$PERIGEE_STORE` by default, or `~/.perigee/runs.sqlite`.", optional: true)
      ],
      returns: [.init("store", .object(RunStore.self), "The store.")]
    ) { call in [try RunStore.shared(call.optionalString("path") ?? RunStore.standardPath)] }
  }

  private static var type: TypeDescription {
    TypeDescription(
      RunStore.self, "Runs that were recorded.",
      methods: [list, get, compare, report, add] + keeping + [tag, untag, note, rename, delete]
        + StudyBinding.storeMethods,
      fields: [FieldDescription("path", .string, "The file.", get: { (store: RunStore) in store.path })],
      describe: { "RunStore(\(shownPath($0.path)))" })
  }

  // MARK: Reading

  /// Which runs, for functions that take several.
  static var filters: [OptionDescription] {
    [
      .init("tags", .string.or(.list(.string)), "Tags that each has.", optional: true),
      .init("name", .string, "Their name.", optional: true),
      .init("data", .string, "Their data set's name.", optional: true),
      .init("model", .string, "Their model's name.", optional: true),
      .init(
        "state", .choice(RunRecord.State.self), "How they ended, or that they are under way.", optional: true),
      .init(
        "since", .number.or(.string),
        "When they began, at the earliest: seconds as of `os.time`, `\"2026-11-27\"`, or how long ago, `\"12h\"`, `\"7d\"`.",
        optional: true),
      .init(
        "where", .string.or(.list(.string)),
        "Conditions such as `\"ndcg@20 > 0.1 and seed = 1\"`: fields, settings or metrics (on test before others; `valid.ndcg@20` says "
          + "on which), with < <= > >= = != or ~ for a text within another.", optional: true),
    ]
  }

  static func query(_ call: LuaCall) throws -> RunQuery {
    var query = RunQuery()
    query.tags = call.optionalStrings("tags") ?? []
    query.name = call.optionalString("name")
    query.data = call.optionalString("data")
    query.model = call.optionalString("model")
    query.state = call.optionalChoice("state")
    query.since = try call.optionalNumber("since") ?? call.optionalString("since").map { try Moment.parse($0) }
    query.conditions = call.optionalStrings("where") ?? []
    return query
  }

  private static var list: FunctionDescription {
    FunctionDescription(
      "list", "Runs that fulfil all conditions, as tables; `print` shows them as one table.",
      details:
        "Each has `id`, `name`, `kind`, `state`, `message`, `tags`, `notes`, `script`, `model`, `data`, `data_checksum`, `split`, `seed`, "
        + "`threads`, `version`, `commit`, `host`, `processor`, `cores`, `started`, `finished`, `epoch_count`, `seconds`, `best`, "
        + "`checkpoint`, `key`, `folder` and `arguments` of the script, `artifacts` (`kind`, `path`), `settings` by name, and `results` by "
        + "part and metric.",
      example: "print(store:list { tags = \"margins\", since = \"7d\", sort = \"valid.recall@20\" })",
      options: filters + [
        .init(
          "sort", .string,
          "A field, a setting or a metric to sort by: numbers downwards, the newest or best first, texts upwards.",
          default: "started"),
        .init("reverse", .boolean, "Whether the order is the other way round.", default: false),
        .init("limit", .integer(atLeast: 1), "Runs at most.", optional: true),
      ], returns: [.init("runs", .list(.table), "The runs.")]
    ) { call in
      var query = try query(call)
      query.sort = call.optionalString("sort")
      query.isReversed = try call.boolean("reverse")
      query.limit = call.optionalInteger("limit")
      let records = try call.receiver(RunStore.self).runs(query)
      return [LuaReport(LuaList(records.map { $0.table(.summary) }), says: RunListing.cells(records).text)]
    }
  }

  static var id: ParameterDescription {
    .init("id", .string, "The run's identifier, or as much of its beginning as no other has.")
  }

  private static var get: FunctionDescription {
    FunctionDescription(
      "get", "One run with everything that is known of it.",
      details:
        "What `list` gives, and `script_text`, `epochs` (`epoch`, `loss`, `seconds`), `metrics` (`epoch`, `on`, `name`, `value` of each "
        + "evaluation during the run), and with `per_user` that: by part and metric a list of `user` and one of `value`.",
      example: "local run = store:get \"kodafemi\"\nprint(run)\nprint(run.settings[\"optimizer\"], run.script_text)",
      parameters: [id],
      options: [.init("per_user", .boolean, "Whether values of users are wanted.", default: false)],
      returns: [.init("run", .table, "The run.")]
    ) { call in
      let detail: RunDetail = try call.boolean("per_user") ? .withUsers : .whole
      let record = try call.receiver(RunStore.self).run(call.string("id"), detail)
      return [LuaReport(record.table(detail), says: record.text)]
    }
  }

  // MARK: Writing

  private static var add: FunctionDescription {
    FunctionDescription(
      "add", "Adds a finished run that a script made by itself, such as one with a loop of its own.",
      example: """
        local id = store:add {
          name = "my loop", model = "mf", seed = 7, settings = { rate = 1e-3 }, results = { ["ndcg@20"] = 0.132 },
        }
        """,
      options: [
        .init("name", .string, "Its name, shared by runs that differ in the seed alone."),
        .init("model", .string, "The model's name.", default: ""),
        .init("data", .string, "The data set's name.", optional: true),
        .init("seed", .integer, "The seed.", optional: true),
        .init("settings", .map(.any), "Settings by name: numbers, strings, booleans.", optional: true),
        .init("results", .map(.number), "Metrics by name, of the part `on`.", optional: true),
        .init("on", .string, "The part that `results` are of.", default: "test"),
        .init("tags", .string.or(.list(.string)), "Tags.", optional: true),
        .init("notes", .string, "Notes.", default: ""),
        .init("started", .number, "When it began, seconds as of `os.time`; now by default.", optional: true),
        .init("seconds", .number(atLeast: 0), "Seconds that it took.", default: 0),
        .init("key", .string, "What it is found by; see `keep`.", optional: true),
        .init("values", .map(.any), "What is kept with it; see `keep`.", optional: true),
      ], returns: [.init("id", .string, "The run's identifier.")]
    ) { call in
      var record = try RunsModule.record(call)
      try call.receiver(RunStore.self).insert(&record)
      return [record.id]
    }
  }

  private static func record(_ call: LuaCall) throws -> RunRecord {
    var record = RunRecording.beginning(.script, call.state)
    record.name = try call.string("name")
    record.model = try call.string("model")
    record.data = call.optionalString("data").map { .init(name: $0, checksum: "", split: "", train: "") }
    record.seed = call.optionalInteger("seed")
    record.notes = try call.string("notes")
    record.tags = call.optionalStrings("tags") ?? []
    if let started = call.optionalNumber("started") { record.started = started }
    record.state = .finished
    let seconds = try call.number("seconds")
    record.finished = record.started + seconds
    record.epochs = [.init(epoch: 1, loss: nil, seconds: seconds)]
    let part = try call.string("on")
    try call.optionalTable("settings")?.forEachEntry { key, value in
      guard let name = key.asString, value.asTable == nil else {
        throw call.error("settings", "want numbers, strings and booleans by name, got a \(value.typeName)")
      }
      record.settings.append(.init(name, try call.state.text(of: value)))
    }
    try call.optionalTable("results")?.forEachEntry { key, value in
      guard let name = key.asString, let value = value.asNumber else { return }
      record.results.append(.init(on: part, name: name, value: value))
    }
    record.key = call.optionalString("key")
    record.kept = try values(call, "values")
    record.settings.sort { $0.name < $1.name }
    record.results.sort { $0.name < $1.name }
    return record
  }

  private static func change(
    _ name: String, _ summary: String, _ parameter: ParameterDescription?,
    _ body: @escaping (RunStore, String, LuaCall) throws -> Void
  ) -> FunctionDescription {
    FunctionDescription(
      name, summary, parameters: [id] + (parameter.map { [$0] } ?? []),
      returns: [.init("store", .object(RunStore.self), "The store.")]
    ) { call in
      try body(call.receiver(RunStore.self), call.string("id"), call)
      return [call.receiverValue]
    }
  }

  private static var tag: FunctionDescription {
    change("tag", "Adds tags to a run.", .init("tags", .string.or(.list(.string)), "The tags.")) { store, id, call in
      try store.tag(id, add: call.strings("tags"))
    }
  }

  private static var untag: FunctionDescription {
    change("untag", "Takes tags from a run.", .init("tags", .string.or(.list(.string)), "The tags.")) {
      store, id, call in try store.tag(id, remove: call.strings("tags"))
    }
  }

  private static var note: FunctionDescription {
    change("note", "Sets the notes on a run.", .init("notes", .string, "The notes.")) { store, id, call in
      try store.note(id, call.string("notes"))
    }
  }

  private static var rename: FunctionDescription {
    change("rename", "Gives a run another name.", .init("name", .string, "The name.")) { store, id, call in
      try store.rename(id, call.string("name"))
    }
  }

  private static var delete: FunctionDescription {
    change("delete", "Deletes a run.", nil) { store, id, _ in try store.delete(id) }
  }
}
