import Interactions

/// Caches and saved models hold a checksum of their content: with a wrong one nobody looks at the rest.
enum Checksum {
  private static let headerSize = 40

  /// The file with the checksum and the length that its content has.
  static func repaired(_ file: [UInt8]) -> [UInt8] {
    guard file.count >= headerSize else { return file }
    var hash = ContentHash()
    file.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[headerSize...])) }
    var result = file
    store(hash.value, at: 24, in: &result)
    store(UInt64(file.count - headerSize), at: 32, in: &result)
    return result
  }

  private static func store(_ value: UInt64, at position: Int, in bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(position..<position + 8, with: $0) }
  }
}
