import Platform
import Tensors

/// What the passes of `LearnedClusterPass` write, kept from batch to batch: nothing is allocated once it has grown.
final class LearnedClusterMemory {
  enum Part: Int, CaseIterable {
    case offsets, assignments, mixtures, scores, slopes, mixtureGradients, itemGradients, rowGradients, sums
  }

  private var parts = [AlignedBuffer<Float>?](repeating: nil, count: Part.allCases.count)
  private var columns: (turned: CenterColumns, centers: CenterColumns)?
  private var labels: [Int32] = []

  /// Room for `rows` rows of `width` numbers, with whatever was there before.
  ///
  /// - Throws: `MemoryError`.
  func floats(_ part: Part, _ rows: Int, _ width: Int) throws -> UnsafeMutablePointer<Float> {
    let purpose = "the clusters of a batch's items (\(rows) rows of \(width) numbers)"
    let count = try Memory.count(rows, width, of: Float.self, for: purpose)
    if let kept = parts[part.rawValue], kept.count >= count { return kept.base }
    let made = try AlignedBuffer<Float>(count: count, repeating: 0, for: purpose)
    parts[part.rawValue] = made
    return made.base
  }

  /// For ½ W c_k, and for c_k.
  func columns(count: Int, width: Int) throws -> (turned: CenterColumns, centers: CenterColumns) {
    if let columns, columns.turned.count == count, columns.turned.dim == width { return columns }
    let made = (
      turned: try CenterColumns(count: count, width: width), centers: try CenterColumns(count: count, width: width)
    )
    columns = made
    return made
  }

  func withLabels<Result>(
    _ count: Int, _ body: (UnsafeMutablePointer<Int32>) throws -> Result
  ) rethrows -> Result {
    if labels.count < count { labels = [Int32](repeating: 0, count: count) }
    return try labels.withUnsafeMutableBufferPointer { try body($0.baseAddress!) }
  }
}
