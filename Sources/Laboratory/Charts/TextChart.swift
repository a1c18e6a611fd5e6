import Platform

/// How a chart becomes text.
public struct TextChartOptions: Sendable {
  /// Characters of a line, labels and all.
  public var width = 72
  /// Lines between the axes of a plane.
  public var height = 12
  /// Whether nothing but ASCII is used, for terminals and files that know no more.
  public var isASCII = false

  public init() {}
}

extension Chart {
  /// The chart for a terminal. Several series in a plane carry letters, which the line below explains.
  public func text(_ options: TextChartOptions = TextChartOptions()) -> String {
    var lines = title.isEmpty ? [] : [shown(title, limit: 200)]
    let isRows = kind == .bar || kind == .histogram && series.count <= 1
    lines += isRows ? textBars(options) : textPlane(options)
    if let note { lines.append("(\(note))") }
    return lines.map(\.withoutTrailingSpaces).joined(separator: "\n")
  }

  /// The letter of a series in a plane.
  func letter(_ look: Int) -> Character {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    return letters[look % letters.count]
  }
}

extension [Chart] {
  /// All as text, below each other.
  public func text(_ options: TextChartOptions = TextChartOptions()) -> String {
    map { $0.text(options) }.joined(separator: "\n\n")
  }
}

extension String {
  var withoutTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }

  func padded(to width: Int, onTheLeft: Bool = false) -> String {
    let space = String(repeating: " ", count: Swift.max(0, width - count))
    return onTheLeft ? space + self : self + space
  }
}
