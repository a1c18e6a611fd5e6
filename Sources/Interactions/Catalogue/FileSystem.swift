import Platform

/// The little of the file system that data sets need.
enum FileSystem {
  enum Kind { case file, folder }

  static func kind(_ path: String) -> Kind? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    return information.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }

  static func size(_ path: String) -> Int? {
    var information = stat()
    return stat(path, &information) == 0 ? Int(information.st_size) : nil
  }

  /// Names in a folder, sorted, without hidden ones.
  static func list(_ folder: String, hidden: Bool = false) throws(DataError) -> [String] {
    guard let directory = opendir(folder) else { throw DataError.system(folder, "cannot be listed") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != "..", hidden || !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Makes a folder and those above it.
  static func makeFolders(_ folder: String) throws(DataError) {
    if kind(folder) == .folder { return }
    var path = folder.hasPrefix("/") ? "" : "."
    for part in folder.split(separator: "/") {
      path += "/\(part)"
      if mkdir(path, 0o755) != 0, errno != EEXIST { throw DataError.system(path, "cannot be made") }
    }
    guard kind(folder) == .folder else { throw DataError.system(folder, "cannot be made") }
  }

  /// Removes a file, or a folder with all that is in it.
  static func remove(_ path: String) {
    var information = stat()
    if lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR {
      for name in (try? list(path, hidden: true)) ?? [] { remove("\(path)/\(name)") }
    }
    _ = Platform.remove(path)
  }

  static func write(_ path: String, _ bytes: [UInt8]) throws(DataError) {
    let descriptor = Platform.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DataError.system(path, "cannot be written") }
    var position = 0
    while position < bytes.count {
      let count = bytes.withUnsafeBytes {
        Platform.write(descriptor, $0.baseAddress! + position, bytes.count - position)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 {
        let error = DataError.system(path, "cannot be written")
        close(descriptor)
        throw error
      }
      position += count
    }
    guard close(descriptor) == 0 else { throw DataError.system(path, "cannot be written") }
  }

  /// The bytes of a file as they are.
  static func read(_ path: String) throws(DataError) -> [UInt8] {
    var all: [UInt8] = []
    if let size = size(path) { all.reserveCapacity(size) }
    try readPieces(path) { all.append(contentsOf: $0) }
    return all
  }

  /// Hands on the bytes of a file as they are, in pieces of 256 KB.
  static func readPieces(_ path: String, _ body: (UnsafeRawBufferPointer) -> Void) throws(DataError) {
    guard let file = OpenFile(path: path) else { throw DataError.system(path, "cannot be opened") }
    defer { withExtendedLifetime(file) {} }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = Platform.read(file.descriptor, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw DataError.system(path, "cannot be read") }
      if count == 0 { return }
      body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}

/// The last part of a path.
func baseName(_ path: String) -> String {
  String(path.split(separator: "/").last ?? Substring(path))
}
