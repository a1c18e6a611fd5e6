import Foundation
import GRDB
import Platform

/// What scripts keep with a run, and by what they find it again.
extension RunStore {
  /// Keeps texts and numbers with a run, in place of those of the same names.
  ///
  /// - Parameter key: What the run is found by from now on; `nil` leaves that as it is.
  public func keep(_ id: String, _ entries: [RunRecord.Kept], key: String? = nil) throws {
    try change(id) { number, db in
      for entry in entries { try Self.insert(entry, as: number, db) }
      if let key { try db.execute(sql: "UPDATE run SET key = ? WHERE number = ?", arguments: [key, number]) }
    }
  }

  /// What is kept with a run under a name; `nil` where nothing is.
  public func kept(_ id: String, _ name: String) throws -> RunRecord.Kept.Value? {
    let id = try identifier(id)
    return try read { db in
      guard let number = try Self.number(of: id, db) else { return nil }
      return try Self.readKept(number, named: name, db).first?.value
    }
  }

  /// The newest run with this key; `nil` where there is none.
  public func run(key: String) throws -> RunRecord? {
    try runs(sql: "SELECT * FROM run WHERE key = ? ORDER BY number DESC LIMIT 1", [key], .summary).first
  }

  /// Adds a file to those that came of a run.
  public func attach(_ id: String, _ artifact: RunRecord.Artifact) throws {
    try change(id) { number, db in try Self.insert(artifact, as: number, db) }
  }

  // MARK: Rows

  static func insert(_ entry: RunRecord.Kept, as number: Int64, _ db: Database) throws {
    let (count, bytes): (Int?, Data) =
      switch entry.value {
      case .text(let text): (nil, Data(text.utf8))
      case .numbers(let numbers): (numbers.count, PackedDoubles.pack(numbers))
      }
    try db.execute(
      sql: "INSERT OR REPLACE INTO kept (run, name, count, bytes) VALUES (?, ?, ?, ?)",
      arguments: [number, entry.name, count, bytes])
  }

  static func readKept(_ number: Int64, named name: String? = nil, _ db: Database) throws -> [RunRecord.Kept] {
    try Row.fetchAll(
      db, sql: "SELECT name, count, bytes FROM kept WHERE run = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY name",
      arguments: [number, name]
    ).map { row in
      let bytes: Data = row["bytes"]
      guard let count: Int = row["count"] else {
        return .init(row["name"], .text(String(decoding: bytes, as: UTF8.self)))
      }
      return .init(row["name"], .numbers(try PackedDoubles.unpack(bytes, count: count)))
    }
  }

  /// One that was there keeps its place.
  static func insert(_ artifact: RunRecord.Artifact, as number: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT OR IGNORE INTO artifact (run, place, kind, path)
        VALUES (?1, (SELECT count(*) FROM artifact WHERE run = ?1), ?2, ?3)
        """, arguments: [number, artifact.kind, artifact.path])
  }

  static func readArtifacts(_ number: Int64, _ db: Database) throws -> [RunRecord.Artifact] {
    try Row.fetchAll(
      db.cachedStatement(sql: "SELECT kind, path FROM artifact WHERE run = ? ORDER BY place"), arguments: [number]
    ).map { .init($0["kind"], $0["path"]) }
  }
}

// MARK: Lists of texts

/// A list as JSON.
func jsonText(_ texts: [String]) -> String { "[\(texts.map(JSONText.quoted).joined(separator: ","))]" }

/// The texts of a JSON list.
func texts(json text: String) -> [String] {
  var text = text
  let value = text.withUTF8 { bytes in
    var json = JSONText(UnsafeRawBufferPointer(bytes))
    return json.value()
  }
  guard case .array(let values)? = value else { return [] }
  return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
}
