import Kernels

/// Counts, for one user, the items above each of some thresholds and how many of them the user has.
struct BoundaryCounter: ScoreCounter {
  struct Counts: Sendable {
    /// For each threshold: items above it, and those of the user's among them.
    let above: [Int]
    let right: [Int]
  }

  private let thresholds: [Float]
  private let right: [Int]
  private var below: [Int]
  private var equal: [Int]

  /// - Parameter positives: Scores of the items that the user has.
  init(thresholds: [Float], positives: [Float]) {
    self.thresholds = thresholds
    right = thresholds.map { threshold in positives.count { $0 > threshold } }
    below = Array(repeating: 0, count: thresholds.count)
    equal = below
  }

  mutating func add(_ scores: UnsafeBufferPointer<Float>) -> Int? {
    let fault = kernel_ranking_count(
      scores.baseAddress, scores.count, thresholds, thresholds.count, &below, &equal)
    return fault < 0 ? nil : fault
  }

  func outcome(itemCount: Int) -> Counts {
    Counts(above: thresholds.indices.map { itemCount - below[$0] - equal[$0] }, right: right)
  }
}
