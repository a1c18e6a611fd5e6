/// What a loss reads of the model besides the scores.
extension Channel {
  /// The user's boundary between positives and negatives (UIB, Eq. 3).
  public static let boundary = Channel(
    0, "boundary", .row, isDifferentiable: true, use: "reads the users' boundary", summary: "The user's boundary",
    absence: { _ in "the model has none" }, remedy: "make it with boundary = \"linear\"",
    isOffered: { $0.model?.boundary != nil })

  /// Scores that are squared distances, negated.
  public static let distances = Channel(
    1, "distances", .statement, use: "compares squared distances", summary: "Whether scores are squared distances",
    absence: { "the model's score is '\($0.model?.scoreName ?? "another")'" },
    remedy: "make it with score = \"euclidean\"", isOffered: { $0.model?.scoring.function == .euclidean })

  /// The score of each negative as seen from the positive item.
  public static let itemScores = Channel(
    2, "item_scores", .plane, isDifferentiable: true, isOnDemand: true, use: "reads scores between items",
    summary: "Score of each negative as seen from the positive item",
    absence: { _ in "the model does not score items against each other" },
    remedy: "take one that scores by a function of two rows", isOffered: { $0.model?.scoring.function != nil })
}

extension LossTrace {
  public func boundary() throws -> TracedValue { try required(.boundary) }
  public func itemScores() throws -> TracedValue { try required(.itemScores) }
}

extension ScorePlane {
  /// The user's boundary, `[B]`, where the model has one.
  public var boundary: UnsafePointer<Float>? {
    get { self[.boundary] }
    set { self[.boundary] = newValue }
  }
  /// The derivative with respect to `boundary`, `[B]`; a loss that reads the boundary writes all of it.
  public var boundaryGradients: UnsafeMutablePointer<Float>? {
    get { self[gradients: .boundary] }
    set { self[gradients: .boundary] = newValue }
  }
  /// The score of each negative as seen from the positive item, `[B, N]`, for a loss that needs `itemScores`.
  public var itemScores: UnsafePointer<Float>? {
    get { self[.itemScores] }
    set { self[.itemScores] = newValue }
  }
  /// The derivative with respect to `itemScores`, `[B, N]`; a loss that needs them writes all of it.
  public var itemScoreGradients: UnsafeMutablePointer<Float>? {
    get { self[gradients: .itemScores] }
    set { self[gradients: .itemScores] = newValue }
  }
}
