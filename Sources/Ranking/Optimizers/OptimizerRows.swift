import Kernels
import Tensors

/// What an optimizer keeps of the rows of a table: made when a training begins, and held beside the rows.
final class OptimizerRows {
  /// Moments, laid out as the rows are; `nil` where the optimizer has none.
  let first: AlignedBuffer<Float>?
  let second: AlignedBuffer<Float>?
  /// What of a row's second moment its epsilon was when it last had a gradient, for an Adam that is dense.
  let epsilonShare: AlignedBuffer<Float>?
  /// The step of each row's last gradient, 0 before the first, and the one up to which the row is brought up to date.
  let last: AlignedBuffer<Int32>
  let seen: AlignedBuffer<Int32>
  /// The motion of rows that had no gradient lately, while the optimizer is under way.
  var idleMotion: IdleMotion?

  /// - Throws: `MemoryError`.
  init(for table: EmbeddingTable, _ optimizer: Optimizer) throws {
    let purpose = "what the optimizer keeps for \(table.rowCount) rows of \(table.dim) numbers"
    func moments(_ value: Float) throws -> AlignedBuffer<Float> {
      try AlignedBuffer(count: table.values.count, repeating: value, for: purpose)
    }
    first = optimizer.usesFirstMoment ? try moments(0) : nil
    second = optimizer.usesSecondMoment ? try moments(optimizer.initialSecondMoment) : nil
    epsilonShare =
      optimizer.isDenseAdam ? try AlignedBuffer(count: table.rowCount, repeating: 0, for: purpose) : nil
    last = try AlignedBuffer(count: table.rowCount, repeating: 0, for: purpose)
    seen = try AlignedBuffer(count: table.rowCount, repeating: 0, for: purpose)
  }

  /// Bytes held.
  var byteCount: Int {
    4 * ([first, second, epsilonShare].reduce(0) { $0 + ($1?.count ?? 0) } + last.count + seen.count)
  }
}
