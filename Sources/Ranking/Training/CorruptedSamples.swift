/// How many samples of training stood on the wrong side: those with the most to learn from.
///
/// "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, section 4.8 and Figure 8. Counted before the batch's step.
public struct CorruptedSamples: Sendable, Equatable {
  /// What a sample is, and when it is corrupted.
  public enum Rule: String, Sendable, CaseIterable {
    /// A positive with one of its negatives: `s_n > s_p`, as BPR compares them.
    case pairs
    /// A positive, `b > s_p`, or a negative, `s_n > b`, as UIB compares them.
    case boundary
  }

  /// Positives on their own: none under `pairs`.
  public private(set) var positives = 0
  public private(set) var corruptedPositives = 0
  /// Negatives, or under `pairs` pairs.
  public private(set) var negatives = 0
  public private(set) var corruptedNegatives = 0

  public init() {}

  /// - Parameters:
  ///   - scores: `[rowCount, 1 + negativeCount]`, the positive first.
  ///   - boundaries: `[rowCount]`; `nil` for pairs.
  init(
    scores: UnsafePointer<Float>, boundaries: UnsafePointer<Float>?, rowCount: Int, negativeCount: Int
  ) {
    negatives = rowCount * negativeCount
    positives = boundaries == nil ? 0 : rowCount
    for row in 0..<rowCount {
      let own = scores + row * (1 + negativeCount)
      let limit = boundaries?[row] ?? own[0]
      if limit > own[0] { corruptedPositives += 1 }
      for place in 1...negativeCount where own[place] > limit { corruptedNegatives += 1 }
    }
  }

  /// - Parameters:
  ///   - negatives: `[B, N]`.
  ///   - boundaries: `[B]`; `nil` for pairs.
  public init(positives: [Float], negatives: [Float], boundaries: [Float]? = nil) {
    let count = negatives.count / max(1, positives.count)
    precondition(count >= 1 && count * positives.count == negatives.count)
    precondition(boundaries.map { $0.count == positives.count } ?? true)
    let scores = positives.indices.flatMap { [positives[$0]] + negatives[$0 * count..<($0 + 1) * count] }
    if let boundaries {
      self.init(scores: scores, boundaries: boundaries, rowCount: positives.count, negativeCount: count)
    } else {
      self.init(scores: scores, boundaries: nil, rowCount: positives.count, negativeCount: count)
    }
  }

  /// Those of both.
  func adding(_ other: CorruptedSamples) -> CorruptedSamples {
    var sum = self
    sum.positives += other.positives
    sum.corruptedPositives += other.corruptedPositives
    sum.negatives += other.negatives
    sum.corruptedNegatives += other.corruptedNegatives
    return sum
  }

  /// Share of all samples; NaN of none.
  public var rate: Double { share(corruptedPositives + corruptedNegatives, positives + negatives) }
  /// Share of the positives; NaN under `pairs`.
  public var positiveRate: Double { share(corruptedPositives, positives) }
  /// Share of the negatives.
  public var negativeRate: Double { share(corruptedNegatives, negatives) }

  private func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? .nan : Double(part) / Double(whole) }

  // MARK: In a snapshot

  var numbers: [Int64] { [positives, corruptedPositives, negatives, corruptedNegatives].map(Int64.init) }

  /// - Throws: `TrainingError` for numbers that are no counts.
  init(numbers: some Collection<Int>) throws {
    let numbers = Array(numbers)
    guard numbers.count == 4, numbers.allSatisfy({ $0 >= 0 }), numbers[1] <= numbers[0], numbers[3] <= numbers[2] else {
      throw TrainingError.setting("what was saved has no counts of corrupted samples that fit each other")
    }
    (positives, corruptedPositives, negatives, corruptedNegatives) = (numbers[0], numbers[1], numbers[2], numbers[3])
  }
}
