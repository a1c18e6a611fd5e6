/// Several schedules as one number: their sum, product, smallest or largest, the first less or over the others; or one of them,
/// negated or rounded to a whole number.
public final class CombinedSchedule: ScheduleShape {
  public enum Rule: String, Sendable, CaseIterable {
    case sum, difference, product, quotient, min, max
    /// Of one part.
    case negated, rounded
  }

  public let rule: Rule
  /// At least one.
  public private(set) var parts: [Schedule]

  /// - Throws: `TrainingError` where so much was composed already that reading it would not end.
  public init(_ rule: Rule, _ parts: [Schedule]) throws {
    self.rule = rule
    self.parts = parts
    try super.init(extent: ScheduleExtent(of: parts))
  }

  /// Puts functions of a script into the places that were kept for them.
  public func setFunctions(_ parts: [Schedule]) {
    precondition(parts.count == self.parts.count && zip(parts, self.parts).allSatisfy { $0.shape === $1.shape })
    self.parts = parts
  }

  public override var kind: String { rule.rawValue }
  public override var units: Set<ScheduleUnit> { parts.reduce(into: []) { $0.formUnion($1.shape?.units ?? []) } }
  public override var settings: [(name: String, value: String)] { parts.map { ("", $0.description) } }

  public override func value(at time: ScheduleTime) throws -> Double {
    let values = try parts.map { try $0.value(at: time) }
    switch rule {
    case .sum: return values.reduce(0, +)
    case .difference: return values.dropFirst().reduce(values[0], -)
    case .quotient: return values.dropFirst().reduce(values[0], /)
    case .product: return values.reduce(1, *)
    // Not the standard library's min: a part that is no number must not be passed over.
    case .min: return values.dropFirst().reduce(values[0]) { $0.isNaN || $0 < $1 ? $0 : $1 }
    case .max: return values.dropFirst().reduce(values[0]) { $0.isNaN || $0 > $1 ? $0 : $1 }
    case .negated: return -values[0]
    case .rounded: return values[0].rounded()
    }
  }
}

extension Schedule {
  public static func + (left: Schedule, right: Schedule) throws -> Schedule {
    Schedule(try CombinedSchedule(.sum, [left, right]))
  }
  public static func * (left: Schedule, right: Schedule) throws -> Schedule {
    Schedule(try CombinedSchedule(.product, [left, right]))
  }
  public static func min(_ left: Schedule, _ right: Schedule) throws -> Schedule {
    Schedule(try CombinedSchedule(.min, [left, right]))
  }
  public static func max(_ left: Schedule, _ right: Schedule) throws -> Schedule {
    Schedule(try CombinedSchedule(.max, [left, right]))
  }
}
