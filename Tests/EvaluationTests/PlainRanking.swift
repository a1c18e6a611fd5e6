import Platform
import Interactions

@testable import Evaluation

/// The slow, obvious version of everything: sorts all items of a user and walks down the list.
struct PlainRanking {
  let scores: [[Float]]
  let masked: [Set<Int32>]
  let relevant: [Set<Int32>]

  func list(of user: Int) -> [Int32] {
    (0..<Int32(scores[user].count)).filter { !masked[user].contains($0) }
      .sorted { a, b in
        let (x, y) = (scores[user][Int(a)], scores[user][Int(b)])
        return x != y ? x > y : a < b
      }
  }

  /// nil where the user has nothing relevant; NaN for an undefined area.
  func value(_ metric: Metric, user: Int) -> Double? {
    let wanted = relevant[user]
    if wanted.isEmpty { return nil }
    if metric.kind == .auc { return area(user) }
    return Self.value(metric, hits: list(of: user).map { wanted.contains($0) }, relevantCount: wanted.count)
  }

  /// - Parameter hits: Of the whole list; more or fewer than the metric's length.
  static func value(_ metric: Metric, hits: [Bool], relevantCount: Int) -> Double? {
    let k = metric.k
    let hits = hits.prefix(k)
    let found = Double(hits.filter { $0 }.count)
    let precision = found / Double(k)
    let recall = found / Double(relevantCount)
    switch metric.kind {
    case .recall: return recall
    case .precision: return precision
    case .f1: return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
    case .hit: return found > 0 ? 1 : 0
    case .mrr: return hits.firstIndex(of: true).map { 1 / Double($0 + 1) } ?? 0
    case .ndcg:
      var (gain, ideal) = (0.0, 0.0)
      for (place, hit) in hits.enumerated() where hit { gain += 1 / log2(Double(place + 2)) }
      for place in 0..<min(k, relevantCount) { ideal += 1 / log2(Double(place + 2)) }
      return gain / ideal
    case .map:
      var (sum, seen) = (0.0, 0.0)
      for (place, hit) in hits.enumerated() where hit {
        seen += 1
        sum += seen / Double(place + 1)
      }
      return sum / Double(min(k, relevantCount))
    default: return nil
    }
  }

  private func area(_ user: Int) -> Double {
    let rankable = list(of: user)
    var (points, pairs) = (0.0, 0.0)
    for a in rankable where relevant[user].contains(a) {
      for b in rankable where !relevant[user].contains(b) {
        let (x, y) = (scores[user][Int(a)], scores[user][Int(b)])
        points += x > y ? 1 : x == y ? 0.5 : 0
        pairs += 1
      }
    }
    return points / pairs
  }

  func mean(_ metric: Metric) -> Double {
    let values = scores.indices.compactMap { value(metric, user: $0) }.filter { !$0.isNaN }
    return values.reduce(0, +) / Double(values.count)
  }
}
