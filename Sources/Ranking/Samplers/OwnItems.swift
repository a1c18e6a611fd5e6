import Interactions
import Kernels

/// What users have, for samplers that do not give it to them: the train part, and bits by which most items are cleared at once.
///
/// A user with n items has bits for n of 16 n numbers or more, item i the bit of i modulo a power of two: at most one in
/// sixteen uniform items that the user does not have is searched for among those that it has, the others are told by one look. A user whose
/// bits would outnumber the items has a bit for each.
///
/// - Complexity: O(users + pairs) to make, 2 to 4 bytes a pair.
final class OwnItems: Sendable {
  let train: InteractionMatrix
  private let bits: [UInt32]
  /// `[userCount + 1]`: where the words of each user begin in `bits`; their number is a power of two.
  private let wordOffsets: [Int]

  /// Words by which each item has a bit of its own.
  private let wordsOfAll: Int

  private static let bitsOfItem = 16

  init(_ train: InteractionMatrix) {
    self.train = train
    let most = Self.words(bits: train.itemCount)
    var offsets = [0]
    offsets.reserveCapacity(train.userCount + 1)
    for user in 0..<train.userCount {
      let count = train.rowOffsets[user + 1] - train.rowOffsets[user]
      offsets.append(offsets[user] + min(Self.words(bits: count * Self.bitsOfItem), most))
    }
    bits = [UInt32](unsafeUninitializedCapacity: offsets[train.userCount]) { bits, filled in
      bits.update(repeating: 0)
      for user in 0..<train.userCount {
        let mask = (offsets[user + 1] - offsets[user]) * 32 - 1
        for item in train.items(of: user) {
          bits[offsets[user] + (Int(item) & mask) / 32] |= 1 << UInt32(item & 31)
        }
      }
      filled = bits.count
    }
    (wordOffsets, wordsOfAll) = (offsets, most)
  }

  /// Words for at least so many bits, a power of two.
  private static func words(bits: Int) -> Int {
    let words = max(1, (bits + 31) / 32)
    return 1 << (Int.bitWidth - (words - 1).leadingZeroBitCount)
  }

  /// For the draws of many rows: the memory is looked up once.
  func withAll<Result>(_ body: (OfUsers) throws -> Result) rethrows -> Result {
    try train.items.withUnsafeBufferPointer { items in
      try train.rowOffsets.withUnsafeBufferPointer { offsets in
        try bits.withUnsafeBufferPointer { bits in
          try wordOffsets.withUnsafeBufferPointer { wordOffsets in
            try body(
              OfUsers(
                items: items.baseAddress, offsets: offsets.baseAddress!, bits: bits.baseAddress!,
                wordOffsets: wordOffsets.baseAddress!, wordsOfAll: wordsOfAll))
          }
        }
      }
    }
  }

  /// Valid within `withAll`.
  struct OfUsers {
    fileprivate let items: UnsafePointer<Int32>?
    fileprivate let offsets: UnsafePointer<Int>
    fileprivate let bits: UnsafePointer<UInt32>
    fileprivate let wordOffsets: UnsafePointer<Int>
    fileprivate let wordsOfAll: Int

    @inline(__always) subscript(user: Int) -> kernel_excluded_items {
      let (first, word) = (offsets[user], wordOffsets[user])
      let words = wordOffsets[user + 1] - word
      return kernel_excluded_items(
        items: items.map { $0 + first }, count: offsets[user + 1] - first, bits: bits + word,
        mask: UInt32(truncatingIfNeeded: words * 32 - 1), exact: words == wordsOfAll ? 1 : 0)
    }

    /// Asks for what tells most items of a user that will be drawn for soon.
    @inline(__always) func prefetch(_ user: Int) { kernel_prefetch(bits + wordOffsets[user], 64) }
  }
}

extension OwnItems? {
  /// Calls with `nil` where nobody's items are left out.
  func withAll<Result>(_ body: (OwnItems.OfUsers?) throws -> Result) rethrows -> Result {
    guard let self else { return try body(nil) }
    return try self.withAll { try body($0) }
  }
}

extension OwnItems.OfUsers? {
  /// What the kernels take for a user: a null pointer where nobody's items are left out.
  @inline(__always)
  func with<Result>(_ user: Int, _ body: (UnsafePointer<kernel_excluded_items>?) -> Result) -> Result {
    guard let self else { return body(nil) }
    return withUnsafePointer(to: self[user], body)
  }
}
