import Laboratory
import LuaHost
import Platform

/// A study as scripts see it.
public final class StudyHandle: LuaObject {
  public static var luaName: String { "Study" }
  let study: Study
  init(_ study: Study) { self.study = study }
}

/// What a study has found, as plain tables that print themselves.
enum StudyBinding {
  static var type: TypeDescription {
    TypeDescription(
      StudyHandle.self, "A search and what it has found.", methods: [best, table, importance],
      fields: [
        FieldDescription("name", .string, "Its name in the store.", get: { (s: StudyHandle) in s.study.name }),
        FieldDescription(
          "trials", .list(.table),
          "All trials by number, as they stand now: `number`, `state` (running, waiting, finished, pruned or failed), `value`, `values` by seed, "
            + "`settings`, `message`, `runs` (identifiers), `seconds`.",
          get: { (s: StudyHandle) in report(try s.study.trials()) }),
        FieldDescription(
          "goal", .string, "maximize or minimize.",
          get: { (s: StudyHandle) in s.study.record.maximizes ? "maximize" : "minimize" }),
        FieldDescription(
          "interrupted", .boolean, "Whether Ctrl-C ended the search.",
          get: { (s: StudyHandle) in s.study.isInterrupted }),
        FieldDescription(
          "store", .object(RunStore.self), "The store that has it.", get: { (s: StudyHandle) in s.study.store }),
      ], describe: { text($0.study) })
  }

  private static func text(_ study: Study) -> String {
    do {
      let trials = try study.trials()
      let summary = StudyListing.summary(study.record, trials)
      let best = Array(study.sorted(trials, byValue: true).prefix(10))
      guard !best.isEmpty else { return summary }
      let rest = trials.count > best.count ? "\n... and \(trials.count - best.count) more: study:table {}" : ""
      return summary + "\n" + StudyListing.cells(best).text + rest
    } catch { return "Study('\(shown(study.name))': \(error))" }
  }

  private static var best: FunctionDescription {
    FunctionDescription(
      "best", "The finished trial with the best value, of equal ones the first; nil where none has finished.",
      example: "local settings = study:best().settings", returns: [.init("trial", .table, "The trial.")]
    ) { call in
      guard let best = try call.receiver(StudyHandle.self).study.best() else { return [LuaValue.nil] }
      return [LuaReport(record(best), says: StudyListing.cells([best]).text)]
    }
  }

  private static var table: FunctionDescription {
    FunctionDescription(
      "table", "The trials as tables; `print` shows them as one table.",
      example: "print(study:table { sort = \"number\" })",
      options: [
        .init(
          "sort", .choice(Order.self),
          "value: the best first, those that did not finish behind. number: as they began.", default: "value"),
        .init("limit", .integer(atLeast: 1), "Trials at most.", optional: true),
      ], returns: [.init("trials", .list(.table), "The trials.")]
    ) { call in
      let study = call.receiver(StudyHandle.self).study
      let order: Order = try call.choice("sort")
      let sorted = study.sorted(try study.trials(), byValue: order == .value)
      return [report(Array(sorted.prefix(call.optionalInteger("limit") ?? sorted.count)))]
    }
  }

  private enum Order: String, CaseIterable { case value, number }

  private static var importance: FunctionDescription {
    FunctionDescription(
      "importance", "How much of the variance of the trials' values goes with each setting by itself.",
      details:
        "Finished trials are put into groups by one setting (each choice, or up to five parts of a range with equally many trials); the share is "
        + "that of the variance between the groups, less what groups of pure chance would show, and 0 at the least. What two settings do only "
        + "together is seen by neither; shares need not add up to 1; a search that looks closely at good settings sees fewer of the bad ones, so "
        + "that a random search tells more. Fewer than about 20 trials say little.",
      equation: "share = max(0, (S_between - (k - 1) S_within / (n - k)) / S_total), of k groups of n trials",
      source: "Kelley, PNAS 1935 (epsilon squared)", example: "print(study:importance())",
      returns: [
        .init(
          "settings", .list(.table),
          "Those with the largest shares first: `name`, `share`, `trials`, `best` (the best group, in words), `mean` there."
        )
      ]
    ) { call in
      let shares = try call.receiver(StudyHandle.self).study.importance()
      return [
        LuaReport(
          LuaList(
            shares.map {
              ["name": $0.name, "share": $0.share, "trials": $0.trials, "best": $0.best, "mean": $0.bestMean]
                as LuaRecord
            }), says: StudyListing.cells(shares).text)
      ]
    }
  }

  // MARK: Of a store

  static var storeMethods: [FunctionDescription] {
    [
      FunctionDescription(
        "study", "A search in this store by its name, to read what it has found, also while it is under way.",
        example: "print(perigee.runs.open {}:study \"softmax\":importance())",
        parameters: [.init("name", .string, "The study's name.")],
        returns: [.init("study", .object(StudyHandle.self), "The study.")]
      ) { call in
        let store = call.receiver(RunStore.self)
        return [StudyHandle(Study(try store.study(call.string("name")), in: store))]
      },
      FunctionDescription(
        "studies", "The names of all searches in this store, the newest first; `print` shows them as a table.",
        returns: [.init("names", .list(.string), "The names.")]
      ) { call in
        let store = call.receiver(RunStore.self)
        let studies = try store.studies()
        return [LuaReport(studies.map(\.name), says: try StudyListing.cells(studies, in: store).text)]
      },
    ]
  }

  // MARK: Trials as tables

  private static func report(_ trials: [TrialRecord]) -> LuaReport {
    LuaReport(LuaList(trials.map(record)), says: StudyListing.cells(trials).text)
  }

  private static func record(_ trial: TrialRecord) -> LuaRecord {
    var record: LuaRecord = [
      "number": trial.number, "state": trial.state.rawValue, "runs": trial.runs,
      "settings": LuaRecord(trial.settings.map { ($0.name, $0.value) }),
      "values": LuaList(trial.values.map { ["seed": $0.seed, "value": $0.value] as LuaRecord }),
    ]
    if let value = trial.value { record.append("value", value) }
    if let message = trial.message { record.append("message", message) }
    if let seconds = trial.seconds { record.append("seconds", seconds) }
    return record
  }
}
