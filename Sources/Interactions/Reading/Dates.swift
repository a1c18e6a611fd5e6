/// What messages say that a date may look like.
let dateExamples = "2015-01-31, 2015-01-31 12:30:00 or 2015-01-31T12:30:00+02:00"

/// A date, or a date and a time, as seconds since 1970; nil where it is neither.
///
/// ISO 8601's extended format, also with a space in place of the T: `2012-03-05`, `2012-03-05T12:33`, `2012-03-05 12:33:45.5`. A zone
/// may follow the time: `Z`, `UTC`, `+02:00`, `-0530` or `+02`, also behind a space; without one the time is in UTC. Fractions of a
/// second are dropped. The 31st of June is no date.
func parseDate(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  var text = DateText(bytes)
  guard let year = text.digits(4), text.skip("-"), let month = text.digits(2), text.skip("-"), let day = text.digits(2),
    (1...12).contains(month), (1...daysOf(month: month, year: year)).contains(day)
  else { return nil }
  let midnight = daysSince1970(year: year, month: month, day: day) * 86_400
  if text.isAtEnd { return Int64(midnight) }
  guard text.skip("T") || text.skip("t") || text.skip(" "), let seconds = text.timeOfDay(), let offset = text.zone(),
    text.isAtEnd
  else { return nil }
  return Int64(midnight + seconds - offset)
}

/// The characters of a date, from left to right.
private struct DateText {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  /// So many digits as a number, or nil.
  mutating func digits(_ count: Int) -> Int? {
    guard position + count <= bytes.count else { return nil }
    var value = 0
    for place in position..<position + count {
      guard bytes[place] >= 48, bytes[place] <= 57 else { return nil }
      value = value * 10 + Int(bytes[place]) - 48
    }
    position += count
    return value
  }

  /// Goes behind a text that stands here; false where another does.
  mutating func skip(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    for place in 0..<count where bytes[position + place] != text.utf8Start[place] { return false }
    position += count
    return true
  }

  /// `12:33`, `12:33:45` or `12:33:45.678` as seconds.
  mutating func timeOfDay() -> Int? {
    guard let hour = digits(2), skip(":"), let minute = digits(2), hour < 24, minute < 60 else { return nil }
    var second = 0
    if skip(":") {
      // A leap second is the 61st.
      guard let whole = digits(2), whole < 61 else { return nil }
      second = whole
      if skip(".") || skip(",") {
        guard digits(1) != nil else { return nil }
        while digits(1) != nil {}
      }
    }
    return hour * 3600 + minute * 60 + second
  }

  /// Seconds east of UTC: 0 where no zone stands here, nil where what stands here is none.
  mutating func zone() -> Int? {
    if isAtEnd { return 0 }
    _ = skip(" ")
    if skip("Z") || skip("z") || skip("UTC") || skip("GMT") { return 0 }
    let isWest = skip("-")
    guard isWest || skip("+"), let hours = digits(2), hours < 24 else { return nil }
    var minutes = 0
    if skip(":") {
      guard let rest = digits(2) else { return nil }
      minutes = rest
    } else if !isAtEnd {
      guard let rest = digits(2) else { return nil }
      minutes = rest
    }
    guard minutes < 60 else { return nil }
    return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
  }
}

private func daysOf(month: Int, year: Int) -> Int {
  if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
  return [4, 6, 9, 11].contains(month) ? 30 : 31
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
