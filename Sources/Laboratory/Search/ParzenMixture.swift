import Platform
import Tensors

/// A density over a range: a mean of normal distributions, each cut off at the range's ends, one around each observation and a wide one over
/// the whole range.
///
/// The adaptive Parzen estimator of Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, section 4: an observation's
/// deviation is the larger of the distances to its neighbors. Departs from it in that deviations are no less than range / min(100, n + 1).
struct ParzenMixture {
  struct Part {
    let mean: Double
    let deviation: Double
    /// Of the normal distribution, what lies within the range.
    let mass: Double
  }
  let low: Double
  let high: Double
  let parts: [Part]

  /// - Parameter observations: Within the range, in any order.
  init(_ observations: [Double], low: Double, high: Double) {
    (self.low, self.high) = (low, high)
    let middle = (low + high) / 2
    let range = high - low
    let least = range / Double(min(100, observations.count + 2))
    // The wide one counts as a neighbor, and has the range as its deviation whoever stands beside it.
    let means = (observations.map { ($0, false) } + [(middle, true)]).sorted { $0.0 < $1.0 }
    parts = means.indices.map { index in
      let (mean, isWide) = means[index]
      let left = index > 0 ? mean - means[index - 1].0 : 0
      let right = index + 1 < means.count ? means[index + 1].0 - mean : 0
      let deviation = isWide ? range : min(range, max(least, left, right))
      return Part(
        mean: mean, deviation: deviation,
        mass: normalMass(from: (low - mean) / deviation, to: (high - mean) / deviation))
    }
  }

  /// ln of the density at a place of the range.
  func logDensity(at x: Double) -> Double {
    let sum = parts.reduce(0) { sum, part in
      let z = (x - part.mean) / part.deviation
      return sum + exp(-0.5 * z * z) / (part.deviation * (2 * Double.pi).squareRoot() * part.mass)
    }
    return log(sum / Double(parts.count))
  }

  /// ln of the probability of a part of the range.
  func logProbability(from: Double, to: Double) -> Double {
    let (from, to) = (max(low, from), min(high, to))
    let sum = parts.reduce(0) { sum, part in
      sum + normalMass(from: (from - part.mean) / part.deviation, to: (to - part.mean) / part.deviation) / part.mass
    }
    return log(sum / Double(parts.count))
  }

  /// A number with this density. Each normal distribution has a third of itself or more within the range: few draws fall outside.
  func draw(using generator: inout RandomStream.Generator) -> Double {
    let part = parts[Int(Double(parts.count) * generator.share())]
    while true {
      let radius = (-2 * log(1 - generator.share())).squareRoot()
      let x = part.mean + part.deviation * radius * cos(2 * .pi * generator.share())
      if low <= x, x <= high { return x }
    }
  }
}

/// The standard normal distribution's probability between two places; accurate in both tails.
private func normalMass(from: Double, to: Double) -> Double {
  func tail(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }
  return from > 0 ? tail(from) - tail(to) : tail(-to) - tail(-from)
}

extension RandomStream.Generator {
  /// Uniform in [0, 1).
  mutating func share() -> Double { Double(next() >> 11) * 0x1p-53 }
}
