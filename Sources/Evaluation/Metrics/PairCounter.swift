import Kernels

/// Counts, for one user, the (relevant, irrelevant) pairs of items in the right order, exactly and without sorting the scores.
///
/// For each relevant item it counts how many of all scores are below and equal; what the masked and the relevant items
/// contributed is taken away at the end.
struct PairCounter: ScoreCounter {
  /// Scores of the relevant items that are not masked.
  private let relevant: [Float]
  /// Scores of the masked items.
  private let masked: [Float]
  /// For each relevant item: scores below its own, and equal to it.
  private var below: [Int]
  private var equal: [Int]

  /// - Parameters:
  ///   - relevant: Items, ascending.
  ///   - masked: Items, ascending; a relevant item that is masked does not count.
  ///   - scores: The scores of some items, the same bits as those that `add` will see.
  init(relevant: ArraySlice<Int32>, masked: ArraySlice<Int32>, scores: ([Int32]) -> [Float]) {
    var rankable: [Int32] = []
    var next = masked.startIndex
    for item in relevant {
      while next < masked.endIndex, masked[next] < item { next += 1 }
      if next == masked.endIndex || masked[next] != item { rankable.append(item) }
    }
    self.relevant = scores(rankable)
    self.masked = scores(Array(masked))
    below = Array(repeating: 0, count: rankable.count)
    equal = below
  }

  /// Sees further scores. Returns the offset of one that is not a number.
  mutating func add(_ scores: UnsafeBufferPointer<Float>) -> Int? {
    let fault = kernel_ranking_count(scores.baseAddress, scores.count, relevant, relevant.count, &below, &equal)
    return fault < 0 ? nil : fault
  }

  /// The area under the curve once all items have been seen; NaN where there is no pair.
  ///
  /// - Complexity: O(relevant · (relevant + masked))
  func outcome(itemCount: Int) -> Double {
    let pairs = relevant.count * (itemCount - masked.count - relevant.count)
    if pairs == 0 { return .nan }
    var (below, equal) = (below, equal)
    for scores in [masked, relevant] where !scores.isEmpty {
      var (less, same) = ([Int](repeating: 0, count: below.count), [Int](repeating: 0, count: below.count))
      _ = kernel_ranking_count(scores, scores.count, relevant, relevant.count, &less, &same)
      for index in below.indices {
        below[index] -= less[index]
        equal[index] -= same[index]
      }
    }
    let (right, ties) = (below.reduce(0, +), equal.reduce(0, +))
    return (Double(right) + 0.5 * Double(ties)) / Double(pairs)
  }
}
