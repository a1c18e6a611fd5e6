import LuaHost
import Ranking

extension LuaType {
  /// A number, or a function of the epoch and the step, both from 1.
  static func schedule(_ number: LuaType) -> LuaType {
    number.or(.function("fun(epoch: integer, step: integer): number"))
  }
}

extension LuaCall {
  /// A number or a function as a schedule. The function belongs to the handle of `owner`.
  func schedule(_ name: String, ownedBy owner: some LuaObject) throws -> Schedule {
    guard has(name), optionalFunction(name) != nil else { return Schedule(try number(name)) }
    return try schedule(of: value(name), named: name, ownedBy: owner)
  }

  /// `nil` where the script gave nothing and there is no default.
  func optionalSchedule(_ name: String, ownedBy owner: some LuaObject) throws -> Schedule? {
    if optionalFunction(name) == nil { return optionalNumber(name).map { Schedule($0) } }
    return try schedule(name, ownedBy: owner)
  }

  /// A list whose entries are numbers or functions.
  func schedules(_ name: String, default defaults: [Double], ownedBy owner: some LuaObject) throws -> [Schedule] {
    guard let table = optionalTable(name) else { return defaults.map { Schedule($0) } }
    return try table.array().map { try schedule(of: $0, named: name, ownedBy: owner) }
  }

  func schedule(of value: LuaValue, named name: String, ownedBy owner: some LuaObject) throws -> Schedule {
    if let number = value.asNumber { return Schedule(number) }
    let owned = try own(value, by: owner)
    return Schedule(source: owned) { position in
      try owned.function().callForNumber(position.epoch, position.step)
    }
  }
}

extension Schedule {
  /// What a script reads from a field: the number, or the function that was assigned.
  var luaValue: LuaValue {
    get throws {
      if let constant { return .number(constant) }
      return try (source as? LuaOwned)?.value() ?? .nil
    }
  }
}

/// An assignable field that holds a schedule.
func scheduleField<Owner: LuaObject>(
  _ name: String, _ type: LuaType, _ summary: String, _ path: ReferenceWritableKeyPath<Owner, Schedule>
) -> FieldDescription {
  FieldDescription(
    name, .schedule(type), summary, get: { (owner: Owner) in try owner[keyPath: path].luaValue },
    set: { (owner: Owner, call: LuaCall) in owner[keyPath: path] = try call.schedule(name, ownedBy: owner) })
}
