import Platform

/// Tails of the distributions that tests compare with.
enum Tail {
  /// P(|T| ≥ |t|) of Student's t with so many degrees of freedom: I_x(ν/2, 1/2), x = ν / (ν + t²).
  static func student(_ t: Double, freedom: Double) -> Double {
    if t.isNaN { return .nan }
    if t.isInfinite { return 0 }
    let square = t * t
    return incompleteBeta(
      freedom / 2, 0.5, at: freedom / (freedom + square), remainder: square / (freedom + square))
  }

  /// P(|Z| ≥ |z|) of the normal distribution.
  static func normal(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

  /// I_x(a, b), the regularized incomplete beta function, by its continued fraction (Lentz' way; Press et al., "Numerical Recipes",
  /// third edition, section 6.4) to about 14 digits.
  ///
  /// - Parameter remainder: 1 - x, which loses its digits where x is nearly 1.
  static func incompleteBeta(_ a: Double, _ b: Double, at x: Double, remainder: Double) -> Double {
    if x <= 0 { return 0 }
    if remainder <= 0 { return 1 }
    let front = exp(
      logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(remainder))
    // The fraction converges fast below the mean, and the other side's fraction above.
    if x < (a + 1) / (a + b + 2) { return front * betaFraction(a, b, x) / a }
    return 1 - front * betaFraction(b, a, remainder) / b
  }

  private static func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    func awayFromZero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / awayFromZero(1 - (a + b) * x / (a + 1))
    var result = d
    for index in 1...10_000 {
      let m = Double(index)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      var change = 1.0
      for term in [even, odd] {
        d = 1 / awayFromZero(1 + term * d)
        c = awayFromZero(1 + term / c)
        change = c * d
        result *= change
      }
      if abs(change - 1) < 1e-15 { break }
    }
    return result
  }

  private static func logGamma(_ x: Double) -> Double {
    // Not `lgamma`, which leaves the sign in a variable that threads share.
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
  }
}
