import Platform

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

  static let roles = ["user", "item", "rating", "time", "title", "_"]

  private static let names: [String: String] = {
    let known = [
      "user": """
      user u uid userid users reviewerid usersha1 visitorid visitor customerid customer customerno customernumber clientid client \
      memberid accountid buyerid shopperid playerid readerid listenerid viewerid profileid personid
      """,
      "item": """
      item i iid itemid items asin parentasin movieid artistid businessid productid bookid trackid songid artmbid isbn gameid anime \
      animeid locationid stockcode sku skuid articleid articleno productcode productno itemcode itemno goodsid merchantid newsid \
      courseid recipeid videoid showid placeid venueid beerid
      """,
      "rating": "rating ratings r score overall stars weight plays playcount count listencount bookrating",
      "time": "timestamp time t ts date datetime unixreviewtime unixtime createdat",
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

extension OpenOptions {
  /// `timestamp` is another word for `time`.
  static func canonicalRole(_ role: String) -> String { role == "timestamp" ? "time" : role }

  static func canonicalRoles(_ columns: [String: Column]) throws(DataError) -> [String: Column] {
    if columns["time"] != nil, columns["timestamp"] != nil {
      throw .impossible(what: "columns names both time and timestamp", remedy: "name one of them")
    }
    var roles: [String: Column] = [:]
    for (role, column) in columns { roles[canonicalRole(role)] = column }
    return roles
  }

  /// Whether a column is named by its name in the header.
  fileprivate var namesHeader: Bool {
    guard case .named(let columns) = columns else { return false }
    return columns.values.contains { if case .name = $0 { true } else { false } }
  }
}

extension FileSample {
  /// The layout of a table: what the options say, then the header, then position.
  func tableLayout(_ options: OpenOptions, isRecBole: Bool) throws(DataError) -> TableLayout {
    let separator = try isRecBole ? .byte(9) : separator(options)
    var splitter = FieldSplitter(separator: separator)
    let rows = lines.map { line in line.withUnsafeBytes { splitter.strings($0) } }
    let hasHeader = isRecBole || options.header ?? (options.namesHeader || looksLikeHeader(rows))
    let header = hasHeader ? rows[0] : nil
    let body = hasHeader ? rows.dropFirst() : rows[...]
    let columnCount = header?.count ?? commonCount(body)
    let roles = try roles(options, header: header, body: body, columnCount: columnCount)
    func column(_ role: String) -> Int? { roles.firstIndex(of: role) }
    guard let user = column("user"), let item = column("item") else {
      throw unknownColumns(roles, header: header, columnCount: columnCount, options)
    }
    return TableLayout(
      separator: separator, hasHeader: hasHeader, columnCount: columnCount, user: user, item: item,
      rating: column("rating"), timestamp: column("time"), title: column("title"))
  }

  private func roles(
    _ options: OpenOptions, header: [String]?, body: ArraySlice<[String]>, columnCount: Int
  ) throws(DataError) -> [String] {
    switch options.columns {
    case .inOrder(let names):
      let columns = names.map(OpenOptions.canonicalRole)
      try checkRoles(columns, TableLayout.roles)
      guard columns.count == columnCount else {
        throw .badFile(
          file: file, problem: "has \(columnCount) columns, and columns names \(columns.count)",
          remedy: "name every column, \"_\" for one to ignore")
      }
      return columns
    case .named(let columns):
      return try namedRoles(try OpenOptions.canonicalRoles(columns), header: header, columnCount: columnCount)
    case nil:
      return header.map(headerRoles) ?? positionalRoles(body, columnCount: columnCount)
    }
  }

  func checkRoles(_ roles: some Sequence<String>, _ known: [String]) throws(DataError) {
    for role in roles where !known.contains(role) {
      throw .impossible(
        what: "columns holds \(quoted(role))",
        remedy: "use \(known.dropLast().map { "\"\($0)\"" }.joined(separator: ", ")) and \"\(known.last!)\"")
    }
  }

  /// The first column of each meaning that the header's names tell.
  func headerRoles(_ header: [String]) -> [String] {
    var taken = Set<String>()
    return header.map { name in
      guard let role = TableLayout.role(ofColumn: name), taken.insert(role).inserted else { return "_" }
      return role
    }
  }

  /// `user item [rating] [timestamp]`; a third column of large whole numbers or dates is the time, and one of words before a
  /// column of numbers is the title (Last.fm 360K: user, artist, name, plays).
  private func positionalRoles(_ body: ArraySlice<[String]>, columnCount: Int) -> [String] {
    guard (2...4).contains(columnCount) else { return [] }
    var roles = ["user", "item", "rating", "time"]
    if columnCount == 3 {
      let third = body.filter { $0.count == 3 }.map { $0[2] }
      let areTimes = third.allSatisfy { text in
        if let number = Double(text) { return number >= 1e8 }
        var text = text
        return text.withUTF8 { parseTime(UnsafeRawBufferPointer($0)) } != nil
      }
      if areTimes, !third.isEmpty { roles[2] = "time" }
    }
    if columnCount == 4 {
      let whole = body.filter { $0.count == 4 }
      let words = whole.count { Double($0[2]) == nil && !$0[2].isEmpty }
      if words * 10 >= whole.count * 9, whole.allSatisfy({ Double($0[3]) != nil }), !whole.isEmpty {
        return ["user", "item", "title", "rating"]
      }
    }
    return Array(roles.prefix(columnCount))
  }

  private func separator(_ options: OpenOptions) throws(DataError) -> Separator {
    if let text = options.separator {
      guard let separator = Separator(text) else {
        throw .impossible(
          what: "separator is \(quoted(text))",
          remedy: "use \",\", \";\", \"|\", \"::\", \"\\t\" or \" \" (runs of spaces and tabs)")
      }
      return separator
    }
    let known = [Separator.doubleColon, .byte(9), .byte(44), .byte(59), .byte(124), .spaces]
    // A header that names a user and an item leaves no doubt, whatever stands in identifiers.
    for separator in known {
      var splitter = FieldSplitter(separator: separator)
      let roles = headerRoles(lines[0].withUnsafeBytes { splitter.strings($0) })
      if roles.contains("user"), roles.contains("item") { return separator }
    }
    for separator in known {
      var splitter = FieldSplitter(separator: separator)
      let counts = lines.map { line in line.withUnsafeBytes { splitter.strings($0).count } }
      if counts.count(where: { $0 >= 2 }) * 2 > counts.count { return separator }
    }
    throw .badFile(
      file: file, problem: "is in no format that Perigee knows: line 1 is \(quoted(lines[0]))",
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
