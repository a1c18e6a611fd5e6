/// A value that is multiplied by a factor whenever a metric has stopped to improve.
///
/// After `patience` evaluations in a row without improvement the value is multiplied by `factor`, but not below `least`, and the
/// count begins anew. A run's evaluations are noted at the next batch that reads the value; `note` serves loops written by hand.
/// Unlike other schedules it has a state (`current`, `best`, `misses`), which depends on the evaluations alone: each training
/// wants a plateau of its own.
public final class PlateauSchedule: ScheduleShape {
  public enum Goal: String, Sendable, CaseIterable { case max, min }

  public let from: Double
  public let factor: Double
  /// Evaluations.
  public let patience: Int
  /// The first of each evaluation where `nil`.
  public let metric: String?
  public let goal: Goal
  /// By how much a value must beat the best to count.
  public let minimumImprovement: Double
  public let least: Double

  public private(set) var current: Double
  public private(set) var best: Double?
  /// Evaluations since the best one or the last reduction.
  public private(set) var misses = 0
  private var log: EvaluationLog?
  private var entriesRead = 0

  public init(
    from: Double, factor: Double = 0.1, patience: Int, metric: String? = nil, goal: Goal = .max,
    minimumImprovement: Double = 0, least: Double = 0
  ) throws {
    try checkSchedule(
      from.isFinite && factor.isFinite && factor >= 0,
      "from is \(from), factor \(factor); want a finite number and a factor of at least 0")
    try checkSchedule(patience >= 1, "patience is \(patience); want at least 1")
    self.from = from
    self.factor = factor
    self.patience = patience
    self.metric = metric
    self.goal = goal
    self.minimumImprovement = minimumImprovement
    self.least = least
    current = from
  }

  public override var kind: String { "plateau" }
  public override var settings: [(name: String, value: String)] {
    var result = [("from", shortNumber(from)), ("factor", shortNumber(factor)), ("patience", "\(patience)")]
    if let metric { result.append(("metric", metric)) }
    if goal != .max { result.append(("goal", goal.rawValue)) }
    if minimumImprovement != 0 { result.append(("min_improvement", shortNumber(minimumImprovement))) }
    if least != 0 { result.append(("least", shortNumber(least))) }
    return result
  }

  public override func value(at time: ScheduleTime) throws -> Double {
    if let log = time.position.evaluations { try follow(log) }
    return current
  }

  /// Takes note of an evaluation.
  public func note(_ value: Double) {
    let gain = best.map { goal == .max ? value - $0 : $0 - value }
    if !value.isNaN, gain.map({ $0 > minimumImprovement }) ?? true {
      best = value
      misses = 0
      return
    }
    misses += 1
    guard misses == patience else { return }
    misses = 0
    current = Swift.max(least, current * factor)
  }

  /// Forgets all evaluations, for another training.
  public func reset() {
    current = from
    best = nil
    misses = 0
    log = nil
  }

  private func follow(_ log: EvaluationLog) throws {
    if self.log == nil {
      self.log = log
      entriesRead = log.entries.count
      log.begin(self)
    }
    guard self.log === log else {
      throw TrainingError.setting(
        "schedules.plateau: this one has followed another trainer; make one for each trainer, or call reset()")
    }
    guard !log.isSilent else {
      throw TrainingError.setting(
        "schedules.plateau: the run evaluates nothing to follow; give it evaluate = { ... }, or train by trainer:epoch() and call "
          + "plateau:update(value) yourself")
    }
    while entriesRead < log.entries.count {
      note(try watched(log.entries[entriesRead]))
      entriesRead += 1
    }
  }

  private func watched(_ metrics: [(name: String, value: Double)]) throws -> Double {
    if let found = metric.map({ name in metrics.first { $0.name == name } }) ?? metrics.first { return found.value }
    throw TrainingError.setting(
      "schedules.plateau: it watches '\(metric ?? "")', but the evaluation gives "
        + metrics.map(\.name).joined(separator: ", "))
  }
}

// MARK: Snapshots

extension PlateauSchedule {
  /// What it remembers, as numbers.
  var memory: [Double] { [current, best == nil ? 0 : 1, best ?? 0, Double(misses), Double(entriesRead)] }
  static let memorySize = 5

  func remember(_ memory: [Double]) {
    current = memory[0]
    best = memory[1] == 0 ? nil : memory[2]
    misses = Int(memory[3])
    entriesRead = Int(memory[4])
  }
}
