import Kernels
import Tensors

/// The users' rows of a batch as they score, and the table of the items' rows.
final class BatchFactors {
  private let function: ScoreFunction
  /// Numbers of a row, and from one row to the next.
  let width: Int
  private let stride: Int
  /// `[B, stride]`: of unit length for cosines.
  private let users: AlignedBuffer<Float>
  /// `[B]`: squared lengths, for distances.
  private let squares: AlignedBuffer<Float>
  let items: EmbeddingTable
  /// What the items' rows are kept within after each step.
  var bounds: ClosedRange<Float>?

  init(_ function: ScoreFunction, rowCount: Int, width: Int, items: EmbeddingTable) throws {
    self.function = function
    self.width = width
    self.items = items
    stride = EmbeddingTable.stride(width)
    let purpose = "the users' rows of a batch of \(rowCount) positives"
    users = try AlignedBuffer(count: rowCount * stride, repeating: 0, for: purpose)
    squares = try AlignedBuffer(count: rowCount, repeating: 0, for: purpose)
  }

  /// Copies the row of each user of the batch and makes it what scores.
  func load(_ row: (Int) -> UnsafePointer<Float>) {
    let rows = squares.count
    for place in 0..<rows { (users.base + place * stride).update(from: row(place), count: width) }
    guard function != .dot else { return }
    kernel_row_scales(function.kernelCode, users.base, rows, stride, squares.base)
    if function == .cosine {
      for place in 0..<rows { kernel_multiply(users.base + place * stride, squares[place], stride) }
    }
  }

  /// Scores a row's user with items whose rows are up to date.
  func score(_ row: Int, _ rows: UnsafePointer<Int32>, _ count: Int, _ result: UnsafeMutablePointer<Float>) {
    kernel_score_rows(
      function.kernelCode, users.base + row * stride, squares[row], items.values.base, items.scale?.base, rows, count,
      stride, result)
  }

  /// The first candidate that scores above the positive's score - margin and is accepted.
  func firstAbove(
    _ row: Int, positive: Int32, margin: Float, candidates: UnsafePointer<Int32>, count: Int,
    accepts: (Int32) -> Bool
  ) -> Int? {
    guard let motion = items.idleMotion else {
      var limit: Float = 0
      withUnsafePointer(to: positive) { score(row, $0, 1, &limit) }
      return firstAbove(row, limit - margin, candidates, count, accepts)
    }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: stride + 16) { memory in
      // Rows are whole vectors.
      let address = Int(bitPattern: memory.baseAddress!)
      let scratch = memory.baseAddress! + (64 - address % 64) % 64 / 4
      let limit = scoreInMotion(row, positive, motion, scratch) - margin
      return (0..<count).first {
        scoreInMotion(row, candidates[$0], motion, scratch) > limit && accepts(candidates[$0])
      }
    }
  }

  private func firstAbove(
    _ row: Int, _ limit: Float, _ candidates: UnsafePointer<Int32>, _ count: Int, _ accepts: (Int32) -> Bool
  ) -> Int? {
    var next = 0
    while next < count {
      let found = kernel_first_above(
        function.kernelCode, users.base + row * stride, squares[row], items.values.base, items.scale?.base,
        candidates + next, count - next, stride, limit)
      guard found >= 0 else { return nil }
      next += found
      if accepts(candidates[next]) { return next }
      next += 1
    }
    return nil
  }

  /// The score of an item whose row may be behind, without bringing it up to date: on any thread.
  private func scoreInMotion(
    _ row: Int, _ item: Int32, _ motion: IdleMotion, _ scratch: UnsafeMutablePointer<Float>
  ) -> Float {
    motion.copy(items, Int(item)..<Int(item) + 1, to: scratch)
    if let bounds {
      for column in 0..<width { scratch[column] = min(max(scratch[column], bounds.lowerBound), bounds.upperBound) }
    }
    var (scale, score): (Float, Float) = (0, 0)
    var first: Int32 = 0
    kernel_row_scales(function.kernelCode, scratch, 1, stride, &scale)
    kernel_score_rows(
      function.kernelCode, users.base + row * stride, squares[row], scratch, &scale, &first, 1, stride, &score)
    return score
  }
}
