/// A file that grows by whole pieces: one that cannot be written whole is taken back.
public struct AppendedFile {
  public let path: String

  public init(_ path: String) { self.path = path }

  /// - Parameter makes: Whether a file that is not there comes to be.
  public func append(_ bytes: [UInt8], makes: Bool = false) throws(FileRefusal) {
    let descriptor = Platform.open(path, O_WRONLY | O_APPEND | O_CLOEXEC | (makes ? O_CREAT : 0), 0o666)
    guard descriptor >= 0 else { throw .system(path, "cannot be written") }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    var position = 0
    while position < bytes.count {
      let count = bytes[position...].withUnsafeBytes { Platform.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 {
        let refusal = FileRefusal.system(path, "cannot be written")
        ftruncate(descriptor, end)
        throw refusal
      }
      position += count
    }
  }
}
