/// What a schedule counts.
public enum ScheduleUnit: String, Sendable, CaseIterable {
  /// Epochs: the value is the same in all batches of an epoch.
  case epoch
  /// Batches over all epochs.
  case step
}

/// A schedule that knows its shape: it can be named, shown, combined with others, and put to use in several places.
///
/// A shape counts epochs or steps (`unit`), both from 1, and begins at `start`: before that it has its first value, after its end
/// its last one. Shapes do not change by being read, except `PlateauSchedule`.
public class ScheduleShape: CustomStringConvertible {
  /// How much it is composed of.
  final let extent: ScheduleExtent

  init(extent: ScheduleExtent = ScheduleExtent()) { self.extent = extent }

  /// `linear`, `cosine`, ...
  public var kind: String { fatalError("a shape names itself") }
  /// What it was made with, by the names that scripts use.
  public var settings: [(name: String, value: String)] { [] }
  /// What it counts; empty where it does not count, two where it combines others that differ.
  public var units: Set<ScheduleUnit> { [] }

  public func value(at time: ScheduleTime) throws -> Double { fatalError("a shape has values") }

  public func value(at position: TrainingPosition) throws -> Double { try value(at: ScheduleTime(position)) }

  public var description: String {
    let settings = settings.map { $0.name.isEmpty ? $0.value : "\($0.name) = \($0.value)" }
    return "schedules.\(kind)(\(settings.joined(separator: ", ")))"
  }
}

/// How much a schedule is composed of. It is read and shown by walking through all of it, so there is an end to composing.
struct ScheduleExtent {
  static let deepest = 200
  static let most = 10_000

  private(set) var depth = 1
  /// A part that stands in two places counts twice.
  private(set) var count = 1

  init() {}

  /// - Throws: `TrainingError` where the parts are too many or too deep.
  init(of parts: [Schedule]) throws {
    for extent in parts.compactMap(\.shape?.extent) {
      depth = max(depth, extent.depth + 1)
      count += extent.count
    }
    guard depth <= Self.deepest, count <= Self.most else {
      throw TrainingError.setting(
        "a schedule composed of \(count) schedules, \(depth) inside one another; want at most \(Self.most), and \(Self.deepest) inside "
          + "one another. Write it as one function of the epoch and the step")
    }
  }
}

/// Where training stands as a part of a sequence sees it, which counts from its own beginning.
public struct ScheduleTime {
  /// The training's own.
  public let position: TrainingPosition
  private var before: (epochs: Int, steps: Int) = (0, 0)

  public init(_ position: TrainingPosition) { self.position = position }

  /// From 1.
  func count(_ unit: ScheduleUnit) -> Int {
    switch unit {
    case .epoch: difference(position.epoch, before.epochs)
    case .step: difference(position.step, before.steps)
    }
  }

  func beginning(at count: Int, _ unit: ScheduleUnit) -> ScheduleTime {
    var time = self
    switch unit {
    case .epoch: time.before.epochs += count - 1
    case .step: time.before.steps += count - 1
    }
    return time
  }
}

/// When a shape begins and what it counts.
public struct ScheduleClock: Sendable {
  public var unit: ScheduleUnit
  /// The epoch or step at which it begins, from 1.
  public var start: Int

  public init(_ unit: ScheduleUnit = .epoch, start: Int = 1) {
    self.unit = unit
    self.start = start
  }

  /// Epochs or steps that have passed since the start; negative before it.
  func elapsed(_ time: ScheduleTime) -> Int { difference(time.count(unit), start) }

  /// What differs from the defaults.
  var settings: [(name: String, value: String)] {
    (start == 1 ? [] : [("start", "\(start)")]) + (unit == .epoch ? [] : [("by", unit.rawValue)])
  }
}

/// `a - b`, at the ends of the integers the nearest one.
private func difference(_ a: Int, _ b: Int) -> Int {
  let (result, overflow) = a.subtractingReportingOverflow(b)
  return overflow ? (b < 0 ? .max : .min) : result
}

func checkSchedule(_ holds: Bool, _ message: @autoclosure () -> String) throws {
  guard holds else { throw TrainingError.setting(message()) }
}
