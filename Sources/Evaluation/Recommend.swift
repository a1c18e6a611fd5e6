import Interactions
import Ranking
import Tensors

/// The `k` best items of each user, with their scores.
///
/// Items stand by score descending, of equal scores the one with the lower number first. The scores include the user's bias.
///
/// - Parameters:
///   - users: Dense numbers, in any order, repeats allowed.
///   - k: Length of a list, 1 to the number of items. A list is shorter where fewer items are left.
///   - excluded: Pairs that must not be recommended, such as the train part.
/// - Throws: `EvaluationError`: no such user, list longer than the catalog, a score that is not a number.
/// - Complexity: O((users + 1) · items · dim) time: the items are packed anew at each call, so ask for many users at once.
public func recommend(
  _ scores: ModelScores, users: [Int32], k: Int, excluding excluded: InteractionMatrix? = nil,
  pool: ThreadPool = .shared
) throws -> RankedLists {
  try check(users: users, k: k, excluded: excluded, shape: (scores.userCount, scores.itemCount))
  let lists = try scores.ranker(pool: pool).top(k, users: users, excluding: excluded)
  guard case .factors(let factors) = scores, let bias = factors.userBias else { return lists }
  return lists.addingToScores(bias, ceiling: factors.ceiling)
}

private func check(users: [Int32], k: Int, excluded: InteractionMatrix?, shape: (users: Int, items: Int)) throws {
  guard k >= 1, k <= shape.items else {
    throw EvaluationError.listTooLong(what: "recommend", k: k, itemCount: shape.items)
  }
  for user in users where !(0..<shape.users ~= Int(user)) {
    throw EvaluationError.noSuchUser(user: Int(user), userCount: shape.users)
  }
  if let excluded { try checkShape(excluded, "the excluded set", shape) }
}

extension RankedLists {
  /// The same lists with a number for each user added to the scores of the user's list, none of which comes out above `ceiling`.
  func addingToScores(_ bias: [Float], ceiling: Float) -> RankedLists {
    var scores = scores
    for (position, user) in users.enumerated() {
      for rank in 0..<Int(counts[position]) {
        scores[position * k + rank] = min(scores[position * k + rank] + bias[Int(user)], ceiling)
      }
    }
    return RankedLists(users: users, k: k, counts: counts, items: items, scores: scores)
  }
}
