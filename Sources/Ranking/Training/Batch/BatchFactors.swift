import Kernels
import Tensors

/// The users' rows of a batch as they score, and the table of the items' rows.
final class BatchFactors {
  private let function: ScoreFunction
  /// Numbers of a row, and from one row to the next.
  private let width: Int
  private let stride: Int
  /// Rows as they score, and which of them each row of the batch has.
  private let users: UnsafePointer<Float>
  private let userRows: UnsafePointer<Int32>
  /// `[B]`: squared lengths, for distances.
  private let squares: UnsafePointer<Float>?
  let items: EmbeddingTable
  /// What the items' rows are kept within after each step.
  var bounds: ClosedRange<Float>?
  /// What holds the memory above.
  private let owners: [AnyObject]

  /// Rows that score as they stand in a table: inner products.
  ///
  /// - Parameter rows: Of the table, `[B]`; valid as long as this is.
  init(inPlace table: EmbeddingTable, rows: UnsafePointer<Int32>, width: Int, items: EmbeddingTable) {
    function = .dot
    self.width = width
    self.items = items
    stride = EmbeddingTable.stride(width)
    (users, userRows, squares) = (UnsafePointer(table.values.base), rows, nil)
    owners = [table]
  }

  /// Copies the row of each user of the batch and makes it what scores: of unit length for cosines.
  init(
    _ function: ScoreFunction, rowCount: Int, width: Int, items: EmbeddingTable, row: (Int) -> UnsafePointer<Float>
  ) throws {
    self.function = function
    self.width = width
    self.items = items
    stride = EmbeddingTable.stride(width)
    let purpose = "the users' rows of a batch of \(rowCount) positives"
    let copies = try AlignedBuffer<Float>(count: rowCount * stride, repeating: 0, for: purpose)
    let numbers = try AlignedBuffer<Int32>(count: rowCount, repeating: 0, for: purpose)
    let scales = try AlignedBuffer<Float>(count: rowCount, repeating: 0, for: purpose)
    for place in 0..<rowCount {
      numbers[place] = Int32(place)
      (copies.base + place * stride).update(from: row(place), count: width)
    }
    if function != .dot { kernel_row_scales(function.kernelCode, copies.base, rowCount, stride, scales.base) }
    if function == .cosine {
      for place in 0..<rowCount { kernel_multiply(copies.base + place * stride, scales[place], stride) }
    }
    (users, userRows, squares) = (UnsafePointer(copies.base), UnsafePointer(numbers.base), UnsafePointer(scales.base))
    owners = [copies, numbers, scales]
  }

  private func user(_ row: Int) -> UnsafePointer<Float> { users + Int(userRows[row]) * stride }

  /// Scores a row's user with items whose rows are up to date.
  func score(_ row: Int, _ rows: UnsafePointer<Int32>, _ count: Int, _ result: UnsafeMutablePointer<Float>) {
    kernel_score_rows(
      function.kernelCode, user(row), squares?[row] ?? 0, items.values.base, items.scale?.base, rows, count, stride,
      result)
  }

  // MARK: Searches

  /// What a search of rows that are all up to date tells the kernel; who looks and for what is the caller's.
  var search: kernel_violator_search {
    var search = kernel_violator_search()
    search.score = function.kernelCode
    search.stride = Int64(stride)
    search.users = users
    search.user_rows = userRows
    search.user_squares = squares
    search.items = UnsafePointer(items.values.base)
    search.item_scale = items.scale.map { UnsafePointer($0.base) }
    return search
  }

  /// The first trial whose candidate scores above the positive's score - margin and is accepted, where rows of items may be behind:
  /// none is brought up to date, on any thread.
  func firstInMotion(
    _ motion: IdleMotion, _ row: Int, positive: Int32, margin: Float, trials: Int, candidate: (Int) -> Int32,
    accepts: (Int32) -> Bool
  ) -> Int? {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: stride + 16) { memory in
      // Rows are whole vectors.
      let address = Int(bitPattern: memory.baseAddress!)
      let scratch = memory.baseAddress! + (64 - address % 64) % 64 / 4
      let limit = scoreInMotion(row, positive, motion, scratch) - margin
      return (0..<trials).first {
        let item = candidate($0)
        return scoreInMotion(row, item, motion, scratch) > limit && accepts(item)
      }
    }
  }

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
      function.kernelCode, user(row), squares?[row] ?? 0, scratch, &scale, &first, 1, stride, &score)
    return score
  }
}
