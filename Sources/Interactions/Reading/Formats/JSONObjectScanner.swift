/// Takes the wanted keys out of one JSON object a line, without building the rest (RFC 8259; nested values are skipped).
struct JSONObjectScanner {
  enum Value {
    case missing
    /// The bytes between the quotes; `escaped` if they hold backslashes.
    case string(UnsafeRawBufferPointer, escaped: Bool)
    case number(UnsafeRawBufferPointer)
    /// true, false, null, an array or an object.
    case other
  }

  let keys: [String]
  private let keyBytes: [[UInt8]]
  /// Aligned with `keys`; valid until the next scan and as long as the scanned line.
  private(set) var values: [Value]

  init(keys: [String]) {
    self.keys = keys
    keyBytes = keys.map { Array($0.utf8) }
    values = Array(repeating: .missing, count: keys.count)
  }

  /// Scans an object; returns what was expected and where (from 0) if the line is none.
  mutating func scan(_ line: UnsafeRawBufferPointer) -> (expected: String, position: Int)? {
    for index in values.indices { values[index] = .missing }
    var cursor = Cursor(bytes: line)
    cursor.skipSpaces()
    guard cursor.take(UInt8(ascii: "{")) else { return ("\"{\"", cursor.position) }
    cursor.skipSpaces()
    if !cursor.take(UInt8(ascii: "}")) {
      repeat {
        cursor.skipSpaces()
        guard let (key, escaped) = cursor.string() else { return ("a key in double quotes", cursor.position) }
        cursor.skipSpaces()
        guard cursor.take(UInt8(ascii: ":")) else { return ("\":\"", cursor.position) }
        cursor.skipSpaces()
        guard let value = cursor.value() else { return ("a JSON value", cursor.position) }
        if !escaped, let index = keyBytes.firstIndex(where: { $0.withUnsafeBytes { equalBytes($0, key) } }) {
          values[index] = value
        }
        cursor.skipSpaces()
      } while cursor.take(UInt8(ascii: ","))
      guard cursor.take(UInt8(ascii: "}")) else { return ("\",\" or \"}\"", cursor.position) }
    }
    cursor.skipSpaces()
    return cursor.isAtEnd ? nil : ("the end of the line", cursor.position)
  }

  /// The value of a key in bytes: a string without its escapes, or a number as it stands.
  func bytes(_ index: Int) -> [UInt8]? {
    switch values[index] {
    case .missing, .other: nil
    case .number(let bytes): Array(bytes)
    case .string(let bytes, let escaped): escaped ? Self.unescape(bytes) : Array(bytes)
    }
  }

  func text(_ index: Int) -> String? { bytes(index).map { String(decoding: $0, as: UTF8.self) } }

  private static func unescape(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var units: [UInt16] = []
    var text: [UInt8] = []
    func flush() {
      text.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
      units.removeAll(keepingCapacity: true)
    }
    var position = 0
    var start = 0
    while position < bytes.count {
      guard bytes[position] == 92, position + 1 < bytes.count else {
        position += 1
        continue
      }
      if position > start {
        flush()
        text.append(contentsOf: bytes[start..<position])
      }
      switch bytes[position + 1] {
      case UInt8(ascii: "n"): units.append(10)
      case UInt8(ascii: "t"): units.append(9)
      case UInt8(ascii: "r"): units.append(13)
      case UInt8(ascii: "b"): units.append(8)
      case UInt8(ascii: "f"): units.append(12)
      case UInt8(ascii: "u") where position + 6 <= bytes.count:
        let digits = String(decoding: bytes[position + 2..<position + 6], as: UTF8.self)
        units.append(UInt16(digits, radix: 16) ?? 0xFFFD)
        position += 4
      case let other: units.append(UInt16(other))
      }
      position += 2
      start = position
    }
    flush()
    text.append(contentsOf: bytes[start...])
    return text
  }

  private struct Cursor {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func skipSpaces() {
      while position < bytes.count, bytes[position] == 32 || (bytes[position] >= 9 && bytes[position] <= 13) {
        position += 1
      }
    }

    mutating func take(_ byte: UInt8) -> Bool {
      guard position < bytes.count, bytes[position] == byte else { return false }
      position += 1
      return true
    }

    mutating func string() -> (UnsafeRawBufferPointer, escaped: Bool)? {
      guard take(34) else { return nil }
      let start = position
      var escaped = false
      while position < bytes.count {
        if bytes[position] == 34 {
          let text = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
          position += 1
          return (text, escaped)
        }
        if bytes[position] == 92 {
          escaped = true
          position += 1
        }
        position += 1
      }
      position = bytes.count
      return nil
    }

    mutating func value() -> Value? {
      guard position < bytes.count else { return nil }
      switch bytes[position] {
      case 34: return string().map { .string($0.0, escaped: $0.escaped) }
      case UInt8(ascii: "{"), UInt8(ascii: "["): return skipNested() ? .other : nil
      case UInt8(ascii: "-"), 48...57:
        let start = position
        while position < bytes.count,
          (48...57).contains(bytes[position]) || [43, 45, 46, 69, 101].contains(bytes[position])
        {
          position += 1
        }
        return .number(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
      default:
        for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
          position += word.utf8.count
          return .other
        }
        return nil
      }
    }

    /// Skips an array or object by counting brackets outside strings.
    private mutating func skipNested() -> Bool {
      var depth = 0
      while position < bytes.count {
        switch bytes[position] {
        case 34:
          if string() == nil { return false }
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        position += 1
        if depth == 0 { return true }
      }
      return false
    }
  }
}
