/// Any value of Lua, as Swift holds it.
///
/// `64` and `64.0` are different values here as in Lua; `asInteger` accepts both.
public enum LuaValue {
  case `nil`
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(LuaString)
  case table(LuaTable)
  case function(LuaFunction)
  /// An object of Swift.
  case handle(LuaHandle)
  /// A coroutine, or userdata that is not ours (an open file).
  case other(LuaReference)

  public init(_ text: String) { self = .string(LuaString(text)) }

  public var isNil: Bool { if case .nil = self { true } else { false } }
  /// As Lua's `if` sees it: everything but `nil` and `false`.
  public var isTrue: Bool {
    switch self {
    case .nil, .boolean(false): false
    default: true
    }
  }
  public var asBoolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// `64` and `64.0`; not `64.5`, NaN or `"64"`.
  public var asInteger: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }
  /// Any number.
  public var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  /// The text of a string; bytes that are not UTF-8 become the replacement character.
  public var asString: String? { if case .string(let value) = self { value.description } else { nil } }
  public var asBytes: [UInt8]? { if case .string(let value) = self { value.bytes } else { nil } }
  public var asTable: LuaTable? { if case .table(let value) = self { value } else { nil } }
  public var asFunction: LuaFunction? { if case .function(let value) = self { value } else { nil } }
  public var asHandle: LuaHandle? { if case .handle(let value) = self { value } else { nil } }
  /// The Swift object of a handle, where it is a `T` and was not freed.
  public func asObject<T>(_ type: T.Type = T.self) -> T? { asHandle?.object(as: type) }

  /// Lua's name of the type; a handle's is that of its type description.
  public var typeName: String {
    switch self {
    case .nil: "nil"
    case .boolean: "boolean"
    case .integer, .number: "number"
    case .string: "string"
    case .table: "table"
    case .function: "function"
    case .handle(let handle): handle.typeName
    case .other(let reference): reference.luaTypeName
    }
  }
}

// Not by `nil`: `LuaValue?` would then have two kinds of nothing, and `nil` would mean either.
extension LuaValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral
{
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(LuaString(value)) }
}

/// Equality as Lua's `rawequal` for plain values (so `1 == 1.0`); tables, functions and handles by identity.
extension LuaValue: Equatable {
  public static func == (left: LuaValue, right: LuaValue) -> Bool {
    switch (left, right) {
    case (.nil, .nil): true
    case (.boolean(let a), .boolean(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.integer(let a), .number(let b)), (.number(let b), .integer(let a)): Int(exactly: b) == a
    case (.string(let a), .string(let b)): a == b
    case (.table(let a), .table(let b)): a.isSame(as: b)
    case (.function(let a), .function(let b)): a.isSame(as: b)
    case (.handle(let a), .handle(let b)): a.isSame(as: b)
    case (.other(let a), .other(let b)): a.isSame(as: b)
    default: false
    }
  }
}

/// A string of Lua: any bytes, usually UTF-8.
public struct LuaString: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  public var bytes: [UInt8]
  public init(bytes: [UInt8]) { self.bytes = bytes }
  public init(_ text: String) { bytes = Array(text.utf8) }
  public init(stringLiteral value: String) { self.init(value) }
  /// The text; bytes that are not UTF-8 become the replacement character.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
  /// As much of the text as a message may show.
  var start: String { String(decoding: bytes.prefix(400), as: UTF8.self) }
}
