/// Which page has what.
struct ReferencePlan {
  let modules: [(path: String, module: ModuleDescription)]
  /// Those with pages of their own.
  let types: [TypeDescription]
  private(set) var names: ReferenceNames
  /// Names of functions by the type that they give.
  private(set) var makers: [String: [String]] = [:]

  init(_ root: ModuleDescription, _ folders: [LuaFolder]) {
    names = ReferenceNames(of: root)
    modules = Self.modules(of: root, path: root.name)
    types = modules.flatMap(\.module.types).filter(\.hasPage)
    for (path, module) in modules {
      names.add(module: path, module, page: Self.path(ofModule: path))
      for type in module.types {
        names.add(
          type: type, page: type.hasPage ? Self.path(of: type) : Self.path(ofModule: path), isAlone: type.hasPage)
      }
    }
    for folder in folders {
      for file in folder.files {
        names.add(file.name, page: Self.path(of: folder), anchor: file.name)
        for function in file.functions {
          names.add(function.anchor, page: Self.path(of: folder), anchor: function.anchor)
        }
      }
    }
    for (path, module) in modules {
      for function in module.functions { noteMaker(path + "." + function.name, function) }
      for type in module.types {
        for method in type.methods { noteMaker(type.name + ":" + method.name, method, of: type) }
      }
    }
  }

  private mutating func noteMaker(_ name: String, _ function: FunctionDescription, of owner: TypeDescription? = nil) {
    for result in function.returns {
      if case .object(let type, _) = result.type.content, type != owner?.name { makers[type, default: []].append(name) }
    }
  }

  private static func modules(of module: ModuleDescription, path: String) -> [(String, ModuleDescription)] {
    [(path, module)] + module.modules.flatMap { modules(of: $0, path: path + "." + $0.name) }
  }

  static func path(ofModule path: String) -> String { "reference/\(path).md" }
  static func path(of type: TypeDescription) -> String { "reference/types/\(type.name).md" }
  static func path(of folder: LuaFolder) -> String { "reference/lua/\(folder.name).md" }

  func page(of module: (path: String, module: ModuleDescription)) -> ReferencePage {
    let (path, description) = module
    var page = ReferencePage(
      path: Self.path(ofModule: path), title: path, kind: .module, summary: description.summary)
    var writer = ReferenceWriter(names, page: page.path, makers: makers)
    writer.write(description, path: path)
    page.take(writer)
    return page
  }

  func page(of type: TypeDescription) -> ReferencePage {
    var page = ReferencePage(path: Self.path(of: type), title: type.name, kind: .type, summary: type.summary)
    var writer = ReferenceWriter(names, page: page.path, makers: makers)
    writer.writePage(of: type)
    page.take(writer)
    return page
  }

  func page(of folder: LuaFolder) -> ReferencePage {
    var page = ReferencePage(path: Self.path(of: folder), title: folder.title, kind: .luaFiles, summary: folder.summary)
    var writer = ReferenceWriter(names, page: page.path, makers: makers)
    writer.write(folder)
    page.take(writer)
    return page
  }
}

extension TypeDescription {
  /// A type with more methods than `free`, which all have.
  var hasPage: Bool { !methods.isEmpty }
}
