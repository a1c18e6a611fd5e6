/// The formats that a file of interactions may have.
public enum FileFormat: String, Sendable, Hashable, CaseIterable {
  /// `user item item ...`, one user a line (LightGCN, NGCF).
  case lists
  /// `count item item ...`, the user is the line's number from 0 (CiteULike's `users.dat`).
  case countedLists = "counted_lists"
  /// One interaction a line: CSV, TSV, `::` or spaces, with or without header, rating and time.
  case table
  /// RecBole's atomic files: a tab-separated table whose header is `name:type`.
  case recbole
  /// One JSON object a line (Amazon and Yelp reviews).
  case jsonLines = "json_lines"
  /// A MATLAB 5 file with one sparse matrix of users by items.
  case matlab
}

/// The first lines of a file, from which its format is told.
struct FileSample {
  static let lineLimit = 400
  let file: String
  let lines: [[UInt8]]

  init(path: String, isInterrupted: @escaping () -> Bool = { false }) throws(DataError) {
    let reader = try LineReader(path: path, isInterrupted: isInterrupted)
    var lines: [[UInt8]] = []
    var bytes = 0
    while lines.count < Self.lineLimit, bytes < 1 << 20, let line = try reader.next() {
      if isBlank(line) { continue }
      lines.append(Array(line))
      bytes += line.count
    }
    file = path
    self.lines = lines
    if lines.isEmpty {
      throw .badFile(file: path, problem: "holds only empty lines", remedy: "fetch or copy the file again")
    }
  }

  /// The format of the file, told by its content.
  func format() throws(DataError) -> FileFormat {
    let first = lines[0]
    if first.first(where: { $0 != 32 && $0 != 9 }) == UInt8(ascii: "{") { return .jsonLines }
    if RecBoleHeader.matches(first) { return .recbole }
    return try spacedFormat()
  }

  /// Tells lists from tables. Only lines of whole numbers and spaces can be lists.
  private func spacedFormat() throws(DataError) -> FileFormat {
    let rows = lines.map(wholeNumbers)
    // Lists have no header.
    if rows[0] == nil { return .table }
    let good = rows.compactMap { $0 }
    // One broken line must not turn a file of lists into something else.
    guard good.count * 10 >= rows.count * 9, !good.isEmpty else { return .table }
    let counted = good.count { $0[0] == $0.count - 1 }
    if counted * 10 >= rows.count * 9, good.contains(where: { $0.count > 2 }) { return .countedLists }
    var frequency: [Int: Int] = [:]
    for row in good { frequency[row.count, default: 0] += 1 }
    let (commonLength, commonCount) = frequency.max { ($0.value, $1.key) < ($1.value, $0.key) }!
    // Lists are written with spaces; tabs are for columns.
    let areTabbed = lines.count { $0.contains(9) && !$0.contains(32) } * 10 >= lines.count * 9
    if areTabbed { return commonCount * 2 > good.count ? .table : .lists }
    // A list is the only line of its user.
    let usersAreDistinct = Set(good.map { $0[0] }).count * 10 >= good.count * 9
    if !usersAreDistinct, (2...5).contains(commonLength), commonCount * 2 > good.count { return .table }
    let isRegular = frequency.count == 1
    if isRegular, commonLength == 2 { return .table }
    if isRegular, (3...4).contains(commonLength) {
      throw .badFile(
        file: file, problem: "may hold interactions with ratings (\"user item rating\") or lists (\"user item item\")",
        remedy: "say which with format = \"table\" or format = \"lists\"")
    }
    if usersAreDistinct { return .lists }
    throw .badFile(
      file: file, problem: "has \(frequency.count) different numbers of columns and repeats its first column",
      remedy: "say what it is with format = \"lists\" or format = \"table\"")
  }

  private func wholeNumbers(_ line: [UInt8]) -> [Int]? {
    var numbers: [Int] = []
    let isNumber = line.withUnsafeBytes { bytes in
      for token in bytes.split(whereSeparator: { $0 == 32 || $0 == 9 }) {
        guard let number = parseDecimal(UnsafeRawBufferPointer(rebasing: token)) else { return false }
        numbers.append(number)
      }
      return true
    }
    return isNumber && !numbers.isEmpty ? numbers : nil
  }
}

/// `user_id:token<TAB>item_id:token<TAB>rating:float ...`
enum RecBoleHeader {
  static func matches(_ line: [UInt8]) -> Bool {
    let fields = line.split(separator: 9, omittingEmptySubsequences: false)
    return !fields.isEmpty
      && fields.allSatisfy { field in
        let text = String(decoding: field, as: UTF8.self)
        return [":token", ":token_seq", ":float", ":float_seq"].contains { text.hasSuffix($0) && text.count > $0.count }
      }
  }
}
