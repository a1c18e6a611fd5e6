import Platform
import Tensors

/// Whether two models differ by more than chance, from the differences of their values, one for each user.
///
/// Both sides count: a p is the probability of a difference as large as this, in either direction, where there is none.
public enum PairedTests {
  /// Student's t-test: are the differences' mean and spread those of a mean of 0?
  ///
  /// t = mean / (s / √n), s² with n - 1. Where all differences are the same there is no spread to measure by: p is 1 if they are 0,
  /// else 0.
  ///
  /// - Returns: `nil` for fewer than two differences.
  public static func student(_ differences: [Double]) -> (t: Double, p: Double)? {
    guard differences.count >= 2 else { return nil }
    let moments = SampleMoments(differences)
    let count = Double(differences.count)
    let error = moments.deviation / count.squareRoot()
    guard error > 0 else { return moments.mean == 0 ? (0, 1) : (moments.mean * .infinity, 0) }
    let t = moments.mean / error
    return (t, Tail.student(t, freedom: count - 1))
  }

  /// Wilcoxon's signed-rank test: do positive differences rank as high as negative ones, by their size?
  ///
  /// Differences of 0 are left out, equal sizes share their mean rank. Exact for at most 50 differences without ties and zeros, else by
  /// the normal distribution with the variance corrected for ties and without correction for continuity, as `scipy.stats.wilcoxon` does.
  ///
  /// Frank Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1(6), 1945.
  ///
  /// - Returns: The smaller of the two sums of ranks, and p; `nil` where all differences are 0.
  /// - Complexity: O(n log n), and O(n³) of at most 50.
  public static func wilcoxon(_ differences: [Double]) -> (statistic: Double, p: Double)? {
    let kept = differences.filter { $0 != 0 }
    guard !kept.isEmpty else { return nil }
    let ranked = SignedRanks(kept)
    let total = Double(kept.count) * Double(kept.count + 1) / 2
    let statistic = min(ranked.positive, total - ranked.positive)
    if kept.count == differences.count, !ranked.hasTies, kept.count <= 50 {
      return (statistic, exactWilcoxon(Int(statistic), count: kept.count))
    }
    let variance = total * Double(2 * kept.count + 1) / 12 - ranked.tieCorrection / 48
    return (statistic, variance > 0 ? Tail.normal((statistic - total / 2) / variance.squareRoot()) : 1)
  }

  /// The share of all 2ⁿ signs whose sum of ranks is at most `sum`, twice.
  private static func exactWilcoxon(_ sum: Int, count: Int) -> Double {
    let most = count * (count + 1) / 2
    var ways = [Double](repeating: 0, count: most + 1)
    ways[0] = 1
    for rank in 1...count {
      for total in stride(from: most, through: rank, by: -1) { ways[total] += ways[total - rank] }
    }
    return min(1, 2 * ways[...sum].reduce(0, +) / pow(2, Double(count)))
  }

  /// The permutation test of the mean: how often is it as far from 0 when each difference gets a random sign?
  ///
  /// All signs are tried where there are at most `rounds` of them, else so many random ones; then p = (1 + hits) / (1 + rounds), which
  /// is never 0 (Phipson and Smyth, "Permutation p-values should never be zero", 2010).
  ///
  /// - Complexity: O(rounds · n).
  public static func permutation(
    _ differences: [Double], rounds: Int = 9999, seed: UInt64 = 0, pool: ThreadPool = .shared
  ) -> Double? {
    guard !differences.isEmpty else { return nil }
    let wanted = abs(differences.reduce(0, +)) * (1 - 1e-12)
    if differences.count < 20, 1 << differences.count <= rounds { return exactPermutation(differences, wanted) }
    let stream = RandomStream(seed: seed, purpose: "permutation test")
    let hits = counts(rounds, pool) { round in
      let signs = stream.substream(round)
      var sum = 0.0
      for start in stride(from: 0, to: differences.count, by: 64) {
        var bits = signs.bits(at: UInt64(start / 64))
        for index in start..<min(start + 64, differences.count) {
          sum += bits & 1 == 0 ? differences[index] : -differences[index]
          bits >>= 1
        }
      }
      return abs(sum) >= wanted ? 1 : 0
    }
    return (1 + hits.reduce(0, +)) / Double(1 + rounds)
  }

  private static func exactPermutation(_ differences: [Double], _ wanted: Double) -> Double {
    var hits = 0
    for signs in 0..<(1 << differences.count) {
      let sum = differences.indices.reduce(0.0) { $0 + (signs >> $1 & 1 == 0 ? differences[$1] : -differences[$1]) }
      if abs(sum) >= wanted { hits += 1 }
    }
    return Double(hits) / Double(1 << differences.count)
  }

  /// The percentile bootstrap's interval of the mean: that of means over as many users, drawn with replacement.
  ///
  /// Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3.
  ///
  /// - Parameter confidence: 0.95 leaves 2.5 % of the means below and above.
  /// - Complexity: O(rounds · n).
  public static func bootstrap(
    _ differences: [Double], confidence: Double = 0.95, rounds: Int = 2000, seed: UInt64 = 0,
    pool: ThreadPool = .shared
  ) -> ClosedRange<Double>? {
    guard !differences.isEmpty, rounds >= 1 else { return nil }
    let stream = RandomStream(seed: seed, purpose: "bootstrap")
    let means = counts(rounds, pool) { round in
      let draws = stream.substream(round)
      var sum = 0.0
      for index in differences.indices {
        sum += differences[draws.integer(below: differences.count, at: UInt64(index))]
      }
      return sum / Double(differences.count)
    }.sorted()
    let outside = (1 - confidence) / 2
    return quantile(means, outside)...quantile(means, 1 - outside)
  }

  /// Between the two values beside it, by the share of the way.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// What each round gives, on all threads.
  private static func counts(_ rounds: Int, _ pool: ThreadPool, _ body: (Int) -> Double) -> [Double] {
    var values = [Double](repeating: 0, count: rounds)
    values.withUnsafeMutableBufferPointer { buffer in
      withoutActuallyEscaping(body) { body in
        let shared = Shared((buffer, body))
        pool.run(count: rounds, grain: 16) { positions in
          for position in positions { shared.value.0[position] = shared.value.1(position) }
        }
      }
    }
    return values
  }

  /// Holm's correction for several tests at once: p-values of which all below α may be believed together.
  ///
  /// Of m tests the smallest p counts m times, the next m - 1 times, and none less than one before it. NaN stays NaN and counts for
  /// none. Sture Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979.
  public static func holm(_ values: [Double]) -> [Double] {
    let order = values.indices.filter { !values[$0].isNaN }.sorted { values[$0] < values[$1] }
    var adjusted = values
    var largest = 0.0
    for (place, index) in order.enumerated() {
      largest = max(largest, min(1, values[index] * Double(order.count - place)))
      adjusted[index] = largest
    }
    return adjusted
  }
}

/// Mean and standard deviation (of a sample, with n - 1; 0 of one value).
public struct SampleMoments: Sendable, Equatable {
  public let mean: Double
  public let deviation: Double

  public init(_ values: [Double]) {
    let mean = values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    deviation = values.count < 2 ? 0 : (squares / Double(values.count - 1)).squareRoot()
  }
}

/// Ranks of differences by their size, from 1; equal ones share their mean.
private struct SignedRanks {
  /// The sum of the ranks of positive ones.
  private(set) var positive = 0.0
  private(set) var hasTies = false
  /// Σ t³ - t over groups of t equal sizes.
  private(set) var tieCorrection = 0.0

  init(_ differences: [Double]) {
    let sorted = differences.sorted { abs($0) < abs($1) }
    var start = 0
    while start < sorted.count {
      var end = start + 1
      while end < sorted.count, abs(sorted[end]) == abs(sorted[start]) { end += 1 }
      let size = Double(end - start)
      let rank = Double(start + 1 + end) / 2
      positive += rank * Double(sorted[start..<end].count { $0 > 0 })
      if end - start > 1 { hasTies = true }
      tieCorrection += size * size * size - size
      start = end
    }
  }
}
