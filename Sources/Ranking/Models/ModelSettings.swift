import Platform

/// What decides a model's scores besides its parameters, by the names that scripts use: how a file says what it holds.
///
/// How parameters started is no part of it: the file has what became of them.
public struct ModelSettings: Sendable, Equatable {
  public private(set) var entries: [(name: String, value: String)] = []

  public init() {}

  public static func == (left: ModelSettings, right: ModelSettings) -> Bool {
    left.entries.elementsEqual(right.entries) { $0 == $1 }
  }

  public mutating func set(_ name: String, _ value: some CustomStringConvertible) {
    precondition(!entries.contains { $0.name == name })
    entries.append((name, value.description))
  }

  public mutating func set(_ name: String, _ value: some RawRepresentable<String>) { set(name, value.rawValue) }

  /// Takes a setting away.
  mutating func take(_ name: String) -> String? {
    guard let place = entries.firstIndex(where: { $0.name == name }) else { return nil }
    return entries.remove(at: place).value
  }

  func value(_ name: String) -> String? { entries.first { $0.name == name }?.value }

  // MARK: Reading

  /// - Throws: `TrainingError` where there is no such setting, or its value is none that this version knows.
  public func value<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type = Value.self) throws -> Value
  {
    guard let text = value(name) else { throw absent(name) }
    guard let value = Value(text) else { throw unknown(name, text) }
    return value
  }

  /// - Throws: Also where the number is not in the range.
  public func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
    let number: Int = try value(name)
    guard range.contains(number) else { throw unknown(name, "\(number)") }
    return number
  }

  public func choice<Value: RawRepresentable<String>>(_ name: String, as type: Value.Type = Value.self) throws -> Value
  {
    guard let text = value(name) else { throw absent(name) }
    guard let value = Value(rawValue: text) else { throw unknown(name, text) }
    return value
  }

  /// `nil` where there is none.
  public func optional<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type = Value.self) throws
    -> Value?
  {
    try value(name) == nil ? nil : value(name, as: type)
  }

  public func optionalChoice<Value: RawRepresentable<String>>(_ name: String, as type: Value.Type = Value.self) throws
    -> Value?
  {
    try value(name) == nil ? nil : choice(name, as: type)
  }

  private func absent(_ name: String) -> TrainingError {
    .setting(
      "says nothing of setting '\(name)', which a model of its kind has; it was saved by another version of Perigee")
  }

  private func unknown(_ name: String, _ text: String) -> TrainingError {
    .setting("setting '\(name)' is \(quoted(text)), which this version of Perigee does not know")
  }

  // MARK: As text

  /// What is not the same in `saved`, as `gate is 0.5 there and 0.8 here`; empty for the same settings.
  func differences(from saved: ModelSettings) -> [String] {
    func described(_ settings: ModelSettings) -> TrainerDescription {
      TrainerDescription(settings.entries.map { .init($0.name, shown($0.value)) })
    }
    return described(self).differences(from: described(saved))
  }

  /// `name = value`, one line each.
  var lines: [String] { entries.map { "\($0.name) = \($0.value.replacing("\n", with: " "))" } }

  /// `nil` where a line is no setting.
  init?(lines: some Sequence<Substring>) {
    for line in lines {
      guard let sign = line.firstRange(of: " = ") else { return nil }
      let name = String(line[..<sign.lowerBound])
      guard value(name) == nil else { return nil }
      entries.append((name, String(line[sign.upperBound...])))
    }
  }
}
