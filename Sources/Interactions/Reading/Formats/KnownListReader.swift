import Platform

/// Reads lists of items for users of a data set that has been read before: candidates, and what another program recommends. A user
/// or an item that the data does not have is an error.
struct KnownListReader {
  private let data: Dataset
  private let lines: LineReader
  private var splitter = FieldSplitter(separator: .spaces)
  private var entries: [Entry] = []

  /// An item of a user's list, and where it stands in it.
  private struct Entry {
    let user: Int32
    let item: Int32
    let score: Double
  }

  init(_ path: String, _ data: Dataset, isInterrupted: @escaping () -> Bool) throws(DataError) {
    self.data = data
    lines = try LineReader(path: path, isInterrupted: isInterrupted)
  }

  // MARK: Lines

  /// `user item item ...`, or NCF's `(user,item)<TAB>item ...`, in which a user may have several lines.
  ///
  /// - Parameter allowsPairs: Whether NCF's lines are understood.
  mutating func readLists(allowsPairs: Bool) throws(DataError) {
    var seen = Set<Int32>()
    while let fields = try next() {
      let isPair = allowsPairs && fields[0].first == UInt8(ascii: "(")
      let user = try self.user(isPair ? Self.user(ofPair: fields[0]) ?? fields[0] : fields[0])
      if !seen.insert(user).inserted, !isPair {
        throw bad(expected: "one list a user", found: "a second one for user \(quoted(fields[0]))")
      }
      for (place, field) in fields.dropFirst().enumerated() {
        entries.append(Entry(user: user, item: try item(field), score: -Double(place)))
      }
    }
  }

  /// `user item score`
  mutating func readScores() throws(DataError) {
    while let fields = try next() {
      guard fields.count == 3 else { throw bad(expected: "user, item and score", found: "\(fields.count) fields") }
      entries.append(Entry(user: try user(fields[0]), item: try item(fields[1]), score: try score(fields[2])))
    }
  }

  /// `user Q0 item rank score tag`
  mutating func readRun() throws(DataError) {
    while let fields = try next() {
      guard fields.count == 6 else {
        throw bad(expected: "user, Q0, item, rank, score and tag", found: "\(fields.count) fields")
      }
      entries.append(Entry(user: try user(fields[0]), item: try item(fields[2]), score: try score(fields[4])))
    }
  }

  /// The next line that is not blank, cut into its fields.
  private mutating func next() throws(DataError) -> [UnsafeRawBufferPointer]? {
    while let line = try lines.next() {
      if isBlank(line) { continue }
      _ = splitter.split(line)
      return splitter.fields
    }
    return nil
  }

  // MARK: Fields

  private static func user(ofPair field: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard field.last == UInt8(ascii: ")"), let comma = field.firstIndex(of: UInt8(ascii: ",")), comma > 1 else {
      return nil
    }
    return UnsafeRawBufferPointer(rebasing: field[1..<comma])
  }

  private func user(_ field: UnsafeRawBufferPointer) throws(DataError) -> Int32 {
    guard let index = data.userIdentifiers.index(of: field) else {
      throw bad(expected: "a user of \(quoted(data.name))", found: quoted(field))
    }
    return Int32(index)
  }

  private func item(_ field: UnsafeRawBufferPointer) throws(DataError) -> Int32 {
    guard let index = data.itemIdentifiers.index(of: field) else {
      throw bad(expected: "an item of \(quoted(data.name))", found: quoted(field))
    }
    return Int32(index)
  }

  private func score(_ field: UnsafeRawBufferPointer) throws(DataError) -> Double {
    guard let score = parseNumber(field) else { throw bad(expected: "a finite score", found: quoted(field)) }
    return score
  }

  private func bad(expected: String, found: String) -> DataError {
    .badFile(
      file: "\(lines.file):\(lines.lineNumber)", problem: "expected \(expected), found \(found)",
      remedy: "write identifiers as the data has them")
  }

  // MARK: Lists

  /// What was read, by user, in the file's order.
  func candidates() -> CandidateLists {
    let (offsets, order) = byUser()
    return CandidateLists(rowOffsets: offsets, items: order.map { entries[$0].item })
  }

  /// What was read, by user, by score descending.
  ///
  /// - Throws: An item stands in a list twice.
  func ranked() throws(DataError) -> ItemLists {
    var (offsets, order) = byUser()
    var tiers = [Int32](repeating: 0, count: order.count)
    var lastUser = [Int32](repeating: -1, count: data.itemCount)
    for user in 0..<data.userCount {
      let range = offsets[user]..<offsets[user + 1]
      // The place breaks ties, so that the order is the file's where scores are equal.
      order[range].sort { entries[$0].score != entries[$1].score ? entries[$0].score > entries[$1].score : $0 < $1 }
      for place in range {
        let entry = entries[order[place]]
        if lastUser[Int(entry.item)] == entry.user { throw twice(entry) }
        lastUser[Int(entry.item)] = entry.user
        guard place > range.lowerBound else { continue }
        tiers[place] = tiers[place - 1] + (entries[order[place - 1]].score == entry.score ? 0 : 1)
      }
    }
    return ItemLists(rowOffsets: offsets, items: order.map { entries[$0].item }, tiers: tiers)
  }

  private func twice(_ entry: Entry) -> DataError {
    .badFile(
      file: lines.file,
      problem: "the list of user \(quoted(data.userIdentifiers.bytes(at: Int(entry.user)))) has item "
        + "\(quoted(data.itemIdentifiers.bytes(at: Int(entry.item)))) twice", remedy: "give each item once")
  }

  /// Places of the entries by user, in the file's order within each: two passes of counting.
  private func byUser() -> (offsets: [Int], order: [Int]) {
    var offsets = [Int](repeating: 0, count: data.userCount + 1)
    for entry in entries { offsets[Int(entry.user) + 1] += 1 }
    for user in 0..<data.userCount { offsets[user + 1] += offsets[user] }
    var cursor = offsets
    var order = [Int](repeating: 0, count: entries.count)
    for (place, entry) in entries.enumerated() {
      order[cursor[Int(entry.user)]] = place
      cursor[Int(entry.user)] += 1
    }
    return (offsets, order)
  }
}

extension CandidateLists {
  /// Reads candidates for users of a data set: `user item item ...`, one user a line, or NCF's `(user,item)<TAB>item ...`. Lists are
  /// kept as they are: repetitions and items of the user's own included.
  ///
  /// - Throws: `DataError`: names the file and the line.
  public init(path: String, for data: Dataset, isInterrupted: @escaping () -> Bool = { false }) throws(DataError) {
    var reader = try KnownListReader(path, data, isInterrupted: isInterrupted)
    try reader.readLists(allowsPairs: true)
    self = reader.candidates()
  }
}

extension ItemLists {
  /// Reads what another program recommends to users of a data set.
  ///
  /// - Parameter format: nil where the content is to tell. Lines of three fields are either a list of two items or a score: that
  ///   must be said.
  /// - Throws: `DataError`: names the file and the line.
  public init(
    path: String, format: Format?, for data: Dataset, isInterrupted: @escaping () -> Bool = { false }
  ) throws(DataError) {
    let format = if let format { format } else { try Self.format(of: path, isInterrupted) }
    var reader = try KnownListReader(path, data, isInterrupted: isInterrupted)
    switch format {
    case .lists: try reader.readLists(allowsPairs: false)
    case .scores: try reader.readScores()
    case .trec: try reader.readRun()
    }
    self = try reader.ranked()
  }

  private static func format(of path: String, _ isInterrupted: @escaping () -> Bool) throws(DataError) -> Format {
    var splitter = FieldSplitter(separator: .spaces)
    let rows = try FileSample(path: path, isInterrupted: isInterrupted).lines.map { line in
      line.withUnsafeBytes { splitter.strings($0) }
    }
    if rows.allSatisfy({ $0.count == 6 && $0[1].uppercased() == "Q0" }) { return .trec }
    if rows.allSatisfy({ $0.count == 3 }) {
      throw .badFile(
        file: path, problem: "has three fields in every line: lists of two items, or a user, an item and a score",
        remedy: "say which, format = \"lists\" or \"scores\"")
    }
    return .lists
  }
}
