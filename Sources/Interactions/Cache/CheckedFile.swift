import Platform

/// Writes the payload of a checked file, a cache or a saved model, and its hash. The file gets its name only when it is whole.
///
/// Layout, little-endian: 40 bytes of header (magic, version, key, hash of the payload, bytes of the payload), then the
/// payload: arrays, each as its count of bytes (8), the bytes, and zeros up to a multiple of 8.
package final class CheckedFileWriter {
  private let draft: DraftFile
  private var hash = ContentHash()
  private var written = 0

  /// - Parameter temporary: Where it is written before it gets its name; nil for a name of its own beside it.
  package init(path: String, temporary: String? = nil) throws(DataError) {
    do throws(FileRefusal) { draft = try DraftFile(for: path, temporary: temporary) } catch { throw DataError(error) }
    try put([UInt8](repeating: 0, count: CheckedFileHeader.size))
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
    do throws(FileRefusal) { try draft.rewind() } catch { throw DataError(error) }
    try put(header.words)
    do throws(FileRefusal) { try draft.finish() } catch { throw DataError(error) }
  }

  private func payload<Element: BitwiseCopyable>(_ values: [Element]) throws(DataError) {
    values.withUnsafeBytes { hash.update($0) }
    written += values.count * MemoryLayout<Element>.stride
    try put(values)
  }

  private func put<Element: BitwiseCopyable>(_ values: [Element]) throws(DataError) {
    var refusal: FileRefusal?
    values.withUnsafeBytes { bytes in
      do throws(FileRefusal) { try draft.write(bytes) } catch { refusal = error }
    }
    if let refusal { throw DataError(refusal) }
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
    /// It is there and cannot be read; the reason in words.
    case unreadable(String)
    case otherVersion(UInt64)
    case damaged(String)
  }

  private let file: RegularFile
  private let header: CheckedFileHeader
  private var hash = ContentHash()
  /// Bytes of the payload that were not read.
  private var left: Int

  package init(path: String, key: UInt64) throws(Failure) {
    let file: RegularFile
    do throws(FileRefusal) { file = try RegularFile(reading: path) } catch {
      throw [ENOENT, ENOTDIR].contains(error.code) ? .absent : .unreadable(error.problem)
    }
    self.file = file
    var words = [UInt64](repeating: 0, count: 5)
    guard words.withUnsafeMutableBytes({ file.read(into: $0) }) == CheckedFileHeader.size,
      file.size >= CheckedFileHeader.size
    else { throw .damaged("it is cut off in its header") }
    words = words.map { UInt64(littleEndian: $0) }
    header = CheckedFileHeader(key: words[2], payloadHash: words[3], payloadBytes: words[4])
    left = file.size - CheckedFileHeader.size
    if words[0] != CheckedFileHeader.magic { throw .damaged("it does not begin like a file of this program") }
    if words[1] != CheckedFileHeader.version { throw .otherVersion(words[1]) }
    if words[2] != key { throw .damaged("it belongs to other data") }
    if words[4] != UInt64(left) {
      let (whole, overflow) = words[4].addingReportingOverflow(UInt64(CheckedFileHeader.size))
      let promised = overflow ? "more than \(UInt64.max)" : "\(whole)"
      throw .damaged("it has \(file.size) bytes and should have \(promised)")
    }
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
    do throws(MemoryError) { try Memory.require(bytes, of: UInt8.self, for: "an array in it") } catch {
      throw .unreadable(error.description)
    }
    var got = 0
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      while got < bytes {
        let step = file.read(into: UnsafeMutableRawBufferPointer(rebasing: raw[got..<bytes]))
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
