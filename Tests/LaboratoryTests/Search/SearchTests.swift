import GRDB
import Platform
import TestSupport
import Testing

@testable import Laboratory

/// Searches and their studies in a store: what is tried, what is kept, who takes what.
@Suite struct SearchTests {
  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/runs.sqlite" }

  /// `x` of a range, and beside `kind = b` a `margin`.
  private static func space(_ draw: SettingDraw) throws {
    _ = try draw.value("x", SearchDimension(.number(low: -2, high: 2, isLog: false), points: 3))
    let kind = try draw.value("kind", SearchDimension(.choice([.string("a"), .string("b")])))
    if kind == .string("b") { _ = try draw.value("margin", SearchDimension(.integer(low: 1, high: 2, isLog: false))) }
  }

  private static func value(_ trial: SearchTrial) -> Double {
    let numbers = trial.settings.compactMap(\.value.number)
    return -numbers[0] * numbers[0] + 0.01 * Double(trial.seed) - (numbers.count > 1 ? 0.1 * numbers[1] : 0)
  }

  private func settings(_ method: SearchSettings.Method = .random, trials: Int? = 12) -> SearchSettings {
    var settings = SearchSettings(name: "s")
    settings.method = method
    settings.trials = trials
    return settings
  }

  private func search(_ settings: SearchSettings, space: @escaping SearchSpace = SearchTests.space) throws -> Search {
    let search = try Search(settings, space: space, store: try RunStore(path))
    search.runTrial = { Self.value($0) }
    return search
  }

  /// Settings and values by number.
  private func found(_ study: Study) throws -> [String] {
    try study.trials().map { trial in
      "\(trial.number) \(trial.state) \(StudyListing.text(trial.settings)) \(trial.value.map { "\($0)" } ?? "-")"
    }
  }

  @Test(arguments: SearchSettings.Method.allCases) func aStudyThatIsInterruptedEndsLikeOneThatWasNot(
    _ method: SearchSettings.Method
  ) throws {
    var settings = settings(method, trials: method == .grid ? nil : 20)
    settings.startup = 5
    settings.seeds = [3, 4]
    let whole = try found(search(settings).run())
    #expect(whole.count == (method == .grid ? 9 : 20))
    let other = "\(folder.path)/other.sqlite"
    var rounds = 0
    while true {
      let search = try Search(settings, space: Self.space, store: try RunStore(other))
      var calls = 0
      search.isInterruption = { $0 is CancellationError }
      search.runTrial = { trial in
        calls += 1
        // In the middle of a trial, between its seeds too.
        if calls == 4 { throw CancellationError() }
        return Self.value(trial)
      }
      let study = try search.run()
      rounds += 1
      guard study.isInterrupted else {
        #expect(try found(study) == whole)
        break
      }
      #expect(try study.trials().last?.state == .waiting)
    }
    #expect(rounds > 3)
  }

  @Test func seedsThatAreDoneAreNotRunAgain() throws {
    var settings = settings(trials: 1)
    settings.seeds = [5, 6, 7]
    var seen: [Int] = []
    for round in 0..<2 {
      let search = try search(settings)
      search.isInterruption = { $0 is CancellationError }
      search.runTrial = { trial in
        seen.append(trial.seed)
        _ = try trial.report(epoch: 1, value: 0)
        if round == 0, trial.seed == 6 { throw CancellationError() }
        return Double(trial.seed)
      }
      #expect(try search.run().isInterrupted == (round == 0))
    }
    #expect(seen == [5, 6, 6, 7])
    let trial = try Study(RunStore(path).study("s"), in: RunStore(path)).trials()[0]
    #expect(trial.value == 6 && trial.values.map(\.seed) == [5, 6, 7] && trial.deviation == 1 && trial.attempt == 2)
  }

  @Test func failuresAreKeptAndManyInARowEndTheSearch() throws {
    struct Trouble: Error, CustomStringConvertible { let description = "no luck" }
    let search = try search(settings(trials: 20))
    search.runTrial = { trial in
      switch trial.number {
      case 2: throw Trouble()
      case 3: return .nan
      case 4: return nil
      case 8...: throw Trouble()
      default: return 1
      }
    }
    let text = message { _ = try search.run() }
    #expect(text.contains("5 trials in a row have failed, the last, 12, with: no luck"))
    var trials = try Study(search.record, in: search.store).trials()
    #expect(trials.map(\.state.rawValue).filter { $0 == "failed" }.count == 8 && trials.count == 12)
    #expect(trials[1].message == "no luck" && trials[2].message == "run returned nan; want a finite number")
    #expect(trials[3].message == "run returned no number")
    // Failed ones are left as they are, or run again.
    _ = try self.search(settings(trials: 13)).run()
    #expect(try Study(search.record, in: search.store).trials().count { $0.state == .failed } == 8)
    var again = settings(trials: 13)
    again.retriesFailed = true
    _ = try self.search(again).run()
    trials = try Study(search.record, in: search.store).trials()
    #expect(trials.allSatisfy { $0.state == .finished && $0.message == nil } && trials.count == 13)
  }

  @Test func otherSettingsAndSpacesAreRefusedByName() throws {
    _ = try search(settings(.tpe, trials: 3)).run()
    func problem(_ change: (inout SearchSettings) -> Void, space: @escaping SearchSpace = SearchTests.space) -> String {
      var other = settings(.tpe, trials: 3)
      change(&other)
      return message { _ = try search(other, space: space) }
    }
    #expect(problem { $0.method = .random }.contains("was begun with method = tpe, and now it is random; say the same"))
    #expect(problem { $0.goal = .minimize }.contains("begun with goal = maximize"))
    #expect(problem { $0.seeds = [1, 2] }.contains("begun with seeds = 1, and now it is 1 2"))
    #expect(problem { $0.pruning = .halving(first: 1, factor: 3) }.contains("begun with prune = none"))
    #expect(problem { $0.startup = 9 }.contains("begun with startup = 10"))
    #expect(
      problem({ _ in }) { _ = try $0.value("x", SearchDimension(.integer(low: 0, high: 1, isLog: false))) }.contains(
        "was begun with another space: 'x' is integer(0, 1) now, and was uniform(-2.0, 2.0, points = 3)"))
    #expect(problem { $0.trials = nil }.contains("say how many trials a tpe search is to have"))
    // More trials, or fewer, are the same study.
    #expect(try search(settings(.tpe, trials: 5)).run().trials().count == 5)
    #expect(try search(settings(.tpe, trials: 2)).run().trials().count == 5)
  }

  @Test func anEmptySpaceBeginsNoStudy() throws {
    #expect(message { _ = try search(settings()) { _ in } }.contains("the space is empty"))
    #expect(message { _ = try search(settings(.grid, trials: nil)) { _ in } }.contains("the space is empty"))
    #expect(try RunStore(path).studies().isEmpty)
  }

  // MARK: Several processes

  @Test(arguments: [SearchSettings.Method.random, .grid]) func severalAtOnceTakeEachTrialOnce(
    _ method: SearchSettings.Method
  ) throws {
    let alone = try found(search(settings(method, trials: 9)).run())
    let (path, count) = ("\(folder.path)/shared.sqlite", Locked(0))
    let settings = settings(method, trials: 9)
    ThreadsAtOnce.run(4) {
      let search = try! Search(settings, space: Self.space, store: try! RunStore(path))
      search.runTrial = { trial in
        count.withLock { $0 += 1 }
        usleep(2000)
        return Self.value(trial)
      }
      _ = try! search.run()
    }
    #expect(count.withLock { $0 } == 9)
    let store = try RunStore(path)
    #expect(try found(Study(store.study("s"), in: store)) == alone)
  }

  @Test func theTrialOfAProcessThatEndedIsTakenAgain() throws {
    let search = try search(settings(trials: 3))
    let (store, record) = (search.store, search.record)
    #expect(try search.trialsLeft() == 3)
    guard case .trial(let claimed) = try store.claim(record, trials: 3, attempts: 5, isAbandoned: { _ in false }) else {
      Issue.record("no trial"); return
    }
    let drawn = try SettingDraw.settings(of: Self.space) { RandomSettings.value(seed: 1, trial: 1, $0, $1) }
    #expect(try store.keep(drawn, of: claimed, record))
    #expect(try store.keep([(1, 0.5)], seed: 1, of: claimed, record))
    // As the system sees it, its process is gone.
    try store.write { try $0.execute(sql: "UPDATE trial SET process_started = process_started - 1") }
    #expect(try search.trialsLeft() == 3)
    let trials = try search.run().trials()
    #expect(try search.trialsLeft() == 0)
    #expect(trials.map(\.state) == [.finished, .finished, .finished] && trials[0].attempt == 2)
    #expect(trials[0].settings == drawn)
    #expect(try store.reports(of: record, seed: 1, trials: [1]).isEmpty)
    // The one that was taken for dead says nothing any more.
    #expect(try !store.keep(1, seed: 1, of: claimed, record) && !store.end(claimed, record))
  }

  @Test func aTrialThatEndsItsProcessEachTimeFails() throws {
    var settings = settings(trials: 2)
    settings.attempts = 2
    let search = try search(settings)
    for _ in 0..<2 {
      _ = try search.store.claim(search.record, trials: 1, attempts: 2, isAbandoned: { _ in true })
    }
    try search.store.write { try $0.execute(sql: "UPDATE trial SET process_started = process_started - 1") }
    let trials = try search.run().trials()
    #expect(trials.map(\.state) == [.failed, .finished])
    #expect(trials[0].message?.contains("its process was ended 2 times") == true)
  }

  @Test func othersAreDeadWhenNothingIsHeardOfThem() throws {
    var watch = LifeWatch()
    var owner = TrialOwner.current
    owner.host = "another"
    func trial(_ beat: Int, attempt: Int = 1) -> TrialRecord {
      TrialRecord(number: 1, state: .running, attempt: attempt, beat: beat, owner: owner, started: 0)
    }
    let patience = LifeWatch.patience
    let answers = [
      watch.hasEnded(trial(0), isHeld: false, now: 1000), watch.hasEnded(trial(0), isHeld: false, now: 1000 + patience),
      watch.hasEnded(trial(1), isHeld: false, now: 1001 + patience),
      watch.hasEnded(trial(1), isHeld: false, now: 1001 + 2 * patience),
      watch.hasEnded(trial(1), isHeld: false, now: 1002 + 2 * patience),
      watch.hasEnded(trial(1, attempt: 2), isHeld: false, now: 1002 + 2 * patience),
    ]
    #expect(answers == [false, false, false, false, true, false])
  }

  @Test func aTrialThatWasTakenByAnotherIsDropped() throws {
    let search = try search(settings(trials: 2))
    var told: [String] = []
    search.onWarning = { told.append($0) }
    search.runTrial = { [store = search.store, record = search.record] trial in
      if trial.number == 1, told.isEmpty {
        _ = try store.claim(record, trials: 2, attempts: 9, isAbandoned: { _ in true })
        #expect(try !trial.report(epoch: 1, value: 1) || trial.report(epoch: 2, value: 1))
        try store.write {
          try $0.execute(sql: "UPDATE trial SET process_started = process_started - 1 WHERE number = 1")
        }
      }
      return Double(trial.number)
    }
    let trials = try search.run().trials()
    #expect(told.count == 1 && told[0].contains("trial 1 was taken by another process"))
    #expect(trials.map(\.state) == [.finished, .finished] && trials[0].attempt == 3)
  }

  @Test func aTrialThatASearchOfThisProcessLeftIsTakenAgain() throws {
    let search = try search(settings(trials: 2))
    _ = try search.store.claim(search.record, trials: 2, attempts: 5, isAbandoned: { _ in false })
    #expect(try search.run().trials().map(\.attempt) == [2, 1])
  }

  @Test func aStudyThatIsDeletedEndsItsSearch() throws {
    let search = try search(settings(trials: 3))
    search.runTrial = { [store = search.store] _ in
      try store.deleteStudy("s")
      return 1
    }
    #expect(message { _ = try search.run() }.contains("study 's' was deleted"))
    #expect(message { _ = try RunStore(path).study("x") }.contains("there is no study 'x' in"))
  }

  // MARK: Pruning

  @Test(arguments: [SearchSettings.Goal.maximize, .minimize]) func trialsThatFallBehindEndEarly(
    _ goal: SearchSettings.Goal
  )
    throws
  {
    var settings = settings(trials: 12)
    settings.goal = goal
    settings.pruning = .halving(first: 1, factor: 2)
    settings.seeds = [1, 2]
    let sign = goal == .maximize ? 1.0 : -1.0
    let search = try search(settings)
    var epochs = 0
    search.runTrial = { trial in
      let level = sign * Double((trial.number * 5) % 12)
      for epoch in 1...8 {
        epochs += 1
        if try !trial.report(epoch: epoch, value: level) { return nil }
      }
      return level
    }
    let study = try search.run()
    let trials = try study.trials()
    // The rule by hand: at each rung those at or above the middle of all that came there.
    var there: [Int: [Int]] = [:]
    for trial in trials {
      let level = (trial.number * 5) % 12
      var end: Int?
      for rung in [1, 2, 4] where end == nil {
        there[rung, default: []].append(level)
        if there[rung]!.filter({ $0 > level }).count >= max(1, there[rung]!.count / 2) { end = rung }
      }
      #expect(trial.state == (end == nil ? .finished : .pruned))
      #expect(trial.value == sign * Double(level))
      if let end { #expect(trial.message == "pruned after epoch \(end) by halving(first = 1, factor = 2)") }
      #expect(trial.values.count == (end == nil ? 2 : 0))
    }
    #expect(try study.best()?.value == sign * 11)
    #expect(epochs < 12 * 8 * 2)
  }

  @Test func pruningWithoutReportsIsTold() throws {
    var settings = settings(trials: 3)
    settings.pruning = .median(trials: 1, after: 0)
    let search = try search(settings)
    var told: [String] = []
    search.onWarning = { told.append($0) }
    _ = try search.run()
    #expect(told.count == 1 && told[0].hasPrefix("trial 1 reported nothing"))
  }

  @Test func reportsGoForward() throws {
    let search = try search(settings(trials: 1))
    search.runTrial = { trial in
      _ = try trial.report(epoch: 2, value: 1)
      #expect(message { _ = try trial.report(epoch: 2, value: 1) }.contains("epoch 2 is not behind epoch 2"))
      return 1
    }
    _ = try search.run()
  }

  // MARK: Disks of several machines

  @Test func theDiskOfAPlaceIsThatOfTheLongestFolderAboveIt() {
    let mounts =
      "overlay / overlay rw 0 0\nserver:/x /data nfs4 rw 0 0\ntmpfs /data/local tmpfs rw 0 0\n/dev/sdb /my\\040disk ext4 rw 0 0\n"
    #expect(NetworkDisk.kind(of: "/data/a/runs.sqlite", mounts: mounts) == "nfs4")
    #expect(NetworkDisk.kind(of: "/data/local/x", mounts: mounts) == "tmpfs")
    #expect(NetworkDisk.kind(of: "/database/x", mounts: mounts) == "overlay")
    #expect(NetworkDisk.kind(of: "/my disk/x", mounts: mounts) == "ext4")
    #expect(NetworkDisk.kind(of: "/x", mounts: "") == nil)
  }
}

/// Threads that run the same at once.
private enum ThreadsAtOnce {
  static func run(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    let left = Locked(count)
    let tickers = (0..<count).map { _ in
      let began = Locked(false)
      return Ticker(every: 0.01) {
        let isFirst = began.withLock { began in
          defer { began = true }
          return !began
        }
        guard isFirst else { return }
        body()
        left.withLock { $0 -= 1 }
      }
    }
    while left.withLock({ $0 }) > 0 { usleep(1000) }
    for ticker in tickers { ticker.stop() }
  }
}
