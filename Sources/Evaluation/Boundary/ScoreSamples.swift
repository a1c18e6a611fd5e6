import Interactions
import Ranking
import Tensors

/// Scores of the items that users have, and of as many that they do not have: what the distributions of positive and negative scores
/// are made of (UIB, WWW 2022, Figures 5, 7 and 9).
public struct ScoreSamples: Sendable, Equatable {
  /// One for each positive, users ascending.
  public let positives: [Float]
  /// One for each positive of a user who does not have everything, drawn uniformly from what the user does not have: as in training
  /// with one negative.
  public let negatives: [Float]

  /// - Parameters:
  ///   - positives: The items that users have, all of whose scores are taken.
  ///   - observed: Pairs of which none is a negative: `positives` and more. `nil` for `positives`.
  ///   - seed: What is drawn depends on it and on the user's items alone.
  /// - Throws: `EvaluationError`, `MemoryError`, and what the model throws.
  /// - Complexity: O(positives · (dim + log items)), and for a source its scores of each user.
  public init(
    _ scores: ModelScores, positives: InteractionMatrix, observed: InteractionMatrix? = nil, seed: UInt64 = 0,
    pool: ThreadPool = .shared
  ) throws {
    try checkShape(positives, "what users have", (scores.userCount, scores.itemCount))
    let observed = observed ?? positives
    try checkShape(observed, "what was observed", (scores.userCount, scores.itemCount))
    let stream = RandomStream(seed: seed, purpose: "negatives of score samples")
    let users = (0..<Int32(scores.userCount)).filter { !positives.items(of: Int($0)).isEmpty }
    var rows = ItemRows()
    for user in users {
      let own = positives.items(of: Int(user))
      rows.append(
        relevant: own,
        others: Self.drawn(
          own.count, notIn: observed.items(of: Int(user)), scores.itemCount, stream.substream(Int(user))))
    }
    let found = try scores.scores(of: rows, users: users, pool: pool)
    var (positive, negative): ([Float], [Float]) = ([], [])
    for (position, user) in users.enumerated() {
      positive += scores.shown(found[rows.relevant(at: position)], user: Int(user))
      negative += scores.shown(found[rows.others(at: position)], user: Int(user))
      if let place = rows.range(at: position).first(where: { found[$0].isNaN }) {
        throw EvaluationError.scoreIsNotANumber(user: Int(user), item: Int(rows.items[place]))
      }
    }
    (self.positives, negatives) = (positive, negative)
  }

  /// Draws with repeats from the items that are not in `taken`, ascending; none where nothing is left.
  private static func drawn(_ count: Int, notIn taken: ArraySlice<Int32>, _ itemCount: Int, _ stream: RandomStream)
    -> [Int32]
  {
    let left = itemCount - taken.count
    guard left > 0 else { return [] }
    return (0..<count).map { place in
      let number = stream.integer(below: left, at: UInt64(place))
      // The item that has `number` items that are not taken before it: taken[i] - i of them stand before taken[i].
      var (low, high) = (0, taken.count)
      while low < high {
        let middle = (low + high) / 2
        if Int(taken[taken.startIndex + middle]) - middle <= number { low = middle + 1 } else { high = middle }
      }
      return Int32(number + low)
    }
  }
}

extension ModelScores {
  /// Scores as they are shown, of those that are ranked: with the user's own bias, none above the ceiling.
  fileprivate func shown(_ scores: ArraySlice<Float>, user: Int) -> [Float] {
    guard case .factors(let factors) = self, let bias = factors.userBias else { return Array(scores) }
    return scores.map { min($0 + bias[user], factors.ceiling) }
  }
}
