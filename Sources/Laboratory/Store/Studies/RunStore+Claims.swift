import GRDB
import Platform

/// Who has which trial.
extension RunStore {
  /// What there is to do for a process that wants a trial.
  enum Claim {
    case trial(TrialRecord)
    /// None: others are under way.
    case othersUnderWay
    case nothingLeft
  }

  /// Takes the next trial of a study, at once or not at all: one that was given back or whose process ended, or a new one.
  ///
  /// - Parameters:
  ///   - trials: How many the study is to have.
  ///   - attempts: One that ended its process so often fails.
  ///   - isAbandoned: Whether the process of a trial that is under way has ended.
  func claim(_ study: StudyRecord, trials: Int, attempts: Int, isAbandoned: (TrialRecord) -> Bool) throws -> Claim {
    try write { db in
      guard try Int.fetchOne(db, sql: "SELECT number FROM study WHERE number = ?", arguments: [study.number]) != nil
      else {
        throw RunStoreError(
          .request, "study '\(shown(study.name))' was deleted from \(shownPath(path)) while it was under way")
      }
      let open = try Row.fetchAll(
        db, sql: "SELECT * FROM trial WHERE study = ? AND state IN ('running', 'waiting') ORDER BY number",
        arguments: [study.number]
      ).map(Self.trial)
      var underWay = 0
      for trial in open {
        guard trial.state == .waiting || isAbandoned(trial) else {
          underWay += 1
          continue
        }
        if trial.state == .running, trial.attempt >= attempts {
          try Self.giveUp(trial, study, db)
        } else {
          return .trial(try Self.take(trial.number, study, db))
        }
      }
      let last =
        try Int.fetchOne(db, sql: "SELECT max(number) FROM trial WHERE study = ?", arguments: [study.number]) ?? 0
      if last < trials { return .trial(try Self.take(last + 1, study, db)) }
      return underWay > 0 ? .othersUnderWay : .nothingLeft
    }
  }

  private static func giveUp(_ trial: TrialRecord, _ study: StudyRecord, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE trial SET state = 'failed', message = ?, finished = ? WHERE study = ? AND number = ?",
      arguments: [
        "its process was ended \(trial.attempt) times before it had an end (killed, out of memory?)",
        wallClockSeconds(),
        study.number, trial.number,
      ])
  }

  /// Seeds that are done stay so; what was reported of the one under way goes, as it begins anew.
  private static func take(_ number: Int, _ study: StudyRecord, _ db: Database) throws -> TrialRecord {
    let me = TrialOwner.current
    try db.execute(
      sql: """
        INSERT INTO trial (study, number, state, attempt, beat, host, process, process_started, started)
        VALUES (?, ?, 'running', 1, 0, ?, ?, ?, ?)
        ON CONFLICT (study, number) DO UPDATE SET state = 'running', attempt = attempt + 1, beat = 0, host = excluded.host,
          process = excluded.process, process_started = excluded.process_started, started = excluded.started
        """,
      arguments: [study.number, number, me.host, me.process, me.started, wallClockSeconds()])
    try db.execute(
      sql: """
        DELETE FROM trial_report WHERE study = ?1 AND trial = ?2
          AND seed NOT IN (SELECT seed FROM trial_value WHERE study = ?1 AND trial = ?2)
        """, arguments: [study.number, number])
    var trial = Self.trial(
      try Row.fetchOne(
        db, sql: "SELECT * FROM trial WHERE study = ? AND number = ?", arguments: [study.number, number])!)
    trial.settings = try Row.fetchAll(
      db, sql: "SELECT * FROM trial_setting WHERE study = ? AND trial = ? ORDER BY place",
      arguments: [study.number, number]
    ).map(Self.setting)
    trial.values = try Row.fetchAll(
      db, sql: "SELECT seed, value FROM trial_value WHERE study = ? AND trial = ? ORDER BY seed",
      arguments: [study.number, number]
    ).map { ($0["seed"], $0["value"]) }
    return trial
  }

  /// Failed trials are taken again.
  func retryFailed(_ study: StudyRecord) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE trial SET state = 'waiting', message = NULL, finished = NULL WHERE study = ? AND state = 'failed'",
        arguments: [study.number])
    }
  }
}
