import Platform
import Tensors
import Testing

@testable import Laboratory

@Suite struct SVGChartTests {
  private func count(_ text: String, _ part: String) -> Int { text.components(separatedBy: part).count - 1 }

  @Test func aLineWithAGap() {
    let chart = Chart(
      title: "Loss & <more>", x: "epoch", y: "loss",
      series: [.init("a \"b\"", values: [1, 0.5, .nan, 0.25]), .init("one", values: [0.7])])
    let svg = [chart].svg
    #expect(isWellFormed(svg) && !isWellFormed(String(svg.dropLast(8))))
    // A line of two points, and one alone; a mark for each point, an entry of the legend for each series.
    #expect(count(svg, "<circle") == 4 && count(svg, "<path") == 1 + 2)
    #expect(svg.contains("Loss &amp; &lt;more&gt;") && svg.contains("a &quot;b&quot;") && !svg.contains("<more>"))
    #expect(svg.contains(">1 value is not finite</text>"))
    #expect(svg.contains("a &quot;b&quot;: 3 values, first 1, last 0.25, 0.25 to 1; one: 1 values, first 0.7"))
    #expect(svg.contains("prefers-color-scheme:dark") && svg.contains("role=\"img\""))
  }

  /// The corners of a line in order.
  private func places(_ path: Substring) -> [(x: Double, y: Double)] {
    path.dropFirst().split(separator: "L").map { place in
      let numbers = place.split(separator: " ").map { Double($0)! }
      return (numbers[0], numbers[1])
    }
  }

  @Test func longLinesAreThinnedAndKeepTheirExtremes() {
    var generator = RandomStream(seed: 4, purpose: "long lines").generator()
    var values = (0..<10_000).map { _ in Double.random(in: 0.4...0.6, using: &generator) }
    (values[1234], values[8888]) = (0, 1)
    let svg = [Chart(series: [.init("", values: values)])].svg
    let line = svg.components(separatedBy: "<path d=\"")[1].prefix { $0 != "\"" }
    let found = places(line)
    #expect(found.count < 1300 && found.count > 300, "\(found.count)")
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.x <= $1.x })
    // 230 points are between the axes, from 0 to 1.
    #expect(found.map(\.y).max()! - found.map(\.y).min()! == 230)
    #expect(svg.utf8.count < 40_000 && !svg.contains("<circle"))
  }

  @Test func thinningKeepsFirstLowestHighestLastOfEachColumn() {
    var generator = RandomStream(seed: 5, purpose: "thinning").generator()
    for _ in 0..<50 {
      let count = Int.random(in: 1...2000, using: &generator)
      let points = (0..<count).map { Chart.Point(Double($0), Double.random(in: -1...1, using: &generator)) }
      let columns = 20
      let share = { (x: Double) in count > 1 ? x / Double(count - 1) : 0.5 }
      let thinned = points[...].thinned(columns: columns, share)
      if count <= 80 { #expect(thinned == points) }
      let byColumn = Dictionary(grouping: points) { Int(share($0.x) * Double(columns)) }
      for group in byColumn.values {
        let wanted = [group.first!, group.last!, group.min { $0.y < $1.y }!, group.max { $0.y < $1.y }!]
        #expect(wanted.allSatisfy { thinned.contains($0) })
      }
      #expect(thinned.count <= max(80, 4 * (columns + 1)))
    }
  }

  @Test func runsOfOneNameLookAlike() {
    let svg = [
      Chart(series: [.init("a", values: [1, 2]), .init("b", values: [2, 2]), .init("a", values: [2, 3])])
    ].svg
    #expect(count(svg, "class=\"s0\"") == 3 && count(svg, "class=\"s1\"") == 2 && !svg.contains("class=\"s2\""))
  }

  @Test func whatIsFaintLiesBelowAndHasNoPlaceInTheLegend() {
    var chart = Chart(series: [.init("a", values: [1, 2]), .init("b", values: [2, 2]), .init("c", values: [2, 3])])
    chart.series[1].isFaint = true
    let svg = [chart].svg
    let lines = svg.components(separatedBy: "<path ").dropFirst().map {
      $0.components(separatedBy: "class=\"")[1].prefix(2)
    }
    #expect(lines == ["s7", "s0", "s1", "s0", "s1"] && count(svg, "<circle") == 4 && count(svg, ">b</text>") == 0)
    #expect(chart.names == ["a", "c"] && chart.text().hasSuffix("A a   B c"))
  }

  @Test func manySeriesGetDashes() {
    let svg = [Chart(series: (0..<30).map { .init("run \($0)", values: [Double($0), 1]) })].svg
    #expect(isWellFormed(svg) && count(svg, "stroke-dasharray") == 2 * 22)
  }

  @Test func barsAndBins() {
    let bars = Chart.bars(categories: ["x", "y"], y: "ndcg", values: [("a", [0.5, -0.5]), ("b", [.nan, 2])])
    let svg = [bars].svg
    #expect(isWellFormed(svg) && svg.contains("y, a: -0.5") && svg.contains("y, b: 2") && !svg.contains("x, b"))
    let histogram = Chart.histogram(values: [("", [1, 2, 2, 3, 3, 3])])
    #expect(histogram.edges == [1, 2, 3, 4] && histogram.series[0].points.map(\.y) == [1, 2, 3])
    #expect(isWellFormed([histogram].svg))
    let shares = Chart.histogram(values: [("", [0, 0.04, 0.05, 1])])
    #expect(shares.edges.count == 21 && shares.series[0].points.prefix(2).map(\.y) == [2, 1])
    #expect(isWellFormed([bars, histogram, Chart()].svg))
  }
}
