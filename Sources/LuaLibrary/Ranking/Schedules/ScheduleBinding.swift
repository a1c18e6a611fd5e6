import LuaHost
import Ranking

extension LuaType {
  /// A number, a schedule, or a function of the epoch and the step, both from 1.
  static func schedule(_ number: LuaType) -> LuaType {
    number.or(.object(ScheduleShape.self)).or(.function("fun(epoch: integer, step: integer): number"))
  }
}

extension LuaCall {
  /// A number, a schedule or a function. What is no number belongs to the handle of `owner`.
  func schedule(_ name: String, ownedBy owner: some LuaObject) throws -> Schedule {
    guard has(name), value(name).asNumber == nil else { return Schedule(try number(name)) }
    return try schedule(of: value(name), ownedBy: owner)
  }

  /// `nil` where the script gave nothing and there is no default.
  func optionalSchedule(_ name: String, ownedBy owner: some LuaObject) throws -> Schedule? {
    has(name) ? try schedule(name, ownedBy: owner) : optionalNumber(name).map { Schedule($0) }
  }

  /// A list of the same.
  func schedules(_ name: String, default defaults: [Double], ownedBy owner: some LuaObject) throws -> [Schedule] {
    guard let table = optionalTable(name) else { return defaults.map { Schedule($0) } }
    return try table.array().map { try schedule(of: $0, ownedBy: owner) }
  }

  func schedule(of value: LuaValue, ownedBy owner: some LuaObject) throws -> Schedule {
    if let number = value.asNumber { return Schedule(number) }
    let owned = try own(value, by: owner)
    if let shape = value.asObject(ScheduleShape.self) { return Schedule(shape, source: owned) }
    return Schedule(source: owned) { position in
      try owned.function().callForNumber(position.epoch, position.step, for: CallPurpose.schedule(position))
    }
  }
}

extension Schedule {
  /// What a script reads from a field: the number, schedule or function that was assigned.
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
