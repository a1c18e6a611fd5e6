import Platform

/// The little of the file system that data sets need.
enum FileSystem {
  enum Kind { case file, folder }

  /// What a path leads to; nil where there is nothing, or nothing that this process may see.
  static func kind(_ path: String) -> Kind? {
    var information = stat()
    guard !path.utf8.contains(0), stat(path, &information) == 0 else { return nil }
    return information.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }

  /// Why the system does not say what a path leads to, where the reason is another than that there is nothing.
  static func obstacle(_ path: String) -> DataError? {
    if path.utf8.contains(0) {
      return .badFile(file: path, problem: "is no path: it holds a NUL character", remedy: "check the path")
    }
    let name = shown(path, limit: 400)
    var information = stat()
    guard stat(path, &information) != 0, errno != ENOENT, errno != ENOTDIR else { return nil }
    return DataError.system(name, "cannot be opened")
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
    var refusal: FileRefusal?
    do throws(FileRefusal) {
      let draft = try DraftFile(for: path)
      bytes.withUnsafeBytes { bytes in
        do throws(FileRefusal) { try draft.write(bytes) } catch { refusal = error }
      }
      if let refusal { throw refusal }
      try draft.finish()
    } catch { throw DataError(error) }
  }

  /// The bytes of a file as they are.
  static func read(_ path: String) throws(DataError) -> [UInt8] {
    do throws(FileRefusal) { return try RegularFile.bytes(of: path) } catch { throw DataError(error) }
  }

  /// Hands on the bytes of a file as they are, in pieces of 256 KB.
  static func readPieces(
    _ path: String, isInterrupted: () -> Bool = { false }, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(DataError) {
    let file: RegularFile
    do throws(FileRefusal) { file = try RegularFile(reading: path) } catch { throw DataError(error) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      if isInterrupted() { throw .interrupted }
      let count = file.read(into: buffer)
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
