/// Whose items are looked for, among what, and what is measured.
public struct EvaluationSettings {
  /// The part whose items are looked for. Select on `.valid`, report on `.test`.
  public var part = EvaluationPart.test
  public var metrics: [Metric]
  /// Metrics that the caller computes, after those of `metrics`.
  public var customMetrics: [CustomMetric] = []
  /// What must not be recommended. `automatic` leaves lists of candidates as they are.
  public var mask = EvaluationMask.automatic
  public var candidates = Candidates.all
  public var repeats = CandidateRepeats.once
  public var ties = TieRule.order
  /// The users to evaluate, those without items in the part left out; nil for all who have any.
  public var users: [Int32]?
  /// The group that a user belongs to, nil for none: the means of each are computed beside those of all.
  public var group: ((_ user: Int32) throws -> String?)?
  /// The group that an item belongs to, nil for none: what is looked for of each is measured by itself.
  public var itemGroup: ((_ item: Int32) throws -> String?)?

  public init(metrics: [Metric]) { self.metrics = metrics }
}

/// Which of two items with equal scores stands first.
public enum TieRule: String, Sendable, CaseIterable {
  /// The one with the lower number: the rule of every list that Perigee shows.
  case order
  /// The one that is not looked for: the rank of an item, from 0, is the number of others whose score is at least its own. Scores
  /// that are all equal then win nothing. Zhuo et al., "Learning Explicit User Interest Boundary for Recommendation", WWW 2022,
  /// section 4.3 and the official code.
  ///
  /// `auc` does not change: a tie counts one half in it.
  case against
}

/// A metric that the caller computes from the list of each user.
public struct CustomMetric {
  public let name: String
  /// Items in the list; a list is shorter where fewer can be ranked.
  public let length: Int
  /// Called once for each user in ascending order, after all lists are made, on the thread that evaluates.
  ///
  /// - Parameters: the list, best first; the items looked for, ascending; the user.
  /// - Returns: The user's value; NaN leaves the user out of the mean.
  public let value: (_ list: ArraySlice<Int32>, _ relevant: ArraySlice<Int32>, _ user: Int32) throws -> Double

  /// - Precondition: `length` is at least 1.
  public init(
    _ name: String, length: Int,
    value: @escaping (_ list: ArraySlice<Int32>, _ relevant: ArraySlice<Int32>, _ user: Int32) throws -> Double
  ) {
    precondition(length >= 1, "a list has at least one place")
    self.name = name
    self.length = length
    self.value = value
  }
}
