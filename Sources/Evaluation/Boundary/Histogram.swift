/// How numbers are spread: counts in bins of one width, and what is left out by them.
public struct Histogram: Sendable, Equatable {
  /// `[bins + 1]`, ascending. A bin holds its lower edge and not its upper one; the last holds both.
  public let edges: [Double]
  /// `[bins]`
  public let counts: [Int]
  /// Numbers below the first edge and above the last.
  public let below: Int
  public let above: Int
  public let count: Int
  public let mean: Double
  /// Square root of the mean squared distance from the mean.
  public let deviation: Double
  public let smallest: Double
  public let largest: Double

  /// - Parameters:
  ///   - values: At least one, all finite.
  ///   - bins: At least one.
  ///   - range: From the first edge to the last; from the smallest to the largest value where `nil`, half a unit wider to both sides
  ///     where these are one.
  public init(_ values: [Double], bins: Int, range: ClosedRange<Double>? = nil) {
    precondition(!values.isEmpty && bins >= 1)
    count = values.count
    mean = values.reduce(0.0) { $0 + $1 } / Double(count)
    let center = mean
    deviation = (values.reduce(0.0) { $0 + ($1 - center) * ($1 - center) } / Double(count)).squareRoot()
    smallest = values.min()!
    largest = values.max()!
    let (low, high) =
      range.map { ($0.lowerBound, $0.upperBound) }
      ?? (smallest < largest ? (smallest, largest) : (smallest - 0.5, largest + 0.5))
    let edges = (0...bins).map { $0 == bins ? high : low + (high - low) * Double($0) / Double(bins) }
    var counts = [Int](repeating: 0, count: bins)
    var (below, above) = (0, 0)
    for value in values {
      if value < low {
        below += 1
      } else if value > high {
        above += 1
      } else {
        var bin = min(bins - 1, Int((value - low) / (high - low) * Double(bins)))
        // The division may round across an edge.
        while bin > 0, value < edges[bin] { bin -= 1 }
        while bin + 1 < bins, value >= edges[bin + 1] { bin += 1 }
        counts[bin] += 1
      }
    }
    (self.edges, self.counts, self.below, self.above) = (edges, counts, below, above)
  }
}
