import Foundation
import GRDB
import Platform

extension RunStore {
  /// The study of this name, begun where there is none.
  ///
  /// - Throws: `RunStoreError` where it was begun with another description; the message names the first difference.
  func study(_ name: String, description: [RunRecord.Setting], script: String?) throws -> StudyRecord {
    let found: StudyRecord = try write { db in
      if let study = try Self.study(name, db) { return study }
      try db.execute(
        sql: "INSERT INTO study (name, description, script_path, started) VALUES (?, ?, ?, ?)",
        arguments: [name, Self.text(description), script, wallClockSeconds()])
      return try Self.study(name, db)!
    }
    let names = RunListing.distinct((description + found.description).map(\.name))
    func value(_ entries: [RunRecord.Setting], _ name: String) -> String? { entries.first { $0.name == name }?.value }
    for name in names where value(description, name) != value(found.description, name) {
      throw RunStoreError(
        .request,
        "study '\(shown(found.name))' in \(shownPath(path)) was begun with \(name) = \(value(found.description, name) ?? "nothing"), "
          + "and now it is \(value(description, name) ?? "nothing"); say the same, or give the search another name")
    }
    return found
  }

  /// The study of a name.
  ///
  /// - Throws: `RunStoreError` where there is none, with the nearest name.
  public func study(_ name: String) throws -> StudyRecord {
    let (found, names) = try read { db in
      (
        try Self.study(name, db),
        try String.fetchAll(db, sql: "SELECT name FROM study ORDER BY number DESC LIMIT 10000")
      )
    }
    if let found { return found }
    let near =
      nearestName(to: name, in: names).map { "; did you mean '\(shown($0))'?" } ?? "; `perigee studies list` shows them"
    throw RunStoreError(.request, "there is no study '\(shown(name))' in \(shownPath(path))\(near)")
  }

  /// All studies, the newest first.
  public func studies() throws -> [StudyRecord] {
    try read { db in try Row.fetchAll(db, sql: "SELECT * FROM study ORDER BY number DESC").map(Self.study) }
  }

  /// Deletes a study with its trials; the runs that they made stay.
  public func deleteStudy(_ name: String) throws {
    let study = try study(name)
    try write { try $0.execute(sql: "DELETE FROM study WHERE number = ?", arguments: [study.number]) }
  }

  private static func study(_ name: String, _ db: Database) throws -> StudyRecord? {
    try Row.fetchOne(db, sql: "SELECT * FROM study WHERE name = ?", arguments: [name]).map(study)
  }

  private static func study(_ row: Row) -> StudyRecord {
    StudyRecord(
      number: row["number"], name: row["name"], description: entries(row["description"]), script: row["script_path"],
      started: row["started"])
  }

  // MARK: A description as text

  private static func text(_ entries: [RunRecord.Setting]) -> String {
    // Names and values are texts: nothing that JSON cannot say.
    String(decoding: try! JSONEncoder().encode(entries.map { [$0.name, $0.value] }), as: UTF8.self)
  }

  private static func entries(_ text: String) -> [RunRecord.Setting] {
    let pairs = (try? JSONDecoder().decode([[String]].self, from: Data(text.utf8))) ?? []
    return pairs.filter { $0.count == 2 }.map { .init($0[0], $0[1]) }
  }
}
