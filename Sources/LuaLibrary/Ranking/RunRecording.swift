import Interactions
import Laboratory
import LuaHost
import Platform
import Ranking

/// Whether and how a run is kept in a store of runs: options of `trainer:run` and `model:fit`.
enum RunRecording {
  static var options: [OptionDescription] {
    [
      .init(
        "store", .boolean.or(.string),
        "Whether the run is recorded: a store's file, or true for `$PERIGEE_STORE` or else `~/.perigee/runs.sqlite`. By default it is "
          + "where `$PERIGEE_STORE` is set, as `perigee run --record` and `--store FILE` do.", optional: true),
      .init(
        "name", .string,
        "The run's name in the store, shared by runs that differ in the seed alone; that of the model and the loss by default.",
        optional: true),
      .init("tags", .string.or(.list(.string)), "The run's tags in the store.", optional: true),
      .init("notes", .string, "Notes on the run, for the store.", optional: true),
    ]
  }

  /// What the docs of a function with these options say.
  static let details =
    "\n\nA run that is recorded keeps its script, settings, seed, data, machine, evaluations and times in a store of runs, whence "
    + "`perigee runs` and `perigee.runs` list and compare them. What `perigee.evaluate` measures of the model afterwards belongs to it, "
    + "with the values of each user; during the run it counts as an evaluation of its epoch. `run.id` is its name there. Where the "
    + "store cannot be written the run goes on, and its record is kept in a file beside."

  /// The recorder of the run that a call begins; `nil` where nobody wants it recorded.
  static func recorder(
    _ kind: RunRecord.Kind, _ call: LuaCall, _ handle: ModelHandle, _ split: Split, name: String, seed: Int? = nil,
    checkpoint: String? = nil, tell: @escaping (String) -> Void = { warn($0) }
  ) throws -> RunRecorder? {
    guard let path = path(call) else { return nil }
    let trial = call.state.trialUnderWay
    var record = beginning(kind, call.state)
    record.name = call.optionalString("name") ?? trial.map(\.runName) ?? name
    record.tags = (call.optionalStrings("tags") ?? []) + (trial.map { [$0.trial.studyName] } ?? [])
    record.notes = call.optionalString("notes") ?? ""
    record.model = handle.model.name
    record.data = RunRecord.Data(split)
    record.seed = seed
    record.checkpoint = checkpoint.map(absolutePath)
    let recorder = try RunRecorder(record, path: path, tell: tell)
    handle.recorder = recorder
    trial?.recorders.append(recorder)
    return recorder
  }

  static func beginning(_ kind: RunRecord.Kind, _ state: LuaState) -> RunRecord {
    let script = state.mainScript.map {
      RunRecord.Script(path: absolutePath($0.path), text: String(decoding: $0.bytes, as: UTF8.self))
    }
    return .beginning(kind, version: PerigeeLibrary.version, script: script)
  }

  private static func path(_ call: LuaCall) -> String? {
    switch call.value("store") {
    case .boolean(false): nil
    case .boolean(true): call.state.trialUnderWay?.trial.storePath ?? RunStore.standardPath
    case .string(let path): path.description
    default: call.state.trialUnderWay?.trial.storePath ?? RunStore.wantedPath
    }
  }
}
