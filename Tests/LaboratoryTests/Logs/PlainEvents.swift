/// A reader of event files that follows the formats word by word.
enum PlainEvents {
  struct Damaged: Error {}

  /// One bit after another.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var rest: UInt32 = 0xffff_ffff
    for byte in bytes {
      for bit in 0..<8 {
        let isSet = (UInt32(byte) >> bit ^ rest) & 1 == 1
        rest >>= 1
        if isSet { rest ^= 0x82f6_3b78 }
      }
    }
    return rest ^ 0xffff_ffff
  }

  static func scalars(_ file: [UInt8]) throws -> [(step: Int, values: [String: Float])] {
    try messages(file).compactMap { event in
      let fields = try fields(event)
      guard let summary = fields.first(where: { $0.number == 5 }) else { return nil }
      var values: [String: Float] = [:]
      for value in try self.fields(summary.bytes) where value.number == 1 {
        let parts = try self.fields(value.bytes)
        let tag = String(decoding: parts.first { $0.number == 1 }!.bytes, as: UTF8.self)
        values[tag] = Float(bitPattern: UInt32(parts.first { $0.number == 2 }!.integer))
      }
      return (Int(fields.first { $0.number == 2 }!.integer), values)
    }
  }

  /// Steps at which sessions start.
  static func starts(_ file: [UInt8]) throws -> [Int] {
    try messages(file).compactMap { event in
      let fields = try fields(event)
      guard let log = fields.first(where: { $0.number == 7 }), try self.fields(log.bytes)[0].integer == 1 else {
        return nil
      }
      return Int(fields.first { $0.number == 2 }!.integer)
    }
  }

  private static func integer(_ bytes: some Sequence<UInt8>) -> UInt64 {
    Array(bytes).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func check(_ bytes: [UInt8], _ sum: some Sequence<UInt8>) throws {
    let found = checksum(bytes)
    guard (found >> 15 | found << 17) &+ 0xa282_ead8 == UInt32(integer(sum)) else { throw Damaged() }
  }

  static func messages(_ file: [UInt8]) throws -> [[UInt8]] {
    var (place, found): (Int, [[UInt8]]) = (0, [])
    while place < file.count {
      guard place + 12 <= file.count else { throw Damaged() }
      let length = Array(file[place..<place + 8])
      try check(length, file[place + 8..<place + 12])
      let end = place + 12 + Int(integer(length))
      guard end + 4 <= file.count else { throw Damaged() }
      found.append(Array(file[place + 12..<end]))
      try check(found[found.count - 1], file[end..<end + 4])
      place = end + 4
    }
    return found
  }

  private static func fields(_ bytes: [UInt8]) throws -> [(number: Int, bytes: [UInt8], integer: UInt64)] {
    var place = 0
    func varint() throws -> UInt64 {
      var (value, shift): (UInt64, UInt64) = (0, 0)
      while place < bytes.count {
        defer { place += 1 }
        value |= UInt64(bytes[place] & 0x7f) << shift
        if bytes[place] < 0x80 { return value }
        shift += 7
      }
      throw Damaged()
    }
    var found: [(number: Int, bytes: [UInt8], integer: UInt64)] = []
    while place < bytes.count {
      let key = try varint()
      if key & 7 == 0 {
        found.append((Int(key >> 3), [], try varint()))
        continue
      }
      let length = key & 7 == 1 ? 8 : key & 7 == 5 ? 4 : Int(try varint())
      guard place + length <= bytes.count else { throw Damaged() }
      let part = Array(bytes[place..<place + length])
      found.append((Int(key >> 3), part, length <= 8 ? integer(part) : 0))
      place += length
    }
    return found
  }
}
