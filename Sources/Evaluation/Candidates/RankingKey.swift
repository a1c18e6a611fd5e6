/// A score and its item as one number that compares as rankings do: by score, then the lower item number first. Both zeros are one
/// score. The kernels' lists are sorted by the same key.
struct RankingKey: Comparable {
  private let bits: UInt64

  /// - Precondition: the score is a number.
  init(score: Float, item: Int32) {
    let pattern = (score + 0).bitPattern
    let ordered = pattern >> 31 == 1 ? ~pattern : pattern ^ 0x8000_0000
    bits = UInt64(ordered) << 32 | UInt64(~UInt32(bitPattern: item))
  }

  static func < (first: RankingKey, second: RankingKey) -> Bool { first.bits < second.bits }

  var item: Int32 { Int32(bitPattern: ~UInt32(truncatingIfNeeded: bits)) }

  var score: Float {
    let ordered = UInt32(bits >> 32)
    return Float(bitPattern: ordered >> 31 == 1 ? ordered ^ 0x8000_0000 : ~ordered)
  }

  /// Whether the score, whatever the item, is above the other's.
  func exceeds(_ other: RankingKey) -> Bool { bits >> 32 > other.bits >> 32 }
}
