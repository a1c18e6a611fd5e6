/// Text from outside (a file, a script, a name) as a message shows it: in quotes, on one line, control characters as escapes that a
/// terminal does not obey, cut after `limit` characters.
public func quoted(_ text: some StringProtocol, limit: Int = 60) -> String {
  "\"" + shown(text, limit: limit, escaping: "\"") + "\""
}

/// A path in a message, whole: control characters as escapes.
public func shownPath(_ path: String) -> String { shown(path, limit: .max) }

/// The text without quotes: control characters as `\n`, `\t` or `\x1B`, the rest as it is, `…` where it was cut.
public func shown(_ text: some StringProtocol, limit: Int = 60, escaping escaped: Unicode.Scalar? = nil) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit { return result + "…" }
    count += 1
    switch scalar {
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case "\r": result += "\\r"
    case _ where scalar == escaped: result += "\\\(scalar)"
    case _ where isControl(scalar): result += escape(scalar)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
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
