import CLua
import CLuaShim
import Platform

/// The stack of Lua, seen only inside this target. Swift calls functions that never raise, or that raise only without
/// memory (which ends the process in Swift mode); the rest goes through `CLuaShim`.
extension LuaState {
  /// Makes room for `count` more values: a few, which a function that Lua called always has (HOST_SWIFT_STACK).
  func reserve(_ count: Int) {
    guard lua_checkstack(lua, CInt(count)) != 0 else {
      preconditionFailure("the stack of Lua is full (\(count) more values)")
    }
  }

  /// Makes room for a number of values that a script decides.
  func makeRoom(for count: Int) throws {
    guard lua_checkstack(lua, CInt(clamping: count)) != 0 else {
      throw LuaError(message: "stack overflow: Lua has no room for \(count) more values")
    }
  }

  /// Pushes a new table with room for so many entries.
  func pushTable(list: Int = 0, named: Int = 0) throws {
    // 16 bytes for an entry of a list and 40 for one with a key, the values not counted.
    try Memory.require(list, of: (Int, Int).self, for: "a table of \(list) entries")
    try Memory.require(named, of: (Int, Int, Int, Int, Int).self, for: "a table of \(named) entries")
    try makeRoom(for: 4)
    lua_createtable(lua, CInt(clamping: list), CInt(clamping: named))
  }

  func push(_ value: LuaValue) {
    switch value {
    case .nil: lua_pushnil(lua)
    case .boolean(let value): lua_pushboolean(lua, value ? 1 : 0)
    case .integer(let value): lua_pushinteger(lua, lua_Integer(value))
    case .number(let value): lua_pushnumber(lua, value)
    case .string(let value): push(bytes: value.bytes)
    case .table(let value): push(value)
    case .function(let value): push(value)
    case .handle(let value): push(value)
    case .other(let value): push(value)
    }
  }

  func push(bytes: [UInt8]) {
    bytes.withUnsafeBytes { raw in
      _ = lua_pushlstring(lua, raw.bindMemory(to: CChar.self).baseAddress, raw.count)
    }
  }

  func push(_ text: String) {
    var text = text
    text.withUTF8 { buffer in
      buffer.withMemoryRebound(to: CChar.self) { _ = lua_pushlstring(lua, $0.baseAddress, $0.count) }
    }
  }

  func value(at index: CInt) -> LuaValue {
    switch lua_type(lua, index) {
    case LUA_TNIL, LUA_TNONE: return .nil
    case LUA_TBOOLEAN: return .boolean(lua_toboolean(lua, index) != 0)
    case LUA_TNUMBER:
      if lua_isinteger(lua, index) != 0 { return .integer(Int(lua_tointegerx(lua, index, nil))) }
      return .number(lua_tonumberx(lua, index, nil))
    case LUA_TSTRING: return .string(string(at: index))
    case LUA_TTABLE: return .table(makeReference(at: index))
    case LUA_TFUNCTION: return .function(makeReference(at: index))
    case LUA_TUSERDATA where box(at: index) != nil: return .handle(makeReference(at: index))
    default: return .other(makeReference(at: index))
    }
  }

  /// The bytes of the string at `index`, which must be a string (a number there would be changed by Lua).
  func string(at index: CInt) -> LuaString {
    var size = 0
    guard let start = lua_tolstring(lua, index, &size) else { return LuaString(bytes: []) }
    return LuaString(bytes: Array(UnsafeRawBufferPointer(start: start, count: size)))
  }

  /// The Swift text of the string at `index`.
  func text(at index: CInt) -> String {
    var size = 0
    guard let start = lua_tolstring(lua, index, &size) else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: start, count: size), as: UTF8.self)
  }

  // MARK: Errors

  func check(_ status: CInt) throws {
    if status != LUA_OK { throw makeError(status) }
  }

  /// The error on the top of the stack, which is popped. At the outermost call the state is made ready for the next one.
  func makeError(_ status: CInt) -> LuaError {
    reserve(6)
    let message = errorText()
    var error = LuaError(message: message)
    switch status {
    case LUA_ERRSYNTAX: error.kind = .syntax
    case LUA_ERRMEM where host_memory_limit(host) > 0:
      error.kind = .limit
      error.message = "not enough memory"
    case LUA_ERRMEM: error.kind = .memory
    default:
      if host_is_interrupted(host) {
        error.kind = .interrupted
      } else if host_limit_hit(host) != 0 {
        error.kind = .limit
      }
    }
    lastErrorID = LuaError.newID()
    error.id = lastErrorID
    if status == LUA_ERRRUN || status == LUA_ERRERR {
      host_push_traceback(lua)
      error.traceback = text(at: -1)
      host_pop(lua, 1)
    } else {
      lua_pushvalue(lua, -1)
      recordCause(traceback: "")  // no stack to tell of, but passing it on raises this value again
      host_pop(lua, 1)
    }
    host_pop(lua, 1)
    reserve(2)
    if host_depth(host) == 0 { settle() }
    return error
  }

  /// After the outermost call: an interruption has done its work, the recorded error may be collected.
  func settle() {
    if host_is_interrupted(host) { host_clear_interrupt(host) }
    host_forget_cause(lua)
    lastErrorID = 0  // an older error is raised again by its message, its value is gone
  }

  private func errorText() -> String {
    if lua_type(lua, -1) == LUA_TSTRING { return text(at: -1) }
    // A table or another value was raised: its __tostring, if it has one that works.
    let isTable = lua_type(lua, -1) == LUA_TTABLE
    let hasMetatable = lua_getmetatable(lua, -1) != 0
    if hasMetatable { host_pop(lua, 1) }
    if isTable && !hasMetatable { return "(the error is a table)" }
    host_push_cause(lua)  // tostring may fail and record its own error
    host_push_traceback(lua)
    let traceback = text(at: -1)
    host_pop(lua, 1)
    let status = host_to_text(lua, -2)
    let result =
      status == LUA_OK ? text(at: -1) : "(the error is a \(String(cString: lua_typename(lua, lua_type(lua, -3)))))"
    host_pop(lua, 1)
    recordCause(traceback: traceback)
    host_pop(lua, 1)
    return result
  }

  /// Records the error value on the top of the stack with this traceback.
  func recordCause(traceback: String) {
    var text = traceback
    text.withUTF8 { buffer in
      buffer.withMemoryRebound(to: CChar.self) { host_record_cause(lua, $0.baseAddress, $0.count) }
    }
  }
}
