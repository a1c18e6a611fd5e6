import Platform

/// A ranking metric and, where it has one, the length of the list that it reads, such as `recall@20`.
///
/// With T the user's relevant items, R_k the first k of the ranking and h_p in {0, 1} whether position p (from 0) is a hit:
///
///     recall@k     |R_k ∩ T| / |T|
///     precision@k  |R_k ∩ T| / k                       (k, even where fewer items are rankable)
///     f1@k         2 P R / (P + R), 0 where both are 0
///     hit@k        1 if there is any hit, else 0
///     ndcg@k       Σ_p h_p / log2(p + 2)  /  Σ_{p < min(k, |T|)} 1 / log2(p + 2)
///     map@k        Σ_p h_p (hits up to and with p) / (p + 1)  /  min(k, |T|)
///     mrr@k        1 / (position of the first hit, from 1), 0 where there is none
///     auc          share of (relevant, irrelevant) pairs of rankable items in the right order, ties count one half
///
/// These are the definitions of the official LightGCN, BSL, RecBox and RecBole codes, except that RecBox's MRR sums over all
/// hits and its MAP divides by the number of hits.
///
/// Others ask what is recommended, not whether it is right. With c_i how many users have item i in the train part, of U users:
///
///     novelty@k     mean over the list of -log2(max(c_i, 1) / U)                       (Zhou et al., PNAS 2010)
///     popularity@k  mean over the list of c_i
///     tail@k        share of the list that is not among the most popular items that have 80 % of all train interactions
///     diversity@k   mean over the list's pairs of 1 - |U_i ∩ U_j| / √(c_i c_j), U_i the users of item i
///     coverage@k    share of all items that stand in at least one user's list
///     gini@k        Gini index of how often each item is recommended: 0 where all are alike often, near 1 where few get all
///
/// A user whose list is empty (for diversity: of one item) has no value and is left out of the mean; the last two are of all lists.
public struct Metric: Sendable, Hashable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    case recall, precision, f1, hit, ndcg, map, mrr, auc
    case novelty, popularity, tail, diversity
    case coverage, gini

    /// Whether the metric reads the first k of a ranking; `auc` reads all of it.
    public var hasLength: Bool { self != .auc }
    /// Whether the metric is a function of where hits stand.
    public var readsHits: Bool { hasLength && !describesItems && !describesCatalog }
    /// Whether the metric says of a list what its items are in the train part.
    public var describesItems: Bool { [.novelty, .popularity, .tail, .diversity].contains(self) }
    /// Whether the metric is one of all lists together: no user has a value of it.
    public var describesCatalog: Bool { self == .coverage || self == .gini }
  }

  public let kind: Kind
  /// Length of the list, at least 1; 0 for `auc`.
  public let k: Int

  /// - Precondition: `k` is at least 1 for a metric of a list; it is ignored for `auc`.
  public init(_ kind: Kind, at k: Int = 0) {
    precondition(!kind.hasLength || k >= 1, "\(kind)@k needs k >= 1")
    self.kind = kind
    self.k = kind.hasLength ? k : 0
  }

  /// Reads a name such as `"recall@20"` or `"auc"`.
  ///
  /// - Throws: `EvaluationError.unknownMetric`, which names the nearest metric where one is near, or `.malformedMetric`.
  public init(_ name: String) throws {
    let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = Kind(rawValue: String(parts[0])) else {
      let nearest = nearestName(to: String(parts[0]), in: Kind.allCases.map(\.rawValue))
      throw EvaluationError.unknownMetric(name: name, nearest: nearest)
    }
    if !kind.hasLength {
      guard parts.count == 1 else {
        throw EvaluationError.malformedMetric(name: name, reason: "it reads the whole ranking; write 'auc'")
      }
      self.init(kind)
      return
    }
    guard parts.count == 2, let k = Int(parts[1]), k >= 1, parts[1].allSatisfy({ $0.isASCII && $0.isNumber }) else {
      throw EvaluationError.malformedMetric(
        name: name, reason: "want the length of the list after '@', a whole number from 1, such as '\(kind)@20'")
    }
    self.init(kind, at: k)
  }

  public var description: String { kind.hasLength ? "\(kind.rawValue)@\(k)" : kind.rawValue }
}
