import CLua
import CLuaShim

/// A userdata of Lua that holds one Swift object.
public final class LuaHandle: LuaReference {
  /// The Swift object, where it is a `T`; `nil` for another type and for a freed handle.
  public func object<T>(as type: T.Type = T.self) -> T? {
    let payload = withBox { state, box in state.content(of: box)?.payload } ?? nil
    guard let payload else { return nil }
    return payload as? T
  }

  /// True once `free` was called, by the script or here.
  public var isFreed: Bool { (withBox { $1.pointee.object == nil }) ?? true }

  /// The name of its type description, `Split`.
  public var typeName: String {
    guard let state = try? state() else { return luaTypeName }
    state.push(self)
    defer { host_pop(state.lua, 1) }
    return state.handleEntry(at: -1)?.description.name ?? luaTypeName
  }

  /// What `tostring` shows; `nil` for a freed handle.
  public var text: String? {
    (withBox { state, box in state.content(of: box).map { $0.entry.description.describe($0.payload) } }) ?? nil
  }

  /// Drops the handle's hold on the object; using the handle is an error from now on. Freeing twice does nothing.
  public func free() {
    withBox { state, box in state.free(box) }
  }

  private func withBox<Result>(_ body: (LuaState, UnsafeMutablePointer<host_box>) -> Result) -> Result? {
    guard let state = try? state() else { return nil }
    state.reserve(4)
    let top = lua_gettop(state.lua)
    defer { lua_settop(state.lua, top) }
    state.push(self)
    return state.box(at: -1).map { body(state, $0) }
  }
}

/// The one Swift object that a userdata retains.
final class HandleContent {
  let payload: Any
  /// The payload where it is an instance of a class.
  let object: AnyObject?
  let entry: TypeEntry
  init(payload: Any, object: AnyObject?, entry: TypeEntry) {
    self.payload = payload
    self.object = object
    self.entry = entry
  }
}

/// A Swift type known to one state. The metatable's identity is the type.
final class TypeEntry {
  let description: TypeDescription
  /// Registry key of the metatable.
  let metatable: CInt
  var fullName: String

  init(description: TypeDescription, metatable: CInt, fullName: String) {
    self.description = description
    self.metatable = metatable
    self.fullName = fullName
  }
}

extension LuaState {
  /// The type of the handle at `index`; `nil` when the value is not one of our handles.
  func handleEntry(at index: CInt) -> TypeEntry? {
    guard lua_type(lua, index) == LUA_TUSERDATA, lua_getmetatable(lua, index) != 0 else { return nil }
    defer { host_pop(lua, 1) }
    guard let address = lua_topointer(lua, -1) else { return nil }
    return registry.entries[address]
  }

  func box(at index: CInt) -> UnsafeMutablePointer<host_box>? {
    host_box_at(lua, index)
  }

  /// What the box holds; `nil` when it was emptied.
  func content(of box: UnsafeMutablePointer<host_box>) -> HandleContent? {
    guard let object = box.pointee.object else { return nil }
    return Unmanaged<HandleContent>.fromOpaque(object).takeUnretainedValue()
  }

  /// Pushes the handle of `object`: the same one as before while Lua still has it, when `object` is an instance of a class.
  public func pushHandle<Object: LuaObject>(_ object: Object) throws {
    guard let entry = registry.entry(for: object) else {
      throw LuaArgumentError("the Swift type \(type(of: object)) is not described in any installed module")
    }
    reserve(6)
    // Not `as AnyObject`, which first asks how a value of an unknown type is bridged: a tenth of what a handle costs.
    let instance = Object.self is AnyClass ? unsafeBitCast(object, to: AnyObject.self) : nil
    let identity = type(of: object).keepsIdentity ? instance.map { Unmanaged.passUnretained($0).toOpaque() } : nil
    if let identity, pushIdentical(identity) { return }
    let content = HandleContent(payload: object, object: instance, entry: entry)
    let bytes = max(entry.description.size?(object) ?? 0, 0)
    lua_rawgeti(lua, host_registry_index(), lua_Integer(entry.metatable))
    host_push_box(lua, Unmanaged.passRetained(content).toOpaque(), bytes)
    if let identity { remember(identity) }
    if bytes > 0 { host_collect_for_native(lua) }
  }

  /// The same for an instance that is handed out once, without a look for an earlier handle.
  func pushInstance(_ object: any LuaObject & AnyObject) throws {
    let type = type(of: object)
    guard !type.keepsIdentity, let entry = registry.entry(ofClass: ObjectIdentifier(type)),
      entry.description.size == nil
    else { return try object.push(onto: self) }
    reserve(4)
    let content = HandleContent(payload: object, object: object, entry: entry)
    lua_rawgeti(lua, host_registry_index(), lua_Integer(entry.metatable))
    host_push_box(lua, Unmanaged.passRetained(content).toOpaque(), 0)
  }

  /// Tells the collector the present size of an object whose memory grew or shrank outside its own methods.
  public func updateSize(of object: some LuaObject) {
    guard type(of: object) is AnyClass else { return }
    reserve(4)
    let identity = Unmanaged.passUnretained(object as AnyObject).toOpaque()
    guard pushIdentical(identity) else { return }
    defer { host_pop(lua, 1) }
    if let box = box(at: -1) { updateSize(of: box) }
  }

  func updateSize(of box: UnsafeMutablePointer<host_box>) {
    guard let content = content(of: box), let size = content.entry.description.size else { return }
    let bytes = max(size(content.payload), 0)
    guard bytes != box.pointee.bytes else { return }
    host_account(host, Int64(bytes) - Int64(box.pointee.bytes))
    box.pointee.bytes = bytes
    host_collect_for_native(lua)
  }

  func free(_ box: UnsafeMutablePointer<host_box>) {
    guard let content = content(of: box) else { return }
    if let object = content.object { forget(Unmanaged.passUnretained(object).toOpaque()) }
    host_empty_box(lua, box)
  }

  // MARK: Identity: a table with weak values from an object's address to its handle

  func makeIdentityTable() {
    reserve(6)
    lua_createtable(lua, 0, 0)
    lua_createtable(lua, 0, 1)
    push("v")
    host_raw_set_string(lua, -2, "__mode")
    lua_setmetatable(lua, -2)
    lua_rawsetp(lua, host_registry_index(), Unmanaged.passUnretained(registry).toOpaque())
  }

  private func pushIdentities() {
    lua_rawgetp(lua, host_registry_index(), Unmanaged.passUnretained(registry).toOpaque())
  }

  /// Pushes the live handle of the object at `identity`, if there is one.
  func pushIdentical(_ identity: UnsafeMutableRawPointer) -> Bool {
    pushIdentities()
    lua_rawgetp(lua, -1, identity)
    host_remove(lua, -2)
    // An emptied handle may belong to an object that died; another may live at its address now.
    if let box = box(at: -1), box.pointee.object != nil { return true }
    host_pop(lua, 1)
    return false
  }

  private func remember(_ identity: UnsafeMutableRawPointer) {
    pushIdentities()
    lua_pushvalue(lua, -2)
    lua_rawsetp(lua, -2, identity)
    host_pop(lua, 1)
  }

  private func forget(_ identity: UnsafeMutableRawPointer) {
    pushIdentities()
    lua_pushnil(lua)
    lua_rawsetp(lua, -2, identity)
    host_pop(lua, 1)
  }
}
