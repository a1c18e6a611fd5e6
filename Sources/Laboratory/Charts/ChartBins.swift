import Evaluation

extension Chart {
  /// How often values fall into bins of one width, which all series share.
  ///
  /// - Parameters:
  ///   - values: Those that are not finite are left out, and named in the note of the chart.
  ///   - bins: As many from the smallest to the largest value; `nil` for some twenty with round edges.
  public static func histogram(
    title: String = "", x: String = "", y: String = "count", values: [(name: String, values: [Double])],
    bins: Int? = nil
  ) -> Chart {
    var chart = Chart(.histogram, title: title, x: x, y: y)
    let shown = values.map { $0.values.filter { ChartScale.isShown($0, isLogarithmic: false) } }
    let all = shown.flatMap { $0 }
    let (range, count) = binning(all, bins)
    chart.edges = Histogram([range.lowerBound], bins: count, range: range).edges
    chart.series = zip(values, shown).map { named, shown in
      var points: [Point] = []
      if !shown.isEmpty {
        points = Chart.points(counts: Histogram(shown, bins: count, range: range).counts, edges: chart.edges)
      }
      let hidden = named.values.count - shown.count
      return Series(named.name, points + Array(repeating: Point(.nan, .nan), count: hidden))
    }
    return chart
  }

  /// A histogram that was counted elsewhere.
  ///
  /// - Parameter counts: One for each bin.
  public static func histogram(
    title: String = "", x: String = "", y: String = "count", edges: [Double], counts: [(name: String, counts: [Int])]
  ) -> Chart {
    var chart = Chart(.histogram, title: title, x: x, y: y)
    chart.edges = edges
    chart.series = counts.map { Series($0.name, points(counts: $0.counts, edges: edges)) }
    return chart
  }

  private static func points(counts: [Int], edges: [Double]) -> [Point] {
    zip(counts, zip(edges, edges.dropFirst())).map { Point(($1.0 + $1.1) / 2, Double($0)) }
  }

  private static func binning(_ values: [Double], _ bins: Int?) -> (ClosedRange<Double>, Int) {
    let scale = ChartScale(values, reaches: .exactly, about: 20)
    if let bins { return (scale.low...scale.high, bins) }
    let isWhole = !values.isEmpty && values.allSatisfy { $0 == $0.rounded() }
    let step = Step(range: scale.high - scale.low, about: 20, isWhole: isWhole)
    // Of whole numbers each has a bin of its own, the largest too.
    let high = isWhole && step.width == 1 ? (values.max() ?? 0) + 1 : scale.high
    let marks = step.marks(isWhole ? values.min() ?? 0 : scale.low, high)
    return (marks[0]...marks[marks.count - 1], marks.count - 1)
  }
}
