/// Numbers and dates out of the bytes of a field, without making strings.

/// A whole number in plain decimal (no sign, no leading zero, at most 18 digits), or nil.
///
/// What it accepts, `String(number)` gives back byte for byte, so such an identifier may be kept as a number.
@inline(__always)
func parseDecimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
  let count = bytes.count
  guard count > 0, count <= 18 else { return nil }
  if bytes[0] == 48 { return count == 1 ? 0 : nil }
  var value = 0
  for byte in bytes {
    let digit = Int(byte) &- 48
    guard digit >= 0, digit <= 9 else { return nil }
    value = value &* 10 &+ digit
  }
  return value
}

/// An identifier that is a whole number, or nil where it is text. `17850.0` is 17850: so pandas writes a column of whole numbers
/// that has gaps, and nobody means another user by it.
@inline(__always)
func parseIdentifier(_ bytes: UnsafeRawBufferPointer) -> Int? {
  if let value = parseDecimal(bytes) { return value }
  let count = bytes.count
  guard count > 2, bytes[count - 1] == 48, bytes[count - 2] == 46 else { return nil }
  return parseDecimal(UnsafeRawBufferPointer(rebasing: bytes[..<(count - 2)]))
}

private let powersOfTen: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
]

/// A finite number, correctly rounded, or nil.
func parseNumber(_ bytes: UnsafeRawBufferPointer) -> Double? {
  guard !bytes.isEmpty else { return nil }
  var position = 0
  let isNegative = bytes[0] == 45
  if isNegative { position = 1 }
  var mantissa = 0
  var digits = 0
  var decimals = 0
  var seenPoint = false
  while position < bytes.count {
    let byte = bytes[position]
    if byte == 46, !seenPoint {
      seenPoint = true
    } else if byte >= 48, byte <= 57, digits < 15 {
      mantissa = mantissa * 10 + Int(byte) - 48
      digits += 1
      if seenPoint { decimals += 1 }
    } else {
      return parseNumberSlowly(bytes)
    }
    position += 1
  }
  guard digits > 0 else { return nil }
  // At most 15 digits: the mantissa and the power are exact, so one division rounds once.
  let magnitude = Double(mantissa) / powersOfTen[decimals]
  return isNegative ? -magnitude : magnitude
}

private func parseNumberSlowly(_ bytes: UnsafeRawBufferPointer) -> Double? {
  // "0x10", "inf" and "nan" are no numbers in a data file.
  guard bytes.count <= 64, bytes.allSatisfy({ ($0 >= 48 && $0 <= 57) || [43, 45, 46, 69, 101].contains($0) }) else {
    return nil
  }
  guard let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite else { return nil }
  return value
}

/// A finite rating, correctly rounded to single precision, or nil.
@inline(__always)
func parseRating(_ bytes: UnsafeRawBufferPointer) -> Float? {
  guard let value = parseNumber(bytes) else { return nil }
  let rating = Float(value)
  return rating.isFinite ? rating : nil
}

/// A whole number of 64 bits with or without a sign, or nil.
private func parseInteger(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  guard let first = bytes.first else { return nil }
  let isNegative = first == 45
  let digits = bytes.dropFirst(isNegative ? 1 : 0)
  guard !digits.isEmpty, digits.count <= 19 else { return nil }
  var value: Int64 = 0
  for byte in digits {
    guard byte >= 48, byte <= 57 else { return nil }
    let digit = Int64(byte) - 48
    let (ten, overflow) = value.multipliedReportingOverflow(by: 10)
    let (next, carry) = isNegative ? ten.subtractingReportingOverflow(digit) : ten.addingReportingOverflow(digit)
    if overflow || carry { return nil }
    value = next
  }
  return value
}

/// Seconds since 1970 (or whatever unit the file counts in): a number, or a date; see `parseDate`.
func parseTime(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  if let value = parseInteger(bytes) { return value }
  if let value = parseNumber(bytes) { return abs(value) < 9e18 ? Int64(value.rounded(.down)) : nil }
  return parseDate(bytes)
}
