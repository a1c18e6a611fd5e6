import Interactions

@testable import Evaluation

/// The slow, obvious version of a ranking among candidates: a list of entries, sorted.
struct PlainCandidates {
  struct Entry {
    let item: Int32
    let score: Float
    let isHit: Bool
  }
  let scores: [[Float]]
  let relevant: [Set<Int32>]
  let masked: [Set<Int32>]
  let candidates: [[Int32]]
  let ties: TieRule
  let repeats: CandidateRepeats

  /// The whole list, best first; nil for a user who is not evaluated.
  func list(of user: Int) -> [Entry]? {
    var others = candidates[user].filter { !masked[user].contains($0) }
    if repeats == .once { others = Set(others).subtracting(relevant[user]).sorted() }
    if relevant[user].isEmpty || others.isEmpty { return nil }
    func entry(_ item: Int32, _ isHit: Bool) -> Entry {
      Entry(item: item, score: scores[user][Int(item)], isHit: isHit)
    }
    let hits = relevant[user].subtracting(masked[user]).map { entry($0, true) }
    return (hits + others.map { entry($0, false) }).sorted { a, b in
      if a.score != b.score { return a.score > b.score }
      if ties == .against, a.isHit != b.isHit { return b.isHit }
      if a.item != b.item { return a.item < b.item }
      return a.isHit && !b.isHit
    }
  }

  func value(_ metric: Metric, user: Int) -> Double? {
    guard let list = list(of: user) else { return nil }
    if metric.kind == .auc { return area(list) }
    return PlainRanking.value(metric, hits: list.map(\.isHit), relevantCount: relevant[user].count)
  }

  private func area(_ list: [Entry]) -> Double {
    var (points, pairs) = (0.0, 0.0)
    for a in list where a.isHit {
      for b in list where !b.isHit {
        points += a.score > b.score ? 1 : a.score == b.score ? 0.5 : 0
        pairs += 1
      }
    }
    return points / pairs
  }
}
