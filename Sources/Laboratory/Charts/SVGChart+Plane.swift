import Platform

/// Lines, points and histograms: marks in a plane of two axes.
extension SVGChart {
  /// Above this many points of a series none is marked.
  private static let mostMarks = 40

  var plane: Markup {
    let x = chart.xScale
    var body = axes(x)
    // What is faint lies below.
    for (one, look) in zip(chart.series, chart.looks).sorted(by: { $0.0.isFaint && !$1.0.isFaint }) {
      body += chart.kind == .histogram ? steps(one, look, x) : curve(one, look, x)
    }
    return body
  }

  private func atX(_ value: Double, _ scale: ChartScale) -> Double { plot.left + plot.width * scale.share(value) }
  private func atY(_ value: Double) -> Double { plot.top + plot.height * (1 - scale.share(value)) }

  private func axes(_ x: ChartScale) -> Markup {
    let bottom = plot.top + plot.height
    var body = Markup.nothing
    if !chart.yTitle.isEmpty {
      body += text(14, plot.top - 14, "start", Self.shortened(chart.yTitle, Int(width / 7.6)), style: "faint")
    }
    for (value, label) in zip(scale.ticks, scale.labels) {
      body += line(plot.left, atY(value), plot.left + plot.width, atY(value), "grid")
      body += text(plot.left - 7, atY(value) + 4, "end", label)
    }
    for (value, label) in zip(x.ticks, x.labels) {
      body += line(atX(value, x), bottom, atX(value, x), bottom + 4, "axis")
      body += text(atX(value, x), bottom + 17, "middle", label)
    }
    return body + line(plot.left, bottom, plot.left + plot.width, bottom, "axis")
  }

  private func curve(_ one: Chart.Series, _ look: Int, _ x: ChartScale) -> Markup {
    var body = Markup.nothing
    let segments = one.segments(chart.isShown)
    let isMarked = chart.kind == .points || !one.isFaint && segments.reduce(0) { $0 + $1.count } <= Self.mostMarks
    for segment in segments {
      let points = chart.kind == .points ? Array(segment) : segment.thinned(columns: Int(plot.width) / 2, x.share)
      if chart.kind == .line, points.count > 1 {
        let places = points.map { "\(place(atX($0.x, x))) \(place(atY($0.y)))" }.joined(separator: "L")
        body += path("M" + places, look, .element("title", [:], .init(one.name)))
      }
      if isMarked || points.count == 1 { for point in points { body += mark(one, point, look, x) } }
    }
    return body
  }

  private func mark(_ one: Chart.Series, _ point: Chart.Point, _ look: Int, _ x: ChartScale) -> Markup {
    .element(
      "circle",
      [
        "cx": place(atX(point.x, x)), "cy": place(atY(point.y)), "r": "2.6", "class": ChartLook.fillClass(look),
        "fill": ChartLook.color(look), "fill-opacity": ChartLook.opacity(look),
      ],
      .element("title", [:], .init("\(one.name)  \(significant(point.x, 6)): \(significant(point.y, 6))")))
  }

  /// A histogram's outline; the area below is tinted.
  private func steps(_ one: Chart.Series, _ look: Int, _ x: ChartScale) -> Markup {
    let ground = plot.top + plot.height
    var places = ""
    for (index, point) in one.points.enumerated() where index + 1 < chart.edges.count {
      let y = place(chart.isShown(point) ? min(ground, atY(point.y)) : ground)
      places += places.isEmpty ? "M\(place(atX(chart.edges[0], x))) \(place(ground))" : ""
      places += "V\(y)H\(place(atX(chart.edges[index + 1], x)))"
    }
    guard !places.isEmpty else { return .nothing }
    places += "V\(place(ground))"
    let area = Markup.element(
      "path",
      [
        "d": places + "Z", "class": ChartLook.fillClass(look), "fill": ChartLook.color(look),
        "fill-opacity": chart.names.count > 1 ? "0.12" : "0.35",
      ])
    return area + path(places, look, .element("title", [:], .init(one.name)))
  }
}
