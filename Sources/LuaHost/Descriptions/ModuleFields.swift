import CLua
import CLuaShim
import Platform

extension LuaState {
  /// Gives a module's table its `__tostring`, an overview, and its `__index`: a field that is not there is looked for as the Lua file `path.field`
  /// (`lua/perigee/schedules.lua` for `perigee.schedules`); where there is none, the error suggests the nearest name.
  func completeModule(_ table: LuaTable, _ module: ModuleDescription, path: String) throws {
    let plan = FunctionPlan(FunctionDescription("__index", "", body: { _ in [] }), fullName: path, role: .metamethod)
    pushHostFunction(plan) { [unowned self, weak table] state, _ in
      let key = state.value(at: 2)
      guard let name = key.asString else { throw LuaArgumentError("has no field [\(key.received)]") }
      if let part = try requireIfThere(path + "." + name) {
        try table?.set(name, part)
        return try state.push([part])
      }
      let known = table.map(fieldNames) ?? []
      throw LuaArgumentError("has no field '\(shown(name))'\(suggestion(for: name, in: known))")
    }
    reserve(4)
    push(table)
    lua_createtable(lua, 0, 2)
    lua_pushvalue(lua, -3)
    host_raw_set_string(lua, -2, "__index")
    push(makeFunction("tostring of \(path)") { [unowned self] _ in [module.overview(path, width: helpWidth)] })
    host_raw_set_string(lua, -2, "__tostring")
    lua_setmetatable(lua, -2)
    host_pop(lua, 2)
  }

  /// The module of a Lua file on `package.path`; `nil` where there is no such file.
  private func requireIfThere(_ name: String) throws -> LuaValue? {
    guard let package = try globals.rawGet("package").asTable,
      let search = try package.rawGet("searchpath").asFunction,
      let path = try package.rawGet("path").asString,
      try search.call(name, path).first?.asString != nil
    else { return nil }
    return try globals.rawGet("require").asFunction?.call(name).first
  }

  private func fieldNames(_ table: LuaTable) -> [String] {
    var names: [String] = []
    try? table.forEachEntry { key, _ in
      if let name = key.asString { names.append(name) }
    }
    return names
  }

  /// Puts directories in front of the places where `require` looks for Lua files.
  public func addSearchPaths(_ directories: [String]) throws {
    guard let package = try globals.rawGet("package").asTable else { return }
    let old = try package.rawGet("path").asString ?? ""
    let new = directories.flatMap { ["\($0)/?.lua", "\($0)/?/init.lua"] }
    try package.set("path", (new + [old]).joined(separator: ";"))
  }
}
