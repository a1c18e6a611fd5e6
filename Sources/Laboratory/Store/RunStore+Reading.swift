import Foundation
import GRDB
import Platform

/// How much of a run is read.
public enum RunDetail: Int, Comparable, Sendable {
  /// What a list shows: all but the script's text, epochs and evaluations.
  case summary
  /// All but values of users.
  case whole
  case withUsers

  public static func < (left: RunDetail, right: RunDetail) -> Bool { left.rawValue < right.rawValue }
}

extension RunStore {
  /// The run with this identifier, or the only one whose identifier begins so.
  ///
  /// - Throws: `RunStoreError` where there is none, with the nearest name, or several.
  public func run(_ id: String, _ detail: RunDetail = .whole) throws -> RunRecord {
    let id = try identifier(id)
    guard let found = try runs(sql: "SELECT * FROM run WHERE id = ?", [id], detail).first else { throw unknown(id, []) }
    return found
  }

  /// Runs that a query selects, in its order.
  public func runs(_ query: RunQuery = RunQuery(), _ detail: RunDetail = .summary) throws -> [RunRecord] {
    let (sql, arguments) = try query.sql
    return try runs(sql: sql, arguments, detail)
  }

  /// The whole identifier of a run.
  func identifier(_ text: String) throws -> String {
    let (found, all) = try read { db in
      (
        try String.fetchAll(
          db, sql: "SELECT id FROM run WHERE id = ?1 OR substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 9",
          arguments: [text]),
        try String.fetchAll(db, sql: "SELECT id FROM run ORDER BY number DESC LIMIT 100000")
      )
    }
    if found.contains(text) { return text }
    if found.isEmpty || text.isEmpty { throw unknown(text, all) }
    guard found.count == 1 else {
      throw RunStoreError(
        .request, "several runs begin with '\(shown(text))': \(found.joined(separator: ", ")); write more of the one")
    }
    return found[0]
  }

  private func unknown(_ id: String, _ all: [String]) -> RunStoreError {
    let near = nearestName(to: id, in: all).map { "; did you mean '\($0)'?" } ?? "; `perigee runs list` shows them"
    return RunStoreError(.request, "there is no run '\(shown(id))' in \(shownPath(path))\(near)")
  }

  /// The last run that wrote this checkpoint: one that goes on from there is the same.
  func lastRun(checkpoint: String) throws -> RunRecord? {
    try runs(sql: "SELECT * FROM run WHERE checkpoint = ? ORDER BY number DESC LIMIT 1", [checkpoint], .summary).first
  }

  func runs(sql: String, _ arguments: [any DatabaseValueConvertible], _ detail: RunDetail) throws -> [RunRecord] {
    try read { db in
      let rows = try Row.fetchAll(
        db, sql: sql, arguments: StatementArguments(arguments))
      return try rows.map { try Self.record($0, detail, db) }
    }
  }

  // MARK: Parts of a run

  private static func record(_ row: Row, _ detail: RunDetail, _ db: Database) throws -> RunRecord {
    let number: Int64 = row["number"]
    var record = RunRecord(
      id: row["id"], kind: RunRecord.Kind(rawValue: row["kind"]) ?? .script, started: row["started"])
    record.name = row["name"]
    record.state = RunRecord.State(rawValue: row["state"]) ?? .failed
    record.message = row["message"]
    record.notes = row["notes"]
    record.model = row["model"]
    if let name: String = row["data"] {
      record.data = RunRecord.Data(
        name: name, checksum: row["data_checksum"] ?? "", split: row["split"] ?? "", train: row["train"] ?? "")
    }
    record.seed = row["seed"]
    record.threads = row["threads"]
    record.version = row["version"]
    record.commit = row["commit_id"]
    record.machine = machine(row)
    record.finished = row["finished"]
    record.checkpoint = row["checkpoint"]
    record.key = row["key"]
    if let launch: String = row["launch"] {
      record.launch = RunRecord.Launch(
        id: launch, folder: row["folder"] ?? "", arguments: texts(json: row["arguments"] ?? "[]"))
    }
    if let epoch: Int = row["best_epoch"] {
      record.best = RunRecord.Best(
        epoch: epoch, metric: row["best_metric"] ?? "", on: row["best_on"] ?? "", value: row["best_value"] ?? .nan)
    }
    try readLists(&record, number, db)
    if let path: String = row["script_path"] {
      record.script = RunRecord.Script(path: path, text: "")
      if detail >= .whole, let checksum: String = row["script_checksum"] {
        record.script?.text =
          try String.fetchOne(db, sql: "SELECT text FROM script WHERE checksum = ?", arguments: [checksum]) ?? ""
      }
    }
    if record.state == .running, record.machine.hasEnded {
      record.state = .interrupted
      record.message = "the process was ended"
    }
    if detail == .summary {
      // One that stands for all: what a list says of them.
      record.epochs = [.init(epoch: row["epochs"], loss: nil, seconds: row["seconds"])]
    } else {
      try readProgress(&record, number, db)
    }
    if detail == .withUsers {
      try readUserValues(&record, number, db)
      record.kept = try readKept(number, db)
    }
    return record
  }

  private static func machine(_ row: Row) -> RunRecord.Machine {
    var machine = RunRecord.Machine()
    machine.host = row["host"]
    machine.processor = row["processor"]
    machine.cores = row["cores"]
    machine.process = row["process"]
    machine.processStarted = row["process_started"]
    return machine
  }

  private static func readLists(_ record: inout RunRecord, _ number: Int64, _ db: Database) throws {
    record.tags = try String.fetchAll(
      db.cachedStatement(sql: "SELECT tag FROM tag WHERE run = ? ORDER BY tag"), arguments: [number])
    record.settings = try Row.fetchAll(
      db.cachedStatement(sql: "SELECT name, value FROM setting WHERE run = ? ORDER BY place"), arguments: [number]
    ).map { .init($0["name"], $0["value"]) }
    record.artifacts = try readArtifacts(number, db)
    record.results = try Row.fetchAll(
      db.cachedStatement(sql: "SELECT part, name, value FROM result WHERE run = ? ORDER BY part, place"),
      arguments: [number]
    ).map { .init(on: $0["part"], name: $0["name"], value: $0["value"] ?? .nan) }
  }

  private static func readProgress(_ record: inout RunRecord, _ number: Int64, _ db: Database) throws {
    record.epochs = try Row.fetchAll(
      db, sql: "SELECT epoch, loss, seconds FROM epoch WHERE run = ? ORDER BY epoch", arguments: [number]
    ).map { .init(epoch: $0["epoch"], loss: $0["loss"], seconds: $0["seconds"]) }
    record.metrics = try Row.fetchAll(
      db, sql: "SELECT epoch, part, name, value FROM metric WHERE run = ? ORDER BY epoch, part, name",
      arguments: [number]
    ).map { .init(epoch: $0["epoch"], on: $0["part"], name: $0["name"], value: $0["value"] ?? .nan) }
  }

  private static func readUserValues(_ record: inout RunRecord, _ number: Int64, _ db: Database) throws {
    var lists: [String: [String]] = [:]
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT part, name, users, count, size, user_list.bytes AS list, user_values.bytes AS bytes
        FROM user_values JOIN user_list ON users = checksum WHERE run = ? ORDER BY part, name
        """, arguments: [number])
    record.perUser = try rows.map { row in
      let users =
        try lists[row["users"]] ?? PackedUsers.unpack(row["list"], size: row["size"], count: row["count"])
      lists[row["users"]] = users
      return RunRecord.UserValues(
        on: row["part"], name: row["name"], users: users,
        values: try PackedDoubles.unpack(row["bytes"], count: users.count))
    }
  }
}
