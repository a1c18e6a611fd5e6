import LuaHost
import Ranking

/// How the settings that a native loss declares become its options and fields.
extension LossesModule {
  /// The constructor of a loss.
  ///
  /// - Parameters:
  ///   - more: Options that are no settings.
  ///   - make: A loss whose settings have the defaults.
  ///   - finish: Reads `more`, and checks what no setting can check by itself.
  static func constructor<L: Loss & LuaObject>(
    _ name: String, _ summary: String, details: String? = nil, equation: String, source: String,
    example: String? = nil, more: [OptionDescription] = [], make: @escaping () -> L,
    finish: @escaping (L, LuaCall) throws -> Void = { _, _ in }
  ) -> FunctionDescription {
    FunctionDescription(
      name, summary, details: details, equation: equation, source: source, example: example,
      options: more + make().settings.map(option), returns: [.init("loss", .object(L.self), "The loss.")]
    ) { call in
      let loss = make()
      for setting in loss.settings { try call.read(setting, of: loss) }
      try finish(loss, call)
      return [loss]
    }
  }

  /// The type of a loss, with a field for each setting.
  ///
  /// - Parameter prototype: One that has all of them, where the type has several constructors.
  static func lossType<L: Loss & LuaObject>(
    _ prototype: L, _ summary: String, more: [FieldDescription] = []
  ) -> TypeDescription {
    TypeDescription(
      L.self, summary, fields: prototype.settings.map { field($0, of: L.self) } + more,
      describe: { "losses.\($0.text)" })
  }

  // MARK: One setting

  private static func option(_ setting: any LossSetting) -> OptionDescription {
    func option(_ type: LuaType, _ standard: LuaDefault?, unit: String? = nil) -> OptionDescription {
      .init(setting.name, type, setting.summary, default: standard, unit: unit, optional: standard == nil)
    }
    switch setting {
    case let number as LossNumber: return option(.schedule(number.type), number.wrappedValue.standard)
    case let number as LossOptionalNumber: return option(.schedule(number.type), number.wrappedValue?.standard)
    case let list as LossNumbers: return option(list.type, .list(list.wrappedValue.compactMap(\.standard)))
    case let choice as any NamedChoice: return option(.choice(choice.names), .string(choice.chosen))
    case let flag as LossFlag: return option(.boolean, .boolean(flag.wrappedValue))
    case let count as LossCount: return option(.integer(atLeast: 0), .integer(count.wrappedValue), unit: count.unit)
    default: preconditionFailure("a setting of an unknown kind: \(setting.name)")
    }
  }

  private static func field<L: Loss & LuaObject>(_ setting: any LossSetting, of type: L.Type) -> FieldDescription {
    let (name, summary) = (setting.name, setting.summary)
    switch setting {
    case let number as LossNumber:
      return FieldDescription(
        name, .schedule(number.type), summary,
        get: { (loss: L) in try loss.setting(name, as: LossNumber.self)?.wrappedValue.luaValue ?? .nil },
        set: { (loss: L, call: LuaCall) in try call.assign(name, of: loss) })
    case let number as LossOptionalNumber:
      return FieldDescription(
        name, .schedule(number.type), summary,
        get: { (loss: L) in try loss.setting(name, as: LossOptionalNumber.self)?.wrappedValue?.luaValue ?? .nil },
        set: { (loss: L, call: LuaCall) in try call.assign(name, of: loss) })
    case let list as LossNumbers:
      return FieldDescription(
        name, list.type, summary,
        get: { (loss: L) in try loss.setting(name, as: LossNumbers.self)?.wrappedValue.map { try $0.luaValue } ?? [] },
        set: { (loss: L, call: LuaCall) in try call.assign(name, of: loss) })
    case let choice as any NamedChoice:
      return FieldDescription(
        name, .choice(choice.names), summary,
        get: { (loss: L) in (loss.settings.first { $0.name == name } as? any NamedChoice)?.chosen })
    case is LossFlag:
      return FieldDescription(
        name, .boolean, summary, get: { (loss: L) in loss.setting(name, as: LossFlag.self)?.wrappedValue })
    default:
      return FieldDescription(
        name, .integer(atLeast: 0), summary, get: { (loss: L) in loss.setting(name, as: LossCount.self)?.wrappedValue })
    }
  }
}

extension LuaCall {
  /// Takes a setting from the options.
  fileprivate func read<L: Loss & LuaObject>(_ setting: any LossSetting, of loss: L) throws {
    let name = setting.name
    switch setting {
    case let number as LossNumber: number.wrappedValue = try schedule(name, ownedBy: loss)
    case let number as LossOptionalNumber: number.wrappedValue = try optionalSchedule(name, ownedBy: loss)
    case let list as LossNumbers:
      if let table = optionalTable(name) {
        list.wrappedValue = try table.array().map { try schedule(of: $0, ownedBy: loss) }
      }
    case let choice as any NamedChoice: choice.chosen = try string(name)
    case let flag as LossFlag: flag.wrappedValue = try boolean(name)
    case let count as LossCount: count.wrappedValue = try integer(name)
    default: preconditionFailure("a setting of an unknown kind: \(name)")
    }
  }

  /// Assigns the field of that name.
  fileprivate func assign<L: Loss & LuaObject>(_ name: String, of loss: L) throws {
    guard let setting = loss.settings.first(where: { $0.name == name }) else {
      throw LuaArgumentError("\(name): \(loss.name) does not have it")
    }
    try read(setting, of: loss)
  }
}

extension Schedule {
  /// As the default of an option: the schedules that losses begin with are constants.
  fileprivate var standard: LuaDefault? {
    constant.map { value in Int(exactly: value).map { .integer($0) } ?? .number(value) }
  }
}

extension LossNumber { fileprivate var type: LuaType { .number(LuaRange(range)) } }
extension LossOptionalNumber { fileprivate var type: LuaType { .number(LuaRange(range)) } }
extension LossNumbers {
  fileprivate var type: LuaType { .list(.schedule(.number(LuaRange(range))), count: counts) }
}

extension LuaRange {
  fileprivate init(_ range: SettingRange) {
    self.init(
      lower: range.includesLower ? .including(range.lower) : .excluding(range.lower),
      upper: range.includesUpper ? .including(range.upper) : .excluding(range.upper))
  }
}
