import Interactions
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// The kernels against the slow, obvious version.
@Suite struct AgreementTests {
  private func expectSame(_ result: EvaluationResult, _ plain: PlainRanking) {
    #expect(result.users.map(Int.init) == plain.relevant.indices.filter { !plain.relevant[$0].isEmpty })
    for (index, metric) in result.metrics.enumerated() {
      for (position, user) in result.users.enumerated() {
        let (value, wanted) = (result.perUser[index][position], plain.value(metric, user: Int(user))!)
        #expect(abs(value - wanted) < 1e-12 || (value.isNaN && wanted.isNaN), "\(metric) of user \(user)")
      }
      #expect(abs(result.means[index] - plain.mean(metric)) < 1e-12, "mean \(metric)")
    }
  }

  @Test(arguments: [true, false])
  func tiedScoresRankAsInTheSlowVersion(biases: Bool) throws {
    let random = RandomCase(seed: 1, users: 300, items: 211, dim: 5, ties: true, biases: biases)
    let wanted = random.plain(masks: [random.train, random.valid], relevant: random.test)
    try expectSame(evaluate(random.scores, split: random.split, metrics: allMetrics), wanted)
    try expectSame(evaluate(random.closure, split: random.split, metrics: allMetrics), wanted)
  }

  @Test func everyMaskLeavesOutWhatItSays() throws {
    let random = RandomCase(seed: 2, users: 60, items: 90, dim: 4, ties: true, biases: false)
    let masks: [(EvaluationMask, [InteractionMatrix])] = [
      (.automatic, [random.train, random.valid]), (.trainAndValid, [random.train, random.valid]),
      (.train, [random.train]), (.nothing, []), (.pairs(random.valid), [random.valid]),
    ]
    for (mask, parts) in masks {
      let wanted = random.plain(masks: parts, relevant: random.test)
      try expectSame(evaluate(random.scores, split: random.split, metrics: allMetrics, mask: mask), wanted)
    }
    let onValid = random.plain(masks: [random.train], relevant: random.valid)
    try expectSame(evaluate(random.scores, split: random.split, part: .valid, metrics: allMetrics), onValid)
  }

  @Test func everyLengthOfRowRanksAsInTheSlowVersion() throws {
    for dim in 1...130 {
      // 101 users and 67 items leave the last tile of users and the last panel of items unfilled.
      let random = RandomCase(seed: UInt64(dim), users: 101, items: 67, dim: dim, ties: true, biases: dim % 2 == 0)
      let wanted = random.plain(masks: [random.train], relevant: random.test)
      let lists = try recommend(random.scores, users: (0..<101).map(Int32.init), k: 7, excluding: random.train)
      for user in 0..<101 {
        #expect(Array(lists.items(at: user)) == Array(wanted.list(of: user).prefix(7)), "dim \(dim), user \(user)")
      }
    }
  }

  @Test func realFactorsGiveTheScoresOfAFloat64ProductToRounding() throws {
    for dim in [1, 3, 16, 63, 64, 65, 128, 300] {
      let random = RandomCase(seed: 77, users: 30, items: 500, dim: dim, ties: false, biases: true)
      let plain = random.plainScores()
      let lists = try recommend(random.scores, users: (0..<30).map(Int32.init), k: 500)
      for user in 0..<30 {
        #expect(Set(lists.items(at: user)).count == 500)
        for (item, score) in zip(lists.items(at: user), lists.scores(at: user)) {
          let wanted = plain[user][Int(item)] + random.scores.userBias![user]
          #expect(abs(score - wanted) < 1e-5, "dim \(dim), user \(user), item \(item)")
        }
        #expect(zip(lists.scores(at: user), lists.scores(at: user).dropFirst()).allSatisfy { $0 >= $1 })
      }
    }
  }

  @Test func equalRowsTieWhereverTheyStand() throws {
    // All items are the same row of real numbers: the list is the item numbers in order, whatever tile they fall in.
    let row = RandomCase(seed: 5, users: 40, items: 1, dim: 64, ties: false, biases: false)
    let scores = FactorScores(
      userCount: 40, itemCount: 777, dim: 64, users: row.scores.users,
      items: Array(repeatElement(row.scores.items, count: 777).joined()))
    let lists = try recommend(scores, users: (0..<40).map(Int32.init), k: 777)
    for user in 0..<40 {
      #expect(lists.items(at: user).elementsEqual(0..<777))
      #expect(Set(lists.scores(at: user)).count == 1)
    }
    // Half of all pairs are ties, whichever way single pairs and tiles are computed.
    let test = InteractionMatrix(
      userCount: 40, itemCount: 777, users: (0..<40).map { $0 }, items: (0..<40).map { $0 * 19 })
    let result = try evaluate(scores, relevant: test, masked: nil, metrics: [Metric(.auc)])
    #expect(result.perUser[0].allSatisfy { $0 == 0.5 })
  }

  @Test func listsEndWhereNothingIsLeftToRank() throws {
    let random = RandomCase(seed: 9, users: 50, items: 40, dim: 3, ties: true, biases: false)
    let wanted = random.plain(masks: [random.train], relevant: random.test)
    for lists in [
      try recommend(random.scores, users: (0..<50).map(Int32.init), k: 40, excluding: random.train),
      try recommend(random.closure, users: (0..<50).map(Int32.init), k: 40, excluding: random.train),
    ] {
      for user in 0..<50 {
        #expect(Array(lists.items(at: user)) == wanted.list(of: user))
        #expect(lists.items[user * 40 + Int(lists.counts[user])..<(user + 1) * 40].allSatisfy { $0 == -1 })
      }
    }
    let all = InteractionMatrix(
      userCount: 50, itemCount: 40, rowOffsets: (0...50).map { $0 * 40 }, items: (0..<2000).map { Int32($0 % 40) })
    #expect(try recommend(random.scores, users: [7], k: 3, excluding: all).counts == [0])
  }

  @Test func aModelOfBiasesAloneRanksByThem() throws {
    let scores = FactorScores(userCount: 2, itemCount: 4, dim: 0, users: [], items: [], itemBias: [1, 3, -0.0, 3])
    let lists = try recommend(scores, users: [1, 0, 1], k: 4)
    for position in 0..<3 { #expect(Array(lists.items(at: position)) == [1, 3, 0, 2]) }
    #expect(lists.users == [1, 0, 1])
  }

  @Test func infinitiesAndBothZerosRankAsNumbers() throws {
    let scores = FactorScores(
      userCount: 1, itemCount: 5, dim: 1, users: [1], items: [-.infinity, -0.0, .infinity, 0, -.infinity])
    let lists = try recommend(scores, users: [0], k: 5)
    #expect(Array(lists.items(at: 0)) == [2, 1, 3, 0, 4])
  }

  @Test func theBitsAreTheSameAtAnyNumberOfThreads() throws {
    let random = RandomCase(seed: 3, users: 1500, items: 700, dim: 33, ties: false, biases: true, density: 0.02)
    let one = ThreadPool(threadCount: 1)
    let results = try [1, 2, 3].map { count -> (EvaluationResult, RankedLists) in
      let pool = count == 1 ? one : ThreadPool(threadCount: count)
      return (
        try evaluate(random.scores, split: random.split, metrics: allMetrics, pool: pool),
        try recommend(random.scores, users: (0..<1500).map(Int32.init), k: 20, pool: pool)
      )
    }
    for (result, lists) in results.dropFirst() {
      #expect(lists == results[0].1)
      #expect(result.users == results[0].0.users)
      #expect(result.means.map(\.bitPattern) == results[0].0.means.map(\.bitPattern))
      #expect(result.perUser.map { $0.map(\.bitPattern) } == results[0].0.perUser.map { $0.map(\.bitPattern) })
    }
  }
}
