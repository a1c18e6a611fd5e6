import Platform

/// From one value to another within `steps` epochs or steps, and the last value from then on.
///
/// With e epochs passed since `start` (the first epoch has e = 0) and p = min(1, e / steps):
///
///     linear: from + (to - from) p
///     cosine: from + (to - from) (1 - cos(π p)) / 2        (Loshchilov and Hutter, "SGDR", ICLR 2017, Eq. 5, without restarts)
///     warmup: from + (to - from) min(1, (e + 1) / steps)   (Goyal et al., arXiv 1706.02677: the first epoch is not lost to `from`)
///
/// So `linear` and `cosine` have `from` in the first epoch and `to` after `steps` more; `warmup` has `to` in epoch `steps`.
public final class RampSchedule: ScheduleShape {
  public enum Form: String, Sendable, CaseIterable { case linear, cosine, warmup }

  public let form: Form
  public let from: Double
  public let to: Double
  public let steps: Int
  public let clock: ScheduleClock

  public init(_ form: Form, from: Double, to: Double, steps: Int, clock: ScheduleClock = .init()) throws {
    try checkSchedule(
      from.isFinite && to.isFinite, "from is \(from), to is \(to); want finite numbers")
    try checkSchedule(steps >= 1, "steps is \(steps); want at least 1")
    self.form = form
    self.from = from
    self.to = to
    self.steps = steps
    self.clock = clock
  }

  public override var kind: String { form.rawValue }
  public override var units: Set<ScheduleUnit> { [clock.unit] }
  public override var settings: [(name: String, value: String)] {
    [("from", shortNumber(from)), ("to", shortNumber(to)), ("steps", "\(steps)")] + clock.settings
  }

  public override func value(at time: ScheduleTime) -> Double {
    let elapsed = clock.elapsed(time)
    let passed = form == .warmup && elapsed >= 0 && elapsed < steps ? elapsed + 1 : elapsed
    guard passed > 0 else { return from }
    guard passed < steps else { return to }
    let progress = Double(passed) / Double(steps)
    return from + (to - from) * (form == .cosine ? (1 - cos(.pi * progress)) / 2 : progress)
  }
}
