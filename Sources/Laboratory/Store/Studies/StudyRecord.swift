/// A search as the store keeps it: its trials have tables of their own.
public struct StudyRecord: Sendable {
  let number: Int64
  public let name: String
  /// What must stay the same when the study goes on, by name.
  public let description: [RunRecord.Setting]
  /// The script that began it.
  public let script: String?
  /// Seconds since 1970.
  public let started: Double

  /// Whether larger values are better.
  public var maximizes: Bool { description.first { $0.name == "goal" }?.value != "minimize" }
}

/// One trial of a study: the settings that it was given, and what came of them.
public struct TrialRecord: Sendable {
  /// From 1.
  public let number: Int
  public var state: State
  /// The mean over the seeds; the last report of one that was pruned.
  public var value: Double?
  /// Why it failed or was pruned.
  public var message: String?
  public var settings: [SettingDraw.Setting] = []
  /// One for each seed that is done.
  public var values: [(seed: Int, value: Double)] = []
  /// Of the runs that it made and that are recorded.
  public var runs: [String] = []
  /// How often it was begun.
  public let attempt: Int
  /// Grows as long as its process lives.
  let beat: Int
  let owner: TrialOwner
  public var started: Double
  public var finished: Double?

  public enum State: String, Sendable, CaseIterable {
    case running
    /// Given back by a process that was stopped: the next one takes it.
    case waiting
    case finished, pruned, failed

    public var hasEnded: Bool { self == .finished || self == .pruned || self == .failed }
  }

  public var seconds: Double? { finished.map { $0 - started } }
}
