/// One schedule after another.
///
/// The first part holds until the first of `switches`, which is where the second begins, and so on; the last has no end. Each
/// part counts from its own beginning, so that `warmup` for 5 epochs and then `cosine` needs no `start`. A function sees the
/// training's own epoch and step.
public final class SequenceSchedule: ScheduleShape {
  public private(set) var parts: [Schedule] = []
  /// The epochs or steps, from 1, at which the second part begins, the third, ...
  public let switches: [Int]
  public let unit: ScheduleUnit

  /// - Throws: `TrainingError` where there is not one switch between two parts, or where a part counts something else.
  public init(_ parts: [Schedule], at switches: [Int], by unit: ScheduleUnit = .epoch) throws {
    self.switches = switches
    self.unit = unit
    try super.init(extent: ScheduleExtent(of: parts))
    try checkSchedule(
      zip([1] + switches, switches).allSatisfy { $0 < $1 },
      "at is \(switches); want ascending numbers above 1")
    try check(parts)
    self.parts = parts
  }

  /// Puts functions of a script into the places that were kept for them.
  public func setFunctions(_ parts: [Schedule]) {
    precondition(parts.count == self.parts.count && zip(parts, self.parts).allSatisfy { $0.shape === $1.shape })
    self.parts = parts
  }

  private func check(_ parts: [Schedule]) throws {
    try checkSchedule(
      !parts.isEmpty && parts.count == switches.count + 1,
      "\(parts.count) parts and \(switches.count) numbers in at; want one between each two parts")
    for (index, part) in parts.enumerated() {
      let others = (part.shape?.units ?? []).subtracting([unit])
      try checkSchedule(
        others.isEmpty,
        "part \(index + 1) counts by \(others.first?.rawValue ?? ""), the sequence by \(unit); "
          + "give both the same")
    }
  }

  public override var kind: String { "sequence" }
  public override var units: Set<ScheduleUnit> { [unit] }
  public override var settings: [(name: String, value: String)] {
    [
      ("parts", "{ \(parts.map(\.description).joined(separator: ", ")) }"),
      ("at", "{ \(switches.map(String.init).joined(separator: ", ")) }"),
    ] + ScheduleClock(unit).settings
  }

  public override func value(at time: ScheduleTime) throws -> Double {
    let count = time.count(unit)
    let index = switches.prefix { $0 <= count }.count
    return try parts[index].value(at: index == 0 ? time : time.beginning(at: switches[index - 1], unit))
  }
}
