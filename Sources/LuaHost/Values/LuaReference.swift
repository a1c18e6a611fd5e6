import CLua
import CLuaShim
import Platform
import Synchronization

/// A value that lives in Lua (a table, a function, a coroutine, ...), kept alive by the registry for as long as this
/// object lives. It may be released on any thread; the state drops the value on its own.
///
/// A reference held by an object that Lua itself keeps alive can close a cycle which neither side sees: see
/// `LuaState.own(_:by:)`.
public class LuaReference {
  let pool: ReferencePool
  let key: CInt
  let luaTypeName: String

  required init(pool: ReferencePool, key: CInt, luaTypeName: String) {
    self.pool = pool
    self.key = key
    self.luaTypeName = luaTypeName
  }

  deinit { pool.release(key) }

  /// The state this value belongs to. Throws when the state is gone.
  public func state() throws -> LuaState {
    guard let state = pool.open else {
      throw LuaError(message: "the Lua state of this \(luaTypeName) is closed")
    }
    return state
  }

  public func isSame(as other: LuaReference) -> Bool {
    guard pool === other.pool, let state = pool.open else { return self === other }
    state.reserve(2)
    state.push(self)
    state.push(other)
    defer { host_pop(state.lua, 2) }
    return lua_rawequal(state.lua, -1, -2) != 0
  }
}

/// The registry keys of one state that Swift objects hold. `release` may come from any thread and from inside a collection,
/// so it only takes a note; the state unreferences when it next makes a reference.
final class ReferencePool: @unchecked Sendable {  // `pthread_t` is a pointer on some systems
  struct Released {
    var keys: [CInt] = []
    var owned: [(owner: UnsafeMutableRawPointer, key: lua_Integer)] = []
    var isEmpty: Bool { keys.isEmpty && owned.isEmpty }
  }
  private let released = Locked(Content())
  /// Unretained: the state closes the pool before it dies.
  private let state = Atomic<UnsafeMutableRawPointer?>(nil)
  private let owner = pthread_self()

  private struct Content: @unchecked Sendable { var value = Released() }

  /// The state, until it closes. On the thread of the state only: on another it could die while it is used.
  var open: LuaState? {
    guard let address = state.load(ordering: .acquiring) else { return nil }
    checkThread()
    return Unmanaged<LuaState>.fromOpaque(address).takeUnretainedValue()
  }

  func checkThread() {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a Lua state may be used only on the thread that made it")
  }

  func attach(_ state: LuaState) {
    self.state.store(Unmanaged.passUnretained(state).toOpaque(), ordering: .releasing)
  }
  func close() { state.store(nil, ordering: .releasing) }
  func release(_ key: CInt) { released.withLock { $0.value.keys.append(key) } }
  func release(owned key: lua_Integer, of owner: UnsafeMutableRawPointer) {
    released.withLock { $0.value.owned.append((owner, key)) }
  }

  func takeReleased() -> Released? {
    released.withLock { content in
      guard !content.value.isEmpty else { return nil }
      defer { content.value = Released() }
      return content.value
    }
  }
}

extension LuaState {
  func makeReference<Reference: LuaReference>(at index: CInt, as type: Reference.Type = Reference.self) -> Reference {
    dropReleased()
    let name = String(cString: lua_typename(lua, lua_type(lua, index)))
    lua_pushvalue(lua, index)
    return Reference(pool: pool, key: luaL_ref(lua, host_registry_index()), luaTypeName: name)
  }

  /// Lets Lua collect what Swift no longer refers to.
  func dropReleased() {
    guard let released = pool.takeReleased() else { return }
    for key in released.keys { luaL_unref(lua, host_registry_index(), key) }
    for (owner, key) in released.owned { dropOwned(key, of: owner) }
  }

  func push(_ reference: LuaReference) {
    if reference.pool === pool {
      lua_rawgeti(lua, host_registry_index(), lua_Integer(reference.key))
    } else {
      preconditionFailure("a \(reference.luaTypeName) of one Lua state was given to another")
    }
  }
}
