import GRDB
import Platform

/// Which runs, in which order. All conditions hold at once.
public struct RunQuery: Sendable {
  public var tags: [String] = []
  public var name: String?
  public var data: String?
  public var model: String?
  public var state: RunRecord.State?
  /// Started at this moment or later, seconds since 1970.
  public var since: Double?
  /// `ndcg@20 > 0.1`, `seed = 1 and batch >= 256`; see `RunCondition`.
  public var conditions: [String] = []
  /// A field, a setting or a metric; `started` where `nil`. Numbers go down (the newest, the best first), texts up.
  public var sort: String?
  public var isReversed = false
  public var limit: Int?

  public init() {}

  /// Selects the rows of `run`.
  var sql: (text: String, arguments: [any DatabaseValueConvertible]) {
    get throws {
      var parts: [String] = []
      let key = RunKey(sort ?? "started")
      var arguments = key.arguments
      func want(_ part: String, _ values: [any DatabaseValueConvertible]) {
        parts.append(part)
        arguments += values
      }
      for tag in tags { want("EXISTS (SELECT 1 FROM tag WHERE run = run.number AND tag = ?)", [tag]) }
      if let name { want("run.name = ?", [name]) }
      if let data { want("run.data = ?", [data]) }
      if let model { want("run.model = ?", [model]) }
      if let state { want("run.state = ?", [state.rawValue]) }
      if let since { want("run.started >= ?", [since]) }
      for text in conditions {
        for condition in try RunCondition.parse(text) { want(condition.sql, condition.arguments) }
      }
      let filter = parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND ")
      let down = isReversed ? "ASC" : "DESC"
      let up = isReversed ? "DESC" : "ASC"
      // Runs without the value are last in either order; of equal ones the newest is first.
      return (
        """
        SELECT run.*, \(key.sql) AS sort_key FROM run \(filter)
        ORDER BY sort_key IS NULL, typeof(sort_key) = 'text', CASE WHEN typeof(sort_key) <> 'text' THEN sort_key END \(down),
          sort_key \(up), number DESC \(limit.map { "LIMIT \($0)" } ?? "")
        """, arguments
      )
    }
  }
}

/// Something of a run that can be compared and sorted by: a field, a setting, or else a metric, on a part where it says so
/// (`valid.ndcg@20`), on test before others where it does not.
struct RunKey {
  let sql: String
  let arguments: [any DatabaseValueConvertible]

  static let fields = [
    "id", "name", "kind", "state", "model", "data", "split", "seed", "threads", "version", "host", "cores", "started",
    "finished", "epochs", "seconds", "best_epoch", "best_value", "notes", "checkpoint",
    "key", "folder",
  ]

  init(_ name: String) {
    if Self.fields.contains(name) {
      sql = "run.\(name)"
      arguments = []
      return
    }
    // A setting that is a number compares as one.
    let setting = """
      (SELECT CASE WHEN value GLOB '*[0-9]*' AND NOT value GLOB '*[^-+.0-9eE]*' THEN CAST(value AS REAL) ELSE value END
       FROM setting WHERE run = run.number AND name IN (?, ?) ORDER BY name = ? DESC LIMIT 1)
      """
    let dot = name.firstIndex(of: ".")
    let (part, metric) = dot.map { (String(name[..<$0]), String(name[name.index(after: $0)...])) } ?? ("", name)
    sql = """
      coalesce(\(setting), (SELECT value FROM result WHERE run = run.number AND (name = ? OR name = ? AND part = ?)
       ORDER BY part = 'test' DESC, part = 'valid' DESC LIMIT 1))
      """
    arguments = [name, "model's \(name)", name, name, metric, part]
  }
}

/// A comparison: `NAME OPERATOR VALUE` with `<`, `<=`, `>`, `>=`, `=`, `!=`, or `~` for a text that contains another.
struct RunCondition {
  let sql: String
  let arguments: [any DatabaseValueConvertible]

  private static let operators = ["<=", ">=", "!=", "==", "<", ">", "=", "~"]

  /// One or several with `and` between them.
  static func parse(_ text: String) throws -> [RunCondition] {
    try text.split(separator: " ", omittingEmptySubsequences: true).split { $0.lowercased() == "and" }
      .map { try RunCondition($0.joined(separator: " ")) }.nonEmpty(or: problem(text))
  }

  private init(_ text: String) throws {
    var found: (Range<String.Index>, String)?
    for symbol in Self.operators {
      guard let range = text.firstRange(of: symbol) else { continue }
      // The first in the text; of two that begin there the longer, which the list has first.
      if found.map({ range.lowerBound < $0.0.lowerBound }) ?? true { found = (range, symbol) }
    }
    guard let (range, symbol) = found else { throw Self.problem(text) }
    let name = Self.trimmed(text[..<range.lowerBound])
    let value = Self.trimmed(text[range.upperBound...])
    guard !name.isEmpty, !value.isEmpty, !Self.operators.contains(where: { value.hasPrefix($0) }) else {
      throw Self.problem(text)
    }
    let key = RunKey(name)
    if symbol == "~" {
      sql = "instr(lower(\(key.sql)), lower(?)) > 0"
      arguments = key.arguments + [value]
    } else {
      sql = "\(key.sql) \(symbol == "==" ? "=" : symbol) ?"
      arguments = key.arguments + [Double(value).map { $0 as any DatabaseValueConvertible } ?? value]
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    if text.count >= 2, let first = text.first, first == text.last, first == "'" || first == "\"" {
      text = text.dropFirst().dropLast()
    }
    return String(text)
  }

  private static func problem(_ text: String) -> RunStoreError {
    RunStoreError(
      .request,
      "\(quoted(text)) is no condition; want a name, one of < <= > >= = != ~ and a value, several with `and` between them, such as "
        + "\"ndcg@20 > 0.1 and seed = 1\"")
  }
}

extension [RunCondition] {
  fileprivate func nonEmpty(or error: RunStoreError) throws -> [RunCondition] {
    if isEmpty { throw error }
    return self
  }
}
