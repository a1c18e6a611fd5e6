import Platform
import LuaHost
import LuaLibrary

/// A Lua state with the library, as scripts and the REPL see it.
struct Session {
  let state = LuaState()

  init() throws {
    try state.install(PerigeeLibrary.module())
    if let home = Installation.home { try state.addSearchPaths([home + "/lua"]) }
  }
}

/// Where the Lua part of the library is.
enum Installation {
  /// The directory that has `lua/perigee`: `$PERIGEE_HOME`, or the nearest above the executable (the repository when it runs
  /// from `.build`), or `share/perigee` beside the `bin` it is in. `nil` when there is none.
  static var home: String? {
    if let home = getenv("PERIGEE_HOME") { return String(cString: home) }
    guard var directory = executable.map({ parent(of: $0) }) else { return nil }
    while !directory.isEmpty {
      for place in [directory, directory + "/share/perigee"] where access(place + "/lua/perigee", R_OK) == 0 {
        return place
      }
      directory = parent(of: directory)
    }
    return nil
  }

  /// The path of this program.
  static var executable: String? {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    guard count > 0 else { return nil }
    return String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return String(path[..<slash])
  }
}
