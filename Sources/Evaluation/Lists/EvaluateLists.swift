import Interactions
import Tensors

/// Measures lists that another program made as those of a model are measured.
///
/// A user of the part whom the lists leave out got nothing recommended, and counts with an empty list. Items of equal scores stand as
/// `settings.ties` says. `auc` is refused: lists hold only the beginning of a ranking.
///
/// - Parameters:
///   - lists: For the users and items of the split.
///   - settings: `mask` says what is taken out of the lists before, `nothing` to take them as they are. `candidates` mean nothing here.
/// - Throws: `EvaluationError`; what custom metrics throw.
/// - Complexity: O(items in the lists · log k)
public func evaluate(
  _ lists: ItemLists, split: Split, settings: EvaluationSettings, pool: ThreadPool = .shared
) throws -> (result: EvaluationResult, report: ListReport) {
  var settings = settings
  settings.candidates = .all
  if settings.metrics.contains(Metric(.auc)) {
    throw EvaluationError.needsWholeRanking(metric: Metric(.auc).description)
  }
  try check(lists, split)
  let plan = try EvaluationPlan(split, settings, pool: pool)
  let judged = try lists.judged(plan, pool)
  let result = try EvaluationResult(plan, lists: judged, areas: nil, pool: pool)
  return (result, ListReport(lists, plan, split))
}

private func check(_ lists: ItemLists, _ split: Split) throws {
  guard lists.userCount == split.userCount else {
    throw EvaluationError.shapeMismatch(
      what: "the lists", found: "\(lists.userCount) users", wanted: "\(split.userCount)")
  }
  for user in 0..<lists.userCount {
    for place in lists.range(of: user) where !(0..<split.itemCount ~= Int(lists.items[place])) {
      throw EvaluationError.noSuchCandidate(user: user, item: Int(lists.items[place]), itemCount: split.itemCount)
    }
  }
}

/// What is to know of lists before their numbers are believed.
public struct ListReport: Sendable, Equatable {
  /// Users of the part whom the lists leave out: they count with empty lists.
  public let usersWithout: Int
  /// Items in the lists of the users who are evaluated that are of the train part, and are not masked.
  public let inTrain: Int

  init(usersWithout: Int, inTrain: Int) {
    self.usersWithout = usersWithout
    self.inTrain = inTrain
  }

  init(_ lists: ItemLists, _ plan: EvaluationPlan, _ split: Split) {
    usersWithout = plan.users.count { lists.range(of: Int($0)).isEmpty }
    inTrain = plan.users.reduce(0) { count, user in
      count
        + lists.range(of: Int(user)).count {
          split.train.contains(user: Int(user), item: lists.items[$0])
            && plan.mask?.contains(user: Int(user), item: lists.items[$0]) != true
        }
    }
  }

  /// Each a sentence without its full stop.
  public var warnings: [String] {
    var warnings: [String] = []
    if usersWithout > 0 {
      warnings.append(
        "the lists leave out \(usersWithout) \(usersWithout == 1 ? "user who has" : "users who have") items in the part: they count as if "
          + "nothing had been recommended")
    }
    if inTrain > 0 {
      warnings.append(
        "the lists hold \(inTrain) \(inTrain == 1 ? "item" : "items") that the user has in the train part; mask = \"train\" takes them out"
      )
    }
    return warnings
  }
}

extension ItemLists {
  /// The first places of each list, masked items left out.
  fileprivate func judged(_ plan: EvaluationPlan, _ pool: ThreadPool) throws -> JudgedLists {
    let users = plan.users
    let k = max(1, min(plan.longestList, users.map { range(of: Int($0)).count }.max() ?? 0))
    let placement = HitPlacement(ties: plan.settings.ties, k: k)
    let (relevant, mask) = (plan.relevant, plan.mask)
    return try JudgedLists(users: users, placement, pool) { position in
      keys(of: Int(users[position]), relevant: relevant, mask: mask)
    }
  }

  private func keys(of user: Int, relevant: InteractionMatrix, mask: InteractionMatrix?) -> HitPlacement.Keys {
    var keys: HitPlacement.Keys = ([], [])
    for place in range(of: user) where mask?.contains(user: user, item: items[place]) != true {
      let key = RankingKey(score: -Float(tiers[place]), item: items[place])
      if relevant.contains(user: user, item: items[place]) {
        keys.relevant.append(key)
      } else {
        keys.others.append(key)
      }
    }
    return (keys.relevant.sorted(by: >), keys.others.sorted(by: >))
  }
}
