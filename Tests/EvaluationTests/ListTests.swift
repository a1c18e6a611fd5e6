import Interactions
import Tensors
import Testing

@testable import Evaluation

/// Lists that another program made.
@Suite struct ListTests {
  private let random = RandomCase(seed: 41, users: 130, items: 70, dim: 4, ties: true, biases: false)
  private var metrics: [Metric] { allMetrics.filter { $0.kind.hasLength } }

  /// The lists that the model itself makes, equal scores in one tier.
  private func lists(k: Int, excluding mask: InteractionMatrix?, ties: Bool) throws -> ItemLists {
    let ranked = try recommend(.factors(random.scores), users: (0..<130).map { $0 }, k: k, excluding: mask)
    var (offsets, items, tiers) = ([0], [Int32](), [Int32]())
    for user in 0..<130 {
      let scores = Array(ranked.scores(at: user))
      var tier: Int32 = 0
      for (place, item) in ranked.items(at: user).enumerated() {
        if place > 0, !ties || scores[place] < scores[place - 1] { tier += 1 }
        items.append(item)
        tiers.append(tier)
      }
      offsets.append(items.count)
    }
    return ItemLists(rowOffsets: offsets, items: items, tiers: tiers)
  }

  private func settings(_ mask: EvaluationMask, _ ties: TieRule) -> EvaluationSettings {
    var settings = EvaluationSettings(metrics: metrics)
    settings.mask = mask
    settings.ties = ties
    return settings
  }

  @Test(arguments: [TieRule.order, .against])
  func aModelsOwnListsHaveTheModelsNumbers(ties: TieRule) throws {
    let mask = EvaluationMask.automatic
    let wanted = try evaluate(.factors(random.scores), split: random.split, settings: settings(mask, ties))
    // The whole ranking, so that what ties with the last place is there.
    let asIs = try lists(k: 70, excluding: mask.pairs(of: random.split, part: .test), ties: true)
    for threads in [1, 2] {
      let pool = ThreadPool(threadCount: threads)
      let (result, report) = try evaluate(
        asIs, split: random.split, settings: settings(.nothing, ties), pool: pool)
      #expect(result.users == wanted.users && result.perUser == wanted.perUser)
      #expect(report == ListReport(usersWithout: 0, inTrain: 0))
      // Train and validation items are taken out of lists of everything.
      let everything = try lists(k: 70, excluding: nil, ties: true)
      #expect(
        try evaluate(everything, split: random.split, settings: settings(mask, ties), pool: pool).result == result)
    }
  }

  @Test func anOrderedListKeepsItsOrder() throws {
    let ordered = try lists(k: 20, excluding: random.train, ties: false)
    let order = try evaluate(ordered, split: random.split, settings: settings(.nothing, .order)).result
    let against = try evaluate(ordered, split: random.split, settings: settings(.nothing, .against)).result
    #expect(order == against)
    let wanted = try evaluate(.factors(random.scores), split: random.split, settings: settings(.train, .order))
    #expect(order.perUser == wanted.perUser)
  }

  @Test func usersWithoutListsCountAsEmptyOnes() throws {
    let none = ItemLists(rowOffsets: Array(repeating: 0, count: 131), items: [], tiers: [])
    let (result, report) = try evaluate(none, split: random.split, settings: settings(.nothing, .order))
    #expect(result.means.allSatisfy { $0 == 0 } && report.usersWithout == result.users.count)
    #expect(report.warnings.count == 1)
    let own = flat((0..<130).map { Array(random.train.items(of: $0)) })
    let places = own.items.indices.map { Int32($0) }
    let train = ItemLists(rowOffsets: own.rowOffsets, items: own.items, tiers: places)
    let seen = try evaluate(train, split: random.split, settings: settings(.nothing, .order)).report
    #expect(seen.inTrain == result.users.reduce(0) { $0 + random.train.items(of: Int($1)).count })
    #expect(try evaluate(train, split: random.split, settings: settings(.train, .order)).report.inTrain == 0)
  }

  @Test func whatListsCannotAnswerIsRefused() throws {
    let ordered = try lists(k: 20, excluding: nil, ties: false)
    var settings = settings(.nothing, .order)
    settings.metrics = [Metric(.auc)]
    #expect(throws: EvaluationError.needsWholeRanking(metric: "auc")) {
      try evaluate(ordered, split: random.split, settings: settings)
    }
    let other = RandomCase(seed: 1, users: 129, items: 70, dim: 1, ties: true, biases: false)
    #expect(throws: EvaluationError.shapeMismatch(what: "the lists", found: "130 users", wanted: "129")) {
      try evaluate(ordered, split: other.split, settings: self.settings(.nothing, .order))
    }
    let outside = ItemLists(rowOffsets: [0, 1] + Array(repeating: 1, count: 129), items: [70], tiers: [0])
    #expect(throws: EvaluationError.noSuchCandidate(user: 0, item: 70, itemCount: 70)) {
      try evaluate(outside, split: random.split, settings: self.settings(.nothing, .order))
    }
  }
}
