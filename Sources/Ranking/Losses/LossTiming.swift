import Platform
import Tensors

/// What a loss costs, without a model: the fastest of several repeats, in seconds a batch, on one thread.
public struct LossTiming {
  /// Preparing the batch: schedules of a native loss; of a traced one the function, its record and the search for its program.
  public private(set) var preparation: Double
  /// The first preparation of all, in which a traced loss is compiled.
  public private(set) var firstPreparation: Double
  /// Value and derivatives.
  public private(set) var evaluation: Double

  /// - Parameter check: Called every few milliseconds; what it throws ends the measurement.
  /// - Throws: What the loss throws, and `MemoryError` for a batch that is too large.
  public init(
    of loss: Loss, rows: Int, negatives: Int, repeats: Int = 200, check: () throws -> Void = {}
  ) throws {
    self = try LossUse.during(loss) { try Self(measuring: loss, rows, negatives, repeats, check) }
  }

  private init(measuring loss: Loss, _ rows: Int, _ negatives: Int, _ repeats: Int, _ check: () throws -> Void) throws {
    let width = 1 + negatives
    let stream = RandomStream(seed: 1, purpose: "timing")
    let purpose = "the scores of \(rows) positives with \(negatives) negatives each"
    let count = try Memory.count(rows, width, 2, of: Float.self, for: purpose) / 2
    let scores = try AlignedBuffer<Float>(count: count, repeating: 0, for: purpose)
    let gradients = try AlignedBuffer<Float>(count: count, repeating: 0, for: purpose)
    let values = try AlignedBuffer<Double>(count: rows, repeating: 0, for: purpose)
    let users = try AlignedBuffer<Int32>(count: rows, repeating: 0, for: purpose)
    for index in 0..<count {
      if index % (1 << 16) == 0 { try check() }
      scores[index] = stream.uniform(at: UInt64(index)) * 2 - 1
    }
    // About as many equal users as in a batch of a common data set.
    for row in 0..<rows { users[row] = Int32(stream.integer(below: 100 * rows, at: UInt64(row))) }
    let plane = ScorePlane(
      rowCount: rows, negativeCount: negatives, users: users.base, scores: scores.base, gradients: gradients.base,
      values: values.base)
    let batch = LossBatch(
      position: TrainingPosition(epoch: 1, step: 1), rowCount: rows, negativeCount: negatives)
    let chunk = max(4, min(128, 2048 / width))

    func seconds(_ body: () throws -> Void) rethrows -> Double {
      let began = monotonicSeconds()
      try body()
      return monotonicSeconds() - began
    }
    firstPreparation = try seconds { try loss.prepare(for: batch) }
    (preparation, evaluation) = (.infinity, .infinity)
    for _ in 0..<max(1, repeats) {
      try check()
      preparation = min(preparation, try seconds { try loss.prepare(for: batch) })
      evaluation = min(
        evaluation,
        try seconds {
          try loss.begin(plane)
          if loss.isRowwise {
            for first in stride(from: 0, to: rows, by: chunk) {
              if first / chunk % 64 == 63 { try check() }
              loss.evaluate(plane, rows: first..<min(rows, first + chunk))
            }
          } else {
            try loss.evaluateBatch(plane)
          }
        })
    }
  }
}
