import Glibc

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

func baseName(_ path: String) -> String {
  String(path.split(separator: "/").last ?? Substring(path))
}

/// The little of the file system that data sets need.
enum FileSystem {
  enum Kind { case file, folder }

  static func kind(_ path: String) -> Kind? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    return information.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }

  /// Names in a folder, sorted, without hidden ones.
  static func list(_ folder: String) throws(DataError) -> [String] {
    guard let directory = opendir(folder) else { throw DataError.system(folder, "cannot be listed") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
