import Platform

/// Bars that lie, so that long names have room: a band for each category with a bar for each series.
extension SVGChart {
  private static let band = (bar: 15.0, gap: 11.0)

  static func barsHeight(_ chart: Chart) -> Double {
    Double(max(1, chart.categories.count)) * (band.bar * Double(max(1, chart.series.count)) + band.gap)
  }

  var bars: Markup {
    let bottom = plot.top + plot.height
    var body = Markup.nothing
    for (value, label) in zip(scale.ticks, scale.labels) {
      body += line(at(value), plot.top, at(value), bottom, "grid")
      body += text(at(value), bottom + 17, "middle", label)
    }
    let height = Self.band.bar * Double(chart.series.count) + Self.band.gap
    for (index, category) in chart.categories.enumerated() {
      let top = plot.top + height * Double(index) + Self.band.gap / 2
      body += text(plot.left - 7, top + (height - Self.band.gap) / 2 + 4, "end", Self.shortened(category))
      for (row, (one, look)) in zip(chart.series, chart.looks).enumerated() where index < one.points.count {
        body += bar(one, one.points[index].y, category, look, top + Self.band.bar * Double(row))
      }
    }
    let ground = at(chart.isYLogarithmic ? scale.low : 0)
    return body + line(ground, plot.top, ground, bottom, "axis")
  }

  private func at(_ value: Double) -> Double { plot.left + plot.width * scale.share(value) }

  private func bar(_ one: Chart.Series, _ value: Double, _ category: String, _ look: Int, _ top: Double) -> Markup {
    guard chart.isShown(.init(1, value)) else { return .nothing }
    let ground = at(chart.isYLogarithmic ? scale.low : 0)
    let (left, right) = (min(ground, at(value)), max(ground, at(value)))
    let number = significant(value, 4)
    let words = one.name.isEmpty ? "\(category): \(number)" : "\(category), \(one.name): \(number)"
    return .element(
      "rect",
      [
        "x": place(left), "y": place(top + 1), "width": place(max(0.5, right - left)),
        "height": place(Self.band.bar - 2), "class": ChartLook.fillClass(look), "fill": ChartLook.color(look),
        "fill-opacity": ChartLook.dash(look) == nil ? nil : "0.6",
      ], .element("title", [:], .init(words))) + text(right + 5, top + Self.band.bar - 4, "start", number)
  }
}
