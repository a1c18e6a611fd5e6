import Kernels
import Platform
import Tensors

/// Centers as the columns of a matrix product: products with many rows, and the nearest center of each.
final class CenterColumns {
  let count: Int
  /// Numbers of a center.
  let dim: Int
  /// Columns, padded to whole vectors.
  let width: Int
  /// `[dim, width]`
  private let values: AlignedBuffer<Float>
  /// `[width]`: half the squared length of each center, infinite beyond the last.
  private let offsets: AlignedBuffer<Float>

  /// `[dim, width]`
  var base: UnsafePointer<Float> { UnsafePointer(values.base) }

  init(count: Int, width dim: Int) throws {
    self.count = count
    self.dim = dim
    width = (count + 15) / 16 * 16
    let purpose = "the centers of \(count) clusters"
    values = try AlignedBuffer(
      count: Memory.count(dim, width, of: Float.self, for: purpose), repeating: 0, for: purpose)
    offsets = try AlignedBuffer(count: width, repeating: .infinity, for: purpose)
  }

  /// - Parameter centers: `[count, stride]`
  func load(_ centers: UnsafePointer<Float>, stride: Int) {
    for center in 0..<count {
      var square: Float = 0
      for column in 0..<dim {
        let value = centers[center * stride + column]
        values[column * width + center] = value
        square += value * value
      }
      offsets[center] = square / 2
    }
  }

  /// Makes each column `factor` times the product of a matrix, `[dim, dim]`, with that of `others`; offsets stay as they are.
  func load(_ matrix: RowBlock, times others: CenterColumns, factor: Float) {
    kernel_row_products(matrix.base, matrix.stride, dim, others.base, width, 0, dim, values.base)
    for place in 0..<dim * width { values[place] *= factor }
  }

  /// Loads what rows are multiplied by, with what is subtracted from the products: `findNearest` then finds the largest difference.
  ///
  /// - Parameters:
  ///   - vectors: `[count, stride]`
  ///   - offsets: `[count]`
  func load(_ vectors: UnsafePointer<Float>, stride: Int, offsets given: [Float]) {
    load(vectors, stride: stride)
    for center in 0..<count { offsets[center] = given[center] }
  }

  /// Writes the nearest center of some rows, of equally near ones the first.
  func findNearest(_ rows: RowBlock, _ range: Range<Int>, _ labels: UnsafeMutablePointer<Int32>) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * width) { scratch in
      kernel_nearest_columns(
        rows.base, rows.stride, dim, values.base, offsets.base, width, range.lowerBound, range.upperBound,
        scratch.baseAddress!, labels)
    }
  }

  /// The inner products of some rows with all centers, `[range.count, width]`.
  func multiply(_ rows: RowBlock, _ range: Range<Int>, into products: UnsafeMutablePointer<Float>) {
    kernel_row_products(
      rows.base, rows.stride, dim, values.base, width, range.lowerBound, range.upperBound, products)
  }
}
