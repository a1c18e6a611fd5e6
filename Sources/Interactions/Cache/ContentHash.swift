/// XXH64 (Yann Collet, xxHash, specification 0.1.1): a 64-bit hash of content at memory speed, for telling versions of files
/// apart and damaged ones from whole ones. Not cryptographic: fetched files are verified with `SHA256`.
package struct ContentHash {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  private var lanes: (UInt64, UInt64, UInt64, UInt64)
  private var pending: [UInt8] = []
  private var total = 0
  private let seed: UInt64

  package init(seed: UInt64 = 0) {
    self.seed = seed
    lanes = (seed &+ Self.prime1 &+ Self.prime2, seed &+ Self.prime2, seed, seed &- Self.prime1)
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    total += bytes.count
    var position = 0
    if !pending.isEmpty {
      let wanted = min(32 - pending.count, bytes.count)
      pending.append(contentsOf: bytes[..<wanted])
      position = wanted
      if pending.count < 32 { return }
      let stripe = pending
      pending.removeAll(keepingCapacity: true)
      stripe.withUnsafeBytes { consume($0) }
    }
    let whole = (bytes.count - position) / 32 * 32
    consume(UnsafeRawBufferPointer(rebasing: bytes[position..<position + whole]))
    pending.append(contentsOf: bytes[(position + whole)...])
  }

  mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  private mutating func consume(_ stripes: UnsafeRawBufferPointer) {
    var (a, b, c, d) = lanes
    var position = 0
    while position < stripes.count {
      a = Self.round(a, stripes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      b = Self.round(b, stripes.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self))
      c = Self.round(c, stripes.loadUnaligned(fromByteOffset: position + 16, as: UInt64.self))
      d = Self.round(d, stripes.loadUnaligned(fromByteOffset: position + 24, as: UInt64.self))
      position += 32
    }
    lanes = (a, b, c, d)
  }

  package var value: UInt64 {
    var hash = seed &+ Self.prime5
    if total >= 32 {
      hash = Self.rotate(lanes.0, 1) &+ Self.rotate(lanes.1, 7) &+ Self.rotate(lanes.2, 12) &+ Self.rotate(lanes.3, 18)
      for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
        hash = (hash ^ Self.round(0, lane)) &* Self.prime1 &+ Self.prime4
      }
    }
    hash &+= UInt64(total)
    pending.withUnsafeBytes { rest in
      var position = 0
      while position + 8 <= rest.count {
        hash ^= Self.round(0, rest.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        hash = Self.rotate(hash, 27) &* Self.prime1 &+ Self.prime4
        position += 8
      }
      if position + 4 <= rest.count {
        hash ^= UInt64(rest.loadUnaligned(fromByteOffset: position, as: UInt32.self)) &* Self.prime1
        hash = Self.rotate(hash, 23) &* Self.prime2 &+ Self.prime3
        position += 4
      }
      while position < rest.count {
        hash ^= UInt64(rest[position]) &* Self.prime5
        hash = Self.rotate(hash, 11) &* Self.prime1
        position += 1
      }
    }
    hash = (hash ^ (hash >> 33)) &* Self.prime2
    hash = (hash ^ (hash >> 29)) &* Self.prime3
    return hash ^ (hash >> 32)
  }

  @inline(__always) private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotate(lane &+ input &* prime2, 31) &* prime1
  }

  @inline(__always) private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    (value << bits) | (value >> (64 - bits))
  }
}

/// Sixteen hexadecimal digits.
package func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
