import Platform

/// Why the documentation cannot be written.
struct DocumentationError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Files of text, read and written whole.
enum TextFile {
  /// nil where there is no such file.
  static func contents(of path: String) -> String? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func read(_ path: String) throws -> String {
    guard let text = contents(of: path) else {
      throw DocumentationError(
        "cannot read \(path): \(String(cString: strerror(errno))); run this in the repository's root")
    }
    return text
  }

  /// Makes the folders that it lies in, too.
  static func write(_ text: String, to path: String) throws {
    Folders.make(for: path)
    guard let file = fopen(path, "wb"), fputs(text, file) >= 0, fclose(file) == 0 else {
      throw DocumentationError("cannot write \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Names of the files in a folder that end so, in order; none where there is no such folder.
  static func names(in folder: String, ending: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(ending), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
