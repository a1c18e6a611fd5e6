import Platform

/// A trial that this process runs, with one of its seeds.
public final class SearchTrial {
  public let number: Int
  public let seed: Int
  public let settings: [SettingDraw.Setting]
  public let studyName: String
  public let storePath: String
  /// Why it is not worth more epochs, where others say so.
  public private(set) var prunedMessage: String?
  /// Whether another process has taken it, as this one was taken for dead.
  private(set) var isLost = false
  /// Whether it is over: a script may have kept it.
  public internal(set) var isOver = false
  /// Of runs that it made and that are recorded; asked when it ends.
  public var runs: () -> [String] = { [] }

  private let record: TrialRecord
  private let study: StudyRecord
  private let store: RunStore
  private let pruning: Pruning
  private let sign: Double
  private let others: OtherCurves?
  private(set) var curve = ReportedCurve()
  private var unsaved: [(epoch: Int, value: Double)] = []
  private var lastSaved = monotonicSeconds()

  /// Seconds between two writes of reports that decide nothing.
  static let pause = 1.0

  /// - Parameter others: The curves of other trials, where this seed decides whether it is pruned.
  init(
    _ record: TrialRecord, settings: [SettingDraw.Setting], seed: Int, _ study: StudyRecord, in store: RunStore,
    _ pruning: Pruning, others: OtherCurves?
  ) {
    (self.record, self.settings, self.seed, self.study, self.store) = (record, settings, seed, study, store)
    (self.pruning, self.others) = (pruning, others)
    sign = study.maximizes ? 1 : -1
    (number, studyName, storePath) = (record.number, study.name, store.path)
  }

  /// Notes a value after an epoch.
  ///
  /// - Returns: Whether the trial is to go on: false where it is pruned.
  /// - Throws: `SearchError` where the epoch is not behind the last one.
  public func report(epoch: Int, value: Double) throws -> Bool {
    if let last = curve.points.last, epoch <= last.epoch {
      throw SearchError("epoch \(epoch) is not behind epoch \(last.epoch), which was reported before")
    }
    guard prunedMessage == nil, !isLost else { return false }
    curve.points.append((epoch, sign * value))
    unsaved.append((epoch, value))
    let decides = others != nil && pruning.rung(reachedBy: curve) != nil
    if decides || monotonicSeconds() - lastSaved >= Self.pause { try save() }
    if let others, decides || pruning.isMedian, !isLost {
      let known = try others.curves(pruning, maximizes: study.maximizes, besides: number)
      if !pruning.goesOn(curve, others: known) {
        prunedMessage = "pruned after epoch \(epoch) by \(pruning.text)"
      }
    }
    return prunedMessage == nil && !isLost
  }

  /// Writes what was reported since the last time.
  func save() throws {
    lastSaved = monotonicSeconds()
    guard !unsaved.isEmpty else { return }
    isLost = try !store.keep(unsaved, seed: seed, of: record, study)
    unsaved = []
  }

  /// The last value that was reported, as it was.
  var lastValue: Double? { curve.points.last.map { sign * $0.value } }
}

extension Pruning {
  var isMedian: Bool { if case .median = self { true } else { false } }
}

/// What the other trials of a study reported with their first seed. Those of trials that have ended are read once.
final class OtherCurves {
  private let study: StudyRecord
  private let store: RunStore
  private let seed: Int
  private var ended: [Int: ReportedCurve] = [:]

  init(_ study: StudyRecord, in store: RunStore, seed: Int) {
    (self.study, self.store, self.seed) = (study, store, seed)
  }

  /// Those that a pruning compares with; larger is better.
  func curves(_ pruning: Pruning, maximizes: Bool, besides number: Int) throws -> [ReportedCurve] {
    let states = try store.states(of: study)
    let wanted = states.filter { $0.number != number && (!pruning.isMedian || $0.state == .finished) }
    let read = try store.reports(
      of: study, seed: seed, trials: wanted.map(\.number).filter { ended[$0] == nil }
    ).mapValues { curve in
      maximizes ? curve : ReportedCurve(points: curve.points.map { ($0.epoch, -$0.value) })
    }
    for (number, state) in wanted where state.hasEnded && ended[number] == nil {
      ended[number] = read[number] ?? ReportedCurve()
    }
    return wanted.compactMap { ended[$0.number] ?? read[$0.number] }.filter { !$0.points.isEmpty }
  }
}
