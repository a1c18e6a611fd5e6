import Interactions
import Ranking
import Tensors

/// Ranks all items, or candidates, for every user that has items in the chosen part, and measures where those items stand.
///
///     let result = try evaluate(model.scores(), split: split, metrics: [Metric(.recall, at: 20), Metric(.ndcg, at: 20)])
///     print(result["recall@20"]!)
///
/// Items stand by score descending, of equal scores the one with the lower number first (`TieRule` has another rule). A user's
/// bias does not change the user's ranking and is not read. The same bits come out at any number of threads.
///
/// - Parameters:
///   - scores: The model's scores of all users and items.
///   - split: Its shape is that of the scores.
///   - settings: Whose items are looked for, among what, and what is measured.
/// - Throws: `EvaluationError`: shapes differ, a list is longer than the catalog, a score is not a number (names the user), no user
///   has an item in the part; what the model and custom metrics throw.
/// - Complexity: O(users · items · dim) time and O(items · dim + users · k) memory, never users · items. Of candidates only their own
///   scores are computed: O(candidates · dim).
public func evaluate(
  _ scores: ModelScores, split: Split, settings: EvaluationSettings, pool: ThreadPool = .shared
) throws -> EvaluationResult {
  try evaluate(scores, plan: EvaluationPlan(split, settings, pool: pool), pool: pool)
}

/// As `evaluate(_:split:settings:pool:)` for a plan that was made before.
public func evaluate(
  _ scores: ModelScores, plan: EvaluationPlan, pool: ThreadPool = .shared
) throws -> EvaluationResult {
  try plan.check(userCount: scores.userCount, itemCount: scores.itemCount)
  let rankings = try Rankings(scores, plan, pool)
  return try EvaluationResult(plan, lists: rankings.lists(), areas: rankings.areas(), pool: pool)
}

/// As `evaluate(_:split:settings:pool:)` among all items, with the common settings at hand.
///
/// - Parameters:
///   - part: Whose items are looked for. Select on `.valid`, report on `.test`.
///   - metrics: At least one.
///   - mask: What must not be recommended.
public func evaluate(
  _ scores: ModelScores, split: Split, part: EvaluationPart = .test, metrics: [Metric],
  mask: EvaluationMask = .automatic, pool: ThreadPool = .shared
) throws -> EvaluationResult {
  var settings = EvaluationSettings(metrics: metrics)
  settings.part = part
  settings.mask = mask
  return try evaluate(scores, split: split, settings: settings, pool: pool)
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
  try evaluate(scores, plan: EvaluationPlan(relevant: relevant, mask: masked, metrics: metrics), pool: pool)
}

/// What a model makes of a plan.
private struct Rankings {
  private let plan: EvaluationPlan
  private let pool: ThreadPool
  /// Ranks all items; nil where only candidates are ranked.
  private let ranker: (any Ranker)?
  /// The items that are scored one by one; nil where the ranker alone does the work.
  private let rows: RowRanker?

  init(_ scores: ModelScores, _ plan: EvaluationPlan, _ pool: ThreadPool) throws {
    self.plan = plan
    self.pool = pool
    ranker = plan.candidateReport == nil ? scores.ranker(pool: pool) : nil
    rows = try plan.rows.map { rows in
      try RowRanker(
        users: plan.users, rows: rows, scores: scores.scores(of: rows, users: plan.users, pool: pool), pool: pool)
    }
  }

  /// nil where no metric reads a list.
  func lists() throws -> JudgedLists? {
    let k = plan.longestList
    if k == 0 { return nil }
    guard let ranker else {
      return try rows?.lists(HitPlacement(ties: plan.settings.ties, k: min(k, rows?.longestRow ?? k)))
    }
    try RankedLists.checkMemory(users: plan.users.count, k: k)
    let masked = plan.others ?? plan.mask
    let best = try ranker.top(k, users: plan.users, excluding: masked)
    return try rows?.lists(HitPlacement(ties: plan.settings.ties, k: k), among: best) ?? JudgedLists(best)
  }

  /// nil where `auc` was not asked for.
  func areas() throws -> [Double]? {
    guard plan.settings.metrics.contains(Metric(.auc)) else { return nil }
    guard let ranker else { return rows?.areasUnderCurve() }
    return try ranker.areasUnderCurve(users: plan.users, relevant: plan.relevant, excluding: plan.mask)
  }
}

func checkShape(_ matrix: InteractionMatrix, _ what: String, _ shape: (users: Int, items: Int)) throws {
  guard matrix.userCount == shape.users, matrix.itemCount == shape.items else {
    throw EvaluationError.shapeMismatch(
      what: what, found: "\(matrix.userCount) users and \(matrix.itemCount) items",
      wanted: "\(shape.users) and \(shape.items)")
  }
}
