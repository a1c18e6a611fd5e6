import Platform

/// Reads lists: `user item item ...` (LightGCN, NGCF), one user a line, or `count item item ...` (CiteULike), where the
/// user is the line's number from 0.
///
/// Identifiers are whole numbers. A line that holds only a user is a user without items.
enum ListReader {
  enum Kind { case userFirst, countFirst }

  static func read(
    _ lines: LineReader, kind: Kind, part: Part?, _ rows: inout InteractionBuilder, _ log: inout ReadLog
  ) throws(DataError) {
    var values: [Int] = []
    while let line = try lines.next() {
      if isBlank(line) {
        if kind == .userFirst { continue }
        try log.bad(lines, expected: "the count of the user's items", found: "an empty line")
        continue
      }
      if let offender = scan(line, &values) {
        try log.bad(lines, expected: "whole numbers separated by spaces", found: quoted(offender))
        continue
      }
      switch kind {
      case .userFirst: append(values[...], &rows)
      case .countFirst:
        guard values[0] == values.count - 1 else {
          try log.bad(
            lines, expected: "\(values[0]) items after the count \(values[0])", found: "\(values.count - 1) items")
          continue
        }
        values[0] = lines.lineNumber - 1
        append(values[...], &rows)
      }
    }
    rows.endFile(lines.file, part: part)
  }

  @inline(__always)
  private static func append(_ values: ArraySlice<Int>, _ rows: inout InteractionBuilder) {
    let user = rows.users.number(value: values[values.startIndex])
    for value in values.dropFirst() { rows.append(user: user, item: rows.items.number(value: value)) }
  }

  /// Takes the line's whole numbers; returns the first token that is none.
  @inline(__always)
  private static func scan(_ line: UnsafeRawBufferPointer, _ values: inout [Int]) -> UnsafeRawBufferPointer? {
    values.removeAll(keepingCapacity: true)
    var position = 0
    let end = line.count
    while position < end {
      let byte = line[position]
      if byte == 32 || byte == 9 {
        position += 1
        continue
      }
      let start = position
      var value = 0
      var digit = Int(byte) &- 48
      while digit >= 0, digit <= 9 {
        value = value &* 10 &+ digit
        position += 1
        digit = position < end ? Int(line[position]) &- 48 : -1
      }
      let stopped = position == end || line[position] == 32 || line[position] == 9
      guard stopped, position > start, position - start <= 18, byte != 48 || position == start + 1 else {
        while position < end, line[position] != 32, line[position] != 9 { position += 1 }
        return UnsafeRawBufferPointer(rebasing: line[start..<position])
      }
      values.append(value)
    }
    return nil
  }
}

/// Whether a line holds nothing but spaces and tabs.
@inline(__always)
func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
  for byte in line where byte != 32 && byte != 9 { return false }
  return true
}

/// What reading found besides interactions.
struct ReadLog {
  let policy: OpenOptions.BadLines
  private(set) var badLines = 0
  /// The first few bad lines, as messages.
  private(set) var examples: [String] = []
  var notes: [String] = []

  init(policy: OpenOptions.BadLines) { self.policy = policy }

  mutating func bad(_ lines: LineReader, expected: String, found: String) throws(DataError) {
    let error = DataError.badLine(file: lines.file, line: lines.lineNumber, expected: expected, found: found)
    if policy == .error { throw error }
    badLines += 1
    if examples.count < 5 {
      examples.append("\(shownPath(lines.file)):\(lines.lineNumber): expected \(expected), found \(found)")
    }
  }
}
