/// The folder that relative paths begin in; `.` where it cannot be told, as it is gone.
public var currentFolder: String {
  guard let folder = getcwd(nil, 0) else { return "." }
  defer { free(folder) }
  return String(cString: folder)
}

/// The path from the root.
public func absolutePath(_ path: String) -> String { path.hasPrefix("/") ? path : "\(currentFolder)/\(path)" }
