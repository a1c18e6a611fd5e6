/// Reads titles beside the interactions: RecBole's `.item` and `.user`, MovieLens' `movies.dat`, `u.item` and `movies.csv`,
/// HetRec's `artists.dat`, Amazon's `meta_*.json`, or any table of identifier and title.
struct TitleReader {
  private let path: String
  private let format: FileFormat
  private let sample: FileSample
  private let isForUsers: Bool
  private let isInterrupted: () -> Bool

  /// - Parameter isForUsers: the titles are of users (RecBole's `.user`).
  init(path: String, isForUsers: Bool, isInterrupted: @escaping () -> Bool) throws(DataError) {
    self.path = path
    self.isForUsers = isForUsers
    self.isInterrupted = isInterrupted
    sample = try FileSample(path: path, isInterrupted: isInterrupted)
    let first = sample.lines[0]
    if first.first == UInt8(ascii: "{") {
      format = .jsonLines
    } else {
      format = RecBoleHeader.matches(first) ? .recbole : .table
    }
  }

  /// Adds the titles of the identifiers that occur in the data.
  ///
  /// - Parameter shift: what is added to an identifier of the data to get that of this file (1 for LightGCN's MovieLens, which
  ///   counts from 0 what the publisher counts from 1).
  /// - Returns: how many identifiers of the data were found; 0 where the file has no titles.
  func read(_ identifiers: IdentifierBuilder, shift: Int, _ titles: inout TitleBuilder) throws(DataError) -> Int {
    format == .jsonLines
      ? try readObjects(identifiers, &titles) : try readTable(identifiers, shift: shift, &titles)
  }

  private func readTable(
    _ identifiers: IdentifierBuilder, shift: Int, _ titles: inout TitleBuilder
  ) throws(DataError) -> Int {
    guard let (separator, hasHeader, key, title) = columns() else { return 0 }
    var splitter = FieldSplitter(separator: separator)
    let lines = try LineReader(path: path, isInterrupted: isInterrupted)
    if hasHeader { _ = try lines.next() }
    var found = 0
    while let line = try lines.next() {
      // A title file is an extra: a line without a title takes nothing away from the data.
      guard splitter.split(line), splitter.fields.count > max(key, title) else { continue }
      let identifier = trimmed(splitter.fields[key])
      let number: Int32?
      if shift == 0 {
        number = identifiers.existing(identifier)
      } else {
        number = parseIdentifier(identifier).flatMap { identifiers.existing(value: $0 - shift) }
      }
      guard let number else { continue }
      found += 1
      titles.add(trimmed(splitter.fields[title]), item: number)
    }
    return found
  }

  /// The separator, and the columns of the identifier and the title; nil where no column is a title.
  private func columns() -> (Separator, hasHeader: Bool, key: Int, title: Int)? {
    let separator = titleSeparator()
    var splitter = FieldSplitter(separator: separator)
    let header = sample.lines[0].withUnsafeBytes { splitter.strings($0) }
    let keyRole = isForUsers ? "user" : "item"
    let roles = header.map { name in
      name.lowercased().prefix { $0 != ":" } == "id" ? keyRole : TableLayout.role(ofColumn: name) ?? "_"
    }
    let names = isForUsers ? ["username", "name"] : []
    let plain = header.map { $0.lowercased().prefix { $0 != ":" }.filter { $0 != "_" } }
    if let key = roles.firstIndex(of: keyRole) {
      let title = isForUsers ? plain.firstIndex { names.contains(String($0)) } : roles.firstIndex(of: "title")
      return title.map { (separator, true, key, $0) }
    }
    return header.count >= 2 && !isForUsers ? (separator, false, 0, 1) : nil
  }

  private func titleSeparator() -> Separator {
    let first = sample.lines[0]
    let text = String(decoding: first, as: UTF8.self)
    if text.contains("::") { return .doubleColon }
    for byte in [UInt8(9), 124, 44, 59] where first.contains(byte) { return .byte(byte) }
    return .spaces
  }

  private func readObjects(_ identifiers: IdentifierBuilder, _ titles: inout TitleBuilder) throws(DataError) -> Int {
    var scanner = JSONObjectScanner(keys: ["parent_asin", "asin", "business_id", "item_id", "title", "name"])
    let lines = try LineReader(path: path, isInterrupted: isInterrupted)
    var found = 0
    while let line = try lines.next() {
      guard scanner.scan(line) == nil, let title = scanner.text(4) ?? scanner.text(5) else { continue }
      guard let key = (0..<4).lazy.compactMap({ scanner.bytes($0) }).first else { continue }
      guard let number = key.withUnsafeBytes({ identifiers.existing($0) }) else { continue }
      found += 1
      titles.add(title, item: number)
    }
    return found
  }
}
