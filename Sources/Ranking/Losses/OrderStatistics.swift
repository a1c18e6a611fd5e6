/// Which of many numbers are the largest.
enum OrderStatistics {
  /// The places of the `wanted` largest of `count` numbers, in no order; of equal numbers those that come last. NaN is above all.
  ///
  /// - Precondition: no number is below 0.
  /// - Complexity: O(count) on average.
  static func largest(_ wanted: Int, of numbers: UnsafePointer<Float>, count: Int) -> [Int] {
    guard wanted > 0 else { return [] }
    // Floats of one sign stand in the order of their bits.
    var keys = (0..<count).map { UInt64((numbers[$0] + 0).bitPattern) << 32 | UInt64($0) }
    let threshold = select(count - wanted, &keys)
    return keys.compactMap { $0 >= threshold ? Int(truncatingIfNeeded: $0 & 0xffff_ffff) : nil }
  }

  /// The key that would stand at `place` in ascending order. Keys are all different.
  private static func select(_ place: Int, _ keys: inout [UInt64]) -> UInt64 {
    var (low, high) = (0, keys.count - 1)
    while low < high {
      let pivot = median(keys[low], keys[(low + high) / 2], keys[high])
      var (left, right) = (low, high)
      while left <= right {
        while keys[left] < pivot { left += 1 }
        while keys[right] > pivot { right -= 1 }
        if left <= right {
          keys.swapAt(left, right)
          left += 1
          right -= 1
        }
      }
      if place <= right {
        high = right
      } else if place >= left {
        low = left
      } else {
        break
      }
    }
    return keys[place]
  }

  private static func median(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 { max(min(a, b), min(max(a, b), c)) }
}
