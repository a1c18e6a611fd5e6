/// What a search is asked to do, but for the space and what runs.
public struct SearchSettings: Sendable {
  /// The study's name in its store.
  public var name: String
  public var method = Method.tpe
  public var goal = Goal.maximize
  /// Trials in all; for a grid `nil` means all combinations.
  public var trials: Int?
  /// A trial runs once with each, and has the mean of their values.
  public var seeds = [1]
  /// Of what is drawn.
  public var seed: UInt64 = 1
  public var pruning = Pruning.none
  /// Random trials before TPE chooses.
  public var startup = 10
  /// Failed trials in a row that end the search.
  public var failures = 5
  /// How often a trial may end its process.
  public var attempts = 5
  public var retriesFailed = false
  /// Whether the search ends only when the trials of other processes have.
  public var waits = true

  public init(name: String) { self.name = name }

  public enum Method: String, Sendable, CaseIterable { case tpe, random, grid }
  public enum Goal: String, Sendable, CaseIterable { case maximize, minimize }

  /// What must be the same where a study goes on: everything that decides which trials there are and what they come to.
  var description: [RunRecord.Setting] {
    var entries: [RunRecord.Setting] = [
      .init("method", method.rawValue), .init("goal", goal.rawValue), .init("seed", "\(seed)"),
      .init("seeds", seeds.map(String.init).joined(separator: " ")), .init("prune", pruning.text),
    ]
    if method == .tpe { entries.append(.init("startup", "\(startup)")) }
    return entries
  }
}
