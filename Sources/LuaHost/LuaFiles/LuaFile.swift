/// A folder of Lua files on one page: `perigee` for `lua/perigee`.
public struct LuaFolder {
  /// What `require` calls the files in it, without their own names: `perigee.paper`.
  public let name: String
  public let summary: String
  public let files: [LuaFile]

  public init(_ name: String, _ summary: String, files: [LuaFile]) {
    self.name = name
    self.summary = summary
    self.files = files
  }

  var title: String { name + ".*" }
}

/// A Lua file that is described by its comments: what it is at its head, and before each function in LuaCATS what it takes and
/// gives, so that editors and the reference read the same words.
public struct LuaFile {
  public struct Function {
    /// `perigee.json.encode`; of a method `lab:outcome`.
    public let name: String
    /// The same with the file's name before it.
    public let anchor: String
    public let description: FunctionDescription
    /// Where it begins in its file.
    let line: Int
  }

  /// As `require` takes it: `perigee.json`.
  public let name: String
  public let summary: String
  public let details: String?
  public let functions: [Function]
  /// Whether the file returns a function, and not a table.
  public let isFunction: Bool
}

/// What is wrong with the comments of Lua files, a line for each.
public struct LuaFileProblems: Error, CustomStringConvertible {
  public let lines: [String]
  public var description: String { lines.joined(separator: "\n") }
}

/// Reads the comments of Lua files together, because one may name a class of another.
public struct LuaFileReader {
  private let sources: [LuaSource]
  /// By their names in the module: `losses.bpr`.
  private let library: [String: FunctionDescription]

  /// - Parameters:
  ///   - texts: Names as `require` takes them, and what the files hold.
  ///   - module: Whose options mean the same in a Lua file of the same name: `perigee.losses.bpr` and `losses.bpr`.
  public init(_ texts: [(name: String, text: String)], besides module: ModuleDescription) {
    sources = texts.map { LuaSource(name: $0.name, text: $0.text) }
    var library: [String: FunctionDescription] = [:]
    func add(_ module: ModuleDescription, prefix: String) {
      for function in module.functions { library[prefix + function.name] = function }
      for inner in module.modules { add(inner, prefix: prefix + inner.name + ".") }
    }
    add(module, prefix: "")
    self.library = library
  }

  /// - Throws: `LuaFileProblems` with every public function, argument and option that has no description.
  public func files() throws -> [LuaFile] {
    let (files, problems) = read()
    if !problems.isEmpty { throw LuaFileProblems(lines: problems) }
    return files
  }

  /// What the comments say, and what they leave out.
  func read() -> (files: [LuaFile], problems: [String]) {
    let classes = Dictionary(sources.flatMap(\.classes).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var problems: [String] = []
    let files = sources.map { source in
      var maker = LuaFileMaker(source, classes: classes, library: library)
      let file = maker.file()
      problems += maker.problems
      return file
    }
    return (files, problems)
  }
}
