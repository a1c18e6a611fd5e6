import Platform

/// A table with commas, a row an epoch. A new column, such as that of a metric that was measured for the first time, has the file written
/// anew; otherwise rows are appended.
final class CSVLog: LogWriter {
  private let path: String
  private var titles = ["epoch"]
  private var rows: [[String]] = []
  /// Rows that the file has.
  private var written = 0
  /// Whether the file has these titles, and no other rows.
  private var isCurrent = false

  /// - Parameter first: Rows of this epoch and later ones give way.
  init(_ path: String, from first: Int) throws {
    self.path = path
    guard access(path, F_OK) == 0 else { return }
    let bytes: [UInt8]
    do { bytes = try RegularFile.bytes(of: path) } catch {
      // Of a file that may not be read nothing is kept, as it cannot be written either: `flush` tells. A device is no log.
      if error.code != 0 { return }
      throw ExportError("\(error)")
    }
    let found = CSVText.rows(bytes)
    guard found.isEmpty || found[0].first == "epoch" else {
      throw ExportError(
        "'\(shownPath(path))' is there and is no log of a run (its first column is not called epoch); give another name"
      )
    }
    titles = found.first ?? titles
    // The last one may be cut: then it has not all its columns.
    rows = found.dropFirst().filter { row in
      row.count == titles.count && Int(row[0]).map { $0 < first } == true
    }
    if rows.isEmpty { titles = ["epoch"] }
  }

  func add(_ row: LogRow) {
    for value in row.values {
      let title = value.title(".")
      guard !titles.contains(title) else { continue }
      titles.append(title)
      isCurrent = false
    }
    let values = Dictionary(row.values.map { ($0.title("."), $0.value) }) { first, _ in first }
    rows.append(["\(row.epoch)"] + titles.dropFirst().map { values[$0].map { "\($0)" } ?? "" })
  }

  func flush() throws(FileRefusal) {
    // A person may have taken the file away.
    if isCurrent, access(path, F_OK) == 0 { return try append() }
    let all = [titles] + rows.map { $0 + Array(repeating: "", count: titles.count - $0.count) }
    Folders.make(for: path)
    try DraftFile.write(all.map { CSVText.line($0) + "\n" }.joined(), to: path)
    (isCurrent, written) = (true, rows.count)
  }

  /// Row by row: as many as there is room for.
  private func append() throws(FileRefusal) {
    while written < rows.count {
      try AppendedFile(path).append(Array((CSVText.line(rows[written]) + "\n").utf8))
      written += 1
    }
  }
}
