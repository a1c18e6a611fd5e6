/// Text from outside (a file, a script, a name) as a message shows it: in quotes, on one line, control characters as escapes that a
/// terminal does not obey, cut after `limit` characters.
public func quoted(_ text: some StringProtocol, limit: Int = 60) -> String {
  "\"" + shown(text, limit: limit, escaping: "\"") + "\""
}

/// Bytes from outside in the same way; what is not UTF-8 is shown as `\xE9`.
public func quoted(_ bytes: some Collection<UInt8>, limit: Int = 60) -> String {
  "\"" + shown(bytes, limit: limit, escaping: "\"") + "\""
}

/// A path in a message, as long as paths can be: control characters as escapes.
public func shownPath(_ path: String) -> String { shown(path, limit: Int(PATH_MAX)) }

/// The text without quotes: control characters as `\n`, `\t` or `\x1B`, the rest as it is, `…` where it was cut.
public func shown(_ text: some StringProtocol, limit: Int = 60, escaping escaped: Unicode.Scalar? = nil) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit { return result + "…" }
    count += 1
    append(scalar, escaping: escaped, to: &result)
  }
  return result
}

/// Bytes without quotes; what is not UTF-8 is shown as `\xE9`.
public func shown(_ bytes: some Collection<UInt8>, limit: Int = 60, escaping escaped: Unicode.Scalar? = nil) -> String {
  // No character has more than four bytes.
  let head = Array(bytes.prefix(limit * 4 + 4))
  var result = ""
  var position = 0
  for _ in 0..<limit where position < head.count {
    if let scalar = scalar(head[position...]) {
      append(scalar, escaping: escaped, to: &result)
      position += UTF8.width(scalar)
    } else {
      result += escape(Unicode.Scalar(head[position]))
      position += 1
    }
  }
  return position < head.count ? result + "…" : result
}

/// The character that bytes begin with, or nil where they are not UTF-8.
private func scalar(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
  let length =
    switch bytes[bytes.startIndex] {
    case 0..<0x80: 1
    case 0xC0..<0xE0: 2
    case 0xE0..<0xF0: 3
    default: 4
    }
  return String(validating: bytes.prefix(length), as: UTF8.self)?.unicodeScalars.first
}

private func append(_ scalar: Unicode.Scalar, escaping escaped: Unicode.Scalar?, to result: inout String) {
  switch scalar {
  case "\n": result += "\\n"
  case "\t": result += "\\t"
  case "\r": result += "\\r"
  case _ where scalar == escaped: result += "\\\(scalar)"
  case _ where isControl(scalar): result += escape(scalar)
  default: result.unicodeScalars.append(scalar)
  }
}

/// C0 and C1 controls, and the marks that reorder or hide text.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
  default: false
  }
}

private func escape(_ scalar: Unicode.Scalar) -> String {
  let digits = String(scalar.value, radix: 16, uppercase: true)
  return scalar.value < 256 ? "\\x" + (digits.count == 1 ? "0" : "") + digits : "\\u{\(digits)}"
}
