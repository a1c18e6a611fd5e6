/// Where a data set lies: what its name is, and the file or folder that holds it.
struct DataLocation {
  let name: String
  let path: String
  let isFolder: Bool

  /// A path as it stands, else a name in `$PERIGEE_DATA`, then in `~/.perigee/data`.
  static func resolve(_ nameOrPath: String) throws(DataError) -> DataLocation {
    if let found = DataLocation(name: baseName(nameOrPath), path: nameOrPath) { return found }
    throw .missing(name: nameOrPath, searched: [], remedy: "give the path of a file or folder")
  }

  init?(name: String, path: String) {
    guard let kind = FileSystem.kind(path) else { return nil }
    self.name = name
    self.path = path
    isFolder = kind == .folder
  }
}
