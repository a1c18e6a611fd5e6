import Platform

/// A search in its store, to read: what it has found.
public final class Study {
  public let record: StudyRecord
  public let store: RunStore
  /// Whether a person ended the search before it had all trials.
  public let isInterrupted: Bool

  public init(_ record: StudyRecord, in store: RunStore, isInterrupted: Bool = false) {
    (self.record, self.store, self.isInterrupted) = (record, store, isInterrupted)
  }

  public var name: String { record.name }

  /// As they stand now.
  public func trials() throws -> [TrialRecord] { try store.trials(of: record) }

  /// The finished trial with the best value, of equal ones the first; `nil` where none has finished.
  public static func best(_ trials: [TrialRecord], maximizes: Bool) -> TrialRecord? {
    var best: TrialRecord?
    for trial in trials where trial.state == .finished {
      guard let value = trial.value else { continue }
      if let found = best?.value, maximizes ? value <= found : value >= found { continue }
      best = trial
    }
    return best
  }

  public func best() throws -> TrialRecord? { Self.best(try trials(), maximizes: record.maximizes) }

  /// See `SettingImportance`.
  public func importance() throws -> [SettingImportance] {
    let finished = try trials().filter { $0.state == .finished }
    return SettingImportance.shares(
      finished.compactMap { trial in trial.value.map { (trial.settings.map { ($0.name, $0.value) }, $0) } },
      largerIsBetter: record.maximizes)
  }

  /// Trials in an order: the best first, those without a value last; or by number.
  public func sorted(_ trials: [TrialRecord], byValue: Bool) -> [TrialRecord] {
    guard byValue else { return trials }
    let sign = record.maximizes ? -1.0 : 1.0
    func key(_ trial: TrialRecord) -> (Int, Double, Int) {
      let isFinished = trial.state == .finished && trial.value != nil
      return (isFinished ? 0 : trial.state == .pruned ? 1 : 2, sign * (trial.value ?? 0), trial.number)
    }
    return trials.sorted { key($0) < key($1) }
  }
}

/// Trials and studies as tables.
public enum StudyListing {
  public static func cells(_ trials: [TrialRecord]) -> TextCells {
    let names = RunListing.distinct(trials.flatMap { $0.settings.map(\.name) })
    let hasSeeds = trials.contains { $0.values.count > 1 }
    let hasMessages = trials.contains { $0.message != nil }
    return TextCells(
      titles: ["trial", "value"] + (hasSeeds ? ["deviation"] : []) + ["state"] + names.map { shown($0, limit: 30) }
        + ["seconds"] + (hasMessages ? ["message"] : []),
      rows: trials.map { trial in
        let settings = names.map { name in trial.settings.first { $0.name == name }?.value.text ?? "" }
        return ["\(trial.number)", trial.value.map { decimal($0, 4) } ?? ""]
          + (hasSeeds ? [trial.deviation.map { decimal($0, 4) } ?? ""] : []) + [trial.state.rawValue] + settings
          + [trial.seconds.map { decimal($0, 1) } ?? ""]
          + (hasMessages ? [trial.message.map { shown($0, limit: 60) } ?? ""] : [])
      })
  }

  public static func cells(_ importance: [SettingImportance]) -> TextCells {
    TextCells(
      titles: ["setting", "share", "trials", "best", "mean there"],
      rows: importance.map {
        [shown($0.name), decimal($0.share, 3), "\($0.trials)", $0.best, decimal($0.bestMean, 4)]
      })
  }

  public static func cells(_ studies: [StudyRecord], in store: RunStore) throws -> TextCells {
    TextCells(
      titles: ["study", "method", "goal", "started", "trials", "finished", "pruned", "failed", "best", "of trial"],
      rows: try studies.map { study in
        let trials = try store.trials(of: study)
        let best = Study.best(trials, maximizes: study.maximizes)
        func text(_ name: String) -> String { study.description.first { $0.name == name }?.value ?? "" }
        func count(_ state: TrialRecord.State) -> String { "\(trials.count { $0.state == state })" }
        return [
          shown(study.name, limit: 40), text("method"), text("goal"), Moment.text(study.started), "\(trials.count)",
          count(.finished), count(.pruned), count(.failed), best?.value.map { decimal($0, 4) } ?? "",
          best.map { "\($0.number)" } ?? "",
        ]
      })
  }

  /// `rate 0.01, loss bpr`
  public static func text(_ settings: [SettingDraw.Setting]) -> String {
    settings.map { "\(shown($0.name, limit: 30)) \($0.value.text)" }.joined(separator: ", ")
  }

  /// How many trials there are of each state, and the best.
  public static func summary(_ study: StudyRecord, _ trials: [TrialRecord]) -> String {
    let counts = [TrialRecord.State.finished, .pruned, .failed, .running, .waiting].compactMap { state in
      let count = trials.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(state.rawValue)"
    }
    let best = Study.best(trials, maximizes: study.maximizes).map { best in
      "; best \(decimal(best.value ?? .nan, 4)) by trial \(best.number): \(text(best.settings))"
    }
    return "study '\(shown(study.name))': " + (counts.isEmpty ? "no trials" : counts.joined(separator: ", "))
      + (best ?? "")
  }
}

extension TrialRecord {
  /// The standard deviation of the seeds' values, by n - 1; `nil` for one.
  public var deviation: Double? {
    guard values.count > 1 else { return nil }
    let mean = values.reduce(0) { $0 + $1.value } / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }
}
