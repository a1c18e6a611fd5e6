import Interactions
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// Rankings among candidates against the slow, obvious version.
@Suite struct CandidateTests {
  private let random = RandomCase(seed: 21, users: 220, items: 90, dim: 4, ties: true, biases: true)

  /// Lists with repeats, with what is looked for and with items of the train part; every ninth user has none.
  private func lists(_ seed: UInt64) -> [[Int32]] {
    let stream = RandomStream(seed: seed, purpose: "candidate test")
    return (0..<220).map { user in
      if user % 9 == 4 { return [] }
      return (0..<user % 23 + 1).map { place in
        Int32(stream.integer(below: 90, at: UInt64(user * 100 + place)))
      }
    }
  }

  private func settings(_ candidates: Candidates, _ ties: TieRule = .order) -> EvaluationSettings {
    var settings = EvaluationSettings(metrics: allMetrics)
    settings.candidates = candidates
    settings.ties = ties
    return settings
  }

  private func sets(_ matrix: InteractionMatrix?) -> [Set<Int32>] {
    (0..<220).map { user in Set(matrix?.items(of: user) ?? []) }
  }

  private func expectSame(
    _ result: EvaluationResult, _ plain: PlainCandidates, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let users = (0..<220).filter { plain.list(of: $0) != nil }
    #expect(result.users.map(Int.init) == users, "\(what)", sourceLocation: sourceLocation)
    for (index, metric) in result.metrics.enumerated() {
      for (position, user) in users.enumerated() {
        let (value, wanted) = (result.perUser[index][position], plain.value(metric, user: user) ?? .nan)
        #expect(
          abs(value - wanted) < 1e-12 || (value.isNaN && wanted.isNaN), "\(what): \(metric) of user \(user)",
          sourceLocation: sourceLocation)
      }
    }
  }

  @Test(arguments: [TieRule.order, .against], [CandidateRepeats.once, .each])
  func listsRankAsInTheSlowVersion(ties: TieRule, repeats: CandidateRepeats) throws {
    for (mask, matrix) in [(EvaluationMask.automatic, nil), (.train, random.train), (.pairs(random.test), random.test)]
    {
      let candidates = lists(3)
      var settings = settings(.lists(flat(candidates)), ties)
      settings.repeats = repeats
      settings.mask = mask
      let plain = PlainCandidates(
        scores: random.plainScores(), relevant: sets(random.test), masked: sets(matrix), candidates: candidates,
        ties: ties, repeats: repeats)
      for threads in [1, 2] {
        let pool = ThreadPool(threadCount: threads)
        for scores in [ModelScores.factors(random.scores), .source(random.closure)] {
          let result = try evaluate(scores, split: random.split, settings: settings, pool: pool)
          expectSame(result, plain, "\(mask), \(threads) threads")
        }
      }
    }
  }

  /// The lists of drawn candidates, among which a model is ranked as among given ones.
  @Test(arguments: [EvaluationPart.test, .valid])
  func drawnCandidatesRankAsTheirListsDo(part: EvaluationPart) throws {
    for threads in [1, 2] {
      let pool = ThreadPool(threadCount: threads)
      var drawn = settings(.drawn(count: 12, seed: 5))
      drawn.part = part
      var given = drawn
      let users = (0..<Int32(220)).map { $0 }
      given.candidates = .lists(
        try CandidateDraw(split: random.split, seed: 5).lists(count: 12, users: users, pool: pool))
      let result = try evaluate(.factors(random.scores), split: random.split, settings: drawn, pool: pool)
      let wanted = try evaluate(.source(random.closure), split: random.split, settings: given, pool: pool)
      #expect(result.users == wanted.users && result.means == wanted.means && result.perUser == wanted.perUser)
      #expect(result.candidates?.positives == 0 && result.candidates?.repeated == 0)
    }
  }

  @Test func tiesAgainstAmongAllItemsRankAsInTheSlowVersion() throws {
    for mask in [EvaluationMask.automatic, .nothing, .pairs(random.test)] {
      var settings = settings(.all, .against)
      settings.mask = mask
      let matrix = mask.pairs(of: random.split, part: .test)
      let everything = (0..<220).map { _ in (0..<Int32(90)).map { $0 } }
      let plain = PlainCandidates(
        scores: random.plainScores(), relevant: sets(random.test), masked: sets(matrix), candidates: everything,
        ties: .against, repeats: .once)
      for scores in [ModelScores.factors(random.scores), .source(random.closure)] {
        let result = try evaluate(scores, split: random.split, settings: settings)
        // A user all of whose rankable items are looked for is ranked here, and has no candidates there.
        let kept = result.users.indices.filter { plain.list(of: Int(result.users[$0])) != nil }
        for (index, metric) in result.metrics.enumerated() {
          for position in kept {
            let (value, wanted) = (
              result.perUser[index][position], plain.value(metric, user: Int(result.users[position]))!
            )
            #expect(abs(value - wanted) < 1e-12 || (value.isNaN && wanted.isNaN), "\(mask): \(metric)")
          }
        }
      }
    }
  }

  @Test func equalScoresWinNothingAgainstTheHit() throws {
    let scores = FactorScores(
      userCount: 220, itemCount: 90, dim: 3, users: Array(repeating: 0.3, count: 660),
      items: Array(repeating: 0.7, count: 270))
    for candidates in [Candidates.all, .drawn(count: 10, seed: 1)] {
      var settings = settings(candidates, .against)
      settings.metrics = [Metric(.hit, at: 5), Metric(.auc)]
      settings.users = (0..<Int32(220)).filter { $0 % 11 != 3 }
      let result = try evaluate(.factors(scores), split: random.split, settings: settings)
      #expect(result.means == [0, 0.5])
    }
  }

  @Test func onlyTheScoresOfCandidatesAreComputed() throws {
    let counter = CountingScores(random.closure)
    let result = try evaluate(
      .source(counter), split: random.split, settings: settings(.drawn(count: 7, seed: 2)))
    let held = result.users.reduce(0) { $0 + random.test.items(of: Int($1)).count }
    #expect(counter.pairs == held + (result.candidates?.count ?? 0) && counter.rows == 0)
  }

  @Test func whatIsToKnowOfCandidatesIsCounted() throws {
    func matrix(_ users: [Int32], _ items: [Int32]) -> InteractionMatrix {
      InteractionMatrix(userCount: 3, itemCount: 6, users: users, items: items)
    }
    let split = Split(
      dataset: unnamed(3, 6), train: matrix([0, 1], [0, 0]), valid: matrix([0], [1]),
      test: matrix([0, 1, 2], [2, 2, 2]),
      rule: "test", candidates: flat([[0, 1, 2, 3, 3], [4, 5], []]))
    let scores = ModelScores.factors(
      FactorScores(userCount: 3, itemCount: 6, dim: 0, users: [], items: [], itemBias: [6, 5, 4, 3, 2, 1]))
    var settings = EvaluationSettings(metrics: [Metric(.mrr, at: 6)])
    settings.candidates = .given
    let result = try evaluate(scores, split: split, settings: settings)
    let report = try #require(result.candidates)
    #expect(report.count == 7 && report.repeated == 1 && report.usersWithout == 1 && report.usersWithFewer == 0)
    #expect(report.inTrain == 1 && report.inValid == 1 && report.inTest == 1)
    #expect(
      report.warnings == [
        "3 of 7 candidates are the user's own items: 1 of the train part, 1 of the valid part, 1 of the test part",
        "1 of 7 candidates stand in the user's list more than once",
        "1 user has no candidates: left out of every mean",
      ])
    #expect(result.users == [0, 1] && result.perUser[0] == [1 / 3.0, 1])
    settings.repeats = .each
    settings.ties = .against
    // Items 0 and 1, and item 2 itself, stand before item 2.
    #expect(try evaluate(scores, split: split, settings: settings).perUser[0] == [0.25, 1])
    settings.mask = .trainAndValid
    #expect(try evaluate(scores, split: split, settings: settings).perUser[0] == [0.5, 1])
    settings.mask = .pairs(matrix([0, 0, 0, 0, 1], [0, 1, 2, 3, 2]))
    // What is masked is found nowhere, and nobody but user 1 has a candidate left.
    let masked = try evaluate(scores, split: split, settings: settings)
    #expect(masked.users == [1] && masked.perUser[0] == [0])
  }

  // MARK: Errors

  @Test func aScoreThatIsNotANumberNamesUserAndItem() throws {
    var users = random.scores.users
    users[150 * 4] = .nan
    users[40 * 4 + 1] = .nan
    let broken = FactorScores(userCount: 220, itemCount: 90, dim: 4, users: users, items: random.scores.items)
    let first = try #require(random.test.items(of: 40).first)
    for threads in [1, 2] {
      #expect(throws: EvaluationError.scoreIsNotANumber(user: 40, item: Int(first))) {
        try evaluate(
          .factors(broken), split: random.split, settings: settings(.drawn(count: 3, seed: 1)),
          pool: ThreadPool(threadCount: threads))
      }
    }
  }

  @Test func candidatesThatCannotBeAreErrors() {
    #expect(throws: EvaluationError.noGivenCandidates) {
      try evaluate(.factors(random.scores), split: random.split, settings: settings(.given))
    }
    var outside = lists(1)
    outside[7] = [3, 90]
    #expect(throws: EvaluationError.noSuchCandidate(user: 7, item: 90, itemCount: 90)) {
      try evaluate(.factors(random.scores), split: random.split, settings: settings(.lists(flat(outside))))
    }
    #expect(
      throws: EvaluationError.shapeMismatch(what: "the candidates", found: "2 users", wanted: "220")
    ) {
      try evaluate(.factors(random.scores), split: random.split, settings: settings(.lists(flat([[1], [2]]))))
    }
    let nobody = [[Int32]](repeating: [], count: 220)
    let count = (0..<220).count { !random.test.items(of: $0).isEmpty }
    #expect(throws: EvaluationError.nobodyHasCandidates(users: count)) {
      try evaluate(.factors(random.scores), split: random.split, settings: settings(.lists(flat(nobody))))
    }
    let error = #expect(throws: EvaluationError.self) {
      try evaluate(.source(ShortScores()), split: random.split, settings: settings(.drawn(count: 3, seed: 1)))
    }
    #expect(error?.description.hasPrefix("the model gave 1 scores for the ") == true)
  }
}

/// Rows of lists, one after another.
func flat(_ lists: [[Int32]]) -> CandidateLists {
  var offsets = [0]
  for list in lists { offsets.append(offsets[offsets.count - 1] + list.count) }
  return CandidateLists(rowOffsets: offsets, items: Array(lists.joined()))
}

/// Counts what it is asked for.
private final class CountingScores: ScoreSource {
  private let scores: ClosureScores
  private(set) var pairs = 0
  private(set) var rows = 0

  init(_ scores: ClosureScores) { self.scores = scores }

  var userCount: Int { scores.userCount }
  var itemCount: Int { scores.itemCount }

  func scores(users: ArraySlice<Int32>, into buffer: UnsafeMutableBufferPointer<Float>) throws {
    rows += users.count
    try scores.scores(users: users, into: buffer)
  }

  func scores(user: Int32, items: [Int32]) throws -> [Float] {
    pairs += items.count
    return try scores.scores(user: user, items: items)
  }
}

/// Gives fewer scores than it is asked for.
private struct ShortScores: ScoreSource {
  let userCount = 220
  let itemCount = 90
  func scores(users: ArraySlice<Int32>, into scores: UnsafeMutableBufferPointer<Float>) {}
  func scores(user: Int32, items: [Int32]) -> [Float] { [0] }
}
