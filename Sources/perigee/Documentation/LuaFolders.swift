import LuaHost
import LuaLibrary

/// The Lua files of the library, with what their comments say.
enum LuaFolders {
  private static let known = [
    (
      "perigee",
      "`lua/perigee/`, what scripts share: command lines, tables for the terminal, JSON, options that are checked."
    ),
    (
      "perigee.paper",
      "`lua/perigee/paper/`, what scripts that reproduce a paper share: rows that are kept and go on, grids, seeds, tables, figures."
    ),
    (
      "losses",
      "`lua/losses/`, every native loss in a few lines of Lua, to learn from and to change. `require(\"losses.bpr\") {}` is a loss for `perigee.trainer`."
    ),
  ]

  /// - Parameter root: The folder `lua`.
  /// - Throws: `LuaFileProblems` with all that has no description.
  static func read(_ root: String) throws -> [LuaFolder] {
    var texts: [(name: String, text: String)] = []
    for (name, _) in known {
      let folder = "\(root)/\(name.map { $0 == "." ? "/" : String($0) }.joined())"
      let names = TextFile.names(in: folder, ending: ".lua")
      if names.isEmpty {
        throw DocumentationError("there are no Lua files in \(folder); run this in the repository's root")
      }
      for file in names {
        texts.append(("\(name).\(file.dropLast(4))", try TextFile.read(folder + "/" + file)))
      }
    }
    let files = try LuaFileReader(texts, besides: PerigeeLibrary.module()).files()
    return known.map { name, summary in
      LuaFolder(
        name, summary,
        files: files.filter { $0.name.hasPrefix(name + ".") && !$0.name.dropFirst(name.count + 1).contains(".") })
    }
  }
}
