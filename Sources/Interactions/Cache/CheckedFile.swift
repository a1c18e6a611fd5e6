import Platform
import Synchronization

/// Writes the payload of a checked file, a cache or a saved model, and its hash. The file gets its name only when it is whole.
///
/// Layout, little-endian: 40 bytes of header (magic, version, key, hash of the payload, bytes of the payload), then the
/// payload: arrays, each as its count of bytes (8), the bytes, and zeros up to a multiple of 8.
package final class CheckedFileWriter {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var hash = ContentHash()
  private var written = 0
  private var isFinished = false

  /// Sets one process's writers apart.
  private static let count = Atomic<Int>(0)

  /// - Parameter temporary: Where it is written before it gets its name; nil for a name of its own beside it.
  package init(path: String, temporary: String? = nil) throws(DataError) {
    self.path = path
    let number = Self.count.add(1, ordering: .relaxed).newValue
    self.temporary = temporary ?? "\(path).tmp-\(getpid())-\(number)"
    let temporary = self.temporary
    descriptor = Platform.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      // What has that name is not ours to remove.
      isFinished = true
      throw DataError.system(temporary, "cannot be written")
    }
    do throws(DataError) { try put([UInt8](repeating: 0, count: CheckedFileHeader.size)) } catch {
      abandon()
      throw error
    }
  }

  deinit { if !isFinished { abandon() } }

  private func abandon() {
    isFinished = true
    close(descriptor)
    unlink(temporary)
  }

  package func write<Element: BitwiseCopyable>(_ values: [Element]) throws(DataError) {
    let bytes = values.count * MemoryLayout<Element>.stride
    try payload([UInt64(bytes)])
    try payload(values)
    let padding = (8 - bytes % 8) % 8
    if padding > 0 { try payload([UInt8](repeating: 0, count: padding)) }
  }

  /// Writes the header and gives the file its name.
  package func finish(key: UInt64) throws(DataError) {
    let header = CheckedFileHeader(key: key, payloadHash: hash.value, payloadBytes: UInt64(written))
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw DataError.system(temporary, "cannot be written") }
    try put(header.words)
    isFinished = true
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let error = DataError.system(path, "cannot be written")
      unlink(temporary)
      throw error
    }
  }

  private func payload<Element: BitwiseCopyable>(_ values: [Element]) throws(DataError) {
    values.withUnsafeBytes { hash.update($0) }
    written += values.count * MemoryLayout<Element>.stride
    try put(values)
  }

  private func put<Element: BitwiseCopyable>(_ values: [Element]) throws(DataError) {
    let isWritten = values.withUnsafeBytes { bytes in
      var position = 0
      while position < bytes.count {
        let count = Platform.write(descriptor, bytes.baseAddress! + position, bytes.count - position)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return false }
        position += count
      }
      return true
    }
    if !isWritten { throw DataError.system(temporary, "cannot be written") }
  }
}

struct CheckedFileHeader {
  static let size = 40
  static let magic: UInt64 = 0x0045_4547_4952_4550  // "PERIGEE\0"
  /// Raised whenever the payload or the meaning of anything in it changes.
  static let version: UInt64 = 1

  let key: UInt64
  let payloadHash: UInt64
  let payloadBytes: UInt64

  var words: [UInt64] { [Self.magic, Self.version, key, payloadHash, payloadBytes].map(\.littleEndian) }
}

/// Reads a checked file; every failure says why the file is not to be trusted.
package final class CheckedFileReader {
  package enum Failure: Error, Equatable {
    case absent
    case otherVersion(UInt64)
    case damaged(String)
  }

  private let file: OpenFile
  private let header: CheckedFileHeader
  private var hash = ContentHash()
  private var left: Int

  package init(path: String, key: UInt64) throws(Failure) {
    guard let file = OpenFile(path: path) else { throw .absent }
    self.file = file
    var words = [UInt64](repeating: 0, count: 5)
    var information = stat()
    let isRead =
      words.withUnsafeMutableBytes { Platform.read(file.descriptor, $0.baseAddress, $0.count) }
      == CheckedFileHeader.size
    guard isRead, fstat(file.descriptor, &information) == 0 else {
      throw .damaged("it is cut off in its header")
    }
    words = words.map { UInt64(littleEndian: $0) }
    header = CheckedFileHeader(key: words[2], payloadHash: words[3], payloadBytes: words[4])
    left = Int(truncatingIfNeeded: words[4])
    var failure: Failure?
    if words[0] != CheckedFileHeader.magic {
      failure = .damaged("it does not begin like a file of this program")
    } else if words[1] != CheckedFileHeader.version {
      failure = .otherVersion(words[1])
    } else if words[2] != key {
      failure = .damaged("it belongs to other data")
    } else if Int(information.st_size) != CheckedFileHeader.size + left {
      failure = .damaged("it has \(information.st_size) bytes and should have \(CheckedFileHeader.size + left)")
    }
    if let failure { throw failure }
  }

  package func read<Element: BitwiseCopyable>(_ type: Element.Type) throws(Failure) -> [Element] {
    let bytes = Int(truncatingIfNeeded: try raw(UInt64.self, count: 1)[0])
    let stride = MemoryLayout<Element>.stride
    guard bytes >= 0, bytes <= left, bytes % stride == 0 else { throw .damaged("an array is longer than the file") }
    let values = try raw(type, count: bytes / stride)
    let padding = (8 - bytes % 8) % 8
    if padding > 0 { _ = try raw(UInt8.self, count: padding) }
    return values
  }

  /// Call after the last array: what was read is the data only if this does not throw.
  package func finish() throws(Failure) {
    guard left == 0, hash.value == header.payloadHash else { throw .damaged("its content does not match its checksum") }
  }

  private func raw<Element: BitwiseCopyable>(_ type: Element.Type, count: Int) throws(Failure) -> [Element] {
    let bytes = count * MemoryLayout<Element>.stride
    guard bytes <= left else { throw .damaged("an array is longer than the file") }
    var got = 0
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      while got < bytes {
        let step = Platform.read(file.descriptor, raw.baseAddress! + got, bytes - got)
        if step < 0, errno == EINTR { continue }
        if step <= 0 { break }
        got += step
      }
      initialized = got == bytes ? count : 0
    }
    guard got == bytes else { throw .damaged("it ends early") }
    values.withUnsafeBytes { hash.update($0) }
    left -= bytes
    return values
  }
}
