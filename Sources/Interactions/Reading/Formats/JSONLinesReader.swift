import Platform

/// Reads one JSON object a line, such as Amazon's reviews (2014: `reviewerID`, `asin`, `overall`, `unixReviewTime`; 2023:
/// `user_id`, `parent_asin`, `rating`, `timestamp`) and Yelp's (`user_id`, `business_id`, `stars`, `date`).
enum JSONLinesReader {
  /// The keys of user, item, rating and time, where the file has them.
  struct Keys: Equatable {
    var user: String
    var item: String
    var rating: String?
    var timestamp: String?
  }

  private static let known: [(role: String, names: [String])] = [
    ("user", ["reviewerID", "user_id", "userId", "user", "uid"]),
    ("item", ["parent_asin", "asin", "business_id", "item_id", "itemId", "movie_id", "movieId", "item", "iid"]),
    ("rating", ["overall", "rating", "stars", "score"]),
    ("timestamp", ["unixReviewTime", "timestamp", "date", "time"]),
  ]

  static func keys(_ sample: FileSample, _ options: OpenOptions) throws(DataError) -> Keys {
    if case .named(let columns) = options.columns {
      return try keys(try OpenOptions.canonicalRoles(columns))
    }
    if case .inOrder(let columns) = options.columns {
      guard (2...4).contains(columns.count) else {
        throw .impossible(
          what: "columns names \(columns.count) keys",
          remedy: "for JSON name the keys of user, item and, if any, rating and time")
      }
      return Keys(
        user: columns[0], item: columns[1], rating: columns.count > 2 ? columns[2] : nil,
        timestamp: columns.count > 3 ? columns[3] : nil)
    }
    func present(_ names: [String]) -> String? {
      var scanner = JSONObjectScanner(keys: names)
      var seen = Set<String>()
      for line in sample.lines.prefix(20) {
        line.withUnsafeBytes { bytes in
          _ = scanner.scan(bytes)
          for index in names.indices where scanner.text(index) != nil { seen.insert(names[index]) }
        }
      }
      return names.first { seen.contains($0) }
    }
    guard let user = present(known[0].names), let item = present(known[1].names) else {
      throw .badFile(
        file: sample.file, problem: "holds JSON objects without a key for the user or the item that Perigee knows",
        remedy: "name the keys with columns = { user = \"user's key\", item = \"item's key\" }")
    }
    return Keys(user: user, item: item, rating: present(known[2].names), timestamp: present(known[3].names))
  }

  private static func keys(_ columns: [String: OpenOptions.Column]) throws(DataError) -> Keys {
    func key(_ role: String) -> String? { if case .name(let key) = columns[role] { key } else { nil } }
    guard let user = key("user"), let item = key("item"), columns.keys.allSatisfy({ key($0) != nil }) else {
      throw .impossible(
        what: "columns does not name the keys of user and item",
        remedy: "for JSON give columns = { user = \"user's key\", item = \"item's key\" }")
    }
    return Keys(user: user, item: item, rating: key("rating"), timestamp: key("time"))
  }

  static func read(
    _ lines: LineReader, _ keys: Keys, part: Part?, _ rows: inout InteractionBuilder, _ log: inout ReadLog
  ) throws(DataError) {
    let rating = keys.rating.map { (index: 2, key: $0) }
    let time = keys.timestamp.map { (index: rating == nil ? 2 : 3, key: $0) }
    var scanner = JSONObjectScanner(keys: [keys.user, keys.item] + [keys.rating, keys.timestamp].compactMap { $0 })
    while let line = try lines.next() {
      if isBlank(line) { continue }
      if let (expected, position) = scanner.scan(line) {
        let rest = UnsafeRawBufferPointer(rebasing: line[position...])
        let found = rest.isEmpty ? "the end of the line" : quoted(rest)
        try log.bad(lines, expected: "a JSON object (\(expected) at column \(position + 1))", found: found)
        continue
      }
      guard let user = scanner.bytes(0), !user.isEmpty, let item = scanner.bytes(1), !item.isEmpty else {
        try log.bad(
          lines, expected: "texts or numbers under \(quoted(keys.user)) and \(quoted(keys.item))", found: quoted(line))
        continue
      }
      var ratingValue: Float = 0
      if let rating {
        guard let value = scanner.bytes(rating.index).flatMap({ $0.withUnsafeBytes(parseRating) }) else {
          try log.bad(
            lines, expected: "a number under \(quoted(rating.key))",
            found: scanner.bytes(rating.index).map { quoted($0) } ?? "none")
          continue
        }
        ratingValue = value
      }
      var timeValue: Int64 = 0
      if let time {
        guard let value = scanner.bytes(time.index).flatMap({ $0.withUnsafeBytes(parseTime) }) else {
          try log.bad(
            lines, expected: "a time (a number, or a date as \(dateExamples)) under \(quoted(time.key))",
            found: scanner.bytes(time.index).map { quoted($0) } ?? "none")
          continue
        }
        timeValue = value
      }
      rows.append(
        user: user.withUnsafeBytes { rows.users.number(of: $0) },
        item: item.withUnsafeBytes { rows.items.number(of: $0) })
      if rating != nil { rows.ratings.append(ratingValue) }
      if time != nil { rows.timestamps.append(timeValue) }
    }
    rows.endFile(lines.file, part: part)
  }
}
