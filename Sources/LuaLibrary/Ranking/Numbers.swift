import LuaHost

/// What the numbers of training may be. A number that a script gives is held to it where it is given, a schedule at each step,
/// with the same bounds.
extension LuaType {
  static var rate: LuaType { .number(.rate) }
  static var decay: LuaType { .number(.decay) }
  static var clip: LuaType { .number(.clip) }
  static var regularizationWeight: LuaType { .number(in: 0...1e9) }
  static var dropout: LuaType { .number(in: 0...0.999) }
  static var negativeCount: LuaType { .integer(in: 1...1_000_000) }

  // Of losses.
  static var margin: LuaType { .number(in: -1e6...1e6) }
  static var weight: LuaType { .number(in: 0...1e9) }
}

extension LuaRange {
  static let rate = LuaRange(lower: .excluding(0), upper: .including(1e6))
  static let decay = LuaRange(lower: .including(0), upper: .including(1e6))
  static let clip = LuaRange(lower: .including(1e-30), upper: .including(1e30))
}
