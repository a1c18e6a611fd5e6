/// A positional parameter, an option of the options table, a result.
///
/// It is required unless it has a default or is `optional`. An absent optional one is `nil`.
public struct ParameterDescription {
  public var name: String
  public var type: LuaType
  /// One line: what it means, not what its type says.
  public var summary: String
  public var defaultValue: LuaDefault?
  public var unit: String?
  public var isOptional: Bool
  /// What a person who writes a string there is offered; nil for what its name and type tell.
  public var completion: StringCompletion?

  public init(
    _ name: String, _ type: LuaType, _ summary: String, default defaultValue: LuaDefault? = nil, unit: String? = nil,
    optional: Bool = false
  ) {
    self.name = name
    self.type = type
    self.summary = summary
    self.defaultValue = defaultValue
    self.unit = unit
    isOptional = optional
  }

  public var isRequired: Bool { defaultValue == nil && !isOptional }

  /// The same, whose strings are completed by words, which may depend on what was typed, and by paths. A word that ends with `@` is
  /// gone on with.
  public func completing(paths: Bool = false, _ words: @escaping (_ typed: String) -> [String]) -> ParameterDescription
  {
    var copy = self
    copy.completion = StringCompletion(paths: paths, words: words)
    return copy
  }
}

/// How a string that is being written is completed.
public struct StringCompletion {
  /// By the names of files and folders.
  var paths: Bool
  var words: (_ typed: String) -> [String]
}

public typealias OptionDescription = ParameterDescription

/// A default that is plain data, written as a literal: `1e-4`, `64`, `true`, `"dot"`, `[1, 2]`, `["recall@20"]`.
public indirect enum LuaDefault: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list([LuaDefault])

  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: LuaDefault...) { self = .list(elements) }
}

/// One result of a function.
public struct ReturnDescription {
  public var name: String
  public var type: LuaType
  public var summary: String
  public init(_ name: String, _ type: LuaType, _ summary: String) {
    self.name = name
    self.type = type
    self.summary = summary
  }
}

/// A function of Swift, described once: its check, `help`, completion, the reference and the editor types come from here.
///
/// A call is `name(parameters..., { options })`. With options the last argument is one table; it may be left out when no
/// option is required. Names of parameters and options are distinct, because the body reads both by name.
public struct FunctionDescription {
  public typealias Body = (LuaCall) throws -> LuaResults
  /// See `direct`.
  public typealias DirectBody = (LuaArguments) throws -> (any LuaObject & AnyObject)?

  /// The name in its module or type (`mml`, `split`), or a metamethod (`__add`).
  public var name: String
  /// One sentence.
  public var summary: String
  /// More paragraphs of Markdown, where one sentence is not enough.
  public var details: String?
  /// The formula, in plain text with the symbols of the source.
  public var equation: String?
  /// The paper, with the equation's number; say where we depart.
  public var source: String?
  /// A few lines of Lua.
  public var example: String?
  public var parameters: [ParameterDescription]
  /// More arguments of one type after the parameters.
  public var variadic: ParameterDescription?
  public var options: [OptionDescription]
  public var returns: [ReturnDescription]
  public var body: Body
  /// What a long list of functions has it under, for readers: `Tensors: making`.
  public var theme: String?
  /// A shorter way for calls by the thousand in a training step: it reads its arguments where they lie and returns one object, or
  /// `nil` where they are not what it knows. Then the arguments are checked and `body` runs, which must give the same result.
  public var direct: DirectBody?

  public init(
    _ name: String, _ summary: String, details: String? = nil, equation: String? = nil, source: String? = nil,
    example: String? = nil, parameters: [ParameterDescription] = [], variadic: ParameterDescription? = nil,
    options: [OptionDescription] = [], returns: [ReturnDescription] = [], body: @escaping Body
  ) {
    self.name = name
    self.summary = summary
    self.details = details
    self.equation = equation
    self.source = source
    self.example = example
    self.parameters = parameters
    self.variadic = variadic
    self.options = options
    self.returns = returns
    self.body = body
  }
}

/// A Swift type that Lua handles refer to. Give it a name for Lua with `extension Split: LuaObject`.
public protocol LuaObject: LuaConvertible {
  /// The name that messages and the reference use: `Split`.
  static var luaName: String { get }
  /// Whether an instance of a class has one handle, so that `==` holds between its handles (the default). Not keeping it makes
  /// handles cheaper, for objects by the thousand that are handed out once.
  static var keepsIdentity: Bool { get }
}

extension LuaObject {
  public static var keepsIdentity: Bool { true }
  public func push(onto state: LuaState) throws { try state.pushHandle(self) }
}

/// A field of a handle: `handle.rate`, and `handle.rate = 0.1` where it can be assigned.
public struct FieldDescription {
  public var name: String
  public var type: LuaType
  public var summary: String
  public var unit: String?
  let read: (Any) throws -> any LuaConvertible
  let write: ((Any, LuaCall) throws -> Void)?

  /// `set` reads the checked value from the call under the field's own name: `try call.number("rate")`.
  public init<Owner>(
    _ name: String, _ type: LuaType, _ summary: String, unit: String? = nil,
    get: @escaping (Owner) throws -> any LuaConvertible, set: ((Owner, LuaCall) throws -> Void)? = nil
  ) {
    self.name = name
    self.type = type
    self.summary = summary
    self.unit = unit
    read = { try get($0 as! Owner) }  // the caller has checked that the handle holds an Owner
    write = set.map { set in { try set($0 as! Owner, $1) } }
  }

  public var isAssignable: Bool { write != nil }
}

/// What Lua sees of a Swift type: methods, fields, metamethods. Every type also has `free` and can be a `<close>` variable.
public struct TypeDescription {
  public var name: String
  public var summary: String
  public var methods: [FunctionDescription]
  public var fields: [FieldDescription]
  /// `__add`, `__len`, `__call`, `__eq`, ...; `__index` and `__newindex` are asked for keys that are neither method nor
  /// field (`tensor[1]`). Their parameters are described with both operands, the handle included.
  public var metamethods: [FunctionDescription]
  let swiftType: ObjectIdentifier
  public var size: ((Any) -> Int)?
  let describe: (Any) -> String

  /// - Parameters:
  ///   - size: native bytes that the object keeps alive, told to Lua's collector. Asked when a handle is made and after each
  ///     of its methods; call `LuaState.updateSize(of:)` when it changes otherwise.
  ///   - describe: what `tostring` gives; by default `String(describing:)`.
  public init<T: LuaObject>(
    _ type: T.Type, _ summary: String, methods: [FunctionDescription] = [], fields: [FieldDescription] = [],
    metamethods: [FunctionDescription] = [], size: ((T) -> Int)? = nil, describe: ((T) -> String)? = nil
  ) {
    name = T.luaName
    self.summary = summary
    self.methods = methods
    self.fields = fields
    self.metamethods = metamethods
    swiftType = ObjectIdentifier(type)
    self.size = size.map { size in { size($0 as! T) } }
    self.describe = describe.map { describe in { describe($0 as! T) } } ?? { String(describing: $0) }
  }
}

/// A constant of a module: `perigee.version`.
public struct ConstantDescription {
  public var name: String
  public var summary: String
  public var value: LuaDefault
  public init(_ name: String, _ summary: String, value: LuaDefault) {
    self.name = name
    self.summary = summary
    self.value = value
  }
}

/// A table of functions, constants and inner modules. The full names come from the place: `perigee.losses.mml`.
public struct ModuleDescription {
  public var name: String
  public var summary: String
  public var functions: [FunctionDescription]
  public var constants: [ConstantDescription]
  public var types: [TypeDescription]
  public var modules: [ModuleDescription]

  public init(
    _ name: String, _ summary: String, functions: [FunctionDescription] = [], constants: [ConstantDescription] = [],
    types: [TypeDescription] = [], modules: [ModuleDescription] = []
  ) {
    self.name = name
    self.summary = summary
    self.functions = functions
    self.constants = constants
    self.types = types
    self.modules = modules
  }
}
