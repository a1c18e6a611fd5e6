import Platform

extension [Chart] {
  /// Charts below each other as one SVG picture that stands for itself, readable on light and dark ground.
  public var svg: String {
    let width = 640.0
    let pictures = map { SVGChart($0, width: width) }
    let height = pictures.reduce(0) { $0 + $1.height }
    var top = 0.0
    var parts: [Markup] = []
    for picture in pictures {
      parts.append(.element("g", ["transform": "translate(0 \(decimal(top, 1)))"], picture.body))
      top += picture.height
    }
    let title = RunListing.distinct(map(\.title)).filter { !$0.isEmpty }.joined(separator: "; ")
    let picture = SVGChart.element(
      width: width, height: height, title: title, description: map(\.inWords).joined(separator: " "),
      name: "chart", isAlone: true,
      [
        .element("style", [:], .own(ChartLook.style)),
        .element("rect", ["class": "ground", "width": "100%", "height": "100%", "fill": "#ffffff"]),
      ] + parts)
    return picture.source + "\n"
  }
}

extension Chart {
  /// The chart as part of a page, which has `ChartLook.style`.
  ///
  /// - Parameter name: No other chart of the page has it.
  func markup(name: String) -> Markup {
    // Narrow: letters must be large enough on a telephone.
    let picture = SVGChart(self, width: 480)
    return SVGChart.element(
      width: picture.width, height: picture.height, title: title, description: inWords, name: name, isAlone: false,
      [picture.body])
  }

  /// For those who do not see it.
  var inWords: String {
    let subject = yTitle.isEmpty ? title.isEmpty ? "values" : title : yTitle
    let what = "\(kind.rawValue) chart of \(subject)\(xTitle.isEmpty ? "" : " by \(xTitle)")"
    let each = series.prefix(8).map { one in
      let values = one.points.filter(isShown).map(\.y)
      guard let first = values.first, let last = values.last else { return "\(one.name): nothing" }
      return "\(one.name): \(values.count) values, first \(significant(first, 4)), last \(significant(last, 4)), "
        + "\(significant(values.min()!, 4)) to \(significant(values.max()!, 4))"
    }
    return ([what] + each + (series.count > 8 ? ["and \(series.count - 8) more"] : [])).joined(separator: "; ") + "."
  }
}

/// A chart as elements of SVG, in a place of `width` by `height`.
struct SVGChart {
  /// Of a letter of small text, about.
  static let letter = 7.0

  let chart: Chart
  let width: Double
  /// Of what is between the axes.
  let plot: (left: Double, top: Double, width: Double, height: Double)
  let height: Double
  let scale: ChartScale

  init(_ chart: Chart, width: Double) {
    self.chart = chart
    self.width = width
    let isBars = chart.kind == .bar
    scale = chart.yScale(about: isBars ? 6 : 5)
    let longest = (isBars ? chart.categories.map { Self.shortened($0) } : scale.labels).map(\.count).max() ?? 0
    let left = 14 + Self.letter * Double(max(3, longest))
    let top = 12 + (chart.title.isEmpty ? 0.0 : 22) + (chart.yTitle.isEmpty || isBars ? 0 : 20)
    let inner = isBars ? Self.barsHeight(chart) : 230
    plot = (left, top, width - left - (isBars ? 64 : 22), inner)
    height =
      top + inner + 26 + (Self.axisTitle(chart).isEmpty ? 0 : 18) + Self.legendHeight(chart, width) + 8
      + (chart.note == nil ? 0 : 18)
  }

  static func element(
    width: Double, height: Double, title: String, description: String, name: String, isAlone: Bool, _ content: [Markup]
  ) -> Markup {
    let size = "0 0 \(decimal(width, 0)) \(decimal(height.rounded(.up), 0))"
    let words: [Markup] = [
      .element("title", ["id": "\(name)-title"], .init(title.isEmpty ? "Chart" : title)),
      .element("desc", ["id": "\(name)-words"], .init(description)),
    ]
    return .element(
      "svg",
      [
        "xmlns": isAlone ? "http://www.w3.org/2000/svg" : nil, "class": "perigee-chart", "viewBox": size,
        "width": isAlone ? decimal(width, 0) : nil, "height": isAlone ? decimal(height.rounded(.up), 0) : nil,
        "role": "img", "aria-labelledby": "\(name)-title \(name)-words",
        "font-family": "system-ui, sans-serif", "font-size": "12",
      ], words + content)
  }

  /// All but the frame.
  var body: Markup {
    var body = Markup.nothing
    if !chart.title.isEmpty {
      body += text(14, 20, "start", Self.shortened(chart.title, Int(width / 7.6)), style: "title")
    }
    body += chart.kind == .bar ? bars : plane
    let below = plot.top + plot.height + 18
    let axis = Self.axisTitle(chart)
    if !axis.isEmpty { body += text(plot.left + plot.width / 2, below + 18, "middle", axis, style: "faint") }
    body += legend(below + (axis.isEmpty ? 8 : 26))
    if let note = chart.note { body += text(width - 12, height - 8, "end", note, style: "faint") }
    return body
  }

  /// What the horizontal axis is.
  private static func axisTitle(_ chart: Chart) -> String { chart.kind == .bar ? chart.yTitle : chart.xTitle }

  // MARK: Legend

  private static func hasLegend(_ chart: Chart) -> Bool {
    chart.names.count > 1 || chart.names.first?.isEmpty == false && chart.kind != .bar
  }

  /// Places of the legend's entries, wrapped to the width.
  private static func entries(_ chart: Chart, _ width: Double) -> [(name: String, x: Double, row: Int)] {
    guard hasLegend(chart) else { return [] }
    var (x, row) = (14.0, 0)
    return chart.names.map { name in
      let name = shortened(name)
      let needed = 26 + letter * Double(name.count) + 14
      if x > 14, x + needed > width - 8 { (x, row) = (14, row + 1) }
      defer { x += needed }
      return (name, x, row)
    }
  }

  private static func legendHeight(_ chart: Chart, _ width: Double) -> Double {
    entries(chart, width).last.map { 18 * Double($0.row + 1) } ?? 0
  }

  private func legend(_ top: Double) -> Markup {
    .joined(
      Self.entries(chart, width).enumerated().map { look, entry in
        let y = top + 12 + 18 * Double(entry.row)
        let mark: Markup =
          chart.kind == .line
          ? path("M\(place(entry.x)) \(place(y - 4))h20", look)
          : .element(
            "rect",
            [
              "x": place(entry.x + 6), "y": place(y - 9), "width": "10", "height": "10",
              "class": ChartLook.fillClass(look), "fill": ChartLook.color(look),
            ])
        return mark + text(entry.x + 26, y, "start", entry.name)
      })
  }

  // MARK: Parts

  static func shortened(_ text: String, _ limit: Int = 36) -> String { shown(text, limit: limit) }

  func place(_ value: Double) -> String { decimal(abs(value) < 0.05 ? 0 : value, 1) }

  func text(_ x: Double, _ y: Double, _ anchor: String, _ words: String, style: String? = nil) -> Markup {
    .element(
      "text",
      [
        "x": place(x), "y": place(y), "text-anchor": anchor == "start" ? nil : anchor, "class": style,
        "fill": style == "faint" ? "#5b6470" : "#1f2630", "font-weight": style == "title" ? "600" : nil,
      ], .init(words))
  }

  func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> Markup {
    .element(
      "line",
      [
        "x1": place(x1), "y1": place(y1), "x2": place(x2), "y2": place(y2), "class": style,
        "stroke": style == "grid" ? "#e3e6eb" : "#7d8694",
      ])
  }

  /// A line of a series.
  func path(_ places: String, _ look: Int, _ content: Markup...) -> Markup {
    .element(
      "path",
      [
        "d": places, "class": ChartLook.strokeClass(look), "stroke": ChartLook.color(look), "fill": "none",
        "stroke-width": ChartLook.width(look), "stroke-opacity": ChartLook.opacity(look), "stroke-linejoin": "round",
        "stroke-dasharray": ChartLook.dash(look),
      ], content)
  }
}
