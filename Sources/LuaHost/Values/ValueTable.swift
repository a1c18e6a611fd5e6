import Platform

/// A table of Lua as rows and columns for a person: a list of records, a list of lists, or records by name.
///
///     { { name = "mml", ndcg = 0.1 }, { name = "bpr", ndcg = 0.05 } }     a column for each key, texts first
///     { { "mml", 0.1 }, { "bpr", 0.05 } }                                 columns without titles
///     { mml = { ndcg = 0.1 }, bpr = { ndcg = 0.05 } }                     the names are the first column
///
/// Anything else is no such table. Raw reads only: nothing of a script runs.
struct ValueTable {
  /// Titles; nil where rows are lists and nobody named their places.
  private var titles: [String]?
  private var rows: [[LuaValue]] = []
  /// Rows of the table, of which `rows` has the first and the last.
  private var count = 0
  /// Where the gap is in `rows`.
  private var gap: Int?

  private static let mostColumns = 40

  /// - Parameters:
  ///   - columns: Which keys, in this order; titles where rows are lists. Nil for all.
  ///   - most: How many rows are shown.
  init?(_ table: LuaTable, columns: [String]?, most: Int) {
    guard let entries = Self.entries(of: table, most: most), let first = entries.rows.first else { return nil }
    count = entries.count
    gap = entries.gap
    let width = entries.rows.map { (try? $0.table.rawCount()) ?? 0 }.max() ?? 0
    if width > 0 {
      guard entries.names == nil, fill(lists: entries.rows.map(\.table), width, columns) else { return nil }
    } else {
      guard fill(records: entries.rows.map(\.table), columns) else { return nil }
      if entries.names != nil {
        // Records by name are alike, or they are parts of one thing.
        let keys = Self.keys(of: first.table)
        guard columns != nil || entries.rows.allSatisfy({ Self.keys(of: $0.table) == keys }) else { return nil }
        titles = [""] + titles!
        rows = zip(entries.rows, rows).map { [$0.key] + $1 }
      }
    }
  }

  // MARK: Reading

  private struct Entries {
    var rows: [(key: LuaValue, table: LuaTable)] = []
    var count = 0
    var gap: Int?
    /// Where the rows have names and no order of their own.
    var names: [String]?
  }

  /// The rows that are shown; nil where an entry is no plain table, or there is only one.
  private static func entries(of table: LuaTable, most: Int) -> Entries? {
    guard let length = try? table.rawCount() else { return nil }
    var entries = Entries()
    func add(_ key: LuaValue, _ value: LuaValue) -> Bool {
      guard let row = value.asTable, (try? row.hasMetafield("__tostring")) == false else { return false }
      entries.rows.append((key, row))
      return true
    }
    if length > 0 {
      guard length > 1, isList(table, length) else { return nil }
      entries.count = length
      let head = length > most ? (most + 1) / 2 : length
      entries.gap = length > most ? head : nil
      let shown = Array(0..<head) + (length > most ? Array((length - most / 2)..<length) : [])
      for index in shown {
        guard let value = try? table.rawGet(index + 1), add(.integer(index + 1), value) else { return nil }
      }
      return entries
    }
    var named: [String: LuaValue] = [:]
    var isNamed = true
    try? table.forEachEntry { key, value in
      guard isNamed, named.count < 1000, case .string(let name) = key else { return isNamed = false }
      named[name.description] = value
    }
    guard isNamed, named.count > 1 else { return nil }
    entries.names = named.keys.sorted()
    entries.count = named.count
    for name in entries.names!.prefix(most) {
      guard add(LuaValue(name), named[name]!) else { return nil }
    }
    entries.gap = named.count > most ? most : nil
    return entries
  }

  private static func isList(_ table: LuaTable, _ length: Int) -> Bool {
    do { return try table.keyBeside(length) == nil } catch { return false }
  }

  private static func keys(of record: LuaTable) -> Set<String> {
    var keys = Set<String>()
    try? record.forEachEntry { key, _ in if let name = key.asString { keys.insert(name) } }
    return keys
  }

  private mutating func fill(lists: [LuaTable], _ width: Int, _ columns: [String]?) -> Bool {
    guard width <= Self.mostColumns else { return false }
    for list in lists {
      guard let length = try? list.rawCount(), Self.isList(list, length),
        let values = try? list.array(), values.allSatisfy(\.isCell)
      else { return false }
      rows.append(values + [LuaValue](repeating: .nil, count: width - values.count))
    }
    titles = columns.map { Array(($0 + [String](repeating: "", count: width)).prefix(width)) }
    return true
  }

  private mutating func fill(records: [LuaTable], _ columns: [String]?) -> Bool {
    var values: [[String: LuaValue]] = []
    for record in records {
      var fields: [String: LuaValue] = [:]
      var isRecord = true
      try? record.forEachEntry { key, value in
        guard case .string(let name) = key, value.isCell || columns != nil else { return isRecord = false }
        fields[name.description] = value
      }
      guard isRecord else { return false }
      values.append(fields)
    }
    let keys = columns ?? Self.ordered(values)
    guard !keys.isEmpty, keys.count <= Self.mostColumns else { return false }
    titles = keys
    rows = values.map { fields in keys.map { fields[$0] ?? .nil } }
    return true
  }

  /// Texts first, then the rest, each by name: Lua does not keep the order in which they were written.
  private static func ordered(_ records: [[String: LuaValue]]) -> [String] {
    let keys = Set(records.flatMap(\.keys))
    func isText(_ key: String) -> Bool {
      records.contains { $0[key]?.asBytes != nil }
    }
    return keys.sorted { (isText($0) ? 0 : 1, $0) < (isText($1) ? 0 : 1, $1) }
  }

  // MARK: Writing

  /// Columns as wide as their longest cell, numbers to the right; those that would not fit in `width` are named below.
  func text(width: Int, decimals: Int, cell: (LuaValue) -> String) -> String {
    let columns = rows[0].indices.map { column in
      self.column(rows.map { $0[column] }, titles?[column], decimals, cell)
    }
    var fitting = 1
    var used = columns[0].width
    while fitting < columns.count, used + 2 + columns[fitting].width <= width {
      used += 2 + columns[fitting].width
      fitting += 1
    }
    let shown = columns.prefix(fitting)
    var lines: [String] = []
    if titles != nil {
      lines.append(shown.map(\.title).joined(separator: "  "))
      lines.append(shown.map { String(repeating: "-", count: $0.width) }.joined(separator: "  "))
    }
    for index in rows.indices {
      if index == gap { lines.append(shown.map(\.gap).joined(separator: "  ")) }
      lines.append(shown.map { $0.cells[index] }.joined(separator: "  "))
    }
    if gap == rows.count { lines.append(shown.map(\.gap).joined(separator: "  ")) }
    if gap != nil { lines.append("(\(count) rows)") }
    if fitting < columns.count {
      let hidden = titles.map { ": " + $0.dropFirst(fitting).joined(separator: ", ") } ?? ""
      lines.append("(\(columns.count - fitting) more columns\(hidden))")
    }
    return lines.map(\.withoutTrailingSpaces).joined(separator: "\n")
  }

  private struct Column {
    var title: String
    var cells: [String]
    var gap: String
    var width: Int
  }

  private func column(
    _ values: [LuaValue], _ title: String?, _ decimals: Int, _ cell: (LuaValue) -> String
  ) -> Column {
    let isNumeric = values.allSatisfy { $0.isNil || $0.asNumber != nil } && values.contains { !$0.isNil }
    let cells = isNumeric ? numbers(values, decimals) : values.map { $0.isNil ? "-" : cell($0) }
    let width = max(1, max((title ?? "").count, cells.map(\.count).max() ?? 0))
    func padded(_ text: String) -> String {
      let space = String(repeating: " ", count: max(0, width - text.count))
      return isNumeric ? space + text : text + space
    }
    return Column(
      title: padded(title ?? ""), cells: cells.map(padded), gap: padded(String("...".prefix(width))), width: width)
  }

  /// A column's numbers in one way: whole where all are, else with so many decimals, or digits where those would say nothing.
  private func numbers(_ values: [LuaValue], _ decimals: Int) -> [String] {
    let all = values.compactMap(\.asNumber).filter(\.isFinite)
    let areWhole = all.allSatisfy { $0.rounded() == $0 && abs($0) < 0x1p53 }
    var unit = 1.0
    for _ in 0..<decimals { unit /= 10 }
    let least = min(0.05, 10 * unit)
    let fits = all.allSatisfy { $0 == 0 || abs($0) >= least && abs($0) < 1e9 }
    return values.map { value in
      if let integer = value.asInteger, areWhole { return "\(integer)" }
      guard let number = value.asNumber else { return "-" }
      return fits ? decimal(number, decimals) : significant(number, 4)
    }
  }
}

/// `value` with so many digits that count: `1.234e-07`.
private func significant(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return plainText(value) }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
    _ = withVaList([value]) { vsnprintf(buffer.baseAddress!, 64, "%.\(digits)g", $0) }
    return String(cString: buffer.baseAddress!)
  }
}

extension LuaValue {
  /// Whether it is shown in one cell: all but tables that hold something.
  fileprivate var isCell: Bool { asTable == nil }
}
