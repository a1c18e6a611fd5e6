import Tensors

@testable import Ranking

/// Which rows have a gradient at which step: row `r` about every `periods[r]` steps, at random; period 0 is never.
struct TouchPattern {
  static let periods = [1, 1, 2, 3, 5, 9, 17, 40, 63, 64, 65, 100, 127, 128, 129, 150, 200, 300, 500, 1000, 2000, 0]
  let stream: RandomStream

  init(seed: UInt64) { stream = RandomStream(seed: seed, purpose: "touches") }

  func touches(_ row: Int, at step: Int) -> Bool {
    let period = Self.periods[row % Self.periods.count]
    return period > 0 && stream.integer(below: period, at: UInt64(step * 1000 + row)) == 0
  }

  /// Normal numbers times `scale`, with a drift that gives momentum something to keep.
  func gradient(_ row: Int, at step: Int, dim: Int, scale: Double) -> [Float] {
    let substream = stream.substream(step * 1000 + row)
    return (0..<dim).map { Float((substream.normal(at: UInt64($0)) + ($0 % 3 == 0 ? 0.7 : -0.2)) * scale) }
  }
}
