import Foundation
import Interactions
import Tensors
import Testing

@testable import Ranking

/// Each sampler against its exact probabilities. Seeds are fixed: a test passes always or never.
@Suite struct SamplerDistributionTests {
  private let train = randomInteractions(users: 30, items: 25, pairs: 200, seed: 3)

  /// By user, of those with enough draws.
  private func expectLaw(
    _ sampler: Sampler, epochs: Int = 8, batch: Int = 64, slots: Range<Int>? = nil, model: (any RankingModel)? = nil,
    _ probability: (_ user: Int, _ item: Int) -> Double, location: SourceLocation = #_sourceLocation
  ) throws {
    var rows = try drawn(sampler, train, model: model, batch: batch, epochs: epochs).flatMap { $0 }
    if let slots {
      rows = rows.map { row in
        var row = row; row.negatives = Array(row.negatives[slots]); return row
      }
    }
    var checked = 0
    defer { #expect(checked >= 8, "users with enough draws", sourceLocation: location) }
    for user in 0..<train.userCount where checked < 12 {
      let own = rows.filter { $0.user == user }
      guard own.reduce(0, { $0 + $1.negatives.count }) >= 200 else { continue }
      checked += 1
      let probabilities = (0..<train.itemCount).map { probability(user, $0) }
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-9, sourceLocation: location)
      #expect(
        abs(chiSquareExcess(own.counts(train.itemCount), probabilities)) < 6, "user \(user)", sourceLocation: location)
    }
  }

  private func shares(_ weights: [Double]) -> (Int, Int) -> Double {
    let total = weights.reduce(0, +)
    return { weights[$1] / total }
  }

  private func sharesOfUnknown(_ weights: [Double]) -> (Int, Int) -> Double {
    { [train] user, item in
      func weight(_ item: Int) -> Double { train.contains(user: user, item: Int32(item)) ? 0 : weights[item] }
      return weight(item) / weights.indices.reduce(0) { $0 + weight($1) }
    }
  }

  // MARK: Popularity

  @Test(
    arguments: [(1, .count), (0.75, .count), (0, .count), (-1, .count), (1, .logarithm)]
      as [(Double, PopularitySampler.Transform)])
  func popularityFollowsItsWeights(_ exponent: Double, _ transform: PopularitySampler.Transform) throws {
    let weights = train.itemCounts().map {
      $0 == 0 ? 0 : pow(transform == .count ? Double($0) : log(1 + Double($0)), exponent)
    }
    func sampler(_ excludes: Bool) -> PopularitySampler {
      PopularitySampler(count: 40, exponent: exponent, transform: transform, excludesPositives: excludes)
    }
    try expectLaw(sampler(false), shares(weights))
    try expectLaw(sampler(true), sharesOfUnknown(weights))
    for row in try drawn(sampler(true), train)[0] {
      #expect(row.logProposal == row.negatives.map { Float(log(weights[Int($0)])) })
      #expect(row.positiveLogProposal == Float(log(weights[Int(row.positive)])))
    }
  }

  /// Golden vectors: WBPR and PRIS' samplers U and P, 0 on the user's positives and on items that nobody has.
  @Test(arguments: ["sampler.wbpr.a", "sampler.wbpr.b", "sampler.pris.a", "sampler.pris.b"])
  func drawsAsTheGoldenVectorsSay(_ name: String) throws {
    let golden = try Golden(name)
    let counts = golden.integers("inputs.item_counts").map(Int.init)
    let train = interactions(counts: counts, ofFirstUser: golden.integers("inputs.user_positives"))
    func expect(_ sampler: Sampler, _ path: String) throws {
      let rows = try drawn(sampler, train, epochs: 10).flatMap { $0 }.filter { $0.user == 0 }
      let counts = rows.counts(counts.count)
      #expect(counts.reduce(0, +) >= 200_000)
      #expect(abs(chiSquareExcess(counts, golden.numbers(path))) < 5, "\(path)")
    }
    let draws = Schedule(Double(20_000 / golden.integers("inputs.user_positives").count + 1))
    if golden.has("expected.probability.U") {
      #expect(train.itemCounts() == counts)
      try expect(UniformSampler(count: draws, excludesPositives: true), "expected.probability.U")
      try expect(
        PopularitySampler(count: draws, transform: .logarithm, excludesPositives: true), "expected.probability.P")
    } else {
      try expect(PopularitySampler(count: draws, excludesPositives: true), "expected.probability")
    }
  }

  /// Both sides of the share from which what is left is listed, and a single item that is left.
  @Test(arguments: [1, 5, 6, 7]) func popularityFindsWhatIsLeft(_ known: Int) throws {
    let counts = [1, 20, 3, 40, 2, 9, 0, 5]
    let own = [Int32](([3, 1, 5, 7, 2, 4, 0] as [Int32]).prefix(known))
    let train = interactions(counts: counts, ofFirstUser: own)
    let sampler = PopularitySampler(count: 1000, excludesPositives: true)
    try sampler.prepare(train)
    if known == 7 { return #expect(sampler.usersWithoutNegatives.contains(0)) }
    let weights = train.itemCounts().enumerated().map { own.contains(Int32($0)) ? 0 : Double($1) }
    let rows = try drawn(sampler, train, epochs: 20).flatMap { $0 }.filter { $0.user == 0 }
    #expect(abs(chiSquareExcess(rows.counts(8), weights.map { $0 / weights.reduce(0, +) })) < 5)
    #expect(abs(sampler.logProposalTotal(row: 0, user: 0) - log(weights.reduce(0, +))) < 1e-12)
  }

  @Test func anAliasTableIsExactForAnyWeights() {
    for (seed, count) in [(1, 1), (2, 2), (3, 7), (4, 300)] {
      var generator = RandomStream(seed: UInt64(seed), purpose: "weights").generator()
      let weights = (0..<count).map { $0 % 3 == 1 ? 0 : pow(Double.random(in: 0.01...1, using: &generator), 6) }
      let table = AliasTable(weights: weights)
      // Every column, at a grid of thresholds: an item's share is right to a step of the grid in each column that gives it.
      let columns = UInt64(weights.filter { $0 > 0 }.count)
      let steps: UInt64 = 4096
      var counts = [Int](repeating: 0, count: count)
      for column in 0..<columns {
        let high = ((column << 32) + columns - 1) / columns
        for step in 0..<steps { counts[Int(table.item(high << 32 | step << 20))] += 1 }
      }
      for (weight, drawn) in zip(weights, counts) {
        #expect(weight > 0 || drawn == 0)
        #expect(abs(Double(drawn) / Double(columns * steps) - weight / table.total) <= 1 / Double(steps))
      }
      #expect(counts.reduce(0, +) == Int(columns * steps))
    }
  }

  @Test func anExponentThatMakesNoNumbersIsRefused() {
    let counts = [1, 500, 2]
    #expect(throws: TrainingError.self) {
      try PopularitySampler(count: 1, exponent: 200).prepare(interactions(counts: counts, ofFirstUser: [0]))
    }
  }

  // MARK: In the batch

  @Test(arguments: [1, 7, 64]) func allOthersAreTheOthers(_ batch: Int) throws {
    for rows in try drawn(InBatchSampler(), train, batch: batch, epochs: 2) {
      if rows.count == 1 {
        #expect(rows[0].negatives.count == 1)
        continue
      }
      for (place, row) in rows.enumerated() {
        let others = rows.indices.filter { $0 != place }.map { rows[$0].positive }
        #expect(row.negatives.sorted() == others.sorted())
        #expect(row.logProposal == row.negatives.map { Float(log(Double(train.itemCounts()[Int($0)]))) })
      }
    }
  }

  @Test func drawnFromTheBatchTheyFollowIt() throws {
    let counts = train.itemCounts().map(Double.init)
    // A batch that is the whole train part: what a user does not have comes as often as others have it.
    try expectLaw(InBatchSampler(count: 40, excludesPositives: true), batch: train.count, sharesOfUnknown(counts))
    // In batches of one there are no others: by the law of the train part.
    try expectLaw(InBatchSampler(count: 40), batch: 1, shares(counts))
    try expectLaw(InBatchSampler(count: 40, excludesPositives: true), batch: 1, sharesOfUnknown(counts))
  }

  @Test func othersThatTheUserKnowsAreReplaced() throws {
    for rows in try drawn(InBatchSampler(excludesPositives: true), train, batch: 16, epochs: 3) {
      for row in rows {
        #expect(row.negatives.count == max(1, rows.count - 1))
        #expect(!row.negatives.contains { train.contains(user: row.user, item: $0) })
      }
    }
  }

  // MARK: By scores

  private func ranks(_ model: any RankingModel, _ user: Int, _ items: [Int]) throws -> [Int] {
    guard case .factors(let factors) = try model.scores() else { return [] }
    return items.sorted { factors.score(user: user, item: $0) > factors.score(user: user, item: $1) }
  }

  @Test(arguments: ScoreFunction.allCases) func dynamicTakesTheBestOfItsCandidates(_ score: ScoreFunction) throws {
    let model = try randomModel(users: 30, items: 25, dim: 6, score: score, deviation: 1)
    let candidates = 4
    let sampler = DynamicSampler(candidates: Schedule(Double(candidates)), count: 2)
    func law(_ atLeast: Int) -> (Int, Int) -> Double {
      { [train] user, item in
        let unknown = (0..<25).filter { !train.contains(user: user, item: Int32($0)) }
        guard let rank = try! ranks(model, user, unknown).firstIndex(of: item) else { return 0 }
        // That at least so many candidates are among the first r.
        func among(_ r: Int) -> Double {
          let p = Double(r) / Double(unknown.count)
          let none = pow(1 - p, Double(candidates))
          return atLeast == 1 ? 1 - none : 1 - none - Double(candidates) * p * pow(1 - p, Double(candidates - 1))
        }
        return among(rank + 1) - among(rank)
      }
    }
    try expectLaw(sampler, epochs: 60, slots: 0..<1, model: model, law(1))
    try expectLaw(sampler, epochs: 60, slots: 1..<2, model: model, law(2))
  }

  @Test(arguments: [0.2, 1, 1000], [1, 3, 50]) func warpTriesUntilAViolator(_ margin: Double, _ trials: Int) throws {
    let model = try randomModel(users: 30, items: 25, dim: 6, score: .dot, deviation: 0.7)
    let sampler = WARPSampler(maximumTrials: Schedule(Double(trials)), margin: Schedule(margin))
    let rows = try drawn(sampler, train, model: model, epochs: 80).flatMap { $0 }
    let factors = model.factorScores()
    for user in 0..<12 where !train.items(of: user).isEmpty {
      let positive = Int(train.items(of: user).first!)
      let limit = factors.score(user: user, item: positive) - margin
      let violators = (0..<25).filter {
        !train.contains(user: user, item: Int32($0)) && factors.score(user: user, item: $0) > limit
      }
      let own = rows.filter { $0.user == user && $0.positive == Int32(positive) }
      let p = Double(violators.count) / 25
      // How many it took, 0 for none found.
      var counts = [Int](repeating: 0, count: trials + 1)
      for row in own { counts[Int(row.trials!)] += 1 }
      let law = [pow(1 - p, Double(trials))] + (0..<trials).map { pow(1 - p, Double($0)) * p }
      // Rare ones together, so that each cell has some.
      let common = law.indices.filter { law[$0] > 0.01 }
      let rest = law.indices.filter { law[$0] <= 0.01 }
      #expect(
        abs(
          chiSquareExcess(
            common.map { counts[$0] } + [rest.reduce(0) { $0 + counts[$1] }],
            common.map { law[$0] } + [rest.reduce(0) { $0 + law[$1] }])) < 6)
      let found = own.filter { $0.trials! > 0 }
      if !found.isEmpty {
        #expect(
          abs(
            chiSquareExcess(
              found.counts(25), (0..<25).map { violators.contains($0) ? 1 / Double(violators.count) : 0 })) < 6)
      }
    }
  }

  // MARK: Mixtures and lists

  @Test func aMixtureIsItsPartsInTheirShares() throws {
    let counts = train.itemCounts().map(Double.init)
    let (popular, unknown) = (shares(counts), sharesOfUnknown(counts.map { _ in 1 }))
    for count in [1, 3, 10] {
      let mixture = try MixtureSampler(
        count: Schedule(Double(count)),
        parts: [PopularitySampler(count: 1), UniformSampler(count: 1, excludesPositives: true)], shares: [3, 1])
      let law = { (user: Int, item: Int) in 0.75 * popular(user, item) + 0.25 * unknown(user, item) }
      try expectLaw(mixture, epochs: 240 / count, law)
      for row in try drawn(mixture, train)[0] {
        for (item, log) in zip(row.negatives, row.logProposal!) {
          #expect(abs(exp(Double(log)) - law(row.user, Int(item))) < 1e-6)
        }
        #expect(abs(exp(Double(row.positiveLogProposal!)) - law(row.user, Int(row.positive))) < 1e-6)
      }
    }
  }

  @Test func aMixtureOfPartsWithoutAProposalHasNone() throws {
    let mixture = try MixtureSampler(
      count: 4, parts: [UniformSampler(count: 1), DynamicSampler(candidates: 8)], shares: [1, 1])
    let first = try drawn(mixture, train)[0][0]
    #expect(mixture.gives == [] && first.logProposal == nil)
    #expect(throws: TrainingError.self) {
      try MixtureSampler(count: 1, parts: [WARPSampler(), UniformSampler(count: 1)], shares: [1, 1])
    }
    let uniform = UniformSampler(count: 1)
    for (parts, shares) in [([uniform, uniform], [1.0, 1.0]), ([uniform], [0.0]), ([], []), ([uniform], [.infinity])] {
      #expect(throws: TrainingError.self) { try MixtureSampler(count: 1, parts: parts, shares: shares) }
    }
  }

  @Test func fixedListsAreTakenInTheirOrderOrAtRandom() throws {
    let lists = (0..<30).map { user in (0..<4).map { Int32(($0 * 7 + user) % 25) } }
    let given = FixedSampler(count: 3, lists: CandidateLists(lists))
    for row in try drawn(given, train).flatMap({ $0 }) { #expect(row.negatives == Array(lists[row.user].prefix(3))) }
    let random = FixedSampler(count: 6, lists: CandidateLists(lists), order: .random)
    try expectLaw(random, epochs: 200) { user, item in
      Double(lists[user].filter { $0 == Int32(item) }.count) / 4
    }
    let byPair = (0..<train.count).map { [Int32($0 % 25), Int32(($0 + 1) % 25)] }
    let pairs = FixedSampler(count: 2, lists: CandidateLists(byPair), per: .pair)
    for row in try drawn(pairs, train).flatMap({ $0 }) {
      #expect(row.negatives == byPair[train.position(user: row.user, item: row.positive)!])
    }
  }

  @Test func listsThatDoNotFitAreRefused() throws {
    func error(_ lists: [[Int32]], _ count: Schedule = 2) -> String {
      do {
        _ = try drawn(FixedSampler(count: count, lists: CandidateLists(lists)), train)
        return ""
      } catch { return "\(error)" }
    }
    var lists = [[Int32]](repeating: [1, 2, 3], count: 30)
    #expect(error(Array(lists.dropLast())).contains("29 lists for 30 users"))
    #expect(error(lists, 4).contains("has 3 negatives, and 4 are wanted"))
    lists[4] = [1, 25]
    #expect(error(lists).contains("item number 26 of 25 items"))
    lists[4] = []
    let sampler = FixedSampler(count: 2, lists: CandidateLists(lists))
    let rows = try drawn(sampler, train).flatMap { $0 }
    #expect(!rows.contains { $0.user == 4 } && sampler.usersWithoutNegatives == [4])
  }
}
