import Platform
import Interactions

/// Reads the metrics of one user off the positions of the hits.
struct MetricValues: Sendable {
  private let metrics: [Metric]
  /// `discounts[p]` = 1 / log2(p + 2).
  private let discounts: [Double]
  /// `ideals[n]` = the sum of the first n discounts.
  private let ideals: [Double]

  init(metrics: [Metric]) {
    self.metrics = metrics
    let longest = metrics.map(\.k).max() ?? 0
    discounts = (0..<longest).map { 1 / log2(Double($0 + 2)) }
    var sums = [0.0]
    for discount in discounts { sums.append(sums[sums.count - 1] + discount) }
    ideals = sums
  }

  /// Positions (from 0) of `list` that hold a relevant item; `relevant` ascends.
  static func hits(in list: ArraySlice<Int32>, relevant: InteractionMatrix, user: Int) -> [Int] {
    var positions: [Int] = []
    for (position, item) in list.enumerated() where relevant.contains(user: user, item: item) {
      positions.append(position)
    }
    return positions
  }

  /// - Parameters:
  ///   - metric: One of the metrics given at the start, with a length.
  ///   - hits: Positions of all hits, ascending, from 0; those past the metric's length are ignored.
  ///   - relevantCount: Number of relevant items, at least 1.
  func value(of metric: Metric, hits: [Int], relevantCount: Int) -> Double {
    let k = metric.k
    let inList = hits.prefix { $0 < k }
    let (precision, recall) = (Double(inList.count) / Double(k), Double(inList.count) / Double(relevantCount))
    switch metric.kind {
    case .recall: return recall
    case .precision: return precision
    case .f1: return inList.isEmpty ? 0 : 2 * precision * recall / (precision + recall)
    case .hit: return inList.isEmpty ? 0 : 1
    case .ndcg: return inList.reduce(0) { $0 + discounts[$1] } / ideals[min(k, relevantCount)]
    case .map:
      let sum = inList.enumerated().reduce(0.0) { $0 + Double($1.offset + 1) / Double($1.element + 1) }
      return sum / Double(min(k, relevantCount))
    case .mrr: return inList.first.map { 1 / Double($0 + 1) } ?? 0
    case .auc, .novelty, .popularity, .tail, .diversity, .coverage, .gini:
      preconditionFailure("\(metric) is not a function of hits")
    }
  }
}
