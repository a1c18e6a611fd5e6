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
    if trial.owner == .current { return !isHeld }
    if trial.owner.host == TrialOwner.current.host { return trial.owner.hasEndedHere }
    guard let last = heard[trial.number], last.attempt == trial.attempt, last.beat == trial.beat else {
      heard[trial.number] = (trial.attempt, trial.beat, now)
      return false
    }
    return now - last.at > Self.patience
  }
}

/// The process that has a trial.
struct TrialOwner: Equatable, Sendable {
  /// Its machine, and whose numbers of processes its own is one of: each container may count by itself.
  var host: String
  var process: Int
  var started: Int

  static let current: TrialOwner = {
    let machine = RunRecord.Machine.current
    var name = [CChar](repeating: 0, count: 100)
    let count = max(0, readlink("/proc/self/ns/pid", &name, name.count))
    let space = String(decoding: name[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return TrialOwner(host: "\(machine.host) \(space)", process: machine.process, started: machine.processStarted)
  }()

  /// Of a process whose number can be looked for here.
  var hasEndedHere: Bool {
    var machine = RunRecord.Machine.current
    (machine.process, machine.processStarted) = (process, started)
    return machine.hasEnded
  }
}
