import Testing

@testable import Evaluation

/// A score and an item as one number.
@Suite struct RankingKeyTests {
  /// Descending, each pair once.
  private let ordered: [(score: Float, item: Int32)] = [
    (.infinity, 3), (.greatestFiniteMagnitude, 0), (1, 2), (1, 7), (.leastNonzeroMagnitude, 5), (0, 0), (-0.0, 4),
    (0, Int32.max), (-.leastNonzeroMagnitude, 1), (-2, 0), (-.greatestFiniteMagnitude, 0), (-.infinity, 0),
    (-.infinity, 9),
  ]

  @Test func keysCompareByScoreThenByLowerItem() {
    let keys = ordered.map { RankingKey(score: $0.score, item: $0.item) }
    for first in keys.indices {
      for second in keys.indices {
        #expect((keys[first] > keys[second]) == (first < second))
        #expect(keys[first].exceeds(keys[second]) == (ordered[first].score > ordered[second].score))
      }
    }
  }

  @Test func keysGiveBackWhatTheyWereMadeOf() {
    for (score, item) in ordered {
      let key = RankingKey(score: score, item: item)
      #expect(key.score == score && key.item == item)
    }
  }
}
