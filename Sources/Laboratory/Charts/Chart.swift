/// What a chart shows, whether it becomes a picture (`svg`) or text (`text`).
///
/// Values that are not finite, beyond 1e300, or not above 0 on a logarithmic axis have no place: a line has a gap there, and the chart
/// says how many there were. Series of one name look alike and have one entry in the legend: runs that differ in the seed.
public struct Chart: Sendable, Equatable {
  public enum Kind: String, CaseIterable, Sendable { case line, points, bar, histogram }

  public struct Point: Sendable, Equatable {
    public var x: Double
    public var y: Double
    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
  }

  public struct Series: Sendable, Equatable {
    public var name: String
    public var points: [Point]
    /// Thin and gray, without a place in the legend: what surrounds the others.
    public var isFaint = false
    public init(_ name: String, _ points: [Point]) { (self.name, self.points) = (name, points) }

    /// Values at 1, 2, ...
    public init(_ name: String, values: [Double]) {
      self.init(name, values.enumerated().map { Point(Double($0 + 1), $1) })
    }
  }

  public var kind: Kind
  public var title = ""
  /// What the axes are.
  public var xTitle = ""
  public var yTitle = ""
  public var isXLogarithmic = false
  public var isYLogarithmic = false
  public var series: [Series]
  /// Of bars: a series has its value of the first at 1, and so on.
  public internal(set) var categories: [String] = []
  /// Of a histogram, one more than bins: a series has the count of the first bin at its middle, and so on.
  public internal(set) var edges: [Double] = []

  public init(_ kind: Kind = .line, title: String = "", x: String = "", y: String = "", series: [Series] = []) {
    self.kind = kind
    self.title = title
    (xTitle, yTitle) = (x, y)
    self.series = series
  }

  /// Bars of several series side by side in each category.
  ///
  /// - Parameter values: For each series one of each category; NaN where it has none.
  public static func bars(
    title: String = "", categories: [String], y: String = "", values: [(name: String, values: [Double])]
  ) -> Chart {
    var chart = Chart(.bar, title: title, y: y, series: values.map { Series($0.name, values: $0.values) })
    chart.categories = categories
    return chart
  }

  // MARK: What both ways of drawing need

  /// Which look a series has: 0, 1, ..., and `ChartLook.faint`.
  var looks: [Int] {
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return series.map { $0.isFaint ? ChartLook.faint : places[$0.name]! }
  }

  /// Of the legend: each name once.
  var names: [String] { RunListing.distinct(series.filter { !$0.isFaint }.map(\.name)) }

  func isShown(_ point: Point) -> Bool {
    ChartScale.isShown(point.x, isLogarithmic: isXLogarithmic)
      && ChartScale.isShown(point.y, isLogarithmic: isYLogarithmic)
  }

  var shownPoints: [Point] { series.flatMap(\.points).filter(isShown) }

  /// Says what is missing; `nil` where nothing is. A bar that has no value was not asked for, and an empty bin has no height.
  var note: String? {
    let all = series.flatMap(\.points)
    let hidden = all.count { !isShown($0) && !(kind == .bar && $0.y.isNaN) && !(kind == .histogram && $0.y == 0) }
    guard hidden > 0 else { return all.isEmpty ? "nothing to show" : nil }
    let reason = isXLogarithmic || isYLogarithmic ? "not finite, or not above 0 on a logarithmic axis" : "not finite"
    return hidden == 1 ? "1 value is \(reason)" : "\(hidden) values are \(reason)"
  }

  var xScale: ChartScale {
    ChartScale(
      kind == .histogram ? edges : shownPoints.map(\.x), isLogarithmic: isXLogarithmic, isCounting: true,
      reaches: .exactly, about: 6)
  }

  /// - Parameter count: About how many ticks.
  func yScale(about count: Int) -> ChartScale {
    let values = shownPoints.map(\.y)
    let standsOnZero = (kind == .bar || kind == .histogram) && !isYLogarithmic
    return ChartScale(
      standsOnZero ? values + [0] : values, isLogarithmic: isYLogarithmic, isCounting: kind == .histogram,
      reaches: .roundNumbers, about: count)
  }
}
