import Interactions
import Kernels
import Tensors

/// Ranks the items of rows by their scores: what is looked for among candidates, or among lists that were made without it.
struct RowRanker: Sendable {
  let users: [Int32]
  let rows: ItemRows
  /// `[rows.items.count]`
  private let scores: [Float]
  private let pool: ThreadPool

  /// - Throws: `EvaluationError.scoreIsNotANumber` for the first user who has such a score.
  init(users: [Int32], rows: ItemRows, scores: [Float], pool: ThreadPool) throws {
    self.users = users
    self.rows = rows
    self.scores = scores
    self.pool = pool
    for position in users.indices {
      for place in rows.range(at: position) where scores[place].isNaN {
        throw EvaluationError.scoreIsNotANumber(user: Int(users[position]), item: Int(rows.items[place]))
      }
    }
  }

  /// Items of the longest row; at least 1 where there are rows.
  var longestRow: Int { users.indices.map { rows.range(at: $0).count }.max() ?? 0 }

  /// Each user's best items of the row.
  func lists(_ placement: HitPlacement) throws -> JudgedLists {
    try JudgedLists(users: users, placement, pool) { position in
      (keys(rows.relevant(at: position)), keys(rows.others(at: position)))
    }
  }

  /// Each user's best of the row's items that are looked for and those of a list that holds none of them.
  func lists(_ placement: HitPlacement, among others: RankedLists) throws -> JudgedLists {
    try JudgedLists(users: users, placement, pool) { position in
      let list = zip(others.scores(at: position), others.items(at: position))
      return (keys(rows.relevant(at: position)), list.map { RankingKey(score: $0, item: $1) })
    }
  }

  /// The items at some places of the rows, best first.
  private func keys(_ places: Range<Int>) -> [RankingKey] {
    places.map { RankingKey(score: scores[$0], item: rows.items[$0]) }.sorted(by: >)
  }

  /// For each user the share of (looked for, candidate) pairs that are ranked right, ties counting one half.
  func areasUnderCurve() -> [Double] {
    users.indices.map { position in
      let (relevant, others) = (Array(scores[rows.relevant(at: position)]), Array(scores[rows.others(at: position)]))
      if relevant.isEmpty || others.isEmpty { return .nan }
      var below = [Int](repeating: 0, count: relevant.count)
      var equal = below
      _ = kernel_ranking_count(others, others.count, relevant, relevant.count, &below, &equal)
      let (right, ties) = (below.reduce(0, +), equal.reduce(0, +))
      return (Double(right) + 0.5 * Double(ties)) / Double(relevant.count * others.count)
    }
  }
}
