import Testing

@testable import Ranking

/// Scores of golden tables, and the chain rule back to them, both in float64: what a model does around a loss.
struct GoldenTables {
  var users: [[Double]]
  var items: [[Double]]
  /// W of a linear boundary and its offset c.
  var boundaryWeights: [Double]?
  var boundaryOffset = 0.0
  var isEuclidean: Bool
  /// Places in the tables.
  var user: [Int]
  var positive: [Int]
  var negatives: [[Int]]

  /// Tables P and Q with places `user`, `pos` and `neg`.
  init(tables golden: Golden, isEuclidean: Bool) {
    users = golden.rows("inputs.P")
    items = golden.rows("inputs.Q")
    self.isEuclidean = isEuclidean
    user = golden.numbers("inputs.user").map { Int($0) }
    positive = golden.numbers("inputs.pos").map { Int($0) }
    negatives = golden.rows("inputs.neg").map { $0.map { Int($0) } }
    let weights = golden.numbers("inputs.W")
    if !weights.isEmpty {
      boundaryWeights = weights
      if golden.flag("parameters.boundary_bias") { boundaryOffset = golden.numbers("inputs.c")[0] }
    }
  }

  /// One vector for each place of the batch: `user`, `pos` and `neg` are vectors themselves.
  init(vectors golden: Golden) {
    users = golden.rows("inputs.user")
    let positives = golden.rows("inputs.pos")
    let dim = users[0].count
    let negatives = golden.rows("inputs.neg").flatMap { row in
      stride(from: 0, to: row.count, by: dim).map { Array(row[$0..<$0 + dim]) }
    }
    items = positives + negatives
    isEuclidean = true
    let (rows, count) = (users.count, negatives.count / users.count)
    user = Array(0..<rows)
    positive = Array(0..<rows)
    self.negatives = (0..<rows).map { row in (0..<count).map { rows + row * count + $0 } }
  }

  private func score(_ a: [Double], _ b: [Double]) -> Double {
    isEuclidean
      ? -zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } : zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  func batch(itemScores: Bool = false) -> ScoreBatch {
    var extras = ScoreBatch.Extras()
    extras.items = zip(positive, negatives).map { ([$0] + $1).map(Int32.init) }
    extras.boundary = boundaryWeights.map { weights in
      user.map { u in Float(zip(weights, users[u]).reduce(boundaryOffset) { $0 + $1.0 * $1.1 }) }
    }
    if itemScores {
      extras.itemScores = zip(positive, negatives).map { p, n in n.map { Float(score(items[$0], items[p])) } }
    }
    return ScoreBatch(
      positives: zip(user, positive).map { Float(score(users[$0], items[$1])) },
      negatives: zip(user, negatives).map { u, n in n.map { Float(score(users[u], items[$0])) } },
      users: user.map(Int32.init), extras: extras)
  }

  struct Gradients {
    var users: [[Double]]
    var items: [[Double]]
    var boundaryWeights: [Double]
    var boundaryOffset = 0.0
  }

  func gradients(_ result: ScoreBatch.Result) -> Gradients {
    var gradients = Gradients(
      users: users.map { $0.map { _ in 0 } }, items: items.map { $0.map { _ in 0 } },
      boundaryWeights: users[0].map { _ in 0 })
    /// The derivative of a score with respect to its first vector.
    func slope(_ a: [Double], _ b: [Double], _ column: Int) -> Double {
      isEuclidean ? -2 * (a[column] - b[column]) : b[column]
    }
    for row in user.indices {
      let scored = [positive[row]] + negatives[row]
      let slopes = ([result.positives[row]] + result.negatives[row]).map(Double.init)
      for column in users[0].indices {
        for (item, weight) in zip(scored, slopes) {
          gradients.users[user[row]][column] += weight * slope(users[user[row]], items[item], column)
          gradients.items[item][column] += weight * slope(items[item], users[user[row]], column)
        }
        for (item, weight) in zip(negatives[row], result.itemScores.isEmpty ? [] : result.itemScores[row]) {
          gradients.items[positive[row]][column] += Double(weight) * slope(items[positive[row]], items[item], column)
          gradients.items[item][column] += Double(weight) * slope(items[item], items[positive[row]], column)
        }
        if let boundaryWeights {
          gradients.users[user[row]][column] += Double(result.boundary[row]) * boundaryWeights[column]
          gradients.boundaryWeights[column] += Double(result.boundary[row]) * users[user[row]][column]
        }
      }
      if boundaryWeights != nil { gradients.boundaryOffset += Double(result.boundary[row]) }
    }
    return gradients
  }
}
