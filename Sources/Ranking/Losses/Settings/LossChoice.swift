/// A setting that is one of some names.
public protocol NamedChoice: LossSetting {
  var names: [String] { get }
  /// The name that is chosen: one of `names`.
  var chosen: String { get set }
}

/// A setting of a loss that is one of an enumeration's cases, whose raw values are the names that scripts use.
@propertyWrapper
public final class LossChoice<Choice: RawRepresentable & CaseIterable>: NamedChoice where Choice.RawValue == String {
  public let name: String
  public let summary: String
  public var wrappedValue: Choice
  public var projectedValue: LossChoice { self }

  public init(wrappedValue: Choice, _ name: String, _ summary: String) {
    (self.name, self.summary, self.wrappedValue) = (name, summary, wrappedValue)
  }

  public var names: [String] { Choice.allCases.map(\.rawValue) }
  public var chosen: String {
    get { wrappedValue.rawValue }
    set { if let choice = Choice(rawValue: newValue) { wrappedValue = choice } }
  }
  public var text: String { chosen }
}

extension LossChoice where Choice == Reduction {
  /// How the terms of a batch become one number: a mean everywhere, so that a rate means much the same with every loss and batch size. A
  /// source that sums says so in its settings.
  public convenience init(wrappedValue: Reduction) {
    self.init(
      wrappedValue: wrappedValue, "reduction",
      "How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums.")
  }
}

/// A setting of a loss that holds or does not.
@propertyWrapper
public final class LossFlag: LossSetting {
  public let name: String
  public let summary: String
  public var wrappedValue: Bool
  public var projectedValue: LossFlag { self }

  public init(wrappedValue: Bool, _ name: String, _ summary: String) {
    (self.name, self.summary, self.wrappedValue) = (name, summary, wrappedValue)
  }

  public var text: String { "\(wrappedValue)" }
}

/// A setting of a loss that is a whole number from 0.
@propertyWrapper
public final class LossCount: LossSetting {
  public let name: String
  public let unit: String
  public let summary: String
  public var wrappedValue: Int
  public var projectedValue: LossCount { self }

  public init(wrappedValue: Int, _ name: String, unit: String, _ summary: String) {
    (self.name, self.unit, self.summary, self.wrappedValue) = (name, unit, summary, wrappedValue)
  }

  public var text: String { "\(wrappedValue)" }
}
