import Tensors

@testable import Ranking

/// Everything that a traced loss may read, with memory of its own, and what it writes.
final class PlaneBatch {
  let rows: Int
  let negatives: Int
  var scores: [Float]
  var users: [Int32]
  var items: [Int32]
  var boundary: [Float]
  var itemScores: [Float]
  var logProposal: [Float]

  /// Random scores in about -1...1, `userCount` users, 50 items.
  init(rows: Int, negatives: Int, userCount: Int = 5, seed: UInt64 = 1) {
    self.rows = rows
    self.negatives = negatives
    var generator = RandomStream(seed: seed, purpose: "plane").generator()
    func random(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &generator) } }
    scores = random(rows * (1 + negatives))
    boundary = random(rows)
    itemScores = random(rows * negatives)
    logProposal = random(rows * negatives)
    users = (0..<rows).map { _ in Int32.random(in: 0..<Int32(userCount), using: &generator) }
    items = (0..<rows * (1 + negatives)).map { _ in Int32.random(in: 0..<50, using: &generator) }
  }

  struct Result: Equatable {
    var value = 0.0
    var values: [Double] = []
    var gradients: [Float] = []
    /// Empty where the loss does not read it.
    var boundary: [Float] = []
    var itemScores: [Float] = []
  }

  /// - Parameters:
  ///   - rowByRow: Evaluates a row-wise loss row by row from the last to the first.
  ///   - parameterGradients: Where those of the loss's parameters go.
  func evaluate(
    _ loss: Loss, epoch: Int = 1, rowByRow: Bool = false, parameterGradients: GradientSet = GradientSet()
  ) throws -> Result {
    let width = 1 + negatives
    try loss.prepare(
      for: LossBatch(
        position: TrainingPosition(epoch: epoch, step: 1), rowCount: rows, negativeCount: negatives,
        offers: [.boundary, .itemScores, .logProposal]))
    var result = Result()
    result.values = [Double](repeating: .nan, count: rows)
    result.gradients = [Float](repeating: .nan, count: rows * width)
    result.boundary = [Float](repeating: .nan, count: rows)
    result.itemScores = [Float](repeating: .nan, count: rows * negatives)
    var scores = scores
    try scores.withUnsafeMutableBufferPointer { scores in
      try result.gradients.withUnsafeMutableBufferPointer { gradients in
        try result.values.withUnsafeMutableBufferPointer { values in
          try result.boundary.withUnsafeMutableBufferPointer { boundaryGradients in
            try result.itemScores.withUnsafeMutableBufferPointer { itemScoreGradients in
              try users.withUnsafeBufferPointer { users in
                try items.withUnsafeBufferPointer { items in
                  try boundary.withUnsafeBufferPointer { boundary in
                    try itemScores.withUnsafeBufferPointer { itemScores in
                      try logProposal.withUnsafeBufferPointer { logProposal in
                        var plane = ScorePlane(
                          rowCount: rows, negativeCount: negatives, users: users.baseAddress!,
                          scores: scores.baseAddress!, gradients: gradients.baseAddress!, values: values.baseAddress!)
                        plane.items = items.baseAddress
                        plane.boundary = boundary.baseAddress
                        plane.boundaryGradients = boundaryGradients.baseAddress
                        plane.itemScores = itemScores.baseAddress
                        plane.itemScoreGradients = itemScoreGradients.baseAddress
                        plane.logProposal = logProposal.baseAddress
                        if !loss.isRowwise {
                          try loss.evaluateBatch(plane)
                        } else if rowByRow {
                          for row in (0..<rows).reversed() { loss.evaluate(plane, rows: row..<row + 1) }
                        } else {
                          loss.evaluate(plane, rows: 0..<rows)
                        }
                        loss.addParameterGradients(plane, to: parameterGradients)
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    result.value = result.values.reduce(0, +)
    if !loss.needs.contains(.boundary) { result.boundary = [] }
    if !loss.needs.contains(.itemScores) { result.itemScores = [] }
    return result
  }
}
