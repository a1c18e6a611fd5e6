import Interactions
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// Who is evaluated, and metrics that a caller computes.
@Suite struct PlanTests {
  private let random = RandomCase(seed: 31, users: 120, items: 50, dim: 4, ties: true, biases: false)
  private var scores: ModelScores { .factors(random.scores) }
  private struct Refusal: Error {}

  private func settings(_ change: (inout EvaluationSettings) -> Void = { _ in }) -> EvaluationSettings {
    var settings = EvaluationSettings(metrics: allMetrics)
    change(&settings)
    return settings
  }

  @Test(arguments: [Candidates.all, .drawn(count: 10, seed: 3)])
  func aSubsetHasTheValuesOfTheWhole(candidates: Candidates) throws {
    let all = try evaluate(scores, split: random.split, settings: settings { $0.candidates = candidates })
    let some = try evaluate(
      scores, split: random.split,
      settings: settings {
        $0.candidates = candidates
        $0.users = [90, 2, 7, 90, 41]
      })
    // User 2 has nothing in the test part.
    #expect(some.users == [7, 41, 90])
    for (index, metric) in all.metrics.enumerated() {
      for (position, user) in some.users.enumerated() {
        let whole = all.perUser[index][try #require(all.users.firstIndex(of: user))]
        #expect(some.perUser[index][position].bitPattern == whole.bitPattern, "\(metric)")
      }
    }
  }

  @Test func groupsHaveTheMeansOfTheirUsers() throws {
    let result = try evaluate(
      scores, split: random.split,
      settings: settings { $0.group = { $0 == 7 ? "one" : $0 % 3 == 0 ? nil : "\(8 + $0 % 3)" } })
    #expect(result.groups.map(\.name) == ["9", "10", "one"])
    for group in result.groups {
      let members = result.users.indices.filter {
        let user = result.users[$0]
        return group.name == (user == 7 ? "one" : user % 3 == 0 ? "" : "\(8 + user % 3)")
      }
      #expect(group.userCount == members.count)
      for index in result.metrics.indices {
        let values = members.map { result.perUser[index][$0] }.filter { !$0.isNaN }
        let mean = values.reduce(0, +) / Double(values.count)
        #expect(group.means[index] == mean || (values.isEmpty && group.means[index].isNaN))
        #expect(group.definedCounts[index] == values.count)
      }
    }
    #expect(result.groups[2].userCount == 1)
    let position = try #require(result.users.firstIndex(of: 7))
    #expect(result.groups[2].means[0] == result.perUser[0][position])
    let plan = try EvaluationPlan(random.split, settings { $0.group = { _ in "all" } })
    let named = try evaluate(scores, plan: plan).named
    #expect(named.map(\.name) == plan.resultNames && named.count == 2 * allMetrics.count)
    #expect(named[allMetrics.count].name == "recall@1/all" && named[allMetrics.count].value == named[0].value)
  }

  @Test func whatAGroupThrowsIsPassedOn() {
    #expect(throws: Refusal.self) {
      try EvaluationPlan(random.split, settings { $0.group = { _ in throw Refusal() } })
    }
  }

  @Test func nobodyIsAnError() {
    #expect(throws: EvaluationError.nobodyToEvaluate(relevant: "the test part", chosen: 2)) {
      try EvaluationPlan(random.split, settings { $0.users = [2, 9] })
    }
    #expect(throws: EvaluationError.nobodyToEvaluate(relevant: "the test part", chosen: 0)) {
      try EvaluationPlan(random.split, settings { $0.users = [] })
    }
    #expect(throws: EvaluationError.noSuchUser(user: 120, userCount: 120)) {
      try EvaluationPlan(random.split, settings { $0.users = [3, 120] })
    }
  }

  @Test(arguments: [Candidates.all, .drawn(count: 10, seed: 3)], [TieRule.order, .against])
  func aCallersMetricSeesTheListsThatOursSee(candidates: Candidates, ties: TieRule) throws {
    let list = CustomMetric("mine", length: 20) { list, relevant, _ in
      let wanted = Set(relevant)
      return Double(list.count { wanted.contains($0) }) / Double(wanted.count)
    }
    var seen: [Int32] = []
    let short = CustomMetric("short", length: 3) { list, _, user in
      seen.append(user)
      return user % 2 == 0 ? .nan : Double(list.count)
    }
    let result = try evaluate(
      scores, split: random.split,
      settings: settings {
        $0.candidates = candidates
        $0.ties = ties
        $0.customMetrics = [list, short]
      })
    #expect(result.names == allMetrics.map(\.description) + ["mine", "short"])
    #expect(result["mine"] == result["recall@20"] && seen == result.users)
    let odd = result.users.count { $0 % 2 != 0 }
    #expect(result.definedCounts[allMetrics.count + 1] == odd)
    #expect(result["short"]! <= 3 && result["short"]! > 2)
  }

  @Test func aCallersMetricStandsAloneAndItsErrorIsPassedOn() throws {
    let longest = CustomMetric("all", length: 50) { list, _, _ in Double(list.count) }
    let alone = settings {
      $0.metrics = []
      $0.customMetrics = [longest]
      $0.mask = .nothing
    }
    #expect(try evaluate(scores, split: random.split, settings: alone).means == [50])
    #expect(throws: EvaluationError.listTooLong(what: "all", k: 51, itemCount: 50)) {
      try EvaluationPlan(
        random.split, settings { $0.customMetrics = [CustomMetric("all", length: 51) { _, _, _ in 0 }] })
    }
    #expect(throws: Refusal.self) {
      try evaluate(
        scores, split: random.split,
        settings: settings { $0.customMetrics = [CustomMetric("all", length: 1) { _, _, _ in throw Refusal() }] })
    }
  }

  @Test func anEvaluationWithinAnEvaluationHasItsOwnNumbers() throws {
    let plain = try evaluate(scores, split: random.split, settings: settings())
    var inner: [EvaluationResult] = []
    let nested = CustomMetric("nested", length: 1) { _, _, user in
      if user == plain.users[0] {
        inner.append(try evaluate(scores, split: random.split, settings: settings { $0.ties = .against }))
      }
      return 0
    }
    let outer = try evaluate(scores, split: random.split, settings: settings { $0.customMetrics = [nested] })
    #expect(Array(outer.means.prefix(allMetrics.count)).map(\.bitPattern) == plain.means.map(\.bitPattern))
    #expect(inner.count == 1)
  }
}
