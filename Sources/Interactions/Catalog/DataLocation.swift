import Platform

/// Where a data set lies: what its name is, and the file or folder that holds it.
struct DataLocation: Equatable {
  let name: String
  let path: String
  let isFolder: Bool

  /// A known name (also `NAME/folder` inside it), then a path, then any name in the data folders.
  static func resolve(_ nameOrPath: String, roots: [String] = DataCatalog.roots) throws(DataError) -> DataLocation {
    if let found = known(nameOrPath, roots) ?? DataLocation(name: baseName(nameOrPath), path: nameOrPath) {
      return found
    }
    for root in roots where !nameOrPath.hasPrefix("/") {
      if let found = DataLocation(name: nameOrPath, path: "\(root)/\(nameOrPath)") { return found }
    }
    for place in [nameOrPath] + places(nameOrPath, roots) {
      if let obstacle = FileSystem.obstacle(place) { throw obstacle }
    }
    throw missing(nameOrPath, roots)
  }

  private static func known(_ nameOrPath: String, _ roots: [String]) -> DataLocation? {
    let parts = nameOrPath.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let known = DataCatalog.find(String(first)),
      let path = DataCatalog.path(of: known, in: roots)
    else { return nil }
    if parts.count == 1 { return DataLocation(name: known.name, path: path) }
    return DataLocation(name: "\(known.name)/\(parts[1])", path: "\(path)/\(parts[1])")
  }

  /// Where in the data folders a name may lie.
  private static func places(_ name: String, _ roots: [String]) -> [String] {
    if name.hasPrefix("/") { return [] }
    let folders = DataCatalog.find(String(name.prefix { $0 != "/" }))?.folders ?? [name]
    return roots.flatMap { root in folders.map { "\(root)/\($0)" } }
  }

  private static func missing(_ name: String, _ roots: [String]) -> DataError {
    let first = String(name.split(separator: "/").first ?? "")
    if let known = DataCatalog.find(first) {
      return .missing(
        name: name, searched: places(name, roots),
        remedy:
          "run \"perigee data fetch \(known.name)\", or \(known.byHand(folder: "\(roots.last ?? "a folder")/\(known.name)"))"
      )
    }
    if name.contains("/") {
      return .missing(name: name, searched: [], remedy: "there is no such file or folder: check the path")
    }
    let near = nearestName(to: name, in: DataCatalog.all.map(\.name)).map { "did you mean \"\($0)\"? " } ?? ""
    return .missing(
      name: name, searched: [name] + places(name, roots),
      remedy: "\(near)known sets are \(DataCatalog.all.map(\.name).joined(separator: ", "))")
  }

  init?(name: String, path: String) {
    guard let kind = FileSystem.kind(path) else { return nil }
    self.name = name
    self.path = path
    isFolder = kind == .folder
  }
}
