import Platform

/// Cuts a line into its fields. Fields point into the line, or into a buffer of the splitter where quotes were taken off;
/// both are valid until the next line.
struct FieldSplitter {
  let separator: Separator
  private(set) var fields: [UnsafeRawBufferPointer] = []
  private let unquoted: UnquoteBuffer

  init(separator: Separator) {
    self.separator = separator
    unquoted = UnquoteBuffer()
  }

  /// Cuts the line; returns false if a quoted field is not closed.
  @inline(__always)
  mutating func split(_ line: UnsafeRawBufferPointer) -> Bool {
    fields.removeAll(keepingCapacity: true)
    switch separator {
    case .byte(let byte):
      if separator.allowsQuotes, line.count > 0, memchr(line.baseAddress!, 34, line.count) != nil {
        return splitQuoted(line, byte)
      }
      var start = 0
      for position in 0..<line.count where line[position] == byte {
        fields.append(UnsafeRawBufferPointer(rebasing: line[start..<position]))
        start = position + 1
      }
      fields.append(UnsafeRawBufferPointer(rebasing: line[start...]))
    case .doubleColon:
      var start = 0
      var position = 0
      while position + 1 < line.count {
        if line[position] == 58, line[position + 1] == 58 {
          fields.append(UnsafeRawBufferPointer(rebasing: line[start..<position]))
          position += 2
          start = position
        } else {
          position += 1
        }
      }
      fields.append(UnsafeRawBufferPointer(rebasing: line[start...]))
    case .spaces:
      var position = 0
      while position < line.count {
        while position < line.count, line[position] == 32 || line[position] == 9 { position += 1 }
        let start = position
        while position < line.count, line[position] != 32, line[position] != 9 { position += 1 }
        if position > start { fields.append(UnsafeRawBufferPointer(rebasing: line[start..<position])) }
      }
    }
    return true
  }

  /// The fields as strings, for the few lines that the layout is told from.
  mutating func strings(_ line: UnsafeRawBufferPointer) -> [String] {
    _ = split(line)
    return fields.map { String(decoding: $0, as: UTF8.self) }
  }

  /// RFC 4180: a field in double quotes may hold separators, and a quote as two quotes.
  private mutating func splitQuoted(_ line: UnsafeRawBufferPointer, _ separator: UInt8) -> Bool {
    unquoted.prepare(line.count)
    var position = 0
    while true {
      guard position < line.count, line[position] == 34 else {
        let start = position
        while position < line.count, line[position] != separator { position += 1 }
        fields.append(UnsafeRawBufferPointer(rebasing: line[start..<position]))
        if position == line.count { return true }
        position += 1
        continue
      }
      position += 1
      unquoted.begin()
      while true {
        guard position < line.count else { return false }
        if line[position] == 34 {
          if position + 1 < line.count, line[position + 1] == 34 { position += 1 } else { break }
        }
        unquoted.append(line[position])
        position += 1
      }
      position += 1
      fields.append(unquoted.field)
      if position == line.count { return true }
      guard line[position] == separator else { return false }
      position += 1
    }
  }
}

/// Memory for the fields of one line whose quotes were taken off.
private final class UnquoteBuffer {
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 16)
  private var start = 0
  private var end = 0

  deinit { memory.deallocate() }

  func prepare(_ count: Int) {
    start = 0
    end = 0
    if memory.count < count {
      memory.deallocate()
      memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count * 2, alignment: 16)
    }
  }

  func begin() { start = end }

  func append(_ byte: UInt8) {
    memory[end] = byte
    end += 1
  }

  var field: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }
}
