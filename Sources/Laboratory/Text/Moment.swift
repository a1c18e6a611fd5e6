import Platform

/// Moments as people write and read them, in the machine's own time zone.
public enum Moment {
  /// Seconds since 1970 of `2026-11-27`, `2026-11-27 14:30`, or of some time ago: `90m`, `12h`, `7d`.
  public static func parse(_ text: String, now: Double = wallClockSeconds()) throws -> Double {
    let units: [Character: Double] = ["m": 60, "h": 3600, "d": 86400, "w": 604_800]
    if let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()), count >= 0 {
      return now - count * unit
    }
    let numbers = text.split { "-: T".contains($0) }.map { Int32($0) }
    guard numbers.count == 3 || numbers.count == 5, numbers.allSatisfy({ $0 != nil }),
      let year = numbers[0], (1970...9999).contains(year), let month = numbers[1], (1...12).contains(month),
      let day = numbers[2], (1...31).contains(day)
    else {
      throw RunStoreError(
        .request,
        "\(quoted(text)) is no moment; want a day (2026-11-27), one with a time (2026-11-27 14:30), or how long ago: 90m, 12h, 7d, 2w"
      )
    }
    var fields = tm()
    (fields.tm_year, fields.tm_mon, fields.tm_mday, fields.tm_isdst) = (year - 1900, month - 1, day, -1)
    if numbers.count == 5 { (fields.tm_hour, fields.tm_min) = (numbers[3]!, numbers[4]!) }
    return Double(mktime(&fields))
  }

  /// `2026-11-27 14:30`
  public static func text(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e14 else { return "-" }
    var whole = time_t(seconds)
    var fields = tm()
    localtime_r(&whole, &fields)
    var buffer = [CChar](repeating: 0, count: 64)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M", &fields)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// `4.2 s`, `12 min 3 s`, `2 h 5 min`
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "-" }
    let whole = Int(min(seconds, 1e15).rounded())
    if seconds < 60 { return "\(decimal(seconds, 1)) s" }
    return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
