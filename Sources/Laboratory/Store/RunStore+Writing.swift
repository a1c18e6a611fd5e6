import Foundation
import GRDB
import Interactions

/// How much of a record is in the store already.
struct SavedPart {
  var epochs = 0
  var metrics = 0
}

extension RunStore {
  /// Adds a run. Its identifier becomes another where the store has it already.
  public func insert(_ record: inout RunRecord) throws {
    record.id = try write { db in
      var record = record
      while try Self.number(of: record.id, db) != nil { record.id = RunIdentifier.random() }
      try Self.insertWhole(record, db)
      return record.id
    }
  }

  /// Adds a run, in place of the one with its identifier where there is one.
  public func replace(_ record: RunRecord) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM run WHERE id = ?", arguments: [record.id])
      try Self.insertWhole(record, db)
    }
  }

  /// Writes what is new of a run that is under way. Name, tags and notes stay as the store has them: a person may have changed them.
  ///
  /// - Returns: Whether the run is still there; a person may have deleted it.
  func update(_ record: RunRecord, from saved: SavedPart) throws -> Bool {
    try write { db in
      guard let number = try Self.number(of: record.id, db) else { return false }
      try db.execute(
        sql: """
          UPDATE run SET state = ?, message = ?, finished = ?, epochs = ?, seconds = ?, best_epoch = ?, best_metric = ?,
            best_on = ?, best_value = ? WHERE number = ?
          """,
        arguments: [
          record.state.rawValue, record.message, record.finished, record.epochs.count, record.seconds,
          record.best?.epoch,
          record.best?.metric, record.best?.on, record.best?.value, number,
        ])
      try Self.insertProgress(record, from: saved, as: number, db)
      try Self.insertUserValues(record, as: number, db)
      for artifact in record.artifacts { try Self.insert(artifact, as: number, db) }
      return true
    }
  }

  // MARK: By hand

  /// Adds tags to a run and takes others away.
  public func tag(_ id: String, add added: [String] = [], remove removed: [String] = []) throws {
    try change(id) { number, db in
      for tag in added where !tag.isEmpty {
        try db.execute(sql: "INSERT OR IGNORE INTO tag (run, tag) VALUES (?, ?)", arguments: [number, tag])
      }
      for tag in removed { try db.execute(sql: "DELETE FROM tag WHERE run = ? AND tag = ?", arguments: [number, tag]) }
    }
  }

  /// Sets the notes of a run.
  public func note(_ id: String, _ notes: String) throws {
    try change(id) { number, db in
      try db.execute(sql: "UPDATE run SET notes = ? WHERE number = ?", arguments: [notes, number])
    }
  }

  /// Sets the name of a run.
  public func rename(_ id: String, _ name: String) throws {
    try change(id) { number, db in
      try db.execute(sql: "UPDATE run SET name = ? WHERE number = ?", arguments: [name, number])
    }
  }

  /// Deletes a run, the checkpoint that it has because it is recorded, and texts and lists that no other run shares.
  public func delete(_ id: String) throws {
    let id = try identifier(id)
    try change(id) { number, db in
      let checkpoint = try String.fetchOne(db, sql: "SELECT checkpoint FROM run WHERE number = ?", arguments: [number])
      if let checkpoint, RunLaunch.isAutomatic(checkpoint, of: id) { Checkpoint.remove(checkpoint) }
      try db.execute(sql: "DELETE FROM run WHERE number = ?", arguments: [number])
      try db.execute(
        sql: """
          DELETE FROM script WHERE checksum NOT IN (SELECT script_checksum FROM run WHERE script_checksum IS NOT NULL);
          DELETE FROM user_list WHERE checksum NOT IN (SELECT users FROM user_values);
          """)
    }
  }

  func change(_ id: String, _ body: (Int64, Database) throws -> Void) throws {
    let id = try identifier(id)
    try write { db in if let number = try Self.number(of: id, db) { try body(number, db) } }
  }

  static func number(of id: String, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(db, sql: "SELECT number FROM run WHERE id = ?", arguments: [id])
  }

  // MARK: Parts of a run

  private static func insertWhole(_ record: RunRecord, _ db: Database) throws {
    let script = try record.script.map { try insertScript($0.text, db) }
    let data = record.data
    let best = record.best
    let machine = record.machine
    let values: [(String, (any DatabaseValueConvertible)?)] = [
      ("id", record.id), ("name", record.name), ("kind", record.kind.rawValue), ("state", record.state.rawValue),
      ("message", record.message), ("notes", record.notes), ("script_path", record.script?.path),
      ("script_checksum", script), ("model", record.model), ("data", data?.name), ("data_checksum", data?.checksum),
      ("split", data?.split), ("train", data?.train), ("seed", record.seed), ("threads", record.threads),
      ("version", record.version), ("commit_id", record.commit), ("host", machine.host),
      ("processor", machine.processor), ("cores", machine.cores), ("process", machine.process),
      ("process_started", machine.processStarted), ("started", record.started), ("finished", record.finished),
      ("epochs", record.epochs.count), ("seconds", record.seconds), ("best_epoch", best?.epoch),
      ("best_metric", best?.metric), ("best_on", best?.on), ("best_value", best?.value),
      ("checkpoint", record.checkpoint), ("key", record.key), ("launch", record.launch?.id),
      ("folder", record.launch?.folder), ("arguments", record.launch.map { jsonText($0.arguments) }),
    ]
    let names = values.map(\.0).joined(separator: ", ")
    let marks = values.map { _ in "?" }.joined(separator: ", ")
    try db.execute(
      sql: "INSERT INTO run (\(names)) VALUES (\(marks))", arguments: StatementArguments(values.map(\.1)))
    let number = db.lastInsertedRowID
    for tag in Set(record.tags) where !tag.isEmpty {
      try db.execute(sql: "INSERT INTO tag (run, tag) VALUES (?, ?)", arguments: [number, tag])
    }
    let setting = try db.makeStatement(sql: "INSERT INTO setting (run, place, name, value) VALUES (?, ?, ?, ?)")
    for (place, entry) in record.settings.enumerated() {
      try setting.execute(arguments: [number, place, entry.name, entry.value])
    }
    try insertProgress(record, from: SavedPart(), as: number, db)
    try insertUserValues(record, as: number, db)
    for entry in record.kept { try insert(entry, as: number, db) }
    for artifact in record.artifacts { try insert(artifact, as: number, db) }
  }

  private static func insertScript(_ text: String, _ db: Database) throws -> String {
    var hash = ContentHash()
    var text = text
    text.withUTF8 { hash.update(UnsafeRawBufferPointer($0)) }
    let checksum = hexadecimal(hash.value)
    try db.execute(sql: "INSERT OR IGNORE INTO script (checksum, text) VALUES (?, ?)", arguments: [checksum, text])
    return checksum
  }

  private static func insertProgress(_ record: RunRecord, from saved: SavedPart, as number: Int64, _ db: Database)
    throws
  {
    let epoch = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO epoch (run, epoch, loss, seconds) VALUES (?, ?, ?, ?)")
    for entry in record.epochs[saved.epochs...] {
      try epoch.execute(arguments: [number, entry.epoch, entry.loss, entry.seconds])
    }
    let metric = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO metric (run, epoch, part, name, value) VALUES (?, ?, ?, ?, ?)")
    for entry in record.metrics[saved.metrics...] {
      try metric.execute(arguments: [number, entry.epoch, entry.on, entry.name, entry.value])
    }
    let result = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO result (run, place, part, name, value) VALUES (?, ?, ?, ?, ?)")
    for (place, entry) in record.results.enumerated() {
      try result.execute(arguments: [number, place, entry.on, entry.name, entry.value])
    }
  }

  private static func insertUserValues(_ record: RunRecord, as number: Int64, _ db: Database) throws {
    var packed: (users: [String], checksum: String)?
    for entry in record.perUser {
      if packed?.users != entry.users {
        let users = PackedUsers(entry.users)
        try db.execute(
          sql: "INSERT OR IGNORE INTO user_list (checksum, count, size, bytes) VALUES (?, ?, ?, ?)",
          arguments: [users.checksum, entry.users.count, users.size, users.data])
        packed = (entry.users, users.checksum)
      }
      try db.execute(
        sql: "INSERT OR REPLACE INTO user_values (run, part, name, users, bytes) VALUES (?, ?, ?, ?, ?)",
        arguments: [number, entry.on, entry.name, packed?.checksum, PackedDoubles.pack(entry.values)])
    }
  }
}
