import TestSupport
import Testing

@testable import Interactions

@Suite struct DateTests {
  func seconds(_ text: String) -> Int64? { Dataset.seconds(of: text) }

  @Test func datesAndTimesInAllTheirForms() {
    #expect(seconds("1970-01-01") == 0 && seconds("1969-12-31") == -86_400)
    #expect(seconds("2015-01-31") == 1_422_662_400 && seconds("2000-02-29") == 951_782_400)
    let noon: Int64 = 1_422_705_600
    for text in [
      "2015-01-31T12:00", "2015-01-31 12:00:00", "2015-01-31t12:00:00.999", "2015-01-31T12:00:00,5Z",
      "2015-01-31T14:00:00+02:00", "2015-01-31T14:00+0200", "2015-01-31 14:00:00 +02", "2015-01-31 06:30:00-05:30",
      "2015-01-31 12:00:00 UTC", "2015-01-31T12:00:00z", "2015-01-31 12:00:00+00:00", "2015-02-01T11:59:00.25+23:59",
    ] { #expect(seconds(text) == noon, "\(text)") }
    #expect(seconds("2016-12-31T23:59:60Z") == seconds("2017-01-01"), "a leap second")
  }

  @Test func whatIsNoDateIsNil() {
    for text in [
      "", "2015", "2015-1-31", "2015-13-01", "2015-00-10", "2015-02-29", "1900-02-29", "2015-06-31", "2015-01-32",
      "2015-01-31T", "2015-01-31T12", "2015-01-31T24:00", "2015-01-31T12:60", "2015-01-31T12:00:61",
      "2015-01-31T12:00:00.", "2015-01-31T12:00:00+", "2015-01-31T12:00:00+24:00", "2015-01-31T12:00:00+02:60",
      "2015-01-31T12:00:00+2", "2015-01-31T12:00:00+02:", "2015-01-31T12:00:00 CET", "2015-01-31T12:00:00ZZ",
      "2015-01-31 ", " 2015-01-31", "2015-01-31Z", "31.01.2015", "20150131T120000Z",
    ] { #expect(seconds(text) == nil, "\(text)") }
  }

  /// Slow and obvious: counts days from 1970 one at a time.
  @Test func everyDayOfTwoCenturiesIsCounted() {
    var days: Int64 = 0
    for year in 1970..<2170 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        for day in 1...length {
          #expect(seconds("\(year)-\(two(month + 1))-\(two(day))") == days * 86_400)
          days += 1
        }
        #expect(seconds("\(year)-\(two(month + 1))-\(two(length + 1))") == nil)
      }
    }
  }

  @Test func columnsOfDatesAreReadAndBadOnesNamedWithTheirLine() throws {
    let folder = TemporaryFolder()
    let text = "user,item,date\n1,1,2015-01-31T14:00:00+02:00\n1,2,2015-01-31\n"
    #expect(try Dataset.open(folder.write("a.csv", text)).timestamps == [1_422_705_600, 1_422_662_400])
    for bad in ["2015-02-30", "2015-01-31T12:00:00 CET", "soon"] {
      let error = #expect(throws: DataError.self) { try Dataset.open(folder.write("b.csv", text + "2,1,\(bad)\n")) }
      #expect(
        error?.description.contains(
          "b.csv:4: expected a time (a number, or a date as 2015-01-31, 2015-01-31 12:30:00 or 2015-01-31T12:30:00+02:00) in column 3, found \"\(bad)\""
        ) == true)
    }
    let json = "{\"user_id\": 1, \"item_id\": 2, \"date\": \"2015-01-31 06:30:00-0530\"}\n"
    #expect(try Dataset.open(folder.write("c.json", json)).timestamps == [1_422_705_600])
  }

  @Test func wholeNumbersOfAllSizesAreExact() throws {
    let folder = TemporaryFolder()
    let numbers: [Int64] = [1_600_000_000_123_456_789, .max, .min, -7, 0]
    let text = "user,item,time\n" + numbers.enumerated().map { "1,\($0.offset),\($0.element)\n" }.joined()
    #expect(try Dataset.open(folder.write("a.csv", text)).timestamps == numbers)
  }
}
