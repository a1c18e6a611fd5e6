import Interactions
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// Candidates that are drawn by a seed.
@Suite struct CandidateDrawTests {
  private let random = RandomCase(seed: 8, users: 150, items: 60, dim: 1, ties: false, biases: false)
  private let pool = ThreadPool(threadCount: 2)
  private var everyone: [Int32] { (0..<150).map { $0 } }

  private func draw(_ count: Int, seed: UInt64 = 1, users: [Int32]? = nil, pool: ThreadPool? = nil) throws
    -> CandidateLists
  {
    try CandidateDraw(split: random.split, seed: seed).lists(
      count: count, users: users ?? everyone, pool: pool ?? self.pool)
  }

  private func positives(_ user: Int) -> Set<Int32> {
    Set(random.train.items(of: user)).union(random.valid.items(of: user)).union(random.test.items(of: user))
  }

  @Test(arguments: [1, 2, 10, 40, 59, 60, 1000, Int.max])
  func listsAreDistinctAndHoldNothingOfTheUsers(count: Int) throws {
    let lists = try draw(count)
    for user in 0..<150 {
      let (list, own) = (lists.items(of: user), positives(user))
      #expect(list.count == min(count, 60 - own.count))
      #expect(Set(list).count == list.count && own.isDisjoint(with: list))
      #expect(list.allSatisfy { 0..<60 ~= $0 })
    }
  }

  @Test func theSameSeedDrawsTheSameListsForWhoeverIsAsked() throws {
    let lists = try draw(9)
    #expect(try draw(9, pool: ThreadPool(threadCount: 1)) == lists)
    #expect(try draw(9, seed: 2) != lists)
    let some = try draw(9, users: [3, 77])
    #expect(some.items(of: 3) == lists.items(of: 3) && some.items(of: 77) == lists.items(of: 77))
    #expect(some.items.count == lists.items(of: 3).count + lists.items(of: 77).count)
    #expect(lists.items(of: 0) != lists.items(of: 1))
  }

  /// Chi-square of how often each item is drawn, over seeds: 54 degrees of freedom, 0.999 quantile 92.
  @Test func everyItemThatIsLeftIsDrawnEquallyOften() throws {
    let split = random.split
    let user = try #require((0..<150).first { positives($0).count == 5 })
    var counts = [Int](repeating: 0, count: 60)
    for seed in 0..<3000 {
      let lists = try CandidateDraw(split: split, seed: UInt64(seed)).lists(
        count: 11, users: [Int32(user)], pool: pool)
      for item in lists.items { counts[Int(item)] += 1 }
    }
    let expected = 3000.0 * 11 / 55
    let left = counts.indices.filter { !positives(user).contains(Int32($0)) }
    #expect(left.count == 55)
    // Draws without repeats vary less: the variance is that of the binomial.
    let variance = expected * (1 - 11.0 / 55)
    #expect(left.reduce(0.0) { $0 + (Double(counts[$1]) - expected) * (Double(counts[$1]) - expected) / variance } < 92)
  }

  @Test func aUserWithEverythingHasNoCandidatesAndIsLeftOut() throws {
    func matrix(_ users: [Int32], _ items: [Int32]) -> InteractionMatrix {
      InteractionMatrix(userCount: 3, itemCount: 4, users: users, items: items)
    }
    let split = Split(
      dataset: unnamed(3, 4), train: matrix([0, 0, 0, 1, 1, 2], [0, 1, 2, 0, 1, 0]), valid: nil,
      test: matrix([0, 1, 2], [3, 3, 3]), rule: "test")
    let scores = ModelScores.factors(
      .init(userCount: 3, itemCount: 4, dim: 0, users: [], items: [], itemBias: [1, 2, 3, 4]))
    var settings = EvaluationSettings(metrics: [Metric(.hit, at: 1)])
    settings.candidates = .drawn(count: 2, seed: 1)
    let result = try evaluate(scores, split: split, settings: settings)
    #expect(result.users == [1, 2] && result.means == [1])
    #expect(
      result.candidates?.warnings == [
        "1 user has no candidates: left out of every mean",
        "1 user has fewer items left than candidates were to be drawn: they got all of them",
      ])
  }
}
