import Platform

/// An immutable list of byte strings in one block of memory, with the way back from a string to its place.
///
/// Memory: the bytes, 8 a string, and 4 to 8 more once somebody has looked a string up.
final class TextTable: Sendable {
  /// `[count + 1]`: string `i` is `bytes[offsets[i]..<offsets[i + 1]]`.
  let offsets: [Int]
  let bytes: [UInt8]
  /// Open addressing, built at the first look-up.
  private let slots = Locked<[Int32]>([])

  init(offsets: [Int], bytes: [UInt8]) {
    self.offsets = offsets
    self.bytes = bytes
  }

  var count: Int { offsets.count - 1 }

  func bytes(at index: Int) -> ArraySlice<UInt8> { bytes[offsets[index]..<offsets[index + 1]] }

  func text(at index: Int) -> String { String(decoding: bytes(at: index), as: UTF8.self) }

  /// Where the string stands, or nil. O(length) after a first look-up of O(all).
  func index(of wanted: UnsafeRawBufferPointer) -> Int? {
    slots.withLock { slots in
      if slots.isEmpty { slots = makeSlots() }
      return bytes.withUnsafeBytes { all in
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hashBytes(wanted)) & mask
        while slots[slot] >= 0 {
          let index = Int(slots[slot])
          if equalBytes(UnsafeRawBufferPointer(rebasing: all[offsets[index]..<offsets[index + 1]]), wanted) {
            return index
          }
          slot = (slot + 1) & mask
        }
        return nil
      }
    }
  }

  private func makeSlots() -> [Int32] {
    var capacity = 16
    while capacity < count * 2 { capacity *= 2 }
    var slots = [Int32](repeating: -1, count: capacity)
    bytes.withUnsafeBytes { all in
      for index in 0..<count {
        let piece = UnsafeRawBufferPointer(rebasing: all[offsets[index]..<offsets[index + 1]])
        var slot = Int(truncatingIfNeeded: hashBytes(piece)) & (capacity - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
        slots[slot] = Int32(index)
      }
    }
    return slots
  }
}

/// FNV-1a's idea eight bytes at a time, mixed at the end: for hash tables only.
@inline(__always)
func hashBytes(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
  var position = 0
  while position + 8 <= bytes.count {
    hash = (hash ^ bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 29
    position += 8
  }
  while position < bytes.count {
    hash = (hash ^ UInt64(bytes[position])) &* 0x0000_0100_0000_01B3
    position += 1
  }
  hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
  return hash ^ (hash >> 32)
}

@inline(__always)
func equalBytes(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
  one.count == other.count && (one.count == 0 || memcmp(one.baseAddress!, other.baseAddress!, one.count) == 0)
}
