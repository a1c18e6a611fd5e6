/// Why a file is not read: the path as a message may show it, and the reason in words.
public struct FileRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  public let path: String
  /// `cannot be opened: Permission denied`, `is a pipe; want a file`.
  public let problem: String
  /// The system's `errno`; 0 where the system did not refuse.
  public let code: Int32

  public init(path: String, problem: String, code: Int32) {
    (self.path, self.problem, self.code) = (path, problem, code)
  }

  public var description: String { "\(path) \(problem)" }

  /// What the last call of the system said about a path.
  static func system(_ path: String, _ problem: String) -> FileRefusal {
    let code = errno
    return FileRefusal(path: shownPath(path), problem: "\(problem): \(systemReason())", code: code)
  }

  /// The system would take what stands before the NUL for the path.
  static func holdsNUL(_ path: String) -> FileRefusal {
    FileRefusal(path: shownPath(path), problem: "is no path: it holds a NUL character", code: 0)
  }
}

/// A regular file open for reading, closed once: when its owner goes. What is not a file with an end (a pipe, a device, a folder)
/// is refused, because reading it may never return.
///
/// A property rather than a bare descriptor with a `deinit` beside it: of an initializer that throws, Swift runs the class's `deinit`
/// if and only if all its properties were set by then. Who closes by hand before throwing then closes twice, and the second time
/// maybe a file that another thread has just opened.
public final class RegularFile {
  public let descriptor: Int32
  /// Bytes in the file when it was opened.
  public let size: Int

  public init(reading path: String) throws(FileRefusal) {
    let opened = try Self.open(path)
    descriptor = opened.descriptor
    size = opened.size
  }

  deinit { close(descriptor) }

  /// Up to `buffer.count` bytes; 0 at the end, -1 where the system refuses (`errno`).
  public func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = Platform.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  /// All bytes of a file.
  ///
  /// - Parameter most: A file with more bytes is refused.
  public static func bytes(of path: String, most: Int = .max) throws(FileRefusal) -> [UInt8] {
    let file = try RegularFile(reading: path)
    var result: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = block.withUnsafeMutableBytes { file.read(into: $0) }
      if count == 0 { return result }
      if count < 0 {
        throw .system(path, "cannot be read")
      }
      result.append(contentsOf: block[..<count])
      if result.count > most {
        throw FileRefusal(path: shownPath(path), problem: "has more than \(most) bytes", code: 0)
      }
    }
  }

  private static func open(_ path: String) throws(FileRefusal) -> (descriptor: Int32, size: Int) {
    guard !path.utf8.contains(0) else { throw .holdsNUL(path) }
    // Without O_NONBLOCK, opening a pipe waits for someone to write to it.
    let descriptor = Platform.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path, "cannot be opened") }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      let kind = fileKind(information)
      close(descriptor)
      throw FileRefusal(path: shownPath(path), problem: "is \(kind); want a file", code: 0)
    }
    return (descriptor, Int(information.st_size))
  }
}

func fileKind(_ information: stat) -> String {
  switch information.st_mode & S_IFMT {
  case S_IFDIR: "a folder"
  case S_IFIFO: "a pipe"
  case S_IFSOCK: "a socket"
  case S_IFCHR, S_IFBLK: "a device"
  default: "no regular file"
  }
}

/// Why the last call of the system failed, in words.
public func systemReason() -> String { String(cString: strerror(errno)) }
