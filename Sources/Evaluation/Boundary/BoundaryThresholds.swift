import Ranking

/// What a score that is ranked must exceed for its item to be above the user's boundary.
///
/// Scores that are ranked leave out the user's own bias and the ceiling, which change no ranking: so the boundary is moved instead,
/// and every decision here is made on the same bits.
struct BoundaryThresholds {
  private let bias: [Float]?
  private let ceiling: Float
  private let boundaries: [Float]

  /// - Throws: `EvaluationError` where the boundaries are not one number for each user of the scores.
  init(_ scores: ModelScores, boundaries: [Float]) throws {
    guard boundaries.count == scores.userCount else {
      throw EvaluationError.shapeMismatch(
        what: "the boundary", found: "\(boundaries.count) users", wanted: "\(scores.userCount)")
    }
    if let user = boundaries.firstIndex(where: \.isNaN) { throw EvaluationError.boundaryIsNotANumber(user: user) }
    self.boundaries = boundaries
    switch scores {
    case .factors(let factors): (bias, ceiling) = (factors.userBias, factors.ceiling)
    case .source: (bias, ceiling) = (nil, .infinity)
    }
  }

  /// `s > boundary + offset` is `ranked score > threshold`.
  func threshold(user: Int, offset: Double) -> Float {
    let wanted = Double(boundaries[user]) + offset
    guard Double(ceiling) > wanted else { return .infinity }
    return Float(wanted - Double(bias?[user] ?? 0))
  }
}
