import Platform

/// Files and folders that a path which is being written may become: folders end with `/` and stay open, files are closed by the
/// quotation mark. Hidden ones come where their dot was written.
func paths(_ typed: String, closedBy quote: String) -> [String] {
  let folder = typed.lastIndex(of: "/").map { String(typed[...$0]) } ?? ""
  let start = typed.dropFirst(folder.count)
  guard !typed.utf8.contains(0), let directory = opendir(folder.isEmpty ? "." : folder) else { return [] }
  defer { closedir(directory) }
  var found: [String] = []
  while let entry = readdir(directory), found.count < 1000 {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard name.hasPrefix(start), name != ".", name != "..", start.hasPrefix(".") || !name.hasPrefix(".") else {
      continue
    }
    // What Lua would read otherwise than it stands.
    guard !name.contains(quote), !name.contains("\\"), shown(name) == name else { continue }
    var information = stat()
    let isFolder = stat(folder + name, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    found.append(folder + name + (isFolder ? "/" : quote))
  }
  return found
}
