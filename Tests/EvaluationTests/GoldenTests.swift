import Foundation
import Interactions
import Ranking
import Testing

@testable import Evaluation

/// Reference values computed in float64 by other code.
@Suite struct GoldenTests {
  private typealias Object = [String: Any]

  private func load(_ name: String) throws -> Object {
    let file = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    return try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? Object)
  }

  private func matrix(_ rows: [[Int]], itemCount: Int) -> InteractionMatrix {
    let pairs = rows.enumerated().flatMap { user, items in items.map { (Int32(user), Int32($0)) } }
    return InteractionMatrix(userCount: rows.count, itemCount: itemCount, users: pairs.map(\.0), items: pairs.map(\.1))
  }

  @Test(arguments: ["metrics.full_ranking.a", "metrics.full_ranking.b"])
  func fullRankingHasTheReferenceValues(name: String) throws {
    let file = try load(name)
    let inputs = try #require(file["inputs"] as? Object)
    let rows = try #require(inputs["scores"] as? [[Double]])
    let itemCount = rows[0].count
    let scores = ClosureScores(userCount: rows.count, itemCount: itemCount) { users, buffer in
      for (position, user) in users.enumerated() {
        for (item, score) in rows[Int(user)].enumerated() { buffer[position * itemCount + item] = Float(score) }
      }
    }
    let parts = try ["train", "valid", "test"].map {
      matrix(try #require(inputs[$0] as? [[Int]]), itemCount: itemCount)
    }
    let split = Split(
      dataset: unnamed(rows.count, itemCount), train: parts[0], valid: parts[1], test: parts[2], rule: "golden")
    let lengths = try #require((file["parameters"] as? Object)?["ks"] as? [Int])
    for (mask, key) in [(EvaluationMask.train, "mask=train"), (.automatic, "mask=train+valid")] {
      let expected = try #require((file["expected"] as? Object)?[key] as? Object)
      let metrics =
        lengths.flatMap { k in
          Metric.Kind.allCases.filter(\.readsHits).map { Metric($0, at: k) }
        } + [Metric(.auc)]
      let result = try evaluate(.source(scores), split: split, metrics: metrics, mask: mask)
      try check(result, perUser: try #require(expected["per_user"] as? [Object]))
      try check(result, mean: try #require(expected["mean"] as? Object))
      let excluded = mask.pairs(of: split, part: .test)
      for user in try #require(expected["per_user"] as? [Object]) {
        let list = try #require(user["ranking_top"] as? [Int])
        let number = Int32(try #require(user["user"] as? Int))
        let ours = try recommend(.source(scores), users: [number], k: lengths.max()!, excluding: excluded)
        #expect(ours.items(at: 0).map(Int.init) == list, "\(key), user \(number)")
      }
    }
  }

  /// Item 0 is the one held out, so that the rule of order puts it before its equals.
  @Test(arguments: ["metrics.sampled_loo.a", "metrics.sampled_loo.b"])
  func sampledLeaveOneOutHasTheReferenceValues(name: String) throws {
    let file = try load(name)
    let inputs = try #require(file["inputs"] as? Object)
    let expected = try #require(file["expected"] as? Object)
    let held = try #require(inputs["test_score"] as? [Double])
    let others = try #require(inputs["candidate_scores"] as? [[Double]])
    let (userCount, itemCount) = (held.count, others[0].count + 1)
    let scores = ClosureScores(userCount: userCount, itemCount: itemCount) { users, buffer in
      for (position, user) in users.enumerated() {
        for (item, score) in ([held[Int(user)]] + others[Int(user)]).enumerated() {
          buffer[position * itemCount + item] = Float(score)
        }
      }
    }
    let none = matrix(Array(repeating: [], count: userCount), itemCount: itemCount)
    let test = matrix(Array(repeating: [0], count: userCount), itemCount: itemCount)
    let split = Split(dataset: unnamed(userCount, itemCount), train: none, valid: nil, test: test, rule: "golden")
    let offsets = (0...userCount).map { $0 * (itemCount - 1) }
    let candidates = (0..<userCount).flatMap { _ in (1..<itemCount).map { Int32($0) } }
    let lengths = try #require((file["parameters"] as? Object)?["ks"] as? [Int])
    for (ties, values) in [
      (TieRule.against, expected), (.order, try #require(expected["option_optimistic"] as? Object)),
    ] {
      var settings = EvaluationSettings(
        metrics: lengths.flatMap { k in [Metric(.hit, at: k), Metric(.ndcg, at: k), Metric(.mrr, at: k)] }
          + [Metric(.mrr, at: itemCount)])
      settings.ties = ties
      settings.candidates = .lists(CandidateLists(rowOffsets: offsets, items: candidates))
      let result = try evaluate(.source(scores), split: split, settings: settings)
      let means = try #require(values["mean"] as? [String: Double])
      #expect(means.count == 3 * lengths.count)
      for (name, wanted) in means {
        #expect(abs((try #require(result[name])) - wanted) <= 1e-12, "\(name), ties \(ties)")
      }
      let ranks = result.perUser[3 * lengths.count].map { Int((1 / $0).rounded()) - 1 }
      #expect(ranks == values["rank"] as? [Int], "ties \(ties)")
    }
  }

  private func check(_ result: EvaluationResult, perUser: [Object]) throws {
    for (position, user) in result.users.enumerated() {
      let values = try #require(perUser.first { $0["user"] as? Int == Int(user) })
      for (index, metric) in result.metrics.enumerated() {
        let value = result.perUser[index][position]
        let wanted = metric.kind == .auc ? values["auc"] : (values["@\(metric.k)"] as? Object)?[metric.kind.rawValue]
        guard let wanted = wanted as? Double else {
          #expect(value.isNaN && metric.kind == .auc, "\(metric) of user \(user) must be undefined")
          continue
        }
        #expect(abs(value - wanted) <= 1e-12 + 1e-12 * abs(wanted), "\(metric) of user \(user)")
      }
    }
  }

  private func check(_ result: EvaluationResult, mean: Object) throws {
    #expect(result.users.count == mean["users"] as? Int)
    for (index, metric) in result.metrics.enumerated() {
      let wanted = metric.kind == .auc ? mean["auc"] : (mean["@\(metric.k)"] as? Object)?[metric.kind.rawValue]
      #expect(abs(result.means[index] - (try #require(wanted as? Double))) < 1e-12, "mean \(metric)")
      #expect(result[metric.description] == result.means[index])
    }
  }
}
