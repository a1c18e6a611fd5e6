import Platform

/// A value that is multiplied by a factor again and again, from `from` on.
///
/// With e epochs passed since `start`:
///
///     exponential: from · factor^(e / every), smoothly
///     step:        from · factor^n, n = floor(e / every), or the number of `milestones` reached
///
/// Before `start` the value is `from`; there is no end (`CombinedSchedule` with `max` sets a bound).
public final class DecaySchedule: ScheduleShape {
  public enum Times: Sendable, Equatable {
    case smooth(every: Int)
    case every(Int)
    /// Epochs or steps, from 1: the factor counts from each of them on.
    case milestones([Int])
  }

  public let from: Double
  public let factor: Double
  public let times: Times
  public let clock: ScheduleClock

  public init(from: Double, factor: Double, _ times: Times, clock: ScheduleClock = .init()) throws {
    self.from = from
    self.factor = factor
    self.times = times
    self.clock = clock
    super.init()
    try checkSchedule(
      from.isFinite && factor.isFinite && factor >= 0,
      "from is \(from), factor \(factor); want a finite number and a factor of at least 0")
    switch times {
    case .smooth(let every), .every(let every):
      try checkSchedule(every >= 1, "every is \(every); want at least 1")
    case .milestones(let places):
      try checkSchedule(
        !places.isEmpty && zip(places, places.dropFirst()).allSatisfy { $0 < $1 },
        "at is \(places); want at least one number, ascending")
    }
  }

  public override var kind: String { if case .smooth = times { "exponential" } else { "step" } }
  public override var units: Set<ScheduleUnit> { [clock.unit] }
  public override var settings: [(name: String, value: String)] {
    let times =
      switch times {
      case .smooth(let every), .every(let every): ("every", "\(every)")
      case .milestones(let places): ("at", "{ \(places.map(String.init).joined(separator: ", ")) }")
      }
    return [("from", shortNumber(from)), ("factor", shortNumber(factor)), times] + clock.settings
  }

  public override func value(at time: ScheduleTime) -> Double {
    let elapsed = max(0, clock.elapsed(time))
    switch times {
    case .smooth(let every): return from * Platform.pow(factor, Double(elapsed) / Double(every))
    case .every(let every): return from * pow(factor, elapsed / every)
    case .milestones(let places):
      let count = time.count(clock.unit)
      return from * pow(factor, places.prefix { $0 <= count }.count)
    }
  }
}
