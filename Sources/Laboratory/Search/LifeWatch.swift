import Platform

/// Which processes have ended: on this machine the system knows, of others nothing is heard any more.
struct LifeWatch {
  static let secondsOfBeat = 5
  /// Seconds without a beat, on this process's clock: clocks of machines differ.
  static let patience = 60.0

  /// What searches of this process have under way: a trial that it has and that none of them holds was left by one that met an error.
  static let held = Locked<Set<HeldTrial>>([])

  struct HeldTrial: Hashable {
    let study: Int64
    let began: Double
    let trial: Int

    init(_ trial: TrialRecord, of study: StudyRecord) {
      (self.study, began, self.trial) = (study.number, study.started, trial.number)
    }
  }

  private var heard: [Int: (attempt: Int, beat: Int, at: Double)] = [:]

  mutating func hasEnded(_ trial: TrialRecord, isHeld: Bool, now: Double = monotonicSeconds()) -> Bool {
    if trial.owner == RunRecord.Machine.current.owner { return !isHeld }
    if trial.owner.host == RunRecord.Machine.current.host { return trial.owner.hasEnded }
    guard let last = heard[trial.number], last.attempt == trial.attempt, last.beat == trial.beat else {
      heard[trial.number] = (trial.attempt, trial.beat, now)
      return false
    }
    return now - last.at > Self.patience
  }
}

extension RunRecord.Machine {
  /// What the store keeps of the owner of a trial.
  var owner: RunRecord.Machine {
    var owner = RunRecord.Machine()
    (owner.host, owner.process, owner.processStarted) = (host, process, processStarted)
    return owner
  }
}
