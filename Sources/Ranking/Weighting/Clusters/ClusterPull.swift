import Kernels
import Platform
import Tensors

/// L_c = Σ T ln(T / Q) over all items, and its derivatives by hand: `ClusterDivergence` with a target that is held, by matrix products.
///
/// The work is cut by items, sums over items are sums of blocks in order: the bits do not depend on the number of threads.
final class ClusterPull {
  enum Part: Int, CaseIterable { case squares, centers, items, sums, values }

  let value: Double
  /// With respect to the items, `[I, stride]`, and to the centers, `[K, stride]`, until the next one with this memory.
  let items: UnsafeMutablePointer<Float>
  let centers: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - scale: What the loss is multiplied by.
  ///   - memory: Of one at a time.
  /// - Complexity: O(items · clusters · width).
  init(
    _ rows: RowBlock, _ parameter: Parameter, _ target: ClusterTarget, tau: Double, scale: Float,
    memory: KeptFloats<Part>, pool: ThreadPool
  ) throws {
    let (count, stride, width) = (parameter.rowCount, rows.stride, target.width)
    let columns = try CenterColumns(count: count, width: rows.width)
    columns.load(parameter.values, stride: parameter.rowStride)
    let squares = try memory(.squares, 1, width)
    for center in 0..<width {
      let row = parameter.values + min(center, count - 1) * parameter.rowStride
      squares[center] = center < count ? (0..<rows.width).reduce(0) { $0 + row[$1] * row[$1] } : .infinity
    }
    items = try memory(.items, rows.rowCount, stride)
    let grain = max(256, (rows.rowCount + 31) / 32)
    let blocks = (rows.rowCount + grain - 1) / grain
    // Of factors and items, [K, stride], then of factors, [width].
    let size = count * stride + width
    let sums = try memory(.sums, blocks, size)
    var values = [Double](repeating: 0, count: blocks)
    let work = Work(
      rows: rows, columns: columns, centers: parameter, squares: squares, target: target, tau: Float(tau), scale: scale,
      items: items)
    values.withUnsafeMutableBufferPointer { values in
      let shared = Shared((work: work, sums: sums, values: values.baseAddress!))
      pool.run(count: rows.rowCount, grain: grain) { range in
        let block = range.lowerBound / grain
        shared.value.values[block] = shared.value.work.run(range, into: shared.value.sums + block * size)
      }
    }
    kernel_add_rows(sums + size, size, blocks - 1, sums)
    // - Σ_i f_ik (q_i - c_k)
    for center in 0..<count {
      let (own, row) = (sums + center * stride, parameter.values + center * parameter.rowStride)
      let total = sums[count * stride + center]
      for column in 0..<stride { own[column] = scale * (total * (column < rows.width ? row[column] : 0) - own[column]) }
    }
    centers = sums
    value = Double(scale) * (target.weightedLogarithm + values.reduce(0, +))
  }
}

/// What all blocks share.
private struct Work {
  let rows: RowBlock
  let columns: CenterColumns
  let centers: Parameter
  let squares: UnsafePointer<Float>
  let target: ClusterTarget
  let tau: Float
  let scale: Float
  let items: UnsafeMutablePointer<Float>

  /// Items whose factors stay in the processor's own memory.
  private static let chunk = 128

  /// Returns - Σ T ln Q of the items.
  func run(_ range: Range<Int>, into sums: UnsafeMutablePointer<Float>) -> Double {
    let (width, stride, count) = (target.width, rows.stride, centers.rowCount)
    sums.update(repeating: 0, count: count * stride + width)
    var value = 0.0
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.chunk * (width + 1) + 2 * width) { memory in
      let factors = memory.baseAddress!
      let totals = factors + Self.chunk * width
      for first in Swift.stride(from: range.lowerBound, to: range.upperBound, by: Self.chunk) {
        let end = min(first + Self.chunk, range.upperBound)
        columns.multiply(rows, first..<end, into: factors)
        value += kernel_cluster_factors(
          rows.base, stride, squares, width, target.values.base, tau, first, end, factors, totals + Self.chunk, totals)
        let own = items + first * stride
        kernel_row_products(factors, width, count, centers.values, stride, 0, end - first, own)
        kernel_cluster_pulls(rows.base, totals, stride, scale, first, end, own)
        kernel_add_outer_products(factors, width, count, rows[first], stride, end - first, sums)
        kernel_add_rows(factors, width, end - first, sums + count * stride)
      }
    }
    return value
  }
}
