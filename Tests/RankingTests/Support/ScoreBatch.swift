import Tensors

@testable import Ranking

/// A score plane with memory of its own, to evaluate a loss on given scores.
final class ScoreBatch {
  let plane: ScorePlane
  private let users: AlignedBuffer<Int32>
  private let scores: AlignedBuffer<Float>
  private let gradients: AlignedBuffer<Float>
  private let values: AlignedBuffer<Double>
  /// What else the plane points to.
  private var extras: [AnyObject] = []
  private static let guardCount = 32
  private static let guardValue: Float = -12345

  /// What a plane may have besides scores.
  struct Extras {
    /// `[B][1 + N]`
    var items: [[Int32]]?
    /// `[B]`
    var boundary: [Float]?
    /// `[B][N]`
    var logProposal: [[Float]]?
    /// `[B]`
    var positiveLogProposal: [Float]?
    /// `[B][N]`
    var itemScores: [[Float]]?
  }

  /// - Parameters:
  ///   - positives: `[B]`
  ///   - negatives: `[B][N]`
  ///   - users: Dense users, all different where `nil`.
  init(positives: [Float], negatives: [[Float]], users: [Int32]? = nil, extras: Extras = Extras()) {
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
    var plane = ScorePlane(
      rowCount: rowCount, negativeCount: width - 1, users: UnsafePointer(self.users.base), scores: scores.base,
      gradients: gradients.base, values: values.base)
    var kept: [AnyObject] = []
    func buffer<T: BitwiseCopyable>(_ values: [T]) -> AlignedBuffer<T> {
      let made = AlignedBuffer<T>(count: values.count, repeating: values[0])
      for (index, value) in values.enumerated() { made[index] = value }
      kept.append(made)
      return made
    }
    func pointer<T: BitwiseCopyable>(_ values: [T]?) -> UnsafePointer<T>? {
      values.map { UnsafePointer(buffer($0).base) }
    }
    /// Gradients that a loss must overwrite.
    func gradientPointer(_ count: Int?) -> UnsafeMutablePointer<Float>? {
      count.map { buffer([Float](repeating: .nan, count: $0) + [Self.guardValue]).base }
    }
    plane.items = pointer(extras.items?.flatMap { $0 })
    plane.boundary = pointer(extras.boundary)
    plane.boundaryGradients = gradientPointer(extras.boundary?.count)
    plane.logProposal = pointer(extras.logProposal?.flatMap { $0 })
    plane.positiveLogProposal = pointer(extras.positiveLogProposal)
    plane.itemScores = pointer(extras.itemScores?.flatMap { $0 })
    plane.itemScoreGradients = gradientPointer(extras.itemScores.map { $0.count * $0[0].count })
    self.plane = plane
    self.extras = kept
  }

  struct Result {
    var value: Double
    var positives: [Float]
    var negatives: [[Float]]
    /// `[B]` and `[B][N]`, empty where the plane has none.
    var boundary: [Float]
    var itemScores: [[Float]]
    /// Whether the loss wrote beyond its rows.
    var overran: Bool
    var allGradients: [Float] { positives + negatives.flatMap { $0 } + boundary + itemScores.flatMap { $0 } }
  }

  /// Rows of a row-wise loss are evaluated one by one from the last to the first, so that a row which writes beyond its own
  /// part spoils one that is already done; or all at once, as training does with those that fit into cache.
  func evaluate(_ loss: Loss, epoch: Int = 1, step: Int = 1, atOnce: Bool = false) throws -> Result {
    try loss.prepare(at: TrainingPosition(epoch: epoch, step: step), negativeCount: plane.negativeCount)
    try loss.begin(plane)
    if loss.isRowwise && !atOnce {
      for row in (0..<plane.rowCount).reversed() { loss.evaluate(plane, rows: row..<row + 1) }
    } else {
      loss.evaluate(plane, rows: 0..<plane.rowCount)
    }
    let rows = 0..<plane.rowCount
    let count = plane.negativeCount
    let guards =
      (plane.rowCount * plane.width..<gradients.count).map { gradients[$0] }
      + [plane.boundaryGradients?[plane.rowCount], plane.itemScoreGradients?[plane.rowCount * count]].compactMap { $0 }
    return Result(
      value: rows.reduce(0) { $0 + values[$1] }, positives: rows.map { plane.positiveGradient($0).pointee },
      negatives: rows.map { row in (0..<count).map { plane.negativeGradients(row)[$0] } },
      boundary: plane.boundaryGradients.map { gradients in rows.map { gradients[$0] } } ?? [],
      itemScores: plane.itemScoreGradients.map { gradients in
        rows.map { row in (0..<count).map { gradients[row * count + $0] } }
      } ?? [],
      overran: guards.contains { $0 != Self.guardValue })
  }
}

extension Loss {
  /// For a batch of which only the place matters.
  func prepare(at position: TrainingPosition, negativeCount: Int) throws {
    try prepare(for: LossBatch(position: position, rowCount: 1, negativeCount: negativeCount))
  }
}

extension TruncatedLoss {
  /// What the batch of a step leaves out.
  func share(atStep step: Int) throws -> Double {
    let position = TrainingPosition(epoch: 1, step: step)
    try readSettings(at: position)
    return shareLeftOut(at: position)
  }
}
