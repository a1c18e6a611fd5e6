import Platform

/// Lines, points and outlines of histograms as dots.
extension Chart {
  func textPlane(_ options: TextChartOptions) -> [String] {
    let height = max(3, options.height)
    let y = yScale(about: max(2, min(6, height / 3)))
    let margin = y.labels.map(\.count).max() ?? 0
    let columns = max(10, options.width - margin - 2)
    let x = xScale
    var canvas = DotCanvas(columns: columns, rows: height, isASCII: options.isASCII)
    draw(into: &canvas, x, y)
    var lines = yTitle.isEmpty ? [] : [shown(yTitle, limit: 200)]
    lines += rows(of: canvas, y, margin, options.isASCII)
    lines += axis(x, canvas, margin, options.isASCII)
    return lines + legend(width: options.width, margin)
  }

  // MARK: Drawing

  private func draw(into canvas: inout DotCanvas, _ x: ChartScale, _ y: ChartScale) {
    let isSingle = names.count < 2
    var ends: [(letter: Character, dots: [(x: Int, y: Int)])] = []
    for (one, look) in zip(series, looks) {
      let letter: Character = one.isFaint ? "." : isSingle ? "*" : self.letter(look)
      var seen: [(x: Int, y: Int)] = []
      for segment in outline(one, y.low) {
        let dots = segment.map { (x: Self.x($0.x, x, canvas), y: Self.y($0.y, y, canvas)) }
        if kind == .points {
          for dot in dots { canvas.set(dot.x, dot.y, letter) }
        } else {
          for (from, to) in zip(dots, dots.dropFirst()) { canvas.line(from: from, to: to, letter) }
          if dots.count == 1 { canvas.set(dots[0].x, dots[0].y, letter) }
        }
        seen += dots
      }
      if !isSingle, !one.isFaint, !seen.isEmpty { ends.append((letter, seen)) }
    }
    for (index, end) in ends.enumerated() { mark(end.letter, end.dots, index, of: ends.count, &canvas) }
  }

  /// Puts a series' letter where it ends, and once on the way, where the others have not theirs.
  private func mark(
    _ letter: Character, _ dots: [(x: Int, y: Int)], _ index: Int, of count: Int, _ canvas: inout DotCanvas
  ) {
    for dot in [dots[dots.count * (index + 1) / (count + 1)], dots[dots.count - 1]] {
      canvas.put(letter, column: canvas.column(of: dot.x), row: canvas.row(of: dot.y))
    }
  }

  /// What is drawn of a series: its points, or the corners of its bins.
  private func outline(_ one: Series, _ ground: Double) -> [[Point]] {
    guard kind == .histogram else { return one.segments(isShown).map { Array($0) } }
    let corners = zip(one.points, zip(edges, edges.dropFirst())).flatMap { point, edge in
      let y = isShown(point) ? point.y : ground
      return [Point(edge.0, y), Point(edge.1, y)]
    }
    return corners.isEmpty ? [] : [corners]
  }

  private static func x(_ value: Double, _ scale: ChartScale, _ canvas: DotCanvas) -> Int {
    min(canvas.width - 1, max(0, Int((scale.share(value) * Double(canvas.width - 1)).rounded())))
  }

  private static func y(_ value: Double, _ scale: ChartScale, _ canvas: DotCanvas) -> Int {
    min(canvas.height - 1, max(0, Int(((1 - scale.share(value)) * Double(canvas.height - 1)).rounded())))
  }

  // MARK: Axes

  private func rows(of canvas: DotCanvas, _ y: ChartScale, _ margin: Int, _ isASCII: Bool) -> [String] {
    var labels = [String?](repeating: nil, count: canvas.rows)
    for (value, label) in zip(y.ticks, y.labels) {
      labels[canvas.row(of: Self.y(value, y, canvas))] = label
    }
    return zip(canvas.text, labels).map { text, label in
      let edge = isASCII ? label == nil ? "|" : "+" : label == nil ? "│" : "┤"
      return (label ?? "").padded(to: margin, onTheLeft: true) + edge + text
    }
  }

  private func axis(_ x: ChartScale, _ canvas: DotCanvas, _ margin: Int, _ isASCII: Bool) -> [String] {
    var rule = [Character](repeating: isASCII ? "-" : "─", count: canvas.columns)
    var text = [Character](repeating: " ", count: canvas.columns + margin + 1)
    var free = 0
    for (value, label) in zip(x.ticks, x.labels) {
      let column = canvas.column(of: Self.x(value, x, canvas))
      let begin = min(text.count - label.count, max(0, margin + 1 + column - label.count / 2))
      guard begin >= free else { continue }
      rule[column] = isASCII ? "+" : "┬"
      text.replaceSubrange(begin..<begin + label.count, with: label)
      free = begin + label.count + 1
    }
    let corner = String(repeating: " ", count: margin) + (isASCII ? "+" : "└")
    var lines = [corner + String(rule), String(text)]
    if !xTitle.isEmpty {
      let title = shown(xTitle, limit: 200)
      lines.append(title.padded(to: margin + 1 + (canvas.columns + title.count) / 2, onTheLeft: true))
    }
    return lines
  }

  /// The letters, as many in a line as fit.
  private func legend(width: Int, _ margin: Int) -> [String] {
    guard names.count > 1 else { return [] }
    let indent = String(repeating: " ", count: margin + 1)
    var lines = [indent]
    for (look, name) in names.enumerated() {
      let entry = "\(letter(look)) \(shown(name, limit: 40))"
      if lines[lines.count - 1].count > indent.count, lines[lines.count - 1].count + entry.count > width {
        lines.append(indent)
      }
      lines[lines.count - 1] += entry + "   "
    }
    return lines
  }
}
