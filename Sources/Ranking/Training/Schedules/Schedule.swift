/// A number that may change during training: a constant, a shape such as `RampSchedule`, or a function of where training stands.
///
/// Read once a batch. Rate, temperature, margins, weights, count of negatives, dropout and regularization are all schedules.
public struct Schedule: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  private enum Kind {
    case constant(Double)
    case shape(ScheduleShape)
    case function((TrainingPosition) throws -> Double)
  }

  private let kind: Kind
  /// What a shape or a function was made from, for whoever shows or saves the schedule.
  public let source: Any?

  public init(_ value: Double) {
    kind = .constant(value)
    source = nil
  }
  public init(floatLiteral value: Double) { self.init(value) }
  public init(integerLiteral value: Int) { self.init(Double(value)) }

  public init(_ shape: ScheduleShape, source: Any? = nil) {
    kind = .shape(shape)
    self.source = source
  }

  /// - Parameter function: From the position to the value; called once a batch, on the thread that trains.
  public init(source: Any? = nil, _ function: @escaping (TrainingPosition) throws -> Double) {
    kind = .function(function)
    self.source = source
  }

  public func value(at position: TrainingPosition) throws -> Double { try value(at: ScheduleTime(position)) }

  /// The value inside of another schedule. A function always sees the training's own epoch and step.
  func value(at time: ScheduleTime) throws -> Double {
    switch kind {
    case .constant(let value): value
    case .shape(let shape): try shape.value(at: time)
    case .function(let function): try function(time.position)
    }
  }

  /// The value if it is the same everywhere.
  public var constant: Double? { if case .constant(let value) = kind { value } else { nil } }
  public var shape: ScheduleShape? { if case .shape(let shape) = kind { shape } else { nil } }
}

extension Schedule: CustomStringConvertible {
  /// `0.9`, `schedules.linear(...)` or `function`.
  public var description: String {
    switch kind {
    case .constant(let value): shortNumber(value)
    case .shape(let shape): shape.description
    case .function: "function"
    }
  }
}

/// A whole number without its `.0`.
func shortNumber(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }

/// Where training stands, as scripts see it: both count from 1.
public struct TrainingPosition {
  /// The epoch under way, from 1.
  public var epoch: Int
  /// The batch under way, from 1 over all epochs.
  public var step: Int
  /// What the training's runs have measured so far; `nil` outside of a training.
  public var evaluations: EvaluationLog?

  public init(epoch: Int, step: Int, evaluations: EvaluationLog? = nil) {
    self.epoch = epoch
    self.step = step
    self.evaluations = evaluations
  }
}
