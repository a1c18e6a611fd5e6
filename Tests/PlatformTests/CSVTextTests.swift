import Testing

@testable import Platform

@Suite struct CSVTextTests {
  @Test func fieldsAreQuotedWhereTheyHaveTo() {
    #expect(
      CSVText.line(["a", "", "b c", "1,2", "say \"x\"", "two\nlines", "\r"])
        == "a,,b c,\"1,2\",\"say \"\"x\"\"\",\"two\nlines\",\"\r\"")
  }

  @Test func rowsComeBack() {
    var generator = Generator()
    let parts = ["a", ",", "\"", "\n", "\r", "\r\n", "é", " ", "\"\"", ""]
    for _ in 0..<500 {
      let width = Int.random(in: 2...4, using: &generator)
      let rows = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        (0..<width).map { _ in
          (0..<Int.random(in: 0...4, using: &generator)).map { _ in parts.randomElement(using: &generator)! }.joined()
        }
      }
      let text = rows.map { CSVText.line($0) + "\n" }.joined()
      #expect(CSVText.rows(Array(text.utf8)) == rows, "\(rows)")
    }
    #expect(CSVText.rows(Array("a,b\r\n1,\"2\r\n3\"".utf8)) == [["a", "b"], ["1", "2\r\n3"]])
  }
}

/// Knuth's, of which the high bits are good.
private struct Generator: RandomNumberGenerator {
  private var state: UInt64 = 7

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state
  }
}
