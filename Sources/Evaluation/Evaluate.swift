import Interactions
import Ranking
import Tensors

/// Ranks all items for every user that has items in the chosen part, and measures where those items stand.
///
///     let result = try evaluate(model.scores(), split: split, metrics: [Metric(.recall, at: 20), Metric(.ndcg, at: 20)])
///     print(result["recall@20"]!)
///
/// Items stand by score descending, of equal scores the one with the lower number first. A user's bias does not change the
/// user's ranking and is not read. The same bits come out at any number of threads.
///
/// - Parameters:
///   - scores: The model's scores of all users and items.
///   - split: Its shape is that of the scores.
///   - part: Whose items are looked for. Select on `.valid`, report on `.test`.
///   - metrics: At least one.
///   - mask: What must not be recommended.
/// - Throws: `EvaluationError`: shapes differ, a list is longer than the catalogue, a score is not a number (names the user),
///   no user has an item in the part.
/// - Complexity: O(users · items · dim) time; O(items · dim + users · k) memory, never users · items.
public func evaluate(
  _ scores: ModelScores, split: Split, part: EvaluationPart = .test, metrics: [Metric],
  mask: EvaluationMask = .automatic, pool: ThreadPool = .shared
) throws -> EvaluationResult {
  try evaluate(
    scores, relevant: part.relevant(of: split), mask: mask.pairs(of: split, part: part), part: part.rawValue,
    metrics: metrics, pool: pool)
}

/// As `evaluate(_:split:part:metrics:mask:pool:)` for pairs that do not come from a split.
///
/// - Parameters:
///   - relevant: The items looked for.
///   - masked: Pairs that must not be recommended.
public func evaluate(
  _ scores: ModelScores, relevant: InteractionMatrix, masked: InteractionMatrix?, metrics: [Metric],
  pool: ThreadPool = .shared
) throws -> EvaluationResult {
  try evaluate(scores, relevant: relevant, mask: masked, part: "relevant", metrics: metrics, pool: pool)
}

private func evaluate(
  _ scores: ModelScores, relevant: InteractionMatrix, mask: InteractionMatrix?, part: String, metrics: [Metric],
  pool: ThreadPool
) throws -> EvaluationResult {
  let shape = (users: scores.userCount, items: scores.itemCount)
  if metrics.isEmpty { throw EvaluationError.noMetrics }
  try checkShape(relevant, "the \(part) part", shape)
  if let mask { try checkShape(mask, "the mask", shape) }
  for metric in metrics where metric.k > shape.items {
    throw EvaluationError.listTooLong(what: metric.description, k: metric.k, itemCount: shape.items)
  }
  let users = (0..<shape.users).filter { !relevant.items(of: $0).isEmpty }.map(Int32.init)
  if users.isEmpty { throw EvaluationError.nobodyToEvaluate(part: part) }
  let ranker = scores.ranker(pool: pool)
  let values = try listMetrics(metrics, ranker: ranker, users: users, relevant: relevant, mask: mask, pool: pool)
  let areas =
    metrics.contains(Metric(.auc)) ? try ranker.areasUnderCurve(users: users, relevant: relevant, excluding: mask) : []
  let perUser = metrics.enumerated().map { $1.kind == .auc ? areas : values[$0] }
  return EvaluationResult(metrics: metrics, users: users, perUser: perUser)
}

/// For each metric the values of the users; empty for those that do not read a list.
private func listMetrics(
  _ metrics: [Metric], ranker: any Ranker, users: [Int32], relevant: InteractionMatrix, mask: InteractionMatrix?,
  pool: ThreadPool
) throws -> [[Double]] {
  let longest = metrics.map(\.k).max() ?? 0
  var values = metrics.map { _ in [Double]() }
  if longest == 0 { return values }
  let lists = try ranker.top(longest, users: users, excluding: mask)
  let calculator = MetricValues(metrics: metrics)
  var flat = [Double](repeating: 0, count: users.count * metrics.count)
  flat.withUnsafeMutableBufferPointer { flat in
    let flat = Shared(flat)
    pool.run(count: users.count, grain: 256) { positions in
      for position in positions {
        let user = Int(users[position])
        let hits = MetricValues.hits(in: lists.items(at: position), relevant: relevant, user: user)
        let relevantCount = relevant.items(of: user).count
        for (index, metric) in metrics.enumerated() where metric.kind.hasLength {
          flat.value[index * users.count + position] = calculator.value(
            of: metric, hits: hits, relevantCount: relevantCount)
        }
      }
    }
  }
  for (index, metric) in metrics.enumerated() where metric.kind.hasLength {
    values[index] = Array(flat[index * users.count..<(index + 1) * users.count])
  }
  return values
}

func checkShape(_ matrix: InteractionMatrix, _ what: String, _ shape: (users: Int, items: Int)) throws {
  guard matrix.userCount == shape.users, matrix.itemCount == shape.items else {
    throw EvaluationError.shapeMismatch(
      what: what, found: "\(matrix.userCount) users and \(matrix.itemCount) items",
      wanted: "\(shape.users) and \(shape.items)")
  }
}
