import CZlib

/// The files in a zip archive (PKWARE APPNOTE 6.3.10; stored and deflated entries, no encryption, no zip64).
///
/// The archive is read whole: fetched sets are a few megabytes.
struct ZipArchive {
  private struct Entry {
    let method: UInt16
    let checksum: UInt32
    let compressedSize: Int
    let size: Int
    let offset: Int
  }

  private let path: String
  private let bytes: [UInt8]
  private var entries: [String: Entry] = [:]

  init(path: String) throws(DataError) {
    self.path = path
    bytes = try FileSystem.read(path)
    guard let end = endOfCentralDirectory() else { throw damaged("is no zip archive, or a cut-off one") }
    let count = word16(end + 10)
    var position = word32(end + 16)
    for _ in 0..<count {
      guard position + 46 <= bytes.count, word32(position) == 0x0201_4B50 else {
        throw damaged("has a damaged directory")
      }
      let nameLength = word16(position + 28)
      let next = position + 46 + nameLength + word16(position + 30) + word16(position + 32)
      guard next <= bytes.count else { throw damaged("has a damaged directory") }
      let name = String(decoding: bytes[position + 46..<position + 46 + nameLength], as: UTF8.self)
      entries[name] = Entry(
        method: UInt16(word16(position + 10)), checksum: UInt32(word32(position + 16)),
        compressedSize: word32(position + 20), size: word32(position + 24), offset: word32(position + 42))
      position = next
    }
  }

  /// The unpacked bytes of a file in the archive, verified with its CRC-32.
  func file(_ name: String) throws(DataError) -> [UInt8] {
    guard let entry = entries[name] else { throw damaged("holds no \(name)") }
    guard entry.offset + 30 <= bytes.count, word32(entry.offset) == 0x0403_4B50 else {
      throw damaged("has a damaged entry \(name)")
    }
    let start = entry.offset + 30 + word16(entry.offset + 26) + word16(entry.offset + 28)
    guard start + entry.compressedSize <= bytes.count,
      entry.size <= Inflater.mostBytes(from: entry.compressedSize) + 1032
    else { throw damaged("ends inside \(name)") }
    let packed = bytes[start..<start + entry.compressedSize]
    let plain: [UInt8]
    switch entry.method {
    case 0: plain = Array(packed)
    case 8: plain = try inflated(packed, size: entry.size, name)
    default: throw damaged("packs \(name) by method \(entry.method), which Perigee does not unpack")
    }
    let checksum = plain.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
    guard plain.count == entry.size, UInt32(checksum) == entry.checksum else { throw damaged("has a damaged \(name)") }
    return plain
  }

  private func inflated(_ packed: ArraySlice<UInt8>, size: Int, _ name: String) throws(DataError) -> [UInt8] {
    let inflater = Inflater(wrapper: .raw)
    var rest = packed
    var produced = 0
    var isDamaged = false
    let plain = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, initialized in
      let target = UnsafeMutableRawBufferPointer(buffer)
      unpacking: while produced <= size {
        switch inflater.inflate(into: UnsafeMutableRawBufferPointer(rebasing: target[produced..<size + 1])) {
        case .produced(let count): produced += count
        case .finished: break unpacking
        case .damaged:
          isDamaged = true
          break unpacking
        case .needsInput:
          let piece = rest.prefix(inflater.inputBuffer.count)
          if piece.isEmpty { break unpacking }
          inflater.inputBuffer.copyBytes(from: piece)
          inflater.supply(piece.count)
          rest = rest.dropFirst(piece.count)
        }
      }
      initialized = min(produced, size + 1)
    }
    if isDamaged { throw damaged("has a damaged \(name)") }
    return plain
  }

  /// The end record stands in the last 22 bytes, before a comment of at most 65,535.
  private func endOfCentralDirectory() -> Int? {
    guard bytes.count >= 22 else { return nil }
    for position in stride(from: bytes.count - 22, through: max(0, bytes.count - 22 - 65_535), by: -1)
    where word32(position) == 0x0605_4B50 { return position }
    return nil
  }

  private func damaged(_ problem: String) -> DataError {
    .badFile(file: path, problem: problem, remedy: "fetch it again")
  }

  private func word16(_ position: Int) -> Int {
    bytes.withUnsafeBytes { Int(UInt16(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt16.self))) }
  }

  private func word32(_ position: Int) -> Int {
    bytes.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt32.self))) }
  }
}
