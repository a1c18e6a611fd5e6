/// A number of a loss that may follow a schedule.
///
///     @LossNumber("margin", in: .margin, "By how much a positive should win.") public var margin: Schedule = 1
///
/// declares it; `$margin.current` is its value in the batch under way.
@propertyWrapper
public final class LossNumber: LossSetting {
  public let name: String
  public let range: SettingRange
  public let summary: String
  public var wrappedValue: Schedule
  public var projectedValue: LossNumber { self }
  /// In the batch under way; 0 before the first.
  public private(set) var value = 0.0
  var current: Float { Float(value) }

  public init(wrappedValue: Schedule, _ name: String, in range: SettingRange, _ summary: String) {
    (self.name, self.range, self.summary, self.wrappedValue) = (name, range, summary, wrappedValue)
  }

  public var text: String { wrappedValue.description }

  public func read(for loss: String, at position: TrainingPosition) throws {
    value = try wrappedValue.value(in: range, of: name, for: loss, at: position)
  }

  var assignable: AssignableNumber { AssignableNumber(name, of: self, \.wrappedValue) }
}

/// A number of a loss that may be left out.
@propertyWrapper
public final class LossOptionalNumber: LossSetting {
  public let name: String
  public let range: SettingRange
  public let summary: String
  public var wrappedValue: Schedule?
  public var projectedValue: LossOptionalNumber { self }
  /// In the batch under way; `nil` where it is left out.
  private(set) var current: Float?

  public init(wrappedValue: Schedule?, _ name: String, in range: SettingRange, _ summary: String) {
    (self.name, self.range, self.summary, self.wrappedValue) = (name, range, summary, wrappedValue)
  }

  public var text: String { wrappedValue?.description ?? "none" }

  public func read(for loss: String, at position: TrainingPosition) throws {
    current = try wrappedValue.map { Float(try $0.value(in: range, of: name, for: loss, at: position)) }
  }
}

/// A list of numbers of a loss, each of which may follow a schedule.
@propertyWrapper
public final class LossNumbers: LossSetting {
  public let name: String
  public let range: SettingRange
  public let summary: String
  /// How many there may be.
  public let counts = 1...64
  public var wrappedValue: [Schedule]
  public var projectedValue: LossNumbers { self }
  /// In the batch under way.
  private(set) var current: [Float] = []

  public init(wrappedValue: [Schedule], _ name: String, in range: SettingRange, _ summary: String) {
    (self.name, self.range, self.summary, self.wrappedValue) = (name, range, summary, wrappedValue)
  }

  public var text: String { "{\(wrappedValue.map(\.description).joined(separator: ", "))}" }

  public func read(for loss: String, at position: TrainingPosition) throws {
    current = try wrappedValue.map { Float(try $0.value(in: range, of: name, for: loss, at: position)) }
  }
}

extension Schedule {
  fileprivate func value(
    in range: SettingRange, of setting: String, for loss: String, at position: TrainingPosition
  ) throws -> Double {
    let value = try value(at: position)
    guard range.contains(value) else {
      throw TrainingError.setting(
        "\(loss): \(setting.map { $0 == "_" ? " " : String($0) }.joined()) is \(value) at epoch \(position.epoch), step "
          + "\(position.step); want \(range.text)")
    }
    return value
  }
}
