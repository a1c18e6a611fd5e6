/// Reads one JSON value from front to back (RFC 8259), and writes strings: what headers of files take.
public struct JSONText {
  public indirect enum Value {
    case string(String)
    case number(Double)
    case boolean(Bool)
    case null
    case array([Value])
    case object([(String, Value)])
  }

  private let bytes: UnsafeRawBufferPointer
  /// Bytes that were read.
  public private(set) var position = 0
  /// Objects and lists within each other; more are refused, as each takes a frame of the stack.
  private var depth = 0
  private static let mostDepth = 64

  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The value that begins here; nil where there is none, and `position` is where something else was found.
  public mutating func value() -> Value? {
    skipSpaces()
    guard position < bytes.count, depth < Self.mostDepth else { return nil }
    depth += 1
    defer { depth -= 1 }
    switch bytes[position] {
    case UInt8(ascii: "\""): return string().map { .string($0) }
    case UInt8(ascii: "{"): return object()
    case UInt8(ascii: "["): return array()
    case UInt8(ascii: "t"): return take("true") ? .boolean(true) : nil
    case UInt8(ascii: "f"): return take("false") ? .boolean(false) : nil
    case UInt8(ascii: "n"): return take("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func skipSpaces() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  private mutating func take(_ text: String) -> Bool {
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  private mutating func object() -> Value? {
    position += 1
    var entries: [(String, Value)] = []
    skipSpaces()
    if take("}") { return .object([]) }
    repeat {
      skipSpaces()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\""), let key = string() else { return nil }
      skipSpaces()
      guard take(":"), let value = value() else { return nil }
      entries.append((key, value))
      skipSpaces()
    } while take(",")
    return take("}") ? .object(entries) : nil
  }

  private mutating func array() -> Value? {
    position += 1
    var values: [Value] = []
    skipSpaces()
    if take("]") { return .array([]) }
    repeat {
      guard let value = value() else { return nil }
      values.append(value)
      skipSpaces()
    } while take(",")
    return take("]") ? .array(values) : nil
  }

  private mutating func number() -> Value? {
    let first = position
    while position < bytes.count, "+-.0123456789eE".utf8.contains(bytes[position]) { position += 1 }
    return Double(String(decoding: bytes[first..<position], as: UTF8.self)).map { .number($0) }
  }

  private mutating func string() -> String? {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return String(validating: text, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        if byte < 0x20 { return nil }
        text.append(byte)
        continue
      }
      guard let scalar = escape() else { return nil }
      text += Array(String(scalar).utf8)
    }
    return nil
  }

  /// What stands behind a backslash.
  private mutating func escape() -> Unicode.Scalar? {
    guard position < bytes.count else { return nil }
    position += 1
    switch bytes[position - 1] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return unicode()
    default: return nil
    }
  }

  private mutating func unicode() -> Unicode.Scalar? {
    guard let first = fourDigits() else { return nil }
    guard 0xd800..<0xdc00 ~= first else { return Unicode.Scalar(first) }
    guard take("\\u"), let second = fourDigits(), 0xdc00..<0xe000 ~= second else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
  }

  private mutating func fourDigits() -> UInt32? {
    guard position + 4 <= bytes.count else { return nil }
    let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
    position += 4
    return digits.allSatisfy(\.isHexDigit) ? UInt32(digits, radix: 16) : nil
  }

  // MARK: Writing

  /// A text as a JSON string.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
