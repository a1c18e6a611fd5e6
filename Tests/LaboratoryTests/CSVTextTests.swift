import Tensors
import Testing

@testable import Laboratory

@Suite struct CSVTextTests {
  @Test func fieldsAreQuotedWhereTheyHaveTo() {
    #expect(
      CSVText.line(["a", "", "b c", "1,2", "say \"x\"", "two\nlines", "\r"])
        == "a,,b c,\"1,2\",\"say \"\"x\"\"\",\"two\nlines\",\"\r\"")
  }

  @Test func rowsComeBack() {
    var generator = RandomStream(seed: 7, purpose: "csv").generator()
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
