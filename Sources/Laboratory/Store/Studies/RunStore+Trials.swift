import GRDB
import Platform

extension RunStore {
  /// The trials of a study, by number.
  public func trials(of study: StudyRecord) throws -> [TrialRecord] {
    try read { db in
      var settings = Dictionary(
        grouping: try Row.fetchAll(
          db, sql: "SELECT * FROM trial_setting WHERE study = ? ORDER BY trial, place", arguments: [study.number])
      ) { $0["trial"] as Int }
      var values = Dictionary(
        grouping: try Row.fetchAll(
          db, sql: "SELECT * FROM trial_value WHERE study = ? ORDER BY trial, seed", arguments: [study.number])
      ) { $0["trial"] as Int }
      var runs = Dictionary(
        grouping: try Row.fetchAll(
          db, sql: "SELECT * FROM trial_run WHERE study = ? ORDER BY trial, place", arguments: [study.number])
      ) { $0["trial"] as Int }
      return try Row.fetchAll(db, sql: "SELECT * FROM trial WHERE study = ? ORDER BY number", arguments: [study.number])
        .map { row in
          var trial = Self.trial(row)
          trial.settings = try (settings.removeValue(forKey: trial.number) ?? []).map(Self.setting)
          trial.values = (values.removeValue(forKey: trial.number) ?? []).map { ($0["seed"], $0["value"]) }
          trial.runs = (runs.removeValue(forKey: trial.number) ?? []).map { $0["run"] }
          return trial
        }
    }
  }

  /// What trials reported with a seed, by their numbers.
  func reports(of study: StudyRecord, seed: Int, trials: [Int]) throws -> [Int: ReportedCurve] {
    try read { db in
      let statement = try db.cachedStatement(
        sql: "SELECT epoch, value FROM trial_report WHERE study = ? AND trial = ? AND seed = ? ORDER BY epoch")
      var curves: [Int: ReportedCurve] = [:]
      for trial in trials {
        let points: [(epoch: Int, value: Double)] = try Row.fetchAll(
          statement, arguments: [study.number, trial, seed]
        ).map { ($0["epoch"], $0["value"]) }
        if !points.isEmpty { curves[trial] = ReportedCurve(points: points) }
      }
      return curves
    }
  }

  /// How each trial of a study stands.
  func states(of study: StudyRecord) throws -> [(number: Int, state: TrialRecord.State)] {
    try read { db in
      try Row.fetchAll(
        db.cachedStatement(sql: "SELECT number, state FROM trial WHERE study = ? ORDER BY number"),
        arguments: [study.number]
      ).map { ($0["number"], TrialRecord.State(rawValue: $0["state"]) ?? .failed) }
    }
  }

  static func trial(_ row: Row) -> TrialRecord {
    let owner = TrialOwner(host: row["host"], process: row["process"], started: row["process_started"])
    return TrialRecord(
      number: row["number"], state: TrialRecord.State(rawValue: row["state"]) ?? .failed, value: row["value"],
      message: row["message"], attempt: row["attempt"], beat: row["beat"], owner: owner, started: row["started"],
      finished: row["finished"])
  }

  static func setting(_ row: Row) throws -> SettingDraw.Setting {
    let text: String = row["value"]
    guard let value = SearchValue(literal: text) else {
      throw RunStoreError(.refused, "a setting of a trial is damaged: \(quoted(text)) is no value")
    }
    return SettingDraw.Setting(name: row["name"], value: value, dimension: row["dimension"])
  }

  // MARK: By the process that has it. Each says false where another process has taken the trial meanwhile.

  private func change(_ trial: TrialRecord, _ study: StudyRecord, _ body: (Database) throws -> Void) throws -> Bool {
    try write { db in
      let isMine =
        try Int.fetchOne(
          db, sql: "SELECT 1 FROM trial WHERE study = ? AND number = ? AND attempt = ? AND state = 'running'",
          arguments: [study.number, trial.number, trial.attempt]) != nil
      if isMine { try body(db) }
      return isMine
    }
  }

  func keep(_ settings: [SettingDraw.Setting], of trial: TrialRecord, _ study: StudyRecord) throws -> Bool {
    try change(trial, study) { db in
      for (place, setting) in settings.enumerated() {
        try db.execute(
          sql: "INSERT INTO trial_setting (study, trial, place, name, value, dimension) VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [study.number, trial.number, place, setting.name, setting.value.literal, setting.dimension])
      }
    }
  }

  func keep(_ reports: [(epoch: Int, value: Double)], seed: Int, of trial: TrialRecord, _ study: StudyRecord) throws
    -> Bool
  {
    try change(trial, study) { db in
      for report in reports {
        try db.execute(
          sql: "INSERT OR REPLACE INTO trial_report (study, trial, seed, epoch, value) VALUES (?, ?, ?, ?, ?)",
          arguments: [study.number, trial.number, seed, report.epoch, report.value])
      }
    }
  }

  func keep(_ value: Double, seed: Int, of trial: TrialRecord, _ study: StudyRecord) throws -> Bool {
    try change(trial, study) { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO trial_value (study, trial, seed, value) VALUES (?, ?, ?, ?)",
        arguments: [study.number, trial.number, seed, value])
    }
  }

  /// Keeps the identifiers of the runs that a trial has made, behind those of earlier attempts.
  func keep(runs: [String], of trial: TrialRecord, _ study: StudyRecord) throws -> Bool {
    try change(trial, study) { db in
      for run in runs {
        try db.execute(
          sql: """
            INSERT INTO trial_run (study, trial, place, run)
            SELECT ?1, ?2, count(*), ?3 FROM trial_run WHERE study = ?1 AND trial = ?2
            """, arguments: [study.number, trial.number, run])
      }
    }
  }

  /// Notes how a trial ended, or with `waiting` that it is given back.
  func end(_ trial: TrialRecord, _ study: StudyRecord) throws -> Bool {
    try change(trial, study) { db in
      try db.execute(
        sql: "UPDATE trial SET state = ?, value = ?, message = ?, finished = ? WHERE study = ? AND number = ?",
        arguments: [
          trial.state.rawValue, trial.value, trial.message, trial.state.hasEnded ? wallClockSeconds() : nil,
          study.number,
          trial.number,
        ])
    }
  }

  func beat(_ trial: TrialRecord, _ study: StudyRecord) throws {
    _ = try change(trial, study) { db in
      try db.execute(
        sql: "UPDATE trial SET beat = beat + 1 WHERE study = ? AND number = ?", arguments: [study.number, trial.number])
    }
  }
}
