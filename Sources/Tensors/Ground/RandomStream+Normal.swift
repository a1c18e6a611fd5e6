import Platform

extension RandomStream {
  /// Standard normal, by the Box-Muller transform of two uniform numbers of this position's own.
  ///
  /// A pure function of the position, unlike polar or ziggurat methods, which use a varying number of draws.
  public func normal(at position: UInt64) -> Double {
    // In (0, 1], so that the logarithm is finite.
    let radius = 1 - uniformDouble(at: position &* 2)
    let angle = uniformDouble(at: position &* 2 &+ 1)
    return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
  }
}
