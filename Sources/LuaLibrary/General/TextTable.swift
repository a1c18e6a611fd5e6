import Laboratory
import LuaHost
import Platform
import Ranking

/// A table for people: columns as wide as their longest entry, numbers to the right, as `lua/perigee/text_table.lua` makes it.
struct TextTable {
  struct Column {
    let title: String
    /// Decimals of numbers that are not whole.
    let decimals: Int
    /// What a row of Lua has in this column.
    let value: (LuaTable) -> LuaValue
  }

  private let columns: [Column]
  private let rows: [[String]]

  init(_ columns: [Column], _ rows: [LuaTable]) {
    self.columns = columns
    self.rows = rows.map { row in columns.map { Self.cell($0.value(row), $0.decimals) } }
  }

  static func column(_ key: String, decimals: Int = 0) -> Column {
    Column(title: key, decimals: decimals) { (try? $0.rawGet(key)) ?? .nil }
  }

  /// Header, rule, and rows; where there are more than `most`, the first, a gap and the last.
  func text(most: Int = 24) -> String {
    var cells = rows
    if rows.count > most {
      cells = Array(rows.prefix(4)) + [columns.map { _ in "..." }] + Array(rows.suffix(most - 5))
    }
    return TextCells(titles: columns.map(\.title), rows: cells).aligned
  }

  private static func cell(_ value: LuaValue, _ decimals: Int) -> String {
    switch value {
    case .nil: "-"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): decimal(value, decimals)
    case .string(let value): shown(value.description)
    default: value.typeName
    }
  }
}
