import Platform

/// Cells under titles, as text for people and as CSV for programs.
public struct TextCells: Sendable {
  public var titles: [String]
  public var rows: [[String]]

  public init(titles: [String], rows: [[String]]) {
    self.titles = titles
    self.rows = rows
  }

  /// As `aligned`, with `-` for nothing.
  public var text: String { TextCells(titles: titles, rows: rows.map { $0.map { $0.isEmpty ? "-" : $0 } }).aligned }

  /// Columns as wide as their longest cell, numbers to the right; `-` and `...` may stand among them.
  public var aligned: String {
    let widths = titles.indices.map { c in max(titles[c].count, rows.map { $0[c].count }.max() ?? 0) }
    let isNumeric = titles.indices.map { c in rows.allSatisfy { ["-", "..."].contains($0[c]) || Double($0[c]) != nil } }
    func line(_ cells: [String]) -> String {
      var line = cells.indices.map { c in
        let space = String(repeating: " ", count: widths[c] - cells[c].count)
        return isNumeric[c] ? space + cells[c] : cells[c] + space
      }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
    return ([titles, widths.map { String(repeating: "-", count: $0) }] + rows).map(line).joined(separator: "\n")
  }

  public var csv: String { ([titles] + rows).map(CSVText.line).joined(separator: "\n") }
}
