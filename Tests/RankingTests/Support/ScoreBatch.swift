import Tensors

@testable import Ranking

/// A score plane with memory of its own, to evaluate a loss on given scores.
final class ScoreBatch {
  let plane: ScorePlane
  private let users: AlignedBuffer<Int32>
  private let scores: AlignedBuffer<Float>
  private let gradients: AlignedBuffer<Float>
  private let values: AlignedBuffer<Double>
  private static let guardCount = 32
  private static let guardValue: Float = -12345

  /// - Parameters:
  ///   - positives: `[B]`
  ///   - negatives: `[B][N]`
  ///   - users: Dense users, all different where `nil`.
  init(positives: [Float], negatives: [[Float]], users: [Int32]? = nil) {
    let rowCount = positives.count
    let width = 1 + negatives[0].count
    self.users = AlignedBuffer(count: rowCount, repeating: 0)
    scores = AlignedBuffer(count: rowCount * width + Self.guardCount, repeating: Self.guardValue)
    gradients = AlignedBuffer(count: rowCount * width + Self.guardCount, repeating: .nan)
    values = AlignedBuffer(count: rowCount, repeating: .nan)
    for row in 0..<rowCount {
      self.users[row] = users?[row] ?? Int32(row)
      scores[row * width] = positives[row]
      for (slot, score) in negatives[row].enumerated() { scores[row * width + 1 + slot] = score }
    }
    for index in rowCount * width..<gradients.count { gradients[index] = Self.guardValue }
    plane = ScorePlane(
      rowCount: rowCount, negativeCount: width - 1, users: UnsafePointer(self.users.base), scores: scores.base,
      gradients: gradients.base, values: values.base)
  }

  struct Result {
    var value: Double
    var positives: [Float]
    var negatives: [[Float]]
    /// Whether the loss wrote beyond its rows.
    var overran: Bool
    var allGradients: [Float] { positives + negatives.flatMap { $0 } }
  }

  /// Rows of a row-wise loss are evaluated one by one from the last to the first, so that a row which writes beyond its own
  /// part spoils one that is already done.
  func evaluate(_ loss: Loss, epoch: Int = 1, step: Int = 1) throws -> Result {
    try loss.prepare(at: TrainingPosition(epoch: epoch, step: step), negativeCount: plane.negativeCount)
    if loss.isRowwise {
      for row in (0..<plane.rowCount).reversed() { loss.evaluate(plane, rows: row..<row + 1) }
    } else {
      loss.evaluate(plane, rows: 0..<plane.rowCount)
    }
    let rows = 0..<plane.rowCount
    return Result(
      value: rows.reduce(0) { $0 + values[$1] }, positives: rows.map { plane.positiveGradient($0).pointee },
      negatives: rows.map { row in (0..<plane.negativeCount).map { plane.negativeGradients(row)[$0] } },
      overran: (plane.rowCount * plane.width..<gradients.count).contains { gradients[$0] != Self.guardValue })
  }
}
