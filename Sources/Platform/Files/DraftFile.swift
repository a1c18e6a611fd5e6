import Synchronization

/// A file that is written under a name of its own beside its place, and gets its name only when it is whole: who opens it never
/// sees half of one, and a failure leaves what was there.
///
/// A draft is called `NAME.tmp-PROCESS-NUMBER`. Those that processes left which were ended while they wrote go with the next draft
/// of that name.
public final class DraftFile {
  /// Where the file will be.
  public let path: String
  private let temporary: String
  private let descriptor: Int32
  private var isFinished = false

  /// Sets one process's drafts apart.
  private static let count = Atomic<Int>(0)

  /// - Parameter temporary: Where it is written before it gets its name; nil for a name of its own beside it.
  public init(for path: String, temporary: String? = nil) throws(FileRefusal) {
    guard !path.utf8.contains(0) else { throw .holdsNUL(path) }
    try Self.refuseDevice(path)
    Self.removeLeftovers(of: path)
    let number = Self.count.add(1, ordering: .relaxed).newValue
    let temporary = temporary ?? "\(path).tmp-\(getpid())-\(number)"
    let descriptor = Platform.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(path, "cannot be written") }
    // Held as long as it is written: a process on another machine that shares the folder cannot tell that this one lives.
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
    self.path = path
    self.temporary = temporary
    self.descriptor = descriptor
  }

  deinit {
    guard !isFinished else { return }
    close(descriptor)
    unlink(temporary)
  }

  /// Writes behind what was written last.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileRefusal) {
    var position = 0
    while position < bytes.count {
      let count = Platform.write(descriptor, bytes.baseAddress! + position, bytes.count - position)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { throw .system(path, "cannot be written") }
      position += count
    }
  }

  /// Goes back to the first byte, to write what is known only now over what was kept free for it.
  public func rewind() throws(FileRefusal) {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .system(path, "cannot be written") }
  }

  /// Gives the file its name. Nothing can be written after that.
  public func finish() throws(FileRefusal) {
    isFinished = true
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let refusal = FileRefusal.system(path, "cannot be written")
      unlink(temporary)
      throw refusal
    }
  }

  /// The draft's name would take the place of a device or a pipe, for good: a superuser may do that to /dev/null.
  private static func refuseDevice(_ path: String) throws(FileRefusal) {
    var information = stat()
    guard stat(path, &information) == 0 else { return }
    let kind = information.st_mode & S_IFMT
    guard kind != S_IFREG, kind != S_IFDIR else { return }
    throw FileRefusal(path: shownPath(path), problem: "is \(fileKind(information)); want a file", code: 0)
  }

  private static func removeLeftovers(of path: String) {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? path
    let folder = String(path.dropLast(name.count))
    guard !name.isEmpty, let directory = opendir(folder.isEmpty ? "." : folder) else { return }
    defer { closedir(directory) }
    let prefix = "\(name).tmp-"
    while let entry = readdir(directory) {
      let found = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard found.hasPrefix(prefix), let process = Int32(found.dropFirst(prefix.count).prefix { $0 != "-" }) else {
        continue
      }
      if !isRunning(process), isUnlocked(folder + found) { unlink(folder + found) }
    }
  }

  private static func isUnlocked(_ path: String) -> Bool {
    let descriptor = Platform.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }
}

/// Whether a process with this number is there, on this machine.
public func isRunning(_ process: Int32) -> Bool { process <= 0 || kill(process, 0) == 0 || errno != ESRCH }
