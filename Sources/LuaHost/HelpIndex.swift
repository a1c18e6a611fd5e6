/// Which description a value of Lua has.
struct HelpIndex {
  var roots: [ModuleDescription] = []
  var modules: [UnsafeRawPointer: (path: String, module: ModuleDescription)] = [:]
  /// Keeps the tables alive, so that their addresses stay theirs.
  var tables: [LuaTable] = []
}
