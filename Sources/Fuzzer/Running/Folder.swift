import Platform

/// A folder that a worker may fill; emptied between cases.
struct Folder {
  let path: String

  init(_ path: String) throws {
    self.path = path
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw FuzzerError("cannot make \(shownPath(path)): \(systemReason())")
    }
  }

  /// One of its own below the system's folder for temporary files.
  static func temporary() throws -> Folder {
    var template = Array(
      ((getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp") + "/perigee-fuzz-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw FuzzerError("cannot make a temporary folder: \(systemReason())") }
    return try Folder(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    for (index, character) in name.enumerated() where character == "/" { mkdir(path + "/" + name.prefix(index), 0o700) }
    let descriptor = open(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, bytes.isEmpty || Platform.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw FuzzerError("cannot write \(shownPath(path + "/" + name)): \(systemReason())")
    }
  }

  func bytes(of name: String) -> [UInt8]? { try? RegularFile.bytes(of: path + "/" + name) }

  /// The paths of all files below, relative to the folder.
  func files(below prefix: String = "") -> [String] {
    names(prefix).flatMap { name -> [String] in
      let relative = prefix.isEmpty ? name : prefix + "/" + name
      return isFolder(relative) ? files(below: relative) : [relative]
    }.sorted()
  }

  func empty() { names("").forEach(remove) }

  func remove() {
    empty()
    rmdir(path)
  }

  private func remove(_ relative: String) {
    if isFolder(relative) {
      for name in names(relative) { remove(relative + "/" + name) }
      rmdir(path + "/" + relative)
    } else {
      unlink(path + "/" + relative)
    }
  }

  private func isFolder(_ relative: String) -> Bool {
    var information = stat()
    return lstat(path + "/" + relative, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  private func names(_ relative: String) -> [String] {
    guard let directory = opendir(path + "/" + relative) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { result.append(name) }
    }
    return result
  }
}
