import Platform
import Testing

@testable import Laboratory

@Suite struct TextChartTests {
  private func options(_ width: Int, _ height: Int, ascii: Bool = false) -> TextChartOptions {
    var options = TextChartOptions()
    (options.width, options.height, options.isASCII) = (width, height, ascii)
    return options
  }

  @Test func aLine() {
    let chart = Chart(title: "Title", x: "epoch", y: "loss", series: [.init("", values: [4, 2, 1, 0.5, 0.25])])
    #expect(
      chart.text(options(24, 5)) == """
        Title
        loss
        4┤⠑⢄
         │  ⠑⢄
        2┤    ⠑⠤⣀⡀
         │       ⠈⠑⠒⠤⢄⣀
        0┤             ⠉⠉⠒⠒⠒⠤⠤⠤
         └┬────┬────┬────┬────┬
          1    2    3    4    5
                  epoch
        """)
  }

  @Test func aLineOfASCII() {
    let chart = Chart(
      x: "epoch", y: "rate",
      series: [.init("BPR", [.init(0, 0), .init(1, 1), .init(2, 2)]), .init("a & b", [.init(0, 2), .init(2, 2)])])
    #expect(
      chart.text(options(20, 5, ascii: true)) == """
        rate
        2+BBBBBBBBBBBBBBBBB
         |          AAAA
        1+      AAAA
         |  AAAA
        0+AA
         ++-------+-------+
          0       1       2
                epoch
          A BPR   B a & b
        """)
  }

  @Test func bars() {
    let chart = Chart.bars(
      categories: ["bpr", "softmax"], y: "ndcg@20", values: [("", [0.25, 0.5])])
    #expect(
      chart.text(options(30, 5)) == """
        ndcg@20
        bpr     ████████ 0.25
        softmax ████████████████ 0.5
        """)
    #expect(
      chart.text(options(30, 5, ascii: true)) == """
        ndcg@20
        bpr     ######## 0.25
        softmax ################ 0.5
        """)
  }

  @Test func barsBelowZeroAndMissingOnes() {
    let chart = Chart.bars(categories: ["a", "b"], values: [("x", [-1, 1]), ("y", [.nan, 0])])
    #expect(
      chart.text(options(30, 5)) == """
        a  x ██████████▌ -1
           y -
        b  x           ███████████ 1
           y           ▌ 0
        """)
  }

  @Test func aHistogram() {
    let chart = Chart.histogram(x: "ndcg", y: "users", values: [("", [0, 0, 0.1, 0.3, 0.31, 1])], bins: 4)
    #expect(
      chart.text(options(30, 5)) == """
        ndcg: users
          0 to 0.25 ███████████████ 3
        0.25 to 0.5 ██████████ 2
        0.5 to 0.75  0
          0.75 to 1 █████ 1
        """)
  }

  @Test func valuesWithoutAPlaceAreCounted() {
    let line = Chart(series: [.init("", values: [1, .nan, .infinity, 2])])
    #expect(line.text().hasSuffix("\n(2 values are not finite)"))
    var log = Chart(series: [.init("", values: [1, 0, -1, 2])])
    log.isYLogarithmic = true
    #expect(log.text().hasSuffix("\n(2 values are not finite, or not above 0 on a logarithmic axis)"))
    #expect(Chart().text().hasSuffix("\n(nothing to show)"))
    #expect(Chart(series: [.init("a", []), .init("b", values: [.nan])]).text().hasSuffix("\n(1 value is not finite)"))
  }

  @Test(arguments: Chart.Kind.allCases) func everyWidthHolds(kind: Chart.Kind) {
    let values: [[Double]] = [[], [5], [1, 1, 1], [.nan], [-1e300, 1e300], [0, 1e-300], [3, .infinity, -2]]
    for (index, list) in values.enumerated() {
      for width in [1, 20, 21, 80] {
        let named = [("one", list), ("two", [1.0, 2])].prefix(1 + index % 2)
        var chart =
          switch kind {
          case .bar: Chart.bars(categories: list.map { "\($0)" }, values: Array(named))
          case .histogram: Chart.histogram(values: Array(named))
          case .line, .points: Chart(kind, series: named.map { .init($0.0, values: $0.1) })
          }
        for isLogarithmic in [false, true] {
          chart.isYLogarithmic = isLogarithmic
          let lines = chart.text(options(width, 6)).split(separator: "\n")
          #expect(kind == .bar || kind == .histogram || lines.allSatisfy { $0.count <= max(80, width) }, "\(list)")
          #expect(chart.text(options(width, 6, ascii: true)).utf8.allSatisfy { $0 < 0x80 })
          #expect(isWellFormed([chart].svg), "\(list)")
        }
      }
    }
  }
}
