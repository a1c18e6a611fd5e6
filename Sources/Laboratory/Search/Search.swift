import Platform

/// Runs the trials of a study until it has all of them, together with other processes that do the same.
///
/// Everything that decides what comes next is in the store: a process takes a trial, draws its settings, runs it and notes what came of it,
/// and one that is killed loses the trial it had, which the next process takes again with the same settings.
public final class Search {
  public let settings: SearchSettings
  public let store: RunStore
  public let record: StudyRecord
  /// Runs a trial with one seed and returns its value; `nil` where there is none. An error fails the trial, the search goes on.
  public var runTrial: (SearchTrial) throws -> Double? = { _ in nil }
  /// Whether an error is a person's wish to stop, or the host's.
  public var isInterruption: (any Error) -> Bool = { _ in false }
  public var isInterrupted: () -> Bool = { false }
  /// Told every trial that ends, of this process or another, with all there are.
  public var onTrial: ((TrialRecord, [TrialRecord]) -> Void)?
  /// Told what a person has to know, one line.
  public var onWarning: (String) -> Void = { _ in }
  /// Called now and then between trials and while others are waited for.
  public var onPause: () -> Void = {}
  /// Called every second on another thread.
  public var onTick: @Sendable () -> Void = {}

  let space: SearchSpace
  let grid: [[SettingDraw.Setting]]
  /// How many trials the study is to have.
  public let trialCount: Int
  let others: OtherCurves
  let current = Locked<TrialRecord?>(nil)
  private var life = LifeWatch()
  private var announced: Set<Int> = []
  var failuresInARow = 0
  var hasWarnedOfSilence = false

  /// Begins a study, or takes up one that was begun.
  ///
  /// - Parameter script: The path of the script that searches.
  /// - Throws: `SearchError` for a space that is empty, or has changed since; `RunStoreError` for a store that cannot be written, or a study
  ///   that was begun with other settings.
  public init(_ settings: SearchSettings, space: @escaping SearchSpace, store: RunStore, script: String? = nil) throws {
    (self.settings, self.space, self.store) = (settings, space, store)
    if settings.method == .grid {
      grid = try GridSettings.all(of: space)
      trialCount = min(grid.count, settings.trials ?? grid.count)
    } else {
      guard let trials = settings.trials else {
        throw SearchError("say how many trials a \(settings.method.rawValue) search is to have, such as trials = 30")
      }
      grid = []
      trialCount = trials
      // The first trial's: an empty space is found before there is a study.
      _ = try SettingDraw.settings(of: space) { RandomSettings.value(seed: settings.seed, trial: 1, $0, $1) }
    }
    record = try store.study(settings.name, description: settings.description, script: script)
    others = OtherCurves(record, in: store, seed: settings.seeds[0])
    for trial in try store.trials(of: record) where !trial.settings.isEmpty { try check(trial) }
    if settings.retriesFailed { try store.retryFailed(record) }
    announced = Set(try store.states(of: record).filter(\.state.hasEnded).map(\.number))
  }

  /// Refuses a study whose trials come from another space.
  private func check(_ trial: TrialRecord) throws {
    do {
      try KeptSettings.check(trial.settings, against: space)
      if settings.method == .grid, trial.number <= grid.count, grid[trial.number - 1] != trial.settings {
        throw SearchError("its grid has other values in another order")
      }
    } catch let error as SearchError {
      throw SearchError(
        "study '\(shown(settings.name))' in \(shownPath(store.path)) was begun with another space: \(error); take the space that it had, or "
          + "give the search another name")
    }
  }

  /// Trials that have not ended.
  public func trialsLeft() throws -> Int {
    max(0, trialCount - (try store.states(of: record).count(where: \.state.hasEnded)))
  }

  /// - Throws: `SearchError` after too many failures in a row; `RunStoreError`; what the space throws.
  public func run() throws -> Study {
    let ticker = beating()
    defer { ticker.stop() }
    var pause = 0.05
    while true {
      onPause()
      announce()
      if isInterrupted() { return Study(record, in: store, isInterrupted: true) }
      switch try claim() {
      case .trial(let trial):
        guard try take(trial) else { return Study(record, in: store, isInterrupted: true) }
        pause = 0.05
      case .othersUnderWay where settings.waits:
        usleep(UInt32(pause * 1e6))
        pause = min(2, pause * 1.5)
      case .othersUnderWay, .nothingLeft:
        announce()
        return Study(record, in: store)
      }
    }
  }

  private func claim() throws -> RunStore.Claim {
    // Searches of other threads wait: they must not find a trial that is taken here and not yet held.
    try LifeWatch.held.withLock { held in
      let claim = try store.claim(record, trials: trialCount, attempts: settings.attempts) { trial in
        life.hasEnded(trial, isHeld: held.contains(.init(trial, of: record)))
      }
      if case .trial(let trial) = claim { held.insert(.init(trial, of: record)) }
      return claim
    }
  }

  /// Shows the other processes that this one lives.
  private func beating() -> Ticker {
    let (current, store, record, onTick) = (current, store, record, onTick)
    let ticks = Locked(0)
    return Ticker(every: 1) {
      onTick()
      let isDue = ticks.withLock { count in
        count += 1
        return count % LifeWatch.secondsOfBeat == 0
      }
      guard isDue, let trial = current.withLock({ $0 }) else { return }
      // One beat that cannot be written, on a full disk, is no end of the trial.
      try? store.beat(trial, record)
    }
  }

  /// Tells of the trials that have ended since the last time.
  public func announce() {
    guard let onTrial, let states = try? store.states(of: record) else { return }
    let fresh = states.filter { $0.state.hasEnded && !announced.contains($0.number) }.map(\.number)
    guard !fresh.isEmpty, let trials = try? store.trials(of: record) else { return }
    for trial in trials where fresh.contains(trial.number) {
      announced.insert(trial.number)
      onTrial(trial, trials)
    }
  }
}
