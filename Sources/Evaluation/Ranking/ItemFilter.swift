import Kernels
import Ranking
import Synchronization
import Tensors

/// The 8-bit codes of all items by which the kernel rules most of them out before it computes exact scores.
///
/// The kernel's file `ranking_filter.h` has the bound. Whether a block uses the filter or not, its lists are the same.
final class ItemFilter: Sendable {
  private let codes: Scratch
  private let center: Scratch
  private let biasUnit: Float
  private let blocksThatGaveUp = Atomic<Int>(0)

  /// Nil where this processor has no 8-bit dot products.
  ///
  /// - Complexity: O(items · dim)
  init?(_ scores: FactorScores, pool: ThreadPool) {
    let (itemCount, dim) = (scores.itemCount, scores.dim)
    let bytes = kernel_ranking_code_bytes(itemCount, dim)
    if bytes == 0 { return nil }
    let (codes, center) = (Scratch(bytes: bytes), Scratch(bytes: (dim + 1) * MemoryLayout<Float>.stride))
    let unit = ItemFilter.biasUnit(scores)
    scores.withPointers { rows in
      kernel_ranking_item_center(rows.value.items, rows.value.itemBias, itemCount, dim, center.floats)
      let panelCount = (itemCount + Int(KERNEL_RANKING_PANEL) - 1) / Int(KERNEL_RANKING_PANEL)
      pool.run(count: panelCount, grain: 16) { panels in
        kernel_ranking_code_items(
          rows.value.items, rows.value.itemBias, itemCount, dim, center.floats, unit, panels.lowerBound,
          panels.upperBound, codes.base)
      }
    }
    self.codes = codes
    self.center = center
    biasUnit = unit
  }

  /// The unit that brings the biases to the size of the rows' numbers, so that both are coded equally well.
  private static func biasUnit(_ scores: FactorScores) -> Float {
    guard let bias = scores.itemBias else { return 1 }
    let largestBias = bias.reduce(0) { max($0, abs($1)) }
    let largest = scores.items.reduce(0) { max($0, abs($1)) }
    let unit = largestBias / largest
    return unit.isFinite && unit > 0 ? unit : 1
  }

  /// Lets the block use the filter, unless it has proved useless for these scores.
  func join(_ block: inout kernel_ranking_block) {
    if blocksThatGaveUp.load(ordering: .relaxed) >= 2 { return }
    block.item_codes = UnsafeRawPointer(codes.base)
    block.center = UnsafePointer(center.floats)
    block.bias_unit = biasUnit
  }

  /// Notes that a block's bounds were too wide.
  func giveUp() { blocksThatGaveUp.add(1, ordering: .relaxed) }
}
