import Platform

extension Dataset {
  /// A date, such as `2021-10-01`, `2021-10-01 12:30:00` (UTC) or `2021-10-01T12:30:00+02:00`, in the unit that the data's times are
  /// in: seconds since 1970, or thousandths, millionths or thousand-millionths of them where the times are too large for seconds.
  ///
  /// - Parameter mayLieOutside: whether the date may lie before the first of the times or behind the last, where those are credible
  ///   as times since 1970.
  /// - Returns: nil where the text is no date.
  /// - Throws: `DataError.impossible` where the data has no times, or times that are not counted from 1970.
  public func moment(of date: String, mayLieOutside: Bool = false) throws(DataError) -> Int64? {
    guard let seconds = Array(date.utf8).withUnsafeBytes(parseDate) else { return nil }
    guard let timestamps, let first = timestamps.min(), let last = timestamps.max() else {
      throw .impossible(
        what: "the date \(quoted(date)) needs the time of each interaction, and the data set \(quoted(name)) has none",
        remedy: "leave the date out, or open the data with a column of times")
    }
    // Seconds of this magnitude are in the year 5138.
    var unit: Int64 = 1
    while last / unit > 100_000_000_000 { unit *= 1000 }
    let (moment, overflow) = seconds.multipliedReportingOverflow(by: unit)
    // Steps, years and days since something are small; seconds since 1970 were above this in 1973 already.
    let areSince1970 = first / unit > 100_000_000
    guard !overflow, moment >= first && moment <= last || mayLieOutside && areSince1970 else {
      throw .impossible(
        what:
          "the date \(quoted(date)) is \(seconds) seconds after 1970, and the data's times are from \(first) to \(last)",
        remedy: "give a time from that span, in the data's unit")
    }
    return moment
  }

  /// A date as `moment(of:)` takes it, in seconds since 1970; nil where the text is none.
  public static func seconds(of date: String) -> Int64? { Array(date.utf8).withUnsafeBytes(parseDate) }

  /// What messages say that a date may look like.
  public static let dateForms = dateExamples
}
