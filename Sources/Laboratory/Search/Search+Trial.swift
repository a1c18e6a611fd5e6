import Platform

/// One trial of a search, from its settings to its end.
extension Search {
  /// - Returns: False where a person has ended it; the trial is given back then.
  func take(_ claimed: TrialRecord) throws -> Bool {
    current.withLock { $0 = claimed }
    defer {
      current.withLock { $0 = nil }
      LifeWatch.held.withLock { _ = $0.remove(.init(claimed, of: record)) }
    }
    var trial = claimed
    do {
      trial.settings = try drawn(claimed)
      for seed in settings.seeds where !trial.values.contains(where: { $0.seed == seed }) {
        guard try run(&trial, seed: seed) else { return true }
      }
      trial.value = trial.values.reduce(0) { $0 + $1.value } / Double(trial.values.count)
      trial.state = .finished
      try end(trial)
      return true
    } catch {
      let isWish = isInterruption(error)
      if trial.state == .running {
        trial.state = .waiting
        // What ended the search is what is told.
        _ = try? store.end(trial, record)
      }
      guard isWish else { throw error }
      return false
    }
  }

  private func drawn(_ trial: TrialRecord) throws -> [SettingDraw.Setting] {
    guard trial.settings.isEmpty else { return trial.settings }
    let settings = try newSettings(trial.number)
    _ = try store.keep(settings, of: trial, record)
    return settings
  }

  private func newSettings(_ number: Int) throws -> [SettingDraw.Setting] {
    let seed = settings.seed
    switch settings.method {
    case .grid: return grid[number - 1]
    case .random:
      return try SettingDraw.settings(of: space) { RandomSettings.value(seed: seed, trial: number, $0, $1) }
    case .tpe:
      let estimator = TreeParzenEstimator(seed: seed, startup: settings.startup)
      let outcomes = try outcomes(besides: number)
      return try SettingDraw.settings(of: space) { estimator.value(trial: number, $0, $1, outcomes) }
    }
  }

  private func outcomes(besides number: Int) throws -> [TrialOutcome] {
    let trials = try store.trials(of: record).filter { $0.number != number }
    let pruned = trials.filter { $0.state == .pruned }.map(\.number)
    let curves = try store.reports(of: record, seed: settings.seeds[0], trials: pruned)
    let sign = record.maximizes ? 1.0 : -1.0
    return trials.map { trial in
      let standing: TrialOutcome.Standing =
        switch (trial.state, trial.value) {
        case (.finished, let value?): .finished(sign * value)
        case (.pruned, let value?): .pruned(epoch: curves[trial.number]?.points.last?.epoch ?? 0, sign * value)
        case (.running, _), (.waiting, _): .underWay
        default: .failed
        }
      return TrialOutcome(number: trial.number, settings: trial.settings, standing: standing)
    }
  }

  /// - Returns: Whether the next seed is to run: false where the trial has ended, or belongs to another process.
  private func run(_ trial: inout TrialRecord, seed: Int) throws -> Bool {
    let underWay = SearchTrial(
      trial, settings: trial.settings, seed: seed, record, in: store, settings.pruning,
      others: seed == settings.seeds[0] && settings.pruning != .none ? others : nil)
    defer { underWay.isOver = true }
    do {
      let value = try runTrial(underWay)
      try keep(underWay, of: trial)
      if underWay.isLost { throw lost(trial) }
      if let message = underWay.prunedMessage {
        (trial.state, trial.value, trial.message) = (.pruned, underWay.lastValue, message)
        try end(trial)
        return false
      }
      guard let value, value.isFinite else {
        throw SearchError(
          value.map { "run returned \(decimal($0, 4)); want a finite number" } ?? "run returned no number")
      }
      warnOfSilence(underWay)
      guard try store.keep(value, seed: seed, of: trial, record) else { throw lost(trial) }
      trial.values.append((seed, value))
      return true
    } catch let error as LostTrial {
      onWarning(error.description)
      return false
    } catch  where !isInterruption(error) && !(error is RunStoreError) {
      try keep(underWay, of: trial)
      (trial.state, trial.message) = (.failed, "\(error)")
      try end(trial)
      return false
    }
  }

  /// Says once that pruning has nothing to go by.
  private func warnOfSilence(_ underWay: SearchTrial) {
    guard settings.pruning != .none, underWay.curve.points.isEmpty, !hasWarnedOfSilence else { return }
    hasWarnedOfSilence = true
    onWarning(
      "trial \(underWay.number) reported nothing, and no trial can be pruned like that: give trainer:run on_epoch = trial:watch() and "
        + "evaluate, or call trial:report(epoch, value)")
  }

  private func keep(_ underWay: SearchTrial, of trial: TrialRecord) throws {
    try underWay.save()
    let runs = underWay.runs()
    if !runs.isEmpty { _ = try store.keep(runs: runs, of: trial, record) }
  }

  private func end(_ trial: TrialRecord) throws {
    guard try store.end(trial, record) else { return onWarning(lost(trial).description) }
    failuresInARow = trial.state == .failed ? failuresInARow + 1 : 0
    guard failuresInARow >= settings.failures else { return }
    announce()
    throw SearchError(
      "\(failuresInARow) trials in a row have failed, the last, \(trial.number), with: \(trial.message ?? ""). They are kept; "
        + "retry = true runs failed ones again")
  }

  private struct LostTrial: Error { let description: String }

  private func lost(_ trial: TrialRecord) -> LostTrial {
    LostTrial(
      description: "trial \(trial.number) was taken by another process, as nothing was heard of this one for "
        + "\(LifeWatch.patience) s; what it came to here is dropped")
  }
}
