/// What separates the fields of a table.
enum Separator: Sendable, Hashable {
  case byte(UInt8)
  case doubleColon
  /// Runs of spaces and tabs.
  case spaces

  init?(_ text: String) {
    switch text {
    case "::": self = .doubleColon
    case " ": self = .spaces
    case "\t", ",", ";", "|": self = .byte(text.utf8.first!)
    default: return nil
    }
  }

  var name: String {
    switch self {
    case .byte(9): "tabs"
    case .byte(let byte): "\"\(Character(UnicodeScalar(byte)))\""
    case .doubleColon: "\"::\""
    case .spaces: "spaces"
    }
  }

  /// Whether a field may stand in double quotes (RFC 4180).
  var allowsQuotes: Bool {
    switch self {
    case .byte(UInt8(ascii: ",")), .byte(UInt8(ascii: ";")): true
    default: false
    }
  }
}

/// Which columns of a table mean what.
struct TableLayout: Sendable, Hashable {
  var separator: Separator
  var hasHeader: Bool
  var columnCount: Int
  var user: Int
  var item: Int
  var rating: Int?
  var timestamp: Int?
  var title: Int?

  static let roles = ["user", "item", "rating", "timestamp", "title", "_"]

  private static let names: [String: String] = {
    let known = [
      "user": "user u uid userid users reviewerid usersha1 visitorid customerid memberid",
      "item":
        "item i iid itemid items asin parentasin movieid artistid businessid productid bookid trackid songid artmbid isbn gameid anime animeid locationid",
      "rating": "rating ratings r score overall stars weight plays playcount count listencount bookrating",
      "timestamp": "timestamp time t ts date datetime unixreviewtime unixtime createdat",
      "title": "title itemtitle movietitle name itemname artistname artname moviename bookname booktitle",
    ]
    var table: [String: String] = [:]
    for (role, names) in known { for name in names.split(separator: " ") { table[String(name)] = role } }
    return table
  }()

  /// What a column of this name means, or nil.
  static func role(ofColumn name: String) -> String? {
    var plain = ""
    for character in name.prefix(while: { $0 != ":" }).lowercased() where character.isLetter || character.isNumber {
      plain.append(character)
    }
    return names[plain]
  }
}

extension FileSample {
  /// The layout of a table: what the options say, then the header, then position.
  func tableLayout(_ options: OpenOptions, isRecBole: Bool) throws(DataError) -> TableLayout {
    let separator = try isRecBole ? .byte(9) : separator(options)
    var splitter = FieldSplitter(separator: separator)
    let rows = lines.map { line in line.withUnsafeBytes { splitter.strings($0) } }
    let hasHeader = isRecBole || options.header ?? looksLikeHeader(rows)
    let body = hasHeader ? rows.dropFirst() : rows[...]
    let columnCount = hasHeader ? rows[0].count : commonCount(body)
    let roles = try roles(options, header: hasHeader ? rows[0] : nil, body: body, columnCount: columnCount)
    func column(_ role: String) -> Int? { roles.firstIndex(of: role) }
    guard let user = column("user"), let item = column("item") else {
      let shown = hasHeader ? rows[0].joined(separator: ", ") : "\(columnCount) columns"
      throw .badFile(
        file: file, problem: "cannot tell which column is the user and which the item among \(shown)",
        remedy: "name them with columns = { \"user\", \"item\", \"rating\", \"timestamp\" } (\"_\" ignores a column)"
          + (hasHeader && options.header == nil ? ", or pass header = false if the first line is data" : ""))
    }
    return TableLayout(
      separator: separator, hasHeader: hasHeader, columnCount: columnCount, user: user, item: item,
      rating: column("rating"), timestamp: column("timestamp"), title: column("title"))
  }

  private func roles(
    _ options: OpenOptions, header: [String]?, body: ArraySlice<[String]>, columnCount: Int
  ) throws(DataError) -> [String] {
    if let columns = options.columns {
      for column in columns where !TableLayout.roles.contains(column) {
        throw .impossible(
          what: "columns holds \"\(column)\"",
          remedy: "use \"user\", \"item\", \"rating\", \"timestamp\", \"title\" and \"_\"")
      }
      guard columns.count == columnCount else {
        throw .badFile(
          file: file, problem: "has \(columnCount) columns, and columns names \(columns.count)",
          remedy: "name every column, \"_\" for one to ignore")
      }
      return columns
    }
    if let header {
      var taken = Set<String>()
      return header.map { name in
        guard let role = TableLayout.role(ofColumn: name), taken.insert(role).inserted else { return "_" }
        return role
      }
    }
    return positionalRoles(body, columnCount: columnCount)
  }

  /// `user item [rating] [timestamp]`; a third column of large whole numbers or dates is the time.
  private func positionalRoles(_ body: ArraySlice<[String]>, columnCount: Int) -> [String] {
    guard (2...4).contains(columnCount) else { return [] }
    var roles = ["user", "item", "rating", "timestamp"]
    if columnCount == 3 {
      let third = body.filter { $0.count == 3 }.map { $0[2] }
      let areTimes = third.allSatisfy { text in
        if let number = Double(text) { return number >= 1e8 }
        var text = text
        return text.withUTF8 { parseTime(UnsafeRawBufferPointer($0)) } != nil
      }
      if areTimes, !third.isEmpty { roles[2] = "timestamp" }
    }
    return Array(roles.prefix(columnCount))
  }

  private func separator(_ options: OpenOptions) throws(DataError) -> Separator {
    if let text = options.separator {
      guard let separator = Separator(text) else {
        throw .impossible(
          what: "separator is \"\(text)\"",
          remedy: "use \",\", \";\", \"|\", \"::\", \"\\t\" or \" \" (runs of spaces and tabs)")
      }
      return separator
    }
    for separator in [Separator.doubleColon, .byte(9), .byte(44), .byte(59), .byte(124), .spaces] {
      var splitter = FieldSplitter(separator: separator)
      let counts = lines.map { line in line.withUnsafeBytes { splitter.strings($0).count } }
      if counts.count(where: { $0 >= 2 }) * 2 > counts.count { return separator }
    }
    throw .badFile(
      file: file, problem: "is in no format that Perigee knows: line 1 is \(lines[0].withUnsafeBytes(quoted))",
      remedy: "give lines of user and item separated by tabs, commas, \"::\" or spaces, or pass separator")
  }

  private func commonCount(_ rows: ArraySlice<[String]>) -> Int {
    var frequency: [Int: Int] = [:]
    for row in rows { frequency[row.count, default: 0] += 1 }
    return frequency.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
  }

  /// A first line is a header if it names a user or item column, or if it has no number at all and all lines below have one in
  /// the same column.
  private func looksLikeHeader(_ rows: [[String]]) -> Bool {
    let first = rows[0]
    if first.contains(where: { ["user", "item"].contains(TableLayout.role(ofColumn: $0)) && Double($0) == nil }) {
      return true
    }
    guard rows.count > 1, first.allSatisfy({ Double($0) == nil }) else { return false }
    return first.indices.contains { column in
      rows.dropFirst().allSatisfy { column >= $0.count || Double($0[column]) != nil }
    }
  }
}
