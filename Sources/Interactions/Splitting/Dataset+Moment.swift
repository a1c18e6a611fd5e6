import Platform

extension Dataset {
  /// A date, such as `2021-10-01` or `2021-10-01 12:30:00` (UTC), in the unit that the data's times are in: seconds since 1970, or
  /// thousandths, millionths or thousand-millionths of them where the times are too large for seconds.
  ///
  /// - Returns: nil where the text is no date.
  /// - Throws: `DataError.impossible` where the data has no times, or times that are not counted from 1970.
  public func moment(of date: String) throws(DataError) -> Int64? {
    guard let seconds = Array(date.utf8).withUnsafeBytes(parseDate) else { return nil }
    guard let timestamps, let first = timestamps.min(), let last = timestamps.max() else {
      throw .impossible(
        what: "the date \(quoted(date)) needs the time of each interaction, and the data set \(quoted(name)) has none",
        remedy: "use kind = \"ratio\" or leave_one_out with by = \"random\"")
    }
    // Seconds of this magnitude are in the year 5138.
    var unit: Int64 = 1
    while last / unit > 100_000_000_000 { unit *= 1000 }
    let (moment, overflow) = seconds.multipliedReportingOverflow(by: unit)
    guard !overflow, moment >= first, moment <= last else {
      throw .impossible(
        what:
          "the date \(quoted(date)) is \(seconds) seconds after 1970, and the data's times are from \(first) to \(last)",
        remedy: "give a time from that span, in the data's unit")
    }
    return moment
  }
}
