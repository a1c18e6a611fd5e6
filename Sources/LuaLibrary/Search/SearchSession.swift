import Laboratory
import LuaHost
import Platform
import Tensors

/// One call of `perigee.search`: the search with the script's function, its progress, and the processes that take part.
final class SearchSession {
  private let search: Search
  private let call: LuaCall
  private let function: LuaFunction
  private let tells: Bool
  private let parallel: Int
  private let key: String
  private var processes: SearchProcesses?

  init(_ search: Search, _ call: LuaCall) throws {
    self.search = search
    self.call = call
    function = try call.function("run")
    tells = try call.boolean("progress")
    parallel = try call.integer("parallel")
    key = "\(absolutePath(search.store.path)) \(search.settings.name)"
  }

  /// The process that started this one for the search; `nil` in one that a person started.
  private var parent: pid_t? { SearchProcesses.parent(key: key) }

  func run() throws -> StudyHandle {
    prepare()
    let threads = ThreadPool.shared.threadCount
    if parallel > 1 { ThreadPool.setSharedThreadCount(max(1, threads / parallel)) }
    defer { if parallel > 1 { ThreadPool.setSharedThreadCount(threads) } }
    if parent == nil {
      processes = try SearchProcesses(count: max(0, min(parallel, try search.trialsLeft()) - 1), key: key) { warn($0) }
    }
    let study = try searched()
    if parent != nil {
      RunLaunch.current?.end()
      fflush(nil)
      exit(0)
    }
    return StudyHandle(study)
  }

  private func searched() throws -> Study {
    do {
      let study = try SearchModule.naming(call, search.store) { try search.run() }
      if study.isInterrupted {
        processes?.stop(patience: 20)
        // Taken: the script goes on. Not where it was the second, or this process is for the search alone.
        if parent != nil || !call.state.takeInterrupt() { try call.state.checkInterrupt() }
      } else {
        processes?.finish(isLate(waiting: search.settings.waits))
        search.announce()
      }
      if tells, parent == nil { note(StudyListing.summary(search.record, try study.trials())) }
      return study
    } catch {
      processes?.stop(patience: 20)
      throw error
    }
  }

  /// When the processes that were started here have to end: those of a search that waited have nothing left to do, others have trials.
  private func isLate(waiting: Bool) -> () -> Bool {
    let (state, end) = (call.state, monotonicSeconds() + 10)
    return { state.isInterrupted || waiting && monotonicSeconds() > end }
  }

  private func prepare() {
    let state = call.state
    search.runTrial = { [unowned self] in try value(of: $0) }
    search.isInterrupted = { state.isInterrupted }
    search.isInterruption = { ($0 as? LuaError)?.kind == .interrupted }
    search.onWarning = { warn($0) }
    search.onPause = { [unowned self] in processes?.poll() }
    if tells, parent == nil { search.onTrial = { [unowned self] in tell($0, $1) } }
    if let parent {
      let interruption = state.interruption
      // Nobody waits for this process any more.
      search.onTick = { if getppid() != parent { interruption.interrupt() } }
    }
  }

  private func tell(_ trial: TrialRecord, _ all: [TrialRecord]) {
    let best = Study.best(all, maximizes: search.record.maximizes)
    var text = "trial \(trial.number)/\(search.trialCount): "
    text += trial.state == .failed ? "failed: \(trial.message ?? "")" : decimal(trial.value ?? .nan, 4)
    if trial.state == .pruned { text += " (\(trial.message ?? "pruned"))" }
    text += "  \(StudyListing.text(trial.settings))  \(decimal(trial.seconds ?? 0, 1)) s"
    if let best { text += "  best \(decimal(best.value ?? .nan, 4)) (trial \(best.number))" }
    note(text)
  }

  // MARK: One trial

  private func value(of trial: SearchTrial) throws -> Double? {
    let state = call.state
    let handle = TrialHandle(trial)
    state.trialUnderWay = handle
    defer { state.trialUnderWay = nil }
    trial.runs = { handle.recorders.filter(\.hasBegun).map(\.id) }
    let settings = LuaRecord(trial.settings.map { ($0.name, $0.value) })
    let value = try function.call([settings, handle], for: CallPurpose.callback()).first ?? .nil
    if let number = value.asNumber { return number }
    guard let table = value.asTable else {
      if value.isNil { return nil }
      throw LuaArgumentError("run returned a \(value.typeName); want a number")
    }
    return try best(of: table, trial)
  }

  /// Of the report of a run.
  private func best(of report: LuaTable, _ trial: SearchTrial) throws -> Double? {
    if let value = try report.rawGet("best").asTable?.rawGet("value").asNumber { return value }
    // One that is pruned has no need of a value.
    if trial.prunedMessage != nil { return nil }
    throw LuaArgumentError(
      "run returned a table without a best value; want a number, or the report of a run with patience")
  }
}
