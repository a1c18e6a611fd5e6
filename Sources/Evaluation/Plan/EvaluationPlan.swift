import Interactions
import Tensors

/// An evaluation made ready once, to be carried out on any number of models, or on one as it is trained: users chosen and grouped,
/// candidates drawn, masks joined.
public struct EvaluationPlan {
  public let settings: EvaluationSettings
  /// Those who are evaluated, ascending: they have items in the part, and candidates where there are lists of them.
  public let users: [Int32]
  /// Names of the groups of users, numbers before names; empty where nobody asked for groups.
  public var groupNames: [String] { groups?.names ?? [] }
  /// The same of items.
  public var itemGroupNames: [String] { itemGroups?.names ?? [] }
  /// What is to know of the candidates; nil where all items are ranked.
  public let candidateReport: CandidateReport?

  let relevant: InteractionMatrix
  /// What messages call `relevant`.
  private let relevantName: String
  let mask: InteractionMatrix?
  /// Masked items and those looked for; only where the others are ranked apart.
  let others: InteractionMatrix?
  /// The items to be ranked, where these are not all.
  let rows: ItemRows?
  let groups: UserGroups?
  /// What is looked for of each group of items.
  let itemGroups: ItemGroups?
  /// Where a metric asks what items are in the train part.
  let profile: ItemProfile?

  /// - Throws: `EvaluationError`: no metrics, a list longer than the catalog, no such part, no such user or candidate, nobody left to
  ///   evaluate; what `settings.group` throws.
  /// - Complexity: O(pairs of the split + candidates · log pairs of a user)
  public init(_ split: Split, _ settings: EvaluationSettings, pool: ThreadPool = .shared) throws {
    let relevant = try settings.part.relevant(of: split)
    try Self.checkLengths(settings, itemCount: split.itemCount)
    let isAmongAll = if case .all = settings.candidates { true } else { false }
    let mask: InteractionMatrix? =
      if !isAmongAll, settings.mask == .automatic { nil } else { settings.mask.pairs(of: split, part: settings.part) }
    let name = "the \(settings.part.rawValue) part"
    let users = try Self.users(settings.users, relevant, name)
    guard let lists = try settings.candidates.lists(for: users, of: split, pool: pool) else {
      try self.init(settings, users, train: split.train, relevant: relevant, name, mask: mask)
      return
    }
    var collector = CandidateCollector(split: split, relevant: relevant, mask: mask, settings: settings)
    let ranked = users.filter { collector.add($0, lists.items(of: Int($0))) }
    if ranked.isEmpty { throw EvaluationError.nobodyHasCandidates(users: users.count) }
    try self.init(
      settings, ranked, train: split.train, relevant: relevant, name, mask: mask, rows: collector.rows,
      candidateReport: collector.report)
  }

  /// For pairs that do not come from a split: all items are ranked.
  init(relevant: InteractionMatrix, mask: InteractionMatrix?, metrics: [Metric]) throws {
    let settings = EvaluationSettings(metrics: metrics)
    try Self.checkLengths(settings, itemCount: relevant.itemCount)
    let name = "the set of relevant pairs"
    if let metric = metrics.first(where: { $0.kind.describesItems }) {
      throw EvaluationError.needsTrainPart(metric: metric.description)
    }
    try self.init(settings, Self.users(nil, relevant, name), train: nil, relevant: relevant, name, mask: mask)
  }

  private init(
    _ settings: EvaluationSettings, _ users: [Int32], train: InteractionMatrix?, relevant: InteractionMatrix,
    _ relevantName: String,
    mask: InteractionMatrix?, rows: ItemRows? = nil, candidateReport: CandidateReport? = nil
  ) throws {
    self.settings = settings
    self.users = users
    self.relevant = relevant
    self.relevantName = relevantName
    self.mask = mask
    self.candidateReport = candidateReport
    groups = try settings.group.map { try UserGroups(of: users, by: $0) }
    itemGroups = try settings.itemGroup.map { try ItemGroups(relevant, users: users, by: $0) }
    let described = settings.metrics.filter { $0.kind.describesItems }
    profile = train.flatMap { train in
      described.isEmpty ? nil : ItemProfile(train, hasOwners: described.contains { $0.kind == .diversity })
    }
    if rows == nil, settings.ties == .against {
      others = mask.map { $0.union(relevant) } ?? relevant
      self.rows = Self.relevantRows(users, relevant, mask)
    } else {
      others = nil
      self.rows = rows
    }
  }

  /// The items that are looked for and may be ranked.
  private static func relevantRows(
    _ users: [Int32], _ relevant: InteractionMatrix, _ mask: InteractionMatrix?
  ) -> ItemRows {
    var rows = ItemRows()
    for user in users {
      let items = relevant.items(of: Int(user))
      let rankable = mask.map { mask in items.filter { !mask.contains(user: Int(user), item: $0) }[...] } ?? items
      rows.append(relevant: rankable, others: [])
    }
    return rows
  }

  private static func checkLengths(_ settings: EvaluationSettings, itemCount: Int) throws {
    if settings.metrics.isEmpty, settings.customMetrics.isEmpty { throw EvaluationError.noMetrics }
    for metric in settings.metrics where metric.k > itemCount {
      throw EvaluationError.listTooLong(what: metric.description, k: metric.k, itemCount: itemCount)
    }
    for metric in settings.customMetrics where metric.length > itemCount {
      throw EvaluationError.listTooLong(what: metric.name, k: metric.length, itemCount: itemCount)
    }
  }

  /// Users who have items to look for, of the chosen ones.
  private static func users(
    _ chosen: [Int32]?, _ relevant: InteractionMatrix, _ name: String
  ) throws -> [Int32] {
    let candidates = chosen.map { Set($0).sorted() } ?? (0..<Int32(relevant.userCount)).map { $0 }
    for user in candidates where !(0..<relevant.userCount ~= Int(user)) {
      throw EvaluationError.noSuchUser(user: Int(user), userCount: relevant.userCount)
    }
    let users = candidates.filter { !relevant.items(of: Int($0)).isEmpty }
    if users.isEmpty {
      throw EvaluationError.nobodyToEvaluate(relevant: name, chosen: chosen.map(\.count))
    }
    return users
  }

  /// Places of the longest list that anything reads; 0 where nothing does.
  var longestList: Int { max(settings.metrics.map(\.k).max() ?? 0, settings.customMetrics.map(\.length).max() ?? 0) }

  /// Names of what is measured, in the order of the results.
  public var metricNames: [String] { settings.metrics.map(\.description) + settings.customMetrics.map(\.name) }

  /// Metrics of which a group of items has a value of its own.
  var hitMetrics: [Metric] { settings.metrics.filter { $0.kind.readsHits } }

  /// Names of all means, those of groups as `ndcg@10/group`, of groups of items as `ndcg@10/items/group`.
  public var resultNames: [String] {
    metricNames + groupNames.flatMap { group in metricNames.map { "\($0)/\(group)" } }
      + itemGroupNames.flatMap { group in hitMetrics.map { "\($0)/items/\(group)" } }
  }

  func check(userCount: Int, itemCount: Int) throws {
    try checkShape(relevant, relevantName, (userCount, itemCount))
    if let mask { try checkShape(mask, "the mask", (userCount, itemCount)) }
  }
}
