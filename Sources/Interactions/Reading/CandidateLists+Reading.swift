import Platform

extension CandidateLists {
  /// Reads lists of items for users that are known already: `user item item ...`, by the data's identifiers, plain or gzipped. A user
  /// without a line has an empty list.
  ///
  /// - Throws: `DataError` with the line for a user or an item that the data does not have, or a second list of a user.
  public init(path: String, users: IdentifierMap, items: IdentifierMap) throws(DataError) {
    let lines = try LineReader(path: path)
    var splitter = FieldSplitter(separator: .spaces)
    var lists = [[Int32]](repeating: [], count: users.count)
    var isRead = [Bool](repeating: false, count: users.count)
    while let line = try lines.next() {
      if isBlank(line) { continue }
      _ = splitter.split(line)
      let fields = splitter.fields
      guard let user = users.index(of: Array(fields[0])) else {
        throw bad(lines, "a user of the data", quoted(fields[0]))
      }
      guard !isRead[user] else { throw bad(lines, "one list a user", "a second one for user \(quoted(fields[0]))") }
      isRead[user] = true
      for field in fields.dropFirst() {
        guard let item = items.index(of: Array(field)) else {
          throw bad(lines, "an item of the data", quoted(field))
        }
        lists[user].append(Int32(item))
      }
    }
    self.init(lists)
  }

  /// The lists one after another.
  public init(_ lists: [[Int32]]) {
    var offsets = [0]
    for list in lists { offsets.append(offsets.last! + list.count) }
    self.init(rowOffsets: offsets, items: Array(lists.joined()))
  }
}

private func bad(_ lines: LineReader, _ expected: String, _ found: String) -> DataError {
  .badFile(
    file: lines.file, problem: "line \(lines.lineNumber): expected \(expected), found \(found)",
    remedy: "correct the line")
}
