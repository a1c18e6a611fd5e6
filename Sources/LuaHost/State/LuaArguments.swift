import CLua
import CLuaShim

/// The arguments of a call where they lie on Lua's stack, counted from 1; of a method the receiver is the first.
///
/// Nothing is checked against a description and nothing is kept: a reader gives `nil` for an argument of another type. For
/// `FunctionDescription.direct` only, while the call runs.
public struct LuaArguments {
  public let state: LuaState

  public var count: Int { Int(lua_gettop(state.lua)) }

  /// Whether the argument is `nil` or was left out.
  public func isAbsent(_ position: Int) -> Bool { lua_type(state.lua, CInt(position)) <= LUA_TNIL }

  /// Any number; not a string that reads like one.
  public func number(_ position: Int) -> Double? {
    guard lua_type(state.lua, CInt(position)) == LUA_TNUMBER else { return nil }
    return lua_tonumberx(state.lua, CInt(position), nil)
  }

  public func string(_ position: Int) -> String? {
    guard lua_type(state.lua, CInt(position)) == LUA_TSTRING else { return nil }
    return state.text(at: CInt(position))
  }

  /// The object of a handle, where its class is exactly `T` and it was not freed.
  public func object<T: AnyObject>(_ position: Int, as type: T.Type = T.self) -> T? {
    guard let box = host_box_at(state.lua, CInt(position)), let content = state.content(of: box),
      let object = content.object, ObjectIdentifier(Swift.type(of: object)) == ObjectIdentifier(type)
    else { return nil }
    return unsafeDowncast(object, to: type)
  }
}
