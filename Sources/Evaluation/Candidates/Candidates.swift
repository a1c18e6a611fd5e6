import Interactions
import Tensors

/// What the items that are looked for are ranked among.
///
/// A ranking among a few candidates is much easier than one among all items, and its numbers compare with nothing but numbers from
/// the same candidates (Krichene and Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020).
public enum Candidates: Sendable {
  /// All items that the mask leaves.
  case all
  /// The lists that were published with the data: `Split.candidates`.
  case given
  /// For each user `count` distinct items, drawn once by the seed from those that the user has in no part of the split: the same for
  /// validation and test and for every model. A user who has fewer left gets all of them.
  case drawn(count: Int, seed: UInt64)
  /// These lists.
  case lists(CandidateLists)

  /// The lists of `users`; nil for `all`.
  ///
  /// - Throws: `EvaluationError.noGivenCandidates`, `.candidatesOfOthers`, `.noSuchCandidate`, or `MemoryError`.
  func lists(for users: [Int32], of split: Split, pool: ThreadPool) throws -> CandidateLists? {
    switch self {
    case .all: return nil
    case .drawn(let count, let seed):
      return try CandidateDraw(split: split, seed: seed).lists(count: count, users: users, pool: pool)
    case .given:
      guard let given = split.candidates else { throw EvaluationError.noGivenCandidates }
      return given
    case .lists(let lists):
      try Self.check(lists, split)
      return lists
    }
  }

  private static func check(_ lists: CandidateLists, _ split: Split) throws {
    guard lists.userCount == split.userCount else {
      throw EvaluationError.shapeMismatch(
        what: "the candidates", found: "\(lists.userCount) users", wanted: "\(split.userCount)")
    }
    for user in 0..<lists.userCount {
      for item in lists.items(of: user) where !(0..<split.itemCount ~= Int(item)) {
        throw EvaluationError.noSuchCandidate(user: user, item: Int(item), itemCount: split.itemCount)
      }
    }
  }
}

/// How often an item counts that a list of candidates holds more than once, or that is looked for itself.
public enum CandidateRepeats: String, Sendable, CaseIterable {
  /// No list holds an item twice, and what is looked for is no candidate beside itself. NCF's code does so.
  case once
  /// Each entry of the list is one more item to be ranked before. UIB's code does so.
  case each
}

/// What is to know of candidates before their numbers are believed.
public struct CandidateReport: Sendable, Equatable {
  /// Candidates of the users who are evaluated, as listed.
  public var count = 0
  /// Of those, items that the user has in a part of the split.
  public var inTrain = 0
  public var inValid = 0
  public var inTest = 0
  /// Of those, items that stand in the user's list already.
  public var repeated = 0
  /// Users who have an item in the part but no candidate: they are in no mean.
  public var usersWithout = 0
  /// Users who got fewer candidates than were to be drawn, because they have nearly every item.
  public var usersWithFewer = 0

  /// Candidates that the user has in a part of the split.
  public var positives: Int { inTrain + inValid + inTest }

  /// What a reader of the numbers must know, each a sentence without its full stop.
  public var warnings: [String] {
    var warnings: [String] = []
    let found = [(inTrain, "train"), (inValid, "valid"), (inTest, "test")].filter { $0.0 > 0 }
    if !found.isEmpty {
      let parts = found.map { "\($0.0) of the \($0.1) part" }.joined(separator: ", ")
      warnings.append("\(positives) of \(count) candidates are the user's own items: \(parts)")
    }
    if repeated > 0 { warnings.append("\(repeated) of \(count) candidates stand in the user's list more than once") }
    if usersWithout > 0 {
      warnings.append(
        "\(usersWithout) \(usersWithout == 1 ? "user has" : "users have") no candidates: left out of every mean")
    }
    if usersWithFewer > 0 {
      warnings.append(
        "\(usersWithFewer) \(usersWithFewer == 1 ? "user has" : "users have") fewer items left than candidates were to be drawn: "
          + "they got all of them")
    }
    return warnings
  }
}
