/// Events as TensorFlow writes them: messages of Protocol Buffers (`tensorflow/core/util/event.proto` and `summary.proto`), each in a frame
/// of its length and of checksums (`lib/io/record_writer.h`: masked CRC-32C, little endian).
enum EventRecord {
  /// The first event of a file.
  static func version(time: Double) -> [UInt8] { event(time: time, text(3, "brain.Event:2")) }

  /// What readers know of steps from this one on counts no more.
  static func sessionStart(step: Int, time: Double) -> [UInt8] {
    event(time: time, varint(2, UInt64(max(0, step))) + message(7, varint(1, 1)))
  }

  /// Numbers of one step, by name.
  static func scalars(_ values: [(tag: String, value: Float)], step: Int, time: Double) -> [UInt8] {
    let summary = values.flatMap { message(1, text(1, $0.tag) + fixed(2, $0.value.bitPattern, wireType: 5)) }
    return event(time: time, varint(2, UInt64(max(0, step))) + message(5, summary))
  }

  static func framed(_ bytes: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(bytes.count))
    return length + littleEndian(masked(length)) + bytes + littleEndian(masked(bytes))
  }

  private static func event(time: Double, _ more: [UInt8]) -> [UInt8] {
    fixed(1, time.bitPattern, wireType: 1) + more
  }

  // MARK: Protocol Buffers

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (bytes, rest): ([UInt8], UInt64) = ([], value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private static func varint(_ field: UInt64, _ value: UInt64) -> [UInt8] { varint(field << 3) + varint(value) }

  private static func fixed(_ field: UInt64, _ bits: some FixedWidthInteger, wireType: UInt64) -> [UInt8] {
    varint(field << 3 | wireType) + littleEndian(bits)
  }

  private static func message(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  private static func text(_ field: UInt64, _ text: String) -> [UInt8] { message(field, Array(text.utf8)) }

  private static func littleEndian<Bits: FixedWidthInteger>(_ bits: Bits) -> [UInt8] {
    (0..<Bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
  }

  // MARK: Checksums

  private static func masked(_ bytes: [UInt8]) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }

  /// CRC-32C, Castagnoli's polynomial (RFC 3720, appendix B.4).
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82f6_3b78 : rest >> 1 }
  }
}
