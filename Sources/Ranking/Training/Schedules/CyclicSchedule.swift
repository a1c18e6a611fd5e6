import Platform

/// A value that comes back to `from` every `period` epochs or steps, without end. Before `start` it is `from`.
///
/// With p in [0, 1) the part of the period that has passed:
///
///     triangle: up to `to` at p = 1/2 and back down in straight lines (Smith, "Cyclical Learning Rates", WACV 2017)
///     wave:     the same along a cosine, from + (to - from) (1 - cos(2π p)) / 2
///     saw:      from + (to - from) p, then a jump back
///     restarts: from + (to - from) (1 - cos(π p)) / 2, then a jump back (Loshchilov and Hutter, "SGDR", ICLR 2017)
public final class CyclicSchedule: ScheduleShape {
  public enum Form: String, Sendable, CaseIterable { case triangle, wave, saw, restarts }

  public let form: Form
  public let from: Double
  public let to: Double
  public let period: Int
  public let clock: ScheduleClock

  public init(_ form: Form = .triangle, from: Double, to: Double, period: Int, clock: ScheduleClock = .init()) throws {
    try checkSchedule(
      from.isFinite && to.isFinite, "from is \(from), to is \(to); want finite numbers")
    try checkSchedule(period >= 2, "period is \(period); want at least 2")
    self.form = form
    self.from = from
    self.to = to
    self.period = period
    self.clock = clock
  }

  public override var kind: String { "cyclic" }
  public override var units: Set<ScheduleUnit> { [clock.unit] }
  public override var settings: [(name: String, value: String)] {
    [
      ("from", shortNumber(from)), ("to", shortNumber(to)), ("period", "\(period)"), ("shape", form.rawValue),
    ] + clock.settings
  }

  public override func value(at time: ScheduleTime) -> Double {
    let elapsed = clock.elapsed(time)
    guard elapsed > 0 else { return from }
    let phase = Double(elapsed % period) / Double(period)
    let share =
      switch form {
      case .triangle: 1 - abs(1 - 2 * phase)
      case .wave: (1 - cos(2 * .pi * phase)) / 2
      case .saw: phase
      case .restarts: (1 - cos(.pi * phase)) / 2
      }
    return from + (to - from) * share
  }
}
