import Laboratory
import LuaHost
import Platform

/// A trial as the function that runs it sees it.
public final class TrialHandle: LuaObject {
  public static var luaName: String { "Trial" }
  let trial: SearchTrial
  /// Of the runs that were begun in it and are recorded.
  var recorders: [RunRecorder] = []

  init(_ trial: SearchTrial) { self.trial = trial }

  /// Of runs without a name of their own: those of a trial differ in the seed alone.
  var runName: String { "\(trial.studyName) \(trial.number)" }

  static var type: TypeDescription {
    TypeDescription(
      TrialHandle.self, "A trial of a search that is under way, with one of its seeds.",
      methods: [report, watch],
      fields: [
        FieldDescription(
          "number", .integer, "Which of the study's trials it is, from 1.", get: { (t: TrialHandle) in t.trial.number }),
        FieldDescription(
          "seed", .integer, "The seed of this run: for the model, the trainer, and what else draws.",
          get: { (t: TrialHandle) in t.trial.seed }),
        FieldDescription("study", .string, "The study's name.", get: { (t: TrialHandle) in t.trial.studyName }),
        FieldDescription(
          "pruned", .boolean, "Whether it was found not to be worth more epochs.",
          get: { (t: TrialHandle) in t.trial.prunedMessage != nil }),
      ], describe: { "Trial(\($0.trial.number) of '\(shown($0.trial.studyName))', seed \($0.trial.seed))" })
  }

  private static var report: FunctionDescription {
    FunctionDescription(
      "report", "Notes the value after an epoch, and says whether to go on.",
      details:
        "With `prune` the answer is false where the trial is not worth more epochs: the function should return then, and what it returns does "
        + "not count. Only the first of several seeds is ever pruned.",
      example: "if not trial:report(epoch, value) then break end",
      parameters: [
        .init("epoch", .integer(atLeast: 1), "The epoch, behind the last one that was reported."),
        .init("value", .number, "The value after it."),
      ], returns: [.init("goes_on", .boolean, "Whether to train on.")]
    ) { call in
      let handle = call.receiver(TrialHandle.self)
      return [try handle.report(epoch: try call.integer("epoch"), value: try call.number("value"))]
    }
  }

  private func report(epoch: Int, value: Double) throws -> Bool {
    guard !trial.isOver else {
      throw LuaArgumentError("trial \(trial.number) is over; report while the search's run is called for it")
    }
    return try trial.report(epoch: epoch, value: value)
  }

  private static var watch: FunctionDescription {
    FunctionDescription(
      "watch",
      "A function for `on_epoch` of `trainer:run` and `model:fit` that reports a metric after each evaluation and ends the run of a "
        + "trial that is pruned.",
      example: "trainer:run { epochs = 50, evaluate = { every = 5 }, on_epoch = trial:watch \"recall@20\" }",
      parameters: [
        .init("metric", .string, "One of those that `evaluate` measures; the only one by default.", optional: true)
      ],
      returns: [.init("on_epoch", .function("fun(report: table): boolean"), "The function.")]
    ) { call in
      let handle = call.receiver(TrialHandle.self)
      let metric = call.optionalString("metric")
      return [
        call.state.makeFunction("on_epoch of a trial") { values in
          guard let report = values.first?.asTable, let epoch = try report.rawGet("epoch").asInteger else {
            throw LuaArgumentError("want the report of an epoch: this function is for on_epoch")
          }
          guard let value = try Self.value(report, metric) else { return [handle.trial.prunedMessage == nil] }
          return [try handle.report(epoch: epoch, value: value)]
        }
      ]
    }
  }

  /// `nil` after an epoch without evaluation.
  private static func value(_ report: LuaTable, _ metric: String?) throws -> Double? {
    var measured: [String: LuaValue] = [:]
    try report.rawGet("metrics").asTable?.forEachEntry { key, value in
      if let name = key.asString { measured[name] = value }
    }
    guard !measured.isEmpty else { return nil }
    let names = measured.keys.sorted()
    guard let metric = metric ?? (names.count == 1 ? names[0] : nil) else {
      throw LuaArgumentError(
        "several metrics are measured, \(names.joined(separator: ", ")): say which, trial:watch \"\(names[0])\"")
    }
    guard let value = measured[metric] else {
      throw LuaArgumentError("'\(shown(metric))' is not among the metrics \(names.joined(separator: ", "))")
    }
    guard let number = value.asNumber, number.isFinite else {
      throw LuaArgumentError(
        "\(shown(metric)) is \(value.asNumber.map { "\($0)" } ?? value.typeName) after an epoch: the training has diverged"
      )
    }
    return number
  }
}

extension LuaState {
  /// The trial that the state runs, if one is under way: runs that begin in it belong to it.
  var trialUnderWay: TrialHandle? {
    get { companion(of: TrialHandle.self) }
    set { setCompanion(newValue, of: TrialHandle.self) }
  }
}
