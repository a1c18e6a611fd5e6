import Interactions
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// What happens to input that is wrong.
@Suite struct InputTests {
  private let random = RandomCase(seed: 4, users: 400, items: 50, dim: 8, ties: false, biases: false)

  @Test func metricNamesAreReadBackAsWritten() throws {
    for name in ["recall@20", "precision@1", "f1@7", "hit@10", "ndcg@100", "map@5", "mrr@5", "auc"] {
      #expect(try Metric(name).description == name)
    }
  }

  @Test(arguments: [
    ("recal@20", "recall"), ("NDCG@5", "ndcg"), ("hits@10", "hit"), ("precison", "precision"), ("AUC", "auc"),
    ("mpa@3", "map"),
  ])
  func anUnknownMetricNamesTheNearest(name: String, nearest: String) {
    let error = #expect(throws: EvaluationError.self) { try Metric(name) }
    #expect(error == .unknownMetric(name: name, nearest: nearest))
  }

  @Test func anUnknownMetricThatIsNearNoneSaysWhichThereAre() {
    let error = #expect(throws: EvaluationError.self) { try Metric("hr@10") }
    #expect(error == .unknownMetric(name: "hr@10", nearest: nil))
    #expect(error?.description.hasPrefix("unknown metric 'hr@10'; the metrics are recall@k, precision@k,") == true)
  }

  @Test(arguments: ["recall", "recall@", "recall@0", "ndcg@-3", "ndcg@2.5", "ndcg@+5", "map@ 5", "auc@10", "mrr@5@6"])
  func aMalformedMetricSaysWhatIsWanted(name: String) {
    let error = #expect(throws: EvaluationError.self) { try Metric(name) }
    guard case .malformedMetric(name, _) = error else {
      Issue.record("\(name) gave \(String(describing: error))")
      return
    }
  }

  /// Rows that nearly coincide round to a distance on either side of 0.
  @Test func noRecommendationIsNearerThanNothing() throws {
    let stream = RandomStream(seed: 1, purpose: "coincident")
    let dim = 24
    let user = (0..<dim).map { Float(stream.uniformDouble(at: UInt64($0)) * 20 - 10) }
    let items = (0..<100 * dim).map {
      stream.bits(at: UInt64(dim + $0)) % 3 == 0 ? user[$0 % dim].nextUp : user[$0 % dim]
    }
    let scores = FactorScores(.euclidean, users: user, items: items, userCount: 1, itemCount: 100)
    let list = try recommend(scores, users: [0], k: 100)
    #expect(list.scores(at: 0).allSatisfy { $0 <= 0 } && list.scores(at: 0).contains(0))
  }

  @Test func aListLongerThanTheCatalogIsAnError() throws {
    let metrics = [Metric(.recall, at: 50), Metric(.ndcg, at: 51)]
    let error = #expect(throws: EvaluationError.self) {
      try evaluate(random.scores, split: random.split, metrics: metrics)
    }
    #expect(
      error?.description
        == "ndcg@51: a list of 51 is longer than the catalog; want k from 1 to 50, the number of items")
    #expect(throws: EvaluationError.listTooLong(what: "recommend", k: 51, itemCount: 50)) {
      try recommend(random.scores, users: [0], k: 51)
    }
    #expect(throws: EvaluationError.listTooLong(what: "recommend", k: 0, itemCount: 50)) {
      try recommend(random.scores, users: [0], k: 0)
    }
  }

  @Test func aScoreThatIsNotANumberNamesTheUserAtAnyNumberOfThreads() throws {
    // Users 390 and 217 are broken, in different blocks; user 217 is the first.
    var users = random.scores.users
    users[390 * 8] = .nan
    users[217 * 8 + 3] = .nan
    let broken = FactorScores(userCount: 400, itemCount: 50, dim: 8, users: users, items: random.scores.items)
    for threads in [1, 2] {
      for name in ["recall@5", "auc"] {
        #expect(throws: EvaluationError.scoreIsNotANumber(user: 217, item: 0)) {
          try evaluate(
            broken, split: random.split, metrics: [Metric(name)], mask: .nothing, pool: ThreadPool(threadCount: threads)
          )
        }
      }
    }
  }

  @Test func anItemThatIsNotANumberIsFoundWhereverItRanks() throws {
    var items = random.scores.items
    items[49 * 8 + 7] = .nan
    let broken = FactorScores(userCount: 400, itemCount: 50, dim: 8, users: random.scores.users, items: items)
    #expect(throws: EvaluationError.scoreIsNotANumber(user: 0, item: 49)) {
      try evaluate(broken, split: random.split, metrics: [Metric(.recall, at: 1)], mask: .nothing)
    }
  }

  @Test func infinityMinusInfinityIsFound() throws {
    let broken = FactorScores(
      userCount: 1, itemCount: 2, dim: 2, users: [.infinity, .infinity], items: [1, 1, 2, -2])
    #expect(throws: EvaluationError.scoreIsNotANumber(user: 0, item: 1)) { try recommend(broken, users: [0], k: 1) }
  }

  @Test func scoresThatAModelDidNotWriteAreFound() throws {
    let lazy = ClosureScores(userCount: 400, itemCount: 50) { _, buffer in
      for index in buffer.indices where index != 0 { buffer[index] = 1 }
    }
    #expect(throws: EvaluationError.scoreIsNotANumber(user: 5, item: 0)) { try recommend(lazy, users: [5, 6], k: 1) }
  }

  @Test func anErrorOfTheModelComesThrough() throws {
    struct Broken: Error {}
    let source = ClosureScores(userCount: 400, itemCount: 50) { _, _ in throw Broken() }
    #expect(throws: Broken.self) { try evaluate(source, split: random.split, metrics: [Metric(.hit, at: 1)]) }
  }

  @Test func shapesThatDifferAreAnError() throws {
    let other = RandomCase(seed: 4, users: 400, items: 51, dim: 8, ties: false, biases: false)
    let error = #expect(throws: EvaluationError.self) {
      try evaluate(random.scores, split: other.split, metrics: allMetrics)
    }
    #expect(error?.description == "the test part has 400 users and 51 items, the model's scores have 400 and 50")
  }

  @Test func usersOutsideTheModelAreAnError() {
    #expect(throws: EvaluationError.noSuchUser(user: 400, userCount: 400)) {
      try recommend(random.scores, users: [3, 400], k: 1)
    }
    #expect(throws: EvaluationError.noSuchUser(user: -1, userCount: 400)) {
      try recommend(random.scores, users: [-1], k: 1)
    }
  }

  @Test func aPartWithoutItemsOrWithoutAPartIsAnError() {
    let empty = InteractionMatrix(userCount: 400, itemCount: 50, rowOffsets: Array(repeating: 0, count: 401), items: [])
    let split = Split(dataset: unnamed(400, 50), train: random.train, valid: nil, test: empty, rule: "test")
    #expect(throws: EvaluationError.nobodyToEvaluate(relevant: "the test part")) {
      try evaluate(random.scores, split: split, metrics: allMetrics)
    }
    #expect(throws: EvaluationError.noValidPart) {
      try evaluate(random.scores, split: split, part: .valid, metrics: allMetrics)
    }
    #expect(throws: EvaluationError.noMetrics) { try evaluate(random.scores, split: random.split, metrics: []) }
  }

  @Test func noUsersGiveNoLists() throws {
    #expect(try recommend(random.scores, users: [], k: 3).items.isEmpty)
  }
}
