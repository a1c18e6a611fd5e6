import Platform

/// Bars that lie, an eighth of a character exact; a histogram's bins are such bars too.
extension Chart {
  func textBars(_ options: TextChartOptions) -> [String] {
    let rows = kind == .histogram ? binRows : barRows
    let numbers = rows.map { isShown(Point(1, $0.value)) ? significant($0.value, 4) : "-" }
    let widths = (
      label: rows.map(\.label.count).max() ?? 0, name: rows.map(\.name.count).max() ?? 0,
      number: numbers.map(\.count).max() ?? 0
    )
    let margin = widths.label + (widths.name > 0 ? widths.name + 2 : 0) + 1
    let scale = yScale(about: 6)
    let columns = max(8, options.width - margin - widths.number - 2)
    let title = [xTitle, yTitle].filter { !$0.isEmpty }.map { shown($0, limit: 200) }.joined(separator: ": ")
    var lines = title.isEmpty ? [] : [title]
    for (row, number) in zip(rows, numbers) {
      let name = widths.name > 0 ? "  " + row.name.padded(to: widths.name) : ""
      let label = row.label.padded(to: widths.label, onTheLeft: kind == .histogram)
      lines.append("\(label)\(name) \(Self.bar(row.value, number, scale, columns, options.isASCII))")
    }
    return lines
  }

  private typealias Row = (label: String, name: String, value: Double)

  /// A line for each series of each category, the category's name on the first.
  private var barRows: [Row] {
    categories.enumerated().flatMap { index, category in
      series.enumerated().map { place, one in
        (
          place == 0 ? shown(category, limit: 30) : "", shown(one.name, limit: 30),
          index < one.points.count ? one.points[index].y : .nan
        )
      }
    }
  }

  /// A line for each bin, with its lower edge, and the upper one of the last.
  private var binRows: [Row] {
    guard let one = series.first else { return [] }
    let wide = edges.count > 1 ? (edges[edges.count - 1] - edges[0]) / Double(edges.count - 1) : 1
    let step = Step(range: wide, about: 1, isWhole: edges.allSatisfy { $0 == $0.rounded() })
    let isRound = abs(step.width - wide) < wide * 1e-6
    let largest = edges.map { abs($0) }.max() ?? 0
    return zip(one.points, zip(edges, edges.dropFirst())).map { point, edge in
      func label(_ value: Double) -> String {
        let rounded = abs(value) < wide * 1e-6 ? 0 : value
        return isRound ? step.label(rounded, largest: largest) : significant(rounded, 4)
      }
      return ("\(label(edge.0)) to \(label(edge.1))", "", point.y)
    }
  }

  private static func bar(
    _ value: Double, _ number: String, _ scale: ChartScale, _ columns: Int, _ isASCII: Bool
  ) -> String {
    guard ChartScale.isShown(value, isLogarithmic: scale.isLogarithmic) else { return number }
    let ground = scale.isLogarithmic ? 0 : scale.share(0)
    let (from, to) = (min(ground, scale.share(value)), max(ground, scale.share(value)))
    let begin = Int((from * Double(columns)).rounded(isASCII ? .toNearestOrAwayFromZero : .down))
    let space = String(repeating: " ", count: begin)
    if isASCII {
      let end = Int((to * Double(columns)).rounded())
      return "\(space)\(String(repeating: "#", count: max(0, end - begin))) \(number)"
    }
    let eighths = Int((to * Double(columns) * 8).rounded()) - begin * 8
    let partial = eighths % 8 == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1])
    return "\(space)\(String(repeating: "█", count: max(0, eighths) / 8))\(partial) \(number)"
  }
}
