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

/// Seconds since 1970 (or whatever unit the file counts in): a number, or a date as `2012-03-05`, `2012-03-05 12:33:45`
/// or `2010-10-19T23:55:27Z` in UTC.
func parseTime(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  if let value = parseDecimal(bytes) { return Int64(value) }
  if let value = parseNumber(bytes) { return abs(value) < 9e18 ? Int64(value.rounded(.down)) : nil }
  return parseDate(bytes)
}

/// A date, or a date and a time, in UTC as seconds since 1970; nil where it is neither.
func parseDate(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  func digits(_ start: Int, _ count: Int) -> Int? {
    guard start + count <= bytes.count else { return nil }
    var value = 0
    for position in start..<start + count {
      guard bytes[position] >= 48, bytes[position] <= 57 else { return nil }
      value = value * 10 + Int(bytes[position]) - 48
    }
    return value
  }
  guard bytes.count >= 10, bytes[4] == 45, bytes[7] == 45,
    let year = digits(0, 4), let month = digits(5, 2), let day = digits(8, 2),
    (1...12).contains(month), (1...31).contains(day)
  else { return nil }
  var seconds = daysSince1970(year: year, month: month, day: day) * 86_400
  if bytes.count == 10 { return Int64(seconds) }
  guard bytes.count >= 19, bytes[10] == 32 || bytes[10] == 84, bytes[13] == 58, bytes[16] == 58,
    let hour = digits(11, 2), let minute = digits(14, 2), let second = digits(17, 2), hour < 24, minute < 60,
    second < 61
  else { return nil }
  seconds += hour * 3600 + minute * 60 + second
  // A fraction of a second and a Z may follow; another time zone may not, because it would be dropped.
  var position = 19
  if position < bytes.count, bytes[position] == 46 {
    position += 1
    while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 { position += 1 }
  }
  if position < bytes.count, bytes[position] == 90 { position += 1 }
  return position == bytes.count ? Int64(seconds) : nil
}

/// Days in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil).
private func daysSince1970(year: Int, month: Int, day: Int) -> Int {
  let shifted = month <= 2 ? year - 1 : year
  let era = (shifted >= 0 ? shifted : shifted - 399) / 400
  let yearOfEra = shifted - era * 400
  let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
