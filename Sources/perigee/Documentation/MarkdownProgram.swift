import Platform

/// Turns Markdown into HTML by cmark-gfm, GitHub's own converter.
enum MarkdownProgram {
  static func html(of markdown: String) throws -> String {
    let path = try temporaryFile(with: markdown)
    defer { unlink(path) }
    guard let pipe = popen("cmark-gfm --unsafe --extension table \(path)", "r") else {
      throw failure("cannot be started")
    }
    var bytes: [UInt8] = []
    while case let byte = getc(pipe), byte != EOF { bytes.append(UInt8(byte)) }
    let status = pclose(pipe)
    // What a shell gives where there is no such program.
    guard status != 127 << 8 else {
      throw failure("is not installed; scripts/setup installs it on Debian and Ubuntu (apt-get install cmark-gfm)")
    }
    guard status == 0 else { throw failure("failed: its message is above") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func failure(_ problem: String) -> DocumentationError {
    DocumentationError("cmark-gfm, which turns Markdown into HTML, \(problem)")
  }

  private static func temporaryFile(with text: String) throws -> String {
    var name = Array("/tmp/perigee-page-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0, let file = fdopen(descriptor, "w") else {
      throw DocumentationError("cannot make a file in /tmp: \(String(cString: strerror(errno)))")
    }
    let path = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    guard fputs(text, file) >= 0, fclose(file) == 0 else {
      unlink(path)
      throw DocumentationError("cannot write \(path): \(String(cString: strerror(errno)))")
    }
    return path
  }
}
