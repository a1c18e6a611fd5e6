import Platform

/// Reads the catalog of a saved split: all users or items in their order, those without interactions too, with their titles.
///
/// A header, then an identifier a line, byte for byte; behind a comma its title where the header has a second column. What holds
/// a comma or a quotation mark stands in quotes.
enum CatalogReader {
  static func read(
    _ lines: LineReader, _ identifiers: inout IdentifierBuilder, _ titles: inout TitleBuilder, _ log: inout ReadLog
  ) throws(DataError) {
    var splitter = FieldSplitter(separator: .byte(UInt8(ascii: ",")))
    guard let header = try lines.next(), splitter.split(header) else {
      throw .badFile(file: lines.file, problem: "has no header", remedy: "save the split again")
    }
    let columns = splitter.fields.count
    identifiers.keepsOrder = true
    while let line = try lines.next() {
      if line.isEmpty { continue }
      guard splitter.split(line), splitter.fields.count == columns, !splitter.fields[0].isEmpty else {
        try log.bad(
          lines, expected: columns == 1 ? "an identifier" : "an identifier and its title", found: quoted(line))
        continue
      }
      guard identifiers.existing(splitter.fields[0]) == nil else {
        try log.bad(lines, expected: "each identifier once", found: "\(quoted(splitter.fields[0])) again")
        continue
      }
      let number = identifiers.number(of: splitter.fields[0])
      if columns > 1 { titles.add(splitter.fields[1], item: number) }
    }
  }
}
