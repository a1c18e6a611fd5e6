import CLua
import CLuaShim
import Platform

/// `help` of what is written in Lua: what its file says in comments.
extension LuaState {
  /// Of a function of a Lua file, or of the table that one returns; nil where no comment says anything.
  func helpInComments(of value: LuaValue) -> String? {
    switch value {
    case .function(let function):
      guard let (path, line) = place(of: function) else { return nil }
      let file = describedFile(at: path, name: Self.moduleName(of: path))
      return file?.functions.first { $0.line == line }?.text
    case .table(let table): return loadedName(of: table).flatMap { helpInComments(named: $0) }
    default: return nil
    }
  }

  /// Of a Lua file by the name that `require` takes, or of a function in it: `perigee.json`, `perigee.json.encode`.
  func helpInComments(named name: String) -> String? {
    if let file = describedFile(named: name) {
      guard file.isFunction, let function = file.functions.first else { return file.text }
      return function.text
    }
    guard let end = name.lastIndex(where: { $0 == "." || $0 == ":" }) else { return nil }
    return describedFile(named: String(name[..<end]))?.functions.first { $0.anchor == name }?.text
  }

  private func place(of function: LuaFunction) -> (path: String, line: Int)? {
    reserve(4)
    push(function)
    var record = lua_Debug()
    guard lua_getinfo(lua, ">S", &record) != 0, record.linedefined > 0,
      record.source.pointee == CChar(UInt8(ascii: "@"))
    else { return nil }
    return (String(cString: record.source + 1), Int(record.linedefined))
  }

  /// `perigee.json` for `.../lua/perigee/json.lua`.
  private static func moduleName(of path: String) -> String {
    let parts = path.split(separator: "/")
    let start = parts.lastIndex(of: "lua").map { $0 + 1 } ?? parts.count - 1
    let name = parts[min(start, parts.count - 1)...].joined(separator: ".")
    return name.hasSuffix(".lua") ? String(name.dropLast(4)) : name
  }

  private func loadedName(of table: LuaTable) -> String? {
    var name: String?
    try? globals.rawGet("package").asTable?.rawGet("loaded").asTable?.forEachEntry { key, value in
      if let other = value.asTable, other.isSame(as: table) { name = key.asString }
    }
    return name
  }

  private func describedFile(named name: String) -> LuaFile? {
    guard let package = try? globals.rawGet("package").asTable,
      let search = try? package.rawGet("searchpath").asFunction, let paths = try? package.rawGet("path").asString,
      let path = try? search.call(name, paths).first?.asString
    else { return nil }
    return describedFile(at: path, name: name)
  }

  private func describedFile(at path: String, name: String) -> LuaFile? {
    guard let bytes = try? scriptBytes(path) else { return nil }
    let library = helpIndex.roots.first ?? ModuleDescription("", "")
    let file = LuaFileReader([(name, String(decoding: bytes, as: UTF8.self))], besides: library).read().files.first
    return file?.summary.isEmpty == false ? file : nil
  }
}

extension LuaFile.Function {
  fileprivate var text: String? {
    description.summary.isEmpty ? nil : HelpSubject.function(name: name, description).text
  }
}

extension LuaFile {
  fileprivate var text: String {
    let rows = functions.map { [$0.description.signature($0.name), $0.description.summary] }
    let lines = [name, "", summary] + (details.map { ["", $0] } ?? [])
    return (lines + ["", "Functions"] + aligned(rows, indent: "  ")).joined(separator: "\n")
  }
}
