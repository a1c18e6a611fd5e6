import CLua
import CLuaShim
import Platform

extension LuaState {
  /// Makes reading an undefined global an error that suggests the nearest name, instead of a `nil` that fails elsewhere.
  ///
  /// Assigning defines. Names that other versions of Lua define (`unpack`, `jit`, ...) still read as `nil`, because
  /// portable modules ask for them. `rawget(_G, name)` asks without an error.
  public func makeGlobalsStrict() throws {
    try makeUndefinedGlobalsErrors { [unowned self] name in
      let modules = helpIndex.roots.map(\.name)
      if modules.contains(name) {
        return "undefined global '\(name)'; write: local \(name) = require \"\(name)\""
      }
      let nearest = nearestName(to: name, in: globalNames())
      return "undefined global '\(shown(name))'" + (nearest.map { ", did you mean '\($0)'?" } ?? "")
    }
  }

  func makeUndefinedGlobalsErrors(_ message: @escaping (String) -> String) throws {
    let plan = FunctionPlan(FunctionDescription("__index", "", body: { _ in [] }), fullName: "", role: .metamethod)
    pushHostFunction(plan) { state, _ in
      let key = state.value(at: 2)
      if let name = key.asString, legacyGlobals.contains(name) { return try state.push([LuaValue.nil]) }
      throw LuaArgumentError(message(key.asString ?? key.received))
    }
    reserve(4)
    host_push_globals(lua)
    lua_createtable(lua, 0, 1)
    lua_pushvalue(lua, -3)
    host_raw_set_string(lua, -2, "__index")
    lua_setmetatable(lua, -2)
    host_pop(lua, 2)
  }

  /// The names of all globals that are strings, sorted.
  /// Names of all globals, sorted.
  public func globalNames() -> [String] {
    var names: [String] = []
    try? globals.forEachEntry { key, _ in
      if let name = key.asString { names.append(name) }
    }
    return names.sorted()
  }
}

private let legacyGlobals: Set<String> = [
  "bit", "bit32", "getfenv", "jit", "loadstring", "module", "newproxy", "setfenv", "table_unpack", "unpack", "ngx",
  "arg",
]
