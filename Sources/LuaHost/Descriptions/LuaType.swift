/// The bounds of a number: `above` excludes its bound, `atLeast` and `atMost` include theirs.
public struct LuaRange: Sendable {
  public enum Bound: Sendable {
    case none
    case including(Double)
    case excluding(Double)
  }
  public var lower: Bound
  public var upper: Bound

  public init(lower: Bound = .none, upper: Bound = .none) {
    self.lower = lower
    self.upper = upper
  }

  public func contains(_ value: Double) -> Bool {
    let above =
      switch lower {
      case .none: true
      case .including(let bound): value >= bound
      case .excluding(let bound): value > bound
      }
    let below =
      switch upper {
      case .none: true
      case .including(let bound): value <= bound
      case .excluding(let bound): value < bound
      }
    return above && below
  }
}

/// The type that a parameter, option, field or result is described to have. From it come the check of a call, the text
/// of `help`, the reference and the editor types.
public struct LuaType {
  /// What a type admits, for whoever makes values of it.
  public indirect enum Content {
    case any
    case boolean
    case integer(LuaRange)
    case number(LuaRange)
    case real
    case string
    case choice([String])
    case table(fields: [ParameterDescription])
    case function(String?)
    case object(name: String, matches: (Any) -> Bool)
    case list(LuaType, count: ClosedRange<Int>?)
    case map(LuaType)
    case options([ParameterDescription])
    case union([LuaType])
  }
  public let content: Content

  /// Any value but `nil`.
  public static var any: LuaType { LuaType(content: .any) }
  public static var boolean: LuaType { LuaType(content: .boolean) }
  /// `64` and `64.0`; not `64.5`, NaN or `"64"`.
  public static var integer: LuaType { LuaType(content: .integer(LuaRange())) }
  public static func integer(in range: ClosedRange<Int>) -> LuaType {
    LuaType(
      content: .integer(
        LuaRange(lower: .including(Double(range.lowerBound)), upper: .including(Double(range.upperBound)))))
  }
  public static func integer(atLeast bound: Int) -> LuaType {
    LuaType(content: .integer(LuaRange(lower: .including(Double(bound)))))
  }
  /// A finite number.
  public static var number: LuaType { LuaType(content: .number(LuaRange())) }
  public static func number(_ range: LuaRange) -> LuaType { LuaType(content: .number(range)) }
  public static func number(in range: ClosedRange<Double>) -> LuaType {
    LuaType(content: .number(LuaRange(lower: .including(range.lowerBound), upper: .including(range.upperBound))))
  }
  /// `lower <= x < upper`, for example a dropout.
  public static func number(in range: Range<Double>) -> LuaType {
    LuaType(content: .number(LuaRange(lower: .including(range.lowerBound), upper: .excluding(range.upperBound))))
  }
  public static func number(above bound: Double) -> LuaType {
    LuaType(content: .number(LuaRange(lower: .excluding(bound))))
  }
  public static func number(atLeast bound: Double) -> LuaType {
    LuaType(content: .number(LuaRange(lower: .including(bound))))
  }
  /// Any number, also infinite and NaN.
  public static var real: LuaType { LuaType(content: .real) }
  public static var string: LuaType { LuaType(content: .string) }
  /// One of some names.
  public static func choice(_ names: [String]) -> LuaType { LuaType(content: .choice(names)) }
  /// One of the raw values of an enumeration.
  public static func choice<Choice: CaseIterable & RawRepresentable>(_ type: Choice.Type) -> LuaType
  where Choice.RawValue == String {
    .choice(type.allCases.map(\.rawValue))
  }
  /// Any table, checked by the body.
  public static var table: LuaType { .table([]) }
  /// The same, where readers are told of fields that it may have.
  public static func table(_ fields: [ParameterDescription]) -> LuaType { LuaType(content: .table(fields: fields)) }
  /// A function; `signature` (`"fun(epoch: integer): number"`) is for the reader and the editor.
  public static var function: LuaType { LuaType(content: .function(nil)) }
  public static func function(_ signature: String) -> LuaType { LuaType(content: .function(signature)) }
  /// A handle that holds a `T`; `T` may be a class, a structure or a protocol.
  public static func object<T>(_ type: T.Type, named name: String? = nil) -> LuaType {
    let known = (type as? any LuaObject.Type)?.luaName
    return LuaType(content: .object(name: name ?? known ?? "\(type)", matches: { $0 is T }))
  }
  /// A table with entries 1, 2, ... and nothing else.
  public static func list(_ element: LuaType, count: ClosedRange<Int>? = nil) -> LuaType {
    LuaType(content: .list(element, count: count))
  }
  /// A table from strings to values of one type.
  public static func map(_ value: LuaType) -> LuaType { LuaType(content: .map(value)) }
  /// A nested table of options; messages and readers name them `init.std`.
  public static func options(_ options: [ParameterDescription]) -> LuaType { LuaType(content: .options(options)) }
  /// One of several types.
  public static func union(_ types: [LuaType]) -> LuaType { LuaType(content: .union(types)) }
  /// This type or another: `.number(above: 0).or(.function)`.
  public func or(_ other: LuaType) -> LuaType {
    if case .union(let types) = content { return .union(types + [other]) }
    return .union([self, other])
  }
}
