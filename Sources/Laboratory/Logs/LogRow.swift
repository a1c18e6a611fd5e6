import Ranking

/// What a log says of one epoch.
struct LogRow: Equatable {
  struct Value: Equatable {
    /// `valid` of a metric, `terms` of what is added to the loss; empty for what has no such place.
    let section: String
    let name: String
    let value: Double

    /// - Parameter separator: `.` as in tables of runs, `/` as TensorBoard groups by.
    func title(_ separator: String) -> String { section.isEmpty ? name : section + separator + name }
  }

  let epoch: Int
  let values: [Value]

  private static func value(_ name: String, _ value: Double) -> Value { Value(section: "", name: name, value: value) }
}

extension LogRow {
  init(_ record: EpochRecord, on part: String) {
    epoch = record.epoch
    values =
      [Self.value("loss", record.loss), Self.value("seconds", record.seconds)]
      + record.terms.map { Value(section: "terms", name: $0.name, value: $0.value) }
      + (record.corrupted.map { [Self.value("corrupted_rate", $0.rate)] } ?? [])
      + (record.weights.map { [Self.value("weight_mean", $0.mean), Self.value("weight_deviation", $0.deviation)] } ?? [])
      + record.metrics.map { Value(section: part, name: $0.name, value: $0.value) }
  }

  init(_ record: SolverRecord, on part: String) {
    epoch = record.epoch
    values =
      (record.objective.map { [Self.value("objective", $0)] } ?? []) + [Self.value("seconds", record.seconds)]
      + record.metrics.map { Value(section: part, name: $0.name, value: $0.value) }
  }
}
