import Kernels
import Platform
import Tensors

/// T, where items are drawn to: held for a while.
final class ClusterTarget {
  let clusters: Int
  /// Numbers of a row, padded to whole vectors.
  let width: Int
  /// `[I, width]`
  let values: AlignedBuffer<Float>
  /// Σ T ln T
  let weightedLogarithm: Double

  /// - Parameter compact: `[I, clusters]`
  init(_ compact: [Float], clusters: Int) throws {
    let width = (clusters + 15) / 16 * 16
    let rows = compact.count / clusters
    let purpose = "where \(rows) items lean among \(clusters) clusters"
    values = try AlignedBuffer(
      count: Memory.count(rows, width, of: Float.self, for: purpose), repeating: 0, for: purpose)
    var sum = 0.0
    for row in 0..<rows {
      for cluster in 0..<clusters {
        let value = compact[row * clusters + cluster]
        values[row * width + cluster] = value
        if value > 0 { sum += Double(value) * log(Double(value)) }
      }
    }
    (self.clusters, self.width, weightedLogarithm) = (clusters, width, sum)
  }

  /// T of the present items and centers (Eq. 8).
  convenience init(_ items: RowBlock, _ centers: Parameter, tau: Double, pool: ThreadPool) throws {
    func tensor(_ rows: UnsafePointer<Float>, _ stride: Int, _ count: Int) throws -> Tensor {
      let numbers = (0..<count).flatMap { UnsafeBufferPointer(start: rows + $0 * stride, count: items.width) }
      return try Tensor(numbers, shape: [count, items.width])
    }
    let target = try ClusterDivergence(tau: tau).target(
      items: tensor(items.base, items.stride, items.rowCount),
      centers: tensor(centers.values, centers.rowStride, centers.rowCount), pool: pool)
    try self.init(target.elements(), clusters: centers.rowCount)
  }

  var compact: [Float] {
    (0..<values.count / width).flatMap { UnsafeBufferPointer(start: values.base + $0 * width, count: clusters) }
  }
}
