import Kernels
import Platform

/// Inverted dropout of each element of pairs of rows: 0 with probability `rate`, else divided by 1 - `rate`.
///
/// Element k of pair e is dropped where the stream's uniform number at e · dim + k lies below the rate, as `Tensor.dropout` of a matrix with
/// a row for each pair does it; one bit an element is kept.
public final class PairDropout: Sendable {
  public let pairCount: Int
  public let dim: Int
  let factor: Float
  private let bits: AlignedBuffer<UInt16>
  private let words: Int

  /// - Parameter rate: In [0, 1).
  /// - Throws: `TensorError.argument` for another rate; `MemoryError`.
  /// - Complexity: O(pairs · dim)
  public init(_ rate: Float, stream: RandomStream, pairs: Int, dim: Int) throws {
    guard (0..<1).contains(rate) else {
      throw TensorError.argument(operation: "pair_dropout", reason: "rate is \(rate); want 0 <= rate < 1")
    }
    (pairCount, self.dim, factor) = (pairs, dim, 1 / (1 - rate))
    words = (dim + 15) / 16
    let purpose = "what is dropped of \(pairs) pairs"
    bits = try AlignedBuffer(
      count: Memory.count(pairs, words, of: UInt16.self, for: purpose), repeating: 0, for: purpose)
    let shared = Shared((bits: bits.base, words: words))
    ThreadPool.shared.run(count: pairs, grain: RowFunctions.grain(dim)) { range in
      kernel_kept_elements(
        shared.value.bits + range.lowerBound * shared.value.words, stream.key, UInt64(range.lowerBound * dim), rate,
        range.count, dim)
    }
  }

  /// The bits of the pairs from one on.
  func kept(_ pair: Int) -> UnsafePointer<UInt16> { UnsafePointer(bits.base + pair * words) }
}
