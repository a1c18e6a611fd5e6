import Platform

/// Reads tables: one interaction a line, its fields as a `TableLayout` says.
enum TableReader {
  static func read(
    _ lines: LineReader, _ layout: TableLayout, part: Part?, _ rows: inout InteractionBuilder,
    titles: inout TitleBuilder,
    _ log: inout ReadLog
  ) throws(DataError) {
    var splitter = FieldSplitter(separator: layout.separator)
    if layout.hasHeader { _ = try lines.next() }
    while let line = try lines.next() {
      if isBlank(line) { continue }
      guard splitter.split(line) else {
        try log.bad(lines, expected: "every quoted field closed", found: quoted(line))
        continue
      }
      let fields = splitter.fields
      guard fields.count == layout.columnCount else {
        try log.bad(
          lines, expected: "\(layout.columnCount) columns separated by \(layout.separator.name)",
          found: "\(fields.count) in \(quoted(line))")
        continue
      }
      try append(fields, layout, lines, &rows, &titles, &log)
    }
    rows.endFile(lines.file, part: part)
  }

  @inline(__always)
  private static func append(
    _ fields: [UnsafeRawBufferPointer], _ layout: TableLayout, _ lines: LineReader, _ rows: inout InteractionBuilder,
    _ titles: inout TitleBuilder, _ log: inout ReadLog
  ) throws(DataError) {
    let user = trimmed(fields[layout.user])
    let item = trimmed(fields[layout.item])
    if user.isEmpty { return try log.bad(lines, expected: "a user in column \(layout.user + 1)", found: "nothing") }
    if item.isEmpty { return try log.bad(lines, expected: "an item in column \(layout.item + 1)", found: "nothing") }
    // Every field is checked before anything is added, so that a skipped line leaves no trace.
    var rating: Float = 0
    if let column = layout.rating {
      guard let value = parseRating(trimmed(fields[column])) else {
        return try log.bad(lines, expected: "a number as rating in column \(column + 1)", found: quoted(fields[column]))
      }
      rating = value
    }
    var time: Int64 = 0
    if let column = layout.timestamp {
      guard let value = parseTime(trimmed(fields[column])) else {
        return try log.bad(
          lines, expected: "a time (a number, or a date as \(dateExamples)) in column \(column + 1)",
          found: quoted(fields[column]))
      }
      time = value
    }
    let itemNumber = rows.items.number(of: item)
    rows.append(user: rows.users.number(of: user), item: itemNumber)
    if layout.rating != nil { rows.ratings.append(rating) }
    if layout.timestamp != nil { rows.timestamps.append(time) }
    if let column = layout.title { titles.add(fields[column], item: itemNumber) }
  }
}

/// The field without spaces around it.
@inline(__always)
func trimmed(_ field: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
  guard let first = field.first, let last = field.last, first <= 32 || last <= 32 else { return field }
  var start = 0
  var end = field.count
  while start < end, field[start] <= 32 { start += 1 }
  while end > start, field[end - 1] <= 32 { end -= 1 }
  return UnsafeRawBufferPointer(rebasing: field[start..<end])
}
