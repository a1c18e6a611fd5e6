import CLua
import CLuaShim

/// A table of Lua, by reference: changes are seen by the script.
public final class LuaTable: LuaReference {
  /// The value at `key`, through `__index` where there is one.
  public func get(_ key: any LuaConvertible) throws -> LuaValue {
    try withTable { state in
      try key.push(onto: state)
      if lua_getmetatable(state.lua, -2) == 0 {
        lua_rawget(state.lua, -2)
      } else {
        host_pop(state.lua, 1)
        try state.check(host_get(state.lua, -2))
      }
      return state.value(at: -1)
    }
  }

  /// The value at `key`, without metamethods.
  public func rawGet(_ key: any LuaConvertible) throws -> LuaValue {
    try withTable { state in
      try key.push(onto: state)
      lua_rawget(state.lua, -2)
      return state.value(at: -1)
    }
  }

  /// Stores `value` at `key`, through `__newindex` where there is one. `nil` removes the entry; a key may be neither `nil`
  /// nor NaN.
  public func set(_ key: any LuaConvertible, _ value: any LuaConvertible) throws {
    try withTable { state in
      try key.push(onto: state)
      try value.push(onto: state)
      try state.check(host_set(state.lua, -3))
    }
  }

  /// True when the table has a metatable with this field.
  func hasMetafield(_ name: String) throws -> Bool {
    try withTable { luaL_getmetafield($0.lua, -1, name) != LUA_TNIL }
  }

  /// The border `#table`, without `__len`. A table with few entries may have any border, `t[2^40] = 1` for example: no size may
  /// be taken from it.
  public func rawCount() throws -> Int {
    try withTable { Int(host_raw_length($0.lua, -1)) }
  }

  /// The length `#table`.
  public func count() throws -> Int {
    try withTable { state in
      try state.check(host_length(state.lua, -1))
      guard let count = state.value(at: -1).asInteger else {
        throw LuaError(message: "the length of the table is not an integer")
      }
      return count
    }
  }

  /// All entries in Lua's order (unspecified), without metamethods. Where the body adds keys to the table, entries may be missed,
  /// or an error ends it.
  public func forEachEntry(_ body: (LuaValue, LuaValue) throws -> Void) throws {
    try withTable { state in
      let table = lua_gettop(state.lua)
      var found = false
      lua_pushnil(state.lua)
      while true {
        try state.check(host_next(state.lua, table, &found))
        guard found else { return }
        try body(state.value(at: -2), state.value(at: -1))
        lua_settop(state.lua, table + 1)
      }
    }
  }

  /// The first key that is not one of 1 to `length`; `nil` for a list.
  public func keyBeside(_ length: Int) throws -> LuaValue? {
    try withTable { state in
      try state.check(host_stray_key(state.lua, -1, lua_Integer(length)))
      let key = state.value(at: -1)
      return key.isNil ? nil : key
    }
  }

  /// A border up to here is believed; above, a hole shows that the table has not that many entries.
  private static let believed = 1 << 16

  /// The entries 1 to `rawCount()`. Throws where a long list has a hole.
  public func array() throws -> [LuaValue] {
    try withTable { state in
      let count = Int(host_raw_length(state.lua, -1))
      var result: [LuaValue] = []
      result.reserveCapacity(min(count, Self.believed))
      for index in 0..<count {
        if lua_rawgeti(state.lua, -1, lua_Integer(index + 1)) == LUA_TNIL, count > Self.believed {
          throw LuaArgumentError(
            "the length of the table is \(count), but its entry [\(index + 1)] is nil: want a list without holes")
        }
        result.append(state.value(at: -1))
        host_pop(state.lua, 1)
      }
      return result
    }
  }

  /// The entries 1 to `rawCount()` as numbers; `nil` when one of them is no number. O(count), no allocation for each.
  public func numbers() throws -> [Double]? {
    try withTable { state in
      let count = Int(host_raw_length(state.lua, -1))
      var result: [Double] = []
      result.reserveCapacity(min(count, Self.believed))
      for index in 0..<count {
        let isNumber = lua_rawgeti(state.lua, -1, lua_Integer(index + 1)) == LUA_TNUMBER
        if isNumber { result.append(lua_tonumberx(state.lua, -1, nil)) }
        host_pop(state.lua, 1)
        if !isNumber { return nil }
      }
      return result
    }
  }

  /// Identifies the table while it lives.
  var address: UnsafeRawPointer? {
    try? withTable { lua_topointer($0.lua, -1) }
  }

  private func withTable<Result>(_ body: (LuaState) throws -> Result) throws -> Result {
    let state = try state()
    state.reserve(8)
    let top = lua_gettop(state.lua)
    defer { lua_settop(state.lua, top) }
    state.push(self)
    return try body(state)
  }
}

/// A function of Lua or of Swift.
public final class LuaFunction: LuaReference {
  /// Calls the function. Its errors arrive as `LuaError`; passing that on from a Swift function keeps the first traceback.
  @discardableResult
  public func call(_ arguments: [any LuaConvertible]) throws -> [LuaValue] {
    let state = try state()
    try state.makeRoom(for: arguments.count + 8)
    let top = lua_gettop(state.lua)
    defer { lua_settop(state.lua, top) }
    state.push(self)
    for argument in arguments { try argument.push(onto: state) }
    let outermost = host_depth(state.host) == 0
    try state.check(host_call(state.lua, CInt(arguments.count), host_multiple_results()))
    let count = lua_gettop(state.lua) - top
    try state.makeRoom(for: 2)
    let results = (0..<count).map { state.value(at: top + 1 + $0) }
    if outermost { state.settle() }
    return results
  }

  @discardableResult
  public func call(_ arguments: any LuaConvertible...) throws -> [LuaValue] { try call(arguments) }

  /// Calls the function for a purpose: native functions find it in `LuaState.purpose` as long as the call runs. A call for which
  /// nothing is said serves the purpose of the one that it is made in.
  public func call(_ arguments: [any LuaConvertible], for purpose: AnyObject) throws -> [LuaValue] {
    let state = try state()
    let outer = state.purpose
    state.purpose = purpose
    defer { state.purpose = outer }
    return try call(arguments)
  }

  /// A list of values is a list of arguments here, not one argument that is a table.
  @discardableResult
  public func call(_ arguments: [LuaValue]) throws -> [LuaValue] { try call(arguments as [any LuaConvertible]) }

  /// The script and line where the function begins; `nil` for one that is not written in Lua.
  public var definition: (script: String, line: Int)? {
    guard let state = try? state() else { return nil }
    state.reserve(2)
    state.push(self)
    var record = lua_Debug()
    guard lua_getinfo(state.lua, ">S", &record) != 0, record.linedefined > 0 else { return nil }
    let script = withUnsafeBytes(of: &record.short_src) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return (script, Int(record.linedefined))
  }

  /// Calls a function whose one result must be a number, such as a schedule.
  public func callForNumber(_ arguments: any LuaConvertible..., for purpose: AnyObject? = nil) throws -> Double {
    let results = try purpose.map { try call(arguments, for: $0) } ?? call(arguments)
    guard let number = results.first?.asNumber else {
      throw LuaArgumentError("the function must return a number, it returned \(results.first?.typeName ?? "nothing")")
    }
    return number
  }
}
