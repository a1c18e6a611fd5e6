import GRDB
import Platform

/// The tables of a store, and how older ones become these.
enum RunStoreSchema {
  /// What marks a database as a store of runs: `PRG1` in ASCII.
  static let application = 0x5052_4731

  /// One a version: what turns the version before into it. A step that was released is never changed.
  static let steps: [String] = [first, launches, studies]
  static var version: Int { steps.count }

  /// Makes the tables of a new file, brings an old one up to date, refuses others.
  static func prepare(_ db: Database, path: String) throws {
    // In one transaction, so that what another process makes of a new file is seen whole or not at all.
    var current = false
    try db.inTransaction(.deferred) {
      current = try isCurrent(db, path: path)
      return .commit
    }
    if current { return }
    try db.inTransaction(.immediate) {
      // Another process may have been first.
      if try isCurrent(db, path: path) { return .commit }
      let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      for step in steps[version...] { try db.execute(sql: step) }
      try db.execute(sql: "PRAGMA application_id = \(application)")
      try db.execute(sql: "PRAGMA user_version = \(steps.count)")
      return .commit
    }
  }

  private static func isCurrent(_ db: Database, path: String) throws -> Bool {
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let mark = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
    guard mark == application || isEmpty && mark == 0 && version == 0 else {
      throw RunStoreError(
        .refused, "\(shownPath(path)) is a database of another program, no store of runs; give another file")
    }
    guard version <= steps.count else {
      throw RunStoreError(
        .refused,
        "the store of runs \(shownPath(path)) is of version \(version), and this Perigee knows versions up to \(steps.count): "
          + "use the newer Perigee that wrote it, or another file")
    }
    return version == steps.count
  }

  private static let first = """
    CREATE TABLE script (checksum TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE user_list (checksum TEXT PRIMARY KEY, count INTEGER NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE TABLE run (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      state TEXT NOT NULL,
      message TEXT,
      notes TEXT NOT NULL,
      script_path TEXT,
      script_checksum TEXT REFERENCES script,
      model TEXT NOT NULL,
      data TEXT,
      data_checksum TEXT,
      split TEXT,
      train TEXT,
      seed INTEGER,
      threads INTEGER NOT NULL,
      version TEXT NOT NULL,
      commit_id TEXT,
      host TEXT NOT NULL,
      processor TEXT NOT NULL,
      cores INTEGER NOT NULL,
      process INTEGER NOT NULL,
      process_started INTEGER NOT NULL,
      started REAL NOT NULL,
      finished REAL,
      epochs INTEGER NOT NULL,
      seconds REAL NOT NULL,
      best_epoch INTEGER,
      best_metric TEXT,
      best_on TEXT,
      best_value REAL,
      checkpoint TEXT
    );
    CREATE INDEX run_name ON run (name);
    CREATE INDEX run_started ON run (started);
    CREATE INDEX run_checkpoint ON run (checkpoint);
    CREATE TABLE tag (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (run, tag)
    ) WITHOUT ROWID;
    CREATE INDEX tag_of_run ON tag (tag);
    CREATE TABLE setting (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, place INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY (run, place)
    ) WITHOUT ROWID;
    CREATE TABLE epoch (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, epoch INTEGER NOT NULL, loss REAL, seconds REAL NOT NULL,
      PRIMARY KEY (run, epoch)
    ) WITHOUT ROWID;
    CREATE TABLE metric (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, epoch INTEGER NOT NULL, part TEXT NOT NULL, name TEXT NOT NULL,
      value REAL, PRIMARY KEY (run, epoch, part, name)
    ) WITHOUT ROWID;
    CREATE TABLE result (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, place INTEGER NOT NULL, part TEXT NOT NULL, name TEXT NOT NULL,
      value REAL, PRIMARY KEY (run, part, name)
    ) WITHOUT ROWID;
    CREATE TABLE user_values (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, part TEXT NOT NULL, name TEXT NOT NULL,
      users TEXT NOT NULL REFERENCES user_list, bytes BLOB NOT NULL, PRIMARY KEY (run, part, name)
    );
    """

  /// How the process was started, for `perigee run --resume`; rows of stock scripts, which are found by a key; files that came of a run.
  private static let launches = """
    ALTER TABLE run ADD COLUMN launch TEXT;
    ALTER TABLE run ADD COLUMN folder TEXT;
    ALTER TABLE run ADD COLUMN arguments TEXT;
    ALTER TABLE run ADD COLUMN key TEXT;
    CREATE INDEX run_launch ON run (launch);
    CREATE INDEX run_key ON run (key);
    CREATE TABLE kept (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, name TEXT NOT NULL, count INTEGER, bytes BLOB NOT NULL,
      PRIMARY KEY (run, name)
    );
    CREATE TABLE artifact (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, place INTEGER NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL,
      PRIMARY KEY (run, path)
    ) WITHOUT ROWID;
    """

  /// Searches: their trials, with what each was given, reported and came to.
  private static let studies = """
    CREATE TABLE study (
      number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, script_path TEXT,
      started REAL NOT NULL
    );
    CREATE TABLE trial (
      study INTEGER NOT NULL REFERENCES study ON DELETE CASCADE,
      number INTEGER NOT NULL,
      state TEXT NOT NULL,
      value REAL,
      message TEXT,
      attempt INTEGER NOT NULL,
      beat INTEGER NOT NULL,
      host TEXT NOT NULL,
      process INTEGER NOT NULL,
      process_started INTEGER NOT NULL,
      started REAL NOT NULL,
      finished REAL,
      PRIMARY KEY (study, number)
    ) WITHOUT ROWID;
    CREATE TABLE trial_setting (
      study INTEGER NOT NULL, trial INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
      dimension TEXT NOT NULL, PRIMARY KEY (study, trial, place),
      FOREIGN KEY (study, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE TABLE trial_value (
      study INTEGER NOT NULL, trial INTEGER NOT NULL, seed INTEGER NOT NULL, value REAL NOT NULL,
      PRIMARY KEY (study, trial, seed), FOREIGN KEY (study, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE TABLE trial_report (
      study INTEGER NOT NULL, trial INTEGER NOT NULL, seed INTEGER NOT NULL, epoch INTEGER NOT NULL, value REAL NOT NULL,
      PRIMARY KEY (study, trial, seed, epoch), FOREIGN KEY (study, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE TABLE trial_run (
      study INTEGER NOT NULL, trial INTEGER NOT NULL, place INTEGER NOT NULL, run TEXT NOT NULL,
      PRIMARY KEY (study, trial, place), FOREIGN KEY (study, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    """
}
