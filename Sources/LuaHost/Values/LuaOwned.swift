import CLua
import CLuaShim

/// A Lua value that belongs to a handle: Lua's collector sees that the handle keeps it alive.
///
/// A plain `LuaFunction` stored in a Swift object is a root. When the function refers to the object's own handle, as in
/// `trainer.on_epoch = function() trainer:stop() end`, neither side could ever be freed; an owned value breaks that cycle.
/// It is valid while Lua has the handle, so read it in methods of the object. To hold another object's handle (a trainer
/// its loss), own that handle's value as well.
public final class LuaOwned {
  private let pool: ReferencePool
  private let identity: UnsafeMutableRawPointer
  private let key: lua_Integer

  fileprivate init(pool: ReferencePool, identity: UnsafeMutableRawPointer, key: lua_Integer) {
    self.pool = pool
    self.identity = identity
    self.key = key
  }

  deinit { pool.release(owned: key, of: identity) }

  /// The value. Throws when the state is closed or the owner's handle was freed or collected.
  public func value() throws -> LuaValue {
    guard let state = pool.open else { throw LuaError(message: "the Lua state of this value is closed") }
    state.reserve(6)
    let top = lua_gettop(state.lua)
    defer { lua_settop(state.lua, top) }
    guard state.pushIdentical(identity), lua_getiuservalue(state.lua, -1, 1) == LUA_TTABLE else {
      throw LuaError(message: "the handle that owned this value is gone")
    }
    lua_rawgeti(state.lua, -1, key)
    return state.value(at: -1)
  }

  /// The value as a function.
  public func function() throws -> LuaFunction {
    guard let function = try value().asFunction else { throw LuaError(message: "the owned value is not a function") }
    return function
  }
}

extension LuaCall {
  /// Gives `value` to the handle of `object`, an instance of a class. Usual in a constructor, before `return [object]`:
  /// `trainer.onEpoch = try call.own(call.value("on_epoch"), by: trainer)`.
  public func own(_ value: LuaValue, by object: some LuaObject) throws -> LuaOwned {
    precondition(type(of: object) is AnyClass, "only an instance of a class can own a value of Lua")
    let lua = state.lua
    state.reserve(8)
    let top = lua_gettop(lua)
    defer { lua_settop(lua, top) }
    try state.pushHandle(object)
    anchors.append(state.makeReference(at: -1))
    if lua_getiuservalue(lua, -1, 1) != LUA_TTABLE {
      host_pop(lua, 1)
      lua_createtable(lua, 1, 0)
      lua_pushvalue(lua, -1)
      lua_setiuservalue(lua, -3, 1)
    }
    state.ownedCount += 1
    let key = state.ownedCount  // never used twice, so that a late release cannot hit another value
    state.push(value)
    lua_rawseti(lua, -2, key)
    return LuaOwned(pool: state.pool, identity: Unmanaged.passUnretained(object as AnyObject).toOpaque(), key: key)
  }
}

extension LuaState {
  func dropOwned(_ key: lua_Integer, of owner: UnsafeMutableRawPointer) {
    reserve(6)
    let top = lua_gettop(lua)
    defer { lua_settop(lua, top) }
    guard pushIdentical(owner), lua_getiuservalue(lua, -1, 1) == LUA_TTABLE else { return }
    lua_pushnil(lua)
    lua_rawseti(lua, -2, key)
  }
}
