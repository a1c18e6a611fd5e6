import Interactions
import Platform
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// Metrics of what is recommended, and groups of items, against slow, obvious versions.
@Suite struct BeyondAccuracyTests {
  private let random = RandomCase(seed: 77, users: 90, items: 40, dim: 4, ties: true, biases: false)
  private static let metrics = try! [
    "novelty@7", "popularity@7", "tail@7", "diversity@7", "coverage@7", "gini@7", "novelty@1", "diversity@1",
    "coverage@40", "gini@1", "recall@7", "ndcg@7",
  ].map { try Metric($0) }

  /// How the lists are made.
  static let ways: [(Candidates, TieRule)] = [
    (.all, .order), (.all, .against), (.drawn(count: 9, seed: 2), .order), (.drawn(count: 9, seed: 2), .against),
  ]

  private func settings(_ way: (Candidates, TieRule), _ metrics: [Metric] = metrics) -> EvaluationSettings {
    var settings = EvaluationSettings(metrics: metrics)
    (settings.candidates, settings.ties) = way
    return settings
  }

  /// The lists themselves, as a metric of the caller's own sees them.
  private func lists(_ way: (Candidates, TieRule)) throws -> [Int: [Int]] {
    var lists: [Int: [Int]] = [:]
    var settings = settings(way, [])
    settings.customMetrics = [
      CustomMetric("list", length: 40) { list, _, user in
        lists[Int(user)] = list.map { Int($0) }
        return 0
      }
    ]
    _ = try evaluate(.factors(random.scores), split: random.split, settings: settings)
    return lists
  }

  private func owners(_ item: Int) -> Set<Int> {
    Set((0..<random.train.userCount).filter { random.train.contains(user: $0, item: Int32(item)) })
  }

  /// The items that have 80 % of all interactions, the most popular first.
  private var head: Set<Int> {
    let counts = (0..<40).map { owners($0).count }
    var (head, sum) = (Set<Int>(), 0)
    for item in (0..<40).sorted(by: { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }) {
      if Double(sum) >= 0.8 * Double(random.train.count) { break }
      head.insert(item)
      sum += counts[item]
    }
    return head
  }

  private func value(_ kind: Metric.Kind, _ list: [Int], _ head: Set<Int>) -> Double {
    let mean = { (values: [Double]) in values.isEmpty ? Double.nan : values.reduce(0, +) / Double(values.count) }
    switch kind {
    case .novelty: return mean(list.map { -log2(Double(max(1, owners($0).count)) / 90) })
    case .popularity: return mean(list.map { Double(owners($0).count) })
    case .tail: return mean(list.map { head.contains($0) ? 0 : 1 })
    default:
      var gaps: [Double] = []
      for a in list.indices {
        for b in list.indices where b > a {
          let (one, other) = (owners(list[a]), owners(list[b]))
          let product = Double(one.count * other.count)
          gaps.append(product == 0 ? 1 : 1 - Double(one.intersection(other).count) / product.squareRoot())
        }
      }
      return mean(gaps)
    }
  }

  /// Mean absolute difference over twice the mean, the definition of Gini's index.
  private func gini(_ lists: [[Int]]) -> Double {
    let counts = (0..<40).map { item in Double(lists.count { $0.contains(item) }) }
    let gaps = counts.reduce(0) { sum, a in counts.reduce(sum) { $0 + abs($1 - a) } } / 1600
    return gaps / (2 * counts.reduce(0, +) / 40)
  }

  private func expect(_ found: Double, _ wanted: Double, _ name: String) {
    #expect(abs(found - wanted) < 1e-9 || (found.isNaN && wanted.isNaN), "\(name): \(found), \(wanted)")
  }

  @Test(arguments: 0..<ways.count) func whatIsRecommendedIsDescribed(_ number: Int) throws {
    let way = Self.ways[number]
    let (lists, head) = (try lists(way), head)
    #expect(head.count > 3 && head.count < 37)
    var settings = settings(way)
    settings.group = { $0 % 3 == 0 ? nil : "\($0 % 3)" }
    let result = try evaluate(.factors(random.scores), split: random.split, settings: settings)
    for (index, metric) in result.metrics.enumerated() where !metric.kind.readsHits {
      let shortened = result.users.map { Array(lists[Int($0)]!.prefix(metric.k)) }
      func whole(_ lists: [[Int]]) -> Double {
        metric.kind == .gini ? gini(lists) : Double(Set(lists.joined()).count) / 40
      }
      if metric.kind.describesCatalog {
        #expect(result.perUser[index].allSatisfy { $0.isNaN })
        expect(result.means[index], whole(shortened), "\(metric)")
        for group in result.groups {
          let members = zip(result.users, shortened).filter { "\($0.0 % 3)" == group.name }.map(\.1)
          expect(group.means[index], whole(members), "\(metric) of \(group.name)")
          #expect(group.definedCounts[index] == members.count)
        }
      } else {
        let wanted = shortened.map { value(metric.kind, $0, head) }
        for (found, wanted) in zip(result.perUser[index], wanted) { expect(found, wanted, "\(metric)") }
        let defined = wanted.filter { !$0.isNaN }
        expect(
          result.means[index], defined.isEmpty ? .nan : defined.reduce(0, +) / Double(defined.count), "\(metric) mean")
      }
    }
  }

  /// What is looked for of a group, as if nothing else was looked for; the lists stay as they are.
  @Test(arguments: 0..<ways.count) func itemsOfAGroupAreMeasuredByThemselves(_ number: Int) throws {
    let way = Self.ways[number]
    let lists = try lists(way)
    var settings = settings(way)
    settings.itemGroup = { $0 % 4 == 0 ? nil : $0 % 4 == 1 ? "10" : $0 % 4 == 2 ? "9" : "odd" }
    let result = try evaluate(.factors(random.scores), split: random.split, settings: settings)
    #expect(result.itemGroups.map(\.name) == ["9", "10", "odd"])
    let rests = ["9": 2, "10": 1, "odd": 3]
    for group in result.itemGroups {
      #expect(group.metrics.map(\.description) == ["recall@7", "ndcg@7"])
      var values: [[Double]] = []
      var pairs = 0
      for user in result.users {
        let wanted = Set(random.test.items(of: Int(user)).map { Int($0) }.filter { $0 % 4 == rests[group.name] })
        if wanted.isEmpty { continue }
        pairs += wanted.count
        let hits = lists[Int(user)]!.prefix(7).map { wanted.contains($0) }
        values.append(group.metrics.map { PlainRanking.value($0, hits: hits, relevantCount: wanted.count)! })
      }
      #expect(group.userCount == values.count && group.pairCount == pairs && values.count > 3)
      for index in 0..<2 {
        expect(group.means[index], values.reduce(0) { $0 + $1[index] } / Double(values.count), "items \(group.name)")
      }
    }
    let names = result.named.map(\.name)
    #expect(names.contains("recall@7/items/odd"))
    let plan = try EvaluationPlan(random.split, settings)
    #expect(names == plan.resultNames)
  }

  @Test func quartersAreOfUsersAndOfInteractions() throws {
    let users: [Int32] = (0..<90).filter { !random.test.items(of: Int($0)).isEmpty }
    let activity = random.split.quarterByActivity(of: users)
    let sizes = Dictionary(grouping: users) { activity($0)! }.mapValues(\.count)
    #expect(sizes.keys.sorted() == ["1", "2", "3", "4"])
    #expect(sizes.values.max()! - sizes.values.min()! <= 1)
    for a in users {
      for b in users where activity(a)! < activity(b)! {
        #expect(random.train.items(of: Int(a)).count <= random.train.items(of: Int(b)).count)
      }
    }
    let popularity = random.split.quarterByPopularity()
    for a in 0..<Int32(40) {
      for b in 0..<Int32(40) where popularity(a)! < popularity(b)! {
        #expect(owners(Int(a)).count <= owners(Int(b)).count)
      }
    }
    let most = (0..<Int32(40)).map { owners(Int($0)).count }.max()!
    let sums = Dictionary(grouping: 0..<Int32(40)) { popularity($0)! }
      .mapValues { $0.reduce(0) { $0 + owners(Int($1)).count } }
    #expect(sums.count == 4 && sums.values.allSatisfy { abs($0 - random.train.count / 4) <= most })
  }

  @Test func pairsWithoutATrainPartHaveNoPopularity() throws {
    let metric = try Metric("novelty@3")
    #expect(throws: EvaluationError.needsTrainPart(metric: "novelty@3")) {
      try evaluate(.factors(random.scores), relevant: random.test, masked: random.train, metrics: [metric])
    }
    let coverage = try evaluate(
      .factors(random.scores), relevant: random.test, masked: random.train, metrics: [Metric("coverage@3")])
    #expect(coverage.means[0] > 0 && coverage.means[0] <= 1)
  }
}
