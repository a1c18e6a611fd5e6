/// What a trainer's evaluations gave, in order: what schedules read that follow a metric.
///
/// A trainer's positions carry it, so that a schedule finds it wherever it is used: as a number of the trainer, in a loss, inside of
/// another schedule or of a function.
public final class EvaluationLog {
  private(set) var entries: [[(name: String, value: Double)]] = []
  /// Whether a run is under way that evaluates nothing.
  package var isSilent = false
  private var followers: [Follower] = []
  /// What a snapshot holds of schedules that no batch has read since it was restored, in order.
  private var awaited: [(description: String, memory: [Double])] = []

  private struct Follower {
    weak var schedule: PlateauSchedule?
  }

  package func append(_ metrics: [(name: String, value: Double)]) { entries.append(metrics) }

  /// A schedule follows from now on. It is known by its settings: one that a snapshot knew remembers what it did there.
  func begin(_ schedule: PlateauSchedule) {
    followers.removeAll { $0.schedule == nil || $0.schedule === schedule }
    followers.append(Follower(schedule: schedule))
    guard let place = awaited.firstIndex(where: { $0.description == schedule.description }) else { return }
    schedule.remember(awaited.remove(at: place).memory)
  }
}

// MARK: Snapshots

extension EvaluationLog: Stateful {
  public func snapshot() -> Snapshot {
    let kept = followers.compactMap(\.schedule).map { ($0.description, $0.memory) } + awaited.map { ($0, $1) }
    var snapshot = Snapshot()
    snapshot.setMetrics(entries, as: "entries")
    snapshot["schedules"] = .texts(kept.map(\.0))
    snapshot["memories"] = .doubles(kept.flatMap(\.1))
    return snapshot
  }

  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    let entries = try snapshot.metrics("entries")
    let schedules = try snapshot.texts("schedules")
    let size = PlateauSchedule.memorySize
    let numbers = try snapshot.doubles("memories", count: schedules.count * size)
    for (index, number) in numbers.enumerated() where [3, 4].contains(index % size) {
      guard let count = Int(exactly: number), (0...entries.count).contains(count) else {
        throw TrainingError.setting("a schedule remembers \(number) of \(entries.count) evaluations")
      }
    }
    let memories = schedules.indices.map { (schedules[$0], Array(numbers[$0 * size..<($0 + 1) * size])) }
    return { [self] in
      let live = followers.compactMap(\.schedule)
      self.entries = entries
      awaited = memories.map { (description: $0, memory: $1) }
      // One that began to follow since begins anew.
      for schedule in live where !awaited.contains(where: { $0.description == schedule.description }) {
        schedule.reset()
        followers.removeAll { $0.schedule === schedule }
      }
      for schedule in live where followers.contains(where: { $0.schedule === schedule }) { begin(schedule) }
    }
  }
}
