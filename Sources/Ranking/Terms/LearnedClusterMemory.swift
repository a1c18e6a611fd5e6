import Tensors

/// What the passes of `LearnedClusterPass` write, kept from batch to batch.
final class LearnedClusterMemory {
  enum Part: Int, CaseIterable {
    case turned, offsets, assignments, mixtures, userScores, scores, slopes
    case mixtureGradients, itemGradients, rowGradients, sums, throughSimilarity, similarityGradients, leanGradients
  }

  let floats = KeptFloats<Part>(for: "the clusters of a batch's items")
  private var columns: (turned: CenterColumns, centers: CenterColumns)?
  private var labels: [Int32] = []

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
