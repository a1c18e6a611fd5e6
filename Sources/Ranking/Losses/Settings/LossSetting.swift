/// A setting of a loss as it is declared, once: the options of scripts, their defaults and checks, the fields, the help, the text of
/// the loss and its snapshot are made from this.
public protocol LossSetting: AnyObject {
  /// The name that scripts use.
  var name: String { get }
  /// For help.
  var summary: String { get }
  /// Its value in words.
  var text: String { get }
  /// Reads it for a batch of a loss.
  ///
  /// - Throws: `TrainingError` with the loss, the place and the value where it is not in its range; what a schedule throws.
  func read(for loss: String, at position: TrainingPosition) throws
}

extension LossSetting {
  public func read(for loss: String, at position: TrainingPosition) throws {}
}

extension Loss {
  /// `ccl(margin = 0.9, negative_weight = 150, ...)`
  public var text: String {
    settings.isEmpty ? name : "\(name)(\(settings.map { "\($0.name) = \($0.text)" }.joined(separator: ", ")))"
  }

  /// Reads all settings for a batch: `prepare` unless a loss has something else to prepare.
  public func readSettings(at position: TrainingPosition) throws {
    for setting in settings { try setting.read(for: name, at: position) }
  }

  /// The setting that scripts know by a name.
  public func setting<Setting: LossSetting>(_ name: String, as type: Setting.Type = Setting.self) -> Setting? {
    settings.first { $0.name == name } as? Setting
  }

  /// What of the settings scripts assign between batches, for snapshots.
  var assignableNumbers: [AssignableNumber] { settings.compactMap { ($0 as? LossNumber)?.assignable } }
}

/// What numbers a setting may have.
public struct SettingRange: Sendable {
  public let lower: Double
  public let upper: Double
  public let includesLower: Bool
  public let includesUpper: Bool

  public init(_ range: ClosedRange<Double>) {
    (lower, upper, includesLower, includesUpper) = (range.lowerBound, range.upperBound, true, true)
  }

  public init(_ range: Range<Double>) {
    (lower, upper, includesLower, includesUpper) = (range.lowerBound, range.upperBound, true, false)
  }

  public func contains(_ value: Double) -> Bool {
    (includesLower ? value >= lower : value > lower) && (includesUpper ? value <= upper : value < upper)
  }

  /// `0.0 to less than 1.0`
  var text: String {
    (includesLower ? "\(lower)" : "more than \(lower)") + " to " + (includesUpper ? "\(upper)" : "less than \(upper)")
  }
}

extension SettingRange {
  public static let margin = SettingRange(-1e6...1e6)
  public static let weight = SettingRange(0...1e9)
  public static let temperature = SettingRange(1e-6...1e6)
  public static let exponent = SettingRange(0...1e6)
  /// A share that leaves something.
  public static let share = SettingRange(0..<1)
}
