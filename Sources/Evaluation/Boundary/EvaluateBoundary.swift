import Interactions
import Ranking
import Tensors

/// How well boundaries tell the items that users have from all others: an item is predicted where its score is above the user's
/// boundary.
///
/// "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, section 4.6 and Figure 6: `s(u, x) > b_u + offset`,
/// strictly, over all items. What is looked for are items that the user was seen to have, those of the train part among them: with one
/// held-out item a user the paper's numbers could not be.
///
/// - Parameters:
///   - boundaries: `[userCount]`.
///   - positives: The items that users have. Users without any are left out.
///   - offsets: Added to every user's boundary.
///   - users: Dense, ascending; all where `nil`.
/// - Throws: `EvaluationError`: shapes differ, a score or a boundary is not a number, nobody has an item; what the model throws.
/// - Complexity: O(users · items · (dim + offsets)) time, O(items · dim + users · offsets) memory. The same numbers at any number of
///   threads.
public func evaluateBoundary(
  _ scores: ModelScores, boundaries: [Float], positives: InteractionMatrix, offsets: [Double] = [0],
  users: [Int32]? = nil, pool: ThreadPool = .shared
) throws -> BoundaryResult {
  let thresholds = try BoundaryThresholds(scores, boundaries: boundaries)
  try checkShape(positives, "what users have", (scores.userCount, scores.itemCount))
  let counted = (users ?? (0..<Int32(scores.userCount)).map { $0 }).filter { !positives.items(of: Int($0)).isEmpty }
  guard !counted.isEmpty else {
    throw EvaluationError.nobodyToEvaluate(relevant: "the parts that are looked for", chosen: users?.count)
  }
  let counts = try scores.ranker(pool: pool).count(users: counted) { position, scores in
    let user = Int(counted[position])
    return BoundaryCounter(
      thresholds: offsets.map { thresholds.threshold(user: user, offset: $0) },
      positives: scores(Array(positives.items(of: user))))
  }
  return BoundaryResult(
    counts, owned: counted.map { positives.items(of: Int($0)).count }, offsets: offsets, users: counted,
    itemCount: scores.itemCount)
}

/// What boundaries decide, for each offset.
public struct BoundaryResult: Sendable, Equatable {
  /// Precision, recall and their harmonic mean; 0 where nothing is divided by nothing.
  public struct Quality: Sendable, Equatable {
    public var precision = 0.0
    public var recall = 0.0
    public var f1 = 0.0

    init(right: Double, predicted: Double, owned: Double) {
      precision = predicted > 0 ? right / predicted : 0
      recall = owned > 0 ? right / owned : 0
      f1 = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    /// Means, F1 of the users' F1.
    init(meanOf qualities: [Quality]) {
      let count = Double(qualities.count)
      precision = qualities.reduce(0) { $0 + $1.precision } / count
      recall = qualities.reduce(0) { $0 + $1.recall } / count
      f1 = qualities.reduce(0) { $0 + $1.f1 } / count
    }
  }

  public struct Row: Sendable, Equatable {
    public let offset: Double
    /// Of all decisions together, and the mean over users.
    public let micro: Quality
    public let macro: Quality
    /// Mean number of items above the boundary, and of those that are not: a filter before the ranking spares these.
    public let meanPredicted: Double
    public let meanFiltered: Double
    /// `meanFiltered` over the number of items.
    public let filteredShare: Double
  }

  public let rows: [Row]
  /// Dense, ascending: the users that were counted.
  public let users: [Int32]
  public let itemCount: Int

  init(_ counts: [BoundaryCounter.Counts], owned: [Int], offsets: [Double], users: [Int32], itemCount: Int) {
    self.users = users
    self.itemCount = itemCount
    rows = offsets.enumerated().map { place, offset in
      let (right, predicted) = (counts.map { $0.right[place] }, counts.map { $0.above[place] })
      let sums = [right, predicted, owned].map { Double($0.reduce(0, +)) }
      let qualities = counts.indices.map {
        Quality(right: Double(right[$0]), predicted: Double(predicted[$0]), owned: Double(owned[$0]))
      }
      let mean = sums[1] / Double(users.count)
      return Row(
        offset: offset, micro: Quality(right: sums[0], predicted: sums[1], owned: sums[2]),
        macro: Quality(meanOf: qualities), meanPredicted: mean, meanFiltered: Double(itemCount) - mean,
        filteredShare: (Double(itemCount) - mean) / Double(itemCount))
    }
  }
}

/// Whether a user's scores of some items are above the user's boundary, strictly.
///
/// - Parameters:
///   - user: Dense, in range.
///   - items: Dense, in range, repeats allowed.
/// - Throws: As `evaluateBoundary`, whose decisions these are.
public func areAboveBoundary(
  _ scores: ModelScores, boundaries: [Float], user: Int32, items: [Int32], offset: Double = 0,
  pool: ThreadPool = .shared
) throws -> [Bool] {
  let threshold = try BoundaryThresholds(scores, boundaries: boundaries).threshold(user: Int(user), offset: offset)
  var rows = ItemRows()
  rows.append(relevant: items, others: [])
  let ranked = try scores.scores(of: rows, users: [user], pool: pool)
  if let place = ranked.firstIndex(where: \.isNaN) {
    throw EvaluationError.scoreIsNotANumber(user: Int(user), item: Int(items[place]))
  }
  return ranked.map { $0 > threshold }
}
