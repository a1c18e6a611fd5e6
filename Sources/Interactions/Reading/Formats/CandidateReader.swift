import Platform

/// Reads published lists for sampled evaluation: `user item item ...`, or NCF's `(user,item)<TAB>item ...` where the pair is
/// the held-out interaction. An item that occurs only here becomes an item of the set.
///
/// Lists are taken as they are: items of the user's train part, the held-out item itself and repetitions stay (published
/// files have all three).
struct CandidateReader {
  private var users: [Int32] = []
  private var ends: [Int] = []
  private var items: [Int32] = []
  /// NCF's pairs, to be compared with the test part.
  private var heldOut: [(user: Int32, item: Int32)] = []

  mutating func read(_ lines: LineReader, _ rows: inout InteractionBuilder, _ log: inout ReadLog) throws(DataError) {
    var splitter = FieldSplitter(separator: .spaces)
    var usersRead = Set<Int32>()
    while let line = try lines.next() {
      if isBlank(line) { continue }
      _ = splitter.split(line)
      let fields = splitter.fields
      let isPair = fields[0].first == UInt8(ascii: "(")
      guard let (user, held) = isPair ? Self.pair(fields[0]) : (fields[0], nil) else {
        try log.bad(lines, expected: "\"(user,item)\" in front of the candidates", found: quoted(fields[0]))
        continue
      }
      guard let userNumber = rows.users.existing(user) else {
        try log.bad(lines, expected: "a user of the data", found: quoted(user))
        continue
      }
      if !usersRead.insert(userNumber).inserted, !isPair {
        try log.bad(lines, expected: "one list a user", found: "a second one for user \(quoted(user))")
        continue
      }
      users.append(userNumber)
      if let held { heldOut.append((userNumber, rows.items.number(of: held))) }
      for field in fields.dropFirst() { items.append(rows.items.number(of: field)) }
      ends.append(items.count)
    }
  }

  private static func pair(_ field: UnsafeRawBufferPointer) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer?)? {
    guard field.last == UInt8(ascii: ")"), let comma = field.firstIndex(of: UInt8(ascii: ",")), comma > 1,
      comma < field.count - 2
    else { return nil }
    return (
      UnsafeRawBufferPointer(rebasing: field[1..<comma]),
      UnsafeRawBufferPointer(rebasing: field[comma + 1..<field.count - 1])
    )
  }

  /// The lists by final dense user number, or nil if none was read.
  func finish(userCount: Int, _ rows: InteractionBuilder) -> CandidateLists? {
    if users.isEmpty { return nil }
    func user(_ list: Int) -> Int { Int(rows.finalUser(users[list])) }
    func start(_ list: Int) -> Int { list == 0 ? 0 : ends[list - 1] }
    var offsets = [Int](repeating: 0, count: userCount + 1)
    for list in users.indices { offsets[user(list) + 1] += ends[list] - start(list) }
    for user in 0..<userCount { offsets[user + 1] += offsets[user] }
    var cursor = offsets
    var sorted = [Int32](repeating: 0, count: items.count)
    for list in users.indices {
      for position in start(list)..<ends[list] {
        sorted[cursor[user(list)]] = rows.finalItem(items[position])
        cursor[user(list)] += 1
      }
    }
    return CandidateLists(rowOffsets: offsets, items: sorted)
  }

  /// How many of NCF's held-out pairs are not interactions of the test part.
  func strangers(_ rows: InteractionBuilder, isTest: (_ user: Int, _ item: Int32) -> Bool) -> Int {
    heldOut.count { !isTest(Int(rows.finalUser($0.user)), rows.finalItem($0.item)) }
  }
}

extension InteractionBuilder {
  /// The final dense number of a user that was numbered while reading; after `finish` only.
  func finalUser(_ number: Int32) -> Int32 { userRenumberingDone?[Int(number)] ?? number }
  func finalItem(_ number: Int32) -> Int32 { itemRenumberingDone?[Int(number)] ?? number }
}
