/// One call of a Swift function from Lua: its checked arguments, by name.
///
/// Every name must be a parameter or option of the description (asking for another is a mistake of the binding and ends the
/// process). Readers without `optional` give the value or the described default. Options of a nested table are named
/// `init.std`.
public final class LuaCall {
  public let state: LuaState
  let plan: FunctionPlan
  let values: [LuaValue]
  /// The arguments after the described parameters, where the description is variadic.
  public let rest: [LuaValue]
  let receiver: Any?
  private let isMethod: Bool
  /// Handles that must live until this call has returned them.
  var anchors: [LuaHandle] = []

  init(
    state: LuaState, plan: FunctionPlan, values: [LuaValue], rest: [LuaValue], receiver: Any? = nil,
    isMethod: Bool = false
  ) {
    self.state = state
    self.plan = plan
    self.values = values
    self.rest = rest
    self.receiver = receiver
    self.isMethod = isMethod
  }

  /// The function's full name, `perigee.losses.mml`.
  public var functionName: String { plan.fullName }

  // MARK: The receiver of a method

  /// The object that a method was called on.
  public func receiver<T>(_ type: T.Type = T.self) -> T {
    guard let object = receiver as? T else {
      preconditionFailure("\(plan.fullName) is not a method of \(type)")
    }
    return object
  }

  /// The handle that a method was called on: return it to let calls be chained. Only while the method runs.
  public var receiverValue: LuaValue { isMethod ? .handle(state.makeReference(at: 1)) : .nil }

  /// The arguments where they lie, for a body that shares its work with `FunctionDescription.direct`.
  public var arguments: LuaArguments { LuaArguments(state: state) }

  // MARK: Any type

  /// The value as the script wrote it; `nil` when it was left out (then the default is not applied).
  public func value(_ name: String) -> LuaValue { values[place(of: name)] }

  /// True when the script gave it.
  public func has(_ name: String) -> Bool { !value(name).isNil }

  // MARK: Plain values

  public func integer(_ name: String) throws -> Int { try require(optionalInteger(name), name, "an integer") }
  public func number(_ name: String) throws -> Double { try require(optionalNumber(name), name, "a number") }
  public func float(_ name: String) throws -> Float { Float(try number(name)) }
  public func boolean(_ name: String) throws -> Bool { try require(optionalBoolean(name), name, "true or false") }
  public func string(_ name: String) throws -> String { try require(optionalString(name), name, "a string") }
  public func bytes(_ name: String) throws -> [UInt8] { try require(value(name).asBytes, name, "a string") }

  public func optionalInteger(_ name: String) -> Int? { withDefault(name).asInteger }
  public func optionalNumber(_ name: String) -> Double? { withDefault(name).asNumber }
  public func optionalFloat(_ name: String) -> Float? { optionalNumber(name).map(Float.init) }
  public func optionalBoolean(_ name: String) -> Bool? { withDefault(name).asBoolean }
  public func optionalString(_ name: String) -> String? { withDefault(name).asString }

  /// A choice as a case of its enumeration.
  public func choice<Choice: RawRepresentable>(_ name: String, as type: Choice.Type = Choice.self) throws -> Choice
  where Choice.RawValue == String {
    try require(optionalChoice(name), name, "one of the names of \(type)")
  }

  public func optionalChoice<Choice: RawRepresentable>(_ name: String, as type: Choice.Type = Choice.self) -> Choice?
  where Choice.RawValue == String {
    optionalString(name).flatMap(Choice.init(rawValue:))
  }

  // MARK: Tables, functions, objects

  public func table(_ name: String) throws -> LuaTable { try require(optionalTable(name), name, "a table") }
  public func function(_ name: String) throws -> LuaFunction { try require(optionalFunction(name), name, "a function") }
  public func optionalTable(_ name: String) -> LuaTable? { value(name).asTable }
  public func optionalFunction(_ name: String) -> LuaFunction? { value(name).asFunction }

  /// The Swift object of a handle.
  public func object<T>(_ name: String, as type: T.Type = T.self) throws -> T {
    try require(optionalObject(name), name, "\(type)".withArticle)
  }
  public func optionalObject<T>(_ name: String, as type: T.Type = T.self) -> T? { value(name).asObject(type) }

  // MARK: Lists. One value where the type allows it counts as a list of one.

  public func numbers(_ name: String) throws -> [Double] {
    try require(optionalNumbers(name), name, "a list of numbers")
  }
  public func floats(_ name: String) throws -> [Float] { try numbers(name).map(Float.init) }
  public func integers(_ name: String) throws -> [Int] {
    try require(optionalIntegers(name), name, "a list of integers")
  }
  public func strings(_ name: String) throws -> [String] {
    try require(optionalStrings(name), name, "a list of strings")
  }
  public func objects<T>(_ name: String, as type: T.Type = T.self) throws -> [T] {
    try require(list(name) { $0.asObject(type) }, name, "a list of \(type)")
  }

  public func optionalNumbers(_ name: String) -> [Double]? {
    if case .table(let table) = value(name), let numbers = try? table.numbers() { return numbers }
    return list(name) { $0.asNumber }
  }
  public func optionalIntegers(_ name: String) -> [Int]? { list(name) { $0.asInteger } }
  public func optionalStrings(_ name: String) -> [String]? { list(name) { $0.asString } }

  // MARK: Errors

  /// An error that names an argument: `throw call.error("positive", "want [B], got [2, 3]")`. Other errors of a body get the
  /// function's name in front as well.
  public func error(_ name: String, _ problem: String) -> LuaArgumentError { LuaArgumentError("\(name): \(problem)") }

  private func place(of name: String) -> Int {
    guard let place = plan.places[name] else {
      preconditionFailure("\(plan.fullName) has no parameter or option '\(name)' in its description")
    }
    return place
  }

  private func withDefault(_ name: String) -> LuaValue {
    let place = place(of: name)
    let value = values[place]
    guard value.isNil, let given = plan.slots[place].description.defaultValue else { return value }
    return given.scalar ?? .nil
  }

  private func list<Element>(_ name: String, _ convert: (LuaValue) -> Element?) -> [Element]? {
    let place = place(of: name)
    var elements: [LuaValue]
    switch values[place] {
    case .table(let table): elements = (try? table.array()) ?? []
    case .nil:
      guard let given = plan.slots[place].description.defaultValue else { return nil }
      elements = given.elements
    case let value: elements = [value]
    }
    let result = elements.compactMap(convert)
    return result.count == elements.count ? result : nil
  }

  private func require<Value>(_ value: Value?, _ name: String, _ wanted: String) throws -> Value {
    if let value { return value }
    throw LuaArgumentError("\(name): want \(wanted), got \(self.value(name).received)")
  }
}

extension LuaDefault {
  var scalar: LuaValue? {
    switch self {
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let value): LuaValue(value)
    case .list: nil
    }
  }

  var elements: [LuaValue] {
    if case .list(let elements) = self { return elements.compactMap(\.scalar) }
    return scalar.map { [$0] } ?? []
  }
}
