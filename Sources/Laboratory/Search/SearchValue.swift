import Platform

/// One value of a setting that a search tries.
public enum SearchValue: Hashable, Sendable {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)

  /// As Lua would write it: `true`, `64`, `0.1`, `"bpr"`. What the store keeps.
  public var literal: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): JSONText.quoted(value)
    }
  }

  /// `nil` for a text that no `literal` is.
  public init?(literal text: String) {
    if text == "true" || text == "false" {
      self = .boolean(text == "true")
    } else if text.hasPrefix("\"") {
      let value = Array(text.utf8).withUnsafeBytes { bytes in
        var reader = JSONText(bytes)
        return reader.value()
      }
      guard case .string(let string)? = value else { return nil }
      self = .string(string)
    } else if let integer = Int(text) {
      self = .integer(integer)
    } else {
      guard let number = Double(text) else { return nil }
      self = .number(number)
    }
  }

  /// For a person: a text without quotes, a number with as many digits as tell settings apart.
  public var text: String {
    switch self {
    case .string(let value): shown(value, limit: 40)
    case .number(let value): significant(value)
    default: literal
    }
  }
}

/// Four digits that count: `0.00123`, `12.5`, `1.2e-06`.
func significant(_ value: Double) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
    _ = withVaList([value]) { vsnprintf(buffer.baseAddress!, 64, "%.4g", $0) }
    return String(cString: buffer.baseAddress!)
  }
}

/// Wrong use of a search: what was wrong, what was wanted.
public struct SearchError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
