import Laboratory
import LuaHost
import Platform
import Tensors

/// What scripts keep with a run, and find it by.
extension RunsModule {
  static var keeping: [FunctionDescription] { [keep, kept, find, attach] }

  private static var keep: FunctionDescription {
    FunctionDescription(
      "keep", "Keeps texts and lists of numbers with a run, and a key by which it is found again.",
      details:
        "Values take the place of those of the same names. The key is everything that decides the run, as text: a script that finds it "
        + "need not train it again. Both are written at once.",
      example: """
        store:keep(run.id, { key = "mf, rate 0.1, seed 1", values = { curve = { 0.1, 0.2 }, remark = "no luck" } })
        print(store:kept(store:find("mf, rate 0.1, seed 1").id, "curve")[2])
        """,
      parameters: [id],
      options: [
        .init("values", .map(.any), "Strings, lists of numbers or tensors by name.", optional: true),
        .init("key", .string, "The run's key.", optional: true),
      ],
      returns: [.init("store", .object(RunStore.self), "The store.")]
    ) { call in
      let values = try values(call, "values")
      try call.receiver(RunStore.self).keep(call.string("id"), values, key: call.optionalString("key"))
      return [call.receiverValue]
    }
  }

  /// What a script keeps, from the table of an option.
  static func values(_ call: LuaCall, _ option: String) throws -> [RunRecord.Kept] {
    var values: [RunRecord.Kept] = []
    try call.optionalTable(option)?.forEachEntry { key, value in
      guard let name = key.asString else {
        throw call.error(option, "want strings, lists of numbers or tensors by name; \(key.typeName) is no name")
      }
      values.append(.init(name, try keptValue(value, name, call, option)))
    }
    return values.sorted { $0.name < $1.name }
  }

  private static func keptValue(_ value: LuaValue, _ name: String, _ call: LuaCall, _ option: String) throws
    -> RunRecord.Kept.Value
  {
    if let text = value.asString { return .text(text) }
    if let tensor = value.asObject(Tensor.self) {
      return .numbers(try tensor.contiguous().withElements { $0.map(Double.init) })
    }
    if let list = try value.asTable?.numbers() { return .numbers(list) }
    throw call.error(option, "'\(name)' is a \(value.typeName); want a string, a list of numbers or a tensor")
  }

  private static var kept: FunctionDescription {
    FunctionDescription(
      "kept", "What is kept with a run under a name: a string or a list of numbers; nil where nothing is.",
      example: "local curve = store:kept(run.id, \"curve\")",
      parameters: [id, .init("name", .string, "The name.")],
      returns: [.init("value", .any, "The value.")]
    ) { call in
      switch try call.receiver(RunStore.self).kept(call.string("id"), call.string("name")) {
      case .text(let text)?: [text]
      case .numbers(let numbers)?: [numbers]
      case nil: [LuaValue.nil]
      }
    }
  }

  private static var find: FunctionDescription {
    FunctionDescription(
      "find", "The newest run with a key, as `list` gives it; nil where there is none.",
      example: "local run = store:find \"mf, rate 0.1, seed 1\"\nif not run then train() end",
      parameters: [.init("key", .string, "What `keep` or `add` gave it as a key.")],
      returns: [.init("run", .any, "The run.")]
    ) { call in
      guard let record = try call.receiver(RunStore.self).run(key: call.string("key")) else { return [LuaValue.nil] }
      return [LuaReport(record.table(.summary), says: RunListing.cells([record]).text)]
    }
  }

  private static var attach: FunctionDescription {
    FunctionDescription(
      "attach", "Adds a file to those that came of a run.",
      details:
        "`model:save`, `model:export` and `model:export_lists` do so by themselves, for the model of a recorded run.",
      example: "store:attach(run.id, \"figures/curve.svg\", \"picture\")",
      parameters: [
        id, .init("path", .string, "The file."), .init("kind", .string, "What it is, in a word.", default: "file"),
      ],
      returns: [.init("store", .object(RunStore.self), "The store.")]
    ) { call in
      let artifact = RunRecord.Artifact(try call.string("kind"), absolutePath(try call.string("path")))
      try call.receiver(RunStore.self).attach(call.string("id"), artifact)
      return [call.receiverValue]
    }
  }
}
