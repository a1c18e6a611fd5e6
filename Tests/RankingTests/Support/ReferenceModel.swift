import Foundation

@testable import Ranking

/// Matrix factorization in float64, written to be read: the scores, loss and regularization of one batch.
struct ReferenceModel {
  let score: ScoreFunction
  /// Meaningful columns; with biases the user rows end in (bias, 1), the item rows in (1, bias).
  let dim: Int
  let width: Int
  var users: [[Double]]
  var items: [[Double]]
  /// Dropout factors of each row of the batch, `[B][width]`.
  var masks: [[Double]]?
  var maskPlace = MatrixFactorization.DropoutPlace.scoring

  init(_ model: MatrixFactorization) {
    score = model.configuration.score
    dim = model.dim
    let width = model.users.dim
    self.width = width
    func rows(_ flat: [Float]) -> [[Double]] {
      stride(from: 0, to: flat.count, by: width).map { flat[$0..<$0 + width].map(Double.init) }
    }
    users = rows(model.parameters.users)
    items = rows(model.parameters.items)
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  private static func unit(_ a: [Double]) -> [Double] {
    let length = max(dot(a, a).squareRoot(), 1e-12)
    return a.map { $0 / length }
  }

  func scores(_ batch: GivenBatch) -> (positives: [Double], negatives: [[Double]]) {
    let rows = batch.users.indices.map { row in scoringRow(users[Int(batch.users[row])], masks?[row]) }
    func score(_ row: Int, _ item: Int32) -> Double {
      let user = rows[row]
      let item = items[Int(item)]
      switch self.score {
      case .dot: return Self.dot(user, item)
      case .cosine: return Self.dot(user, Self.unit(item))
      case .euclidean: return -zip(user, item).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
    }
    return (
      batch.positives.enumerated().map { score($0, $1) },
      batch.negatives.enumerated().map { row, items in items.map { score(row, $0) } }
    )
  }

  private func scoringRow(_ user: [Double], _ mask: [Double]?) -> [Double] {
    func masked(_ row: [Double]) -> [Double] { mask.map { zip(row, $0).map(*) } ?? row }
    func normalized(_ row: [Double]) -> [Double] { score == .cosine ? Self.unit(row) : row }
    return maskPlace == .parameters ? normalized(masked(user)) : masked(normalized(user))
  }

  func loss(_ batch: GivenBatch, _ loss: LossCase) -> Double {
    let (positives, negatives) = scores(batch)
    return loss.reference(positives, negatives, batch.users)
  }

  /// Half the weight times the squares of the rows that the scope names.
  func penalty(_ batch: GivenBatch, _ weight: Double, _ scope: Regularization.Scope) -> Double {
    func square(_ row: [Double]) -> Double { Self.dot(row, row) }
    let lookedUp = batch.positives + batch.negatives.flatMap { $0 }
    let inBatch =
      batch.users.reduce(0) { $0 + square(users[Int($1)]) } + lookedUp.reduce(0) { $0 + square(items[Int($1)]) }
    switch scope {
    case .batch: return weight / 2 * inBatch
    case .batchMean: return weight / 2 / Double(batch.users.count) * inBatch
    case .perSample: return weight / Double(batch.users.count) * inBatch
    case .tables, .tablesTouched: return weight / 2 * (users + items).reduce(0) { $0 + square($1) }
    }
  }

  /// Central differences of `function` at every parameter that may move; 0 at the constant columns of biases.
  func gradients(_ function: (ReferenceModel) -> Double) -> (users: [Double], items: [Double]) {
    var copy = self
    let step = 1e-6
    func difference(_ path: WritableKeyPath<ReferenceModel, Double>) -> Double {
      let value = copy[keyPath: path]
      copy[keyPath: path] = value + step
      let above = function(copy)
      copy[keyPath: path] = value - step
      let below = function(copy)
      copy[keyPath: path] = value
      return (above - below) / (2 * step)
    }
    let hasBiases = width > dim
    let atUsers = users.indices.flatMap { row in
      (0..<width).map { hasBiases && $0 == dim + 1 ? 0 : difference(\.users[row][$0]) }
    }
    let atItems = items.indices.flatMap { row in
      (0..<width).map { hasBiases && $0 == dim ? 0 : difference(\.items[row][$0]) }
    }
    return (atUsers, atItems)
  }
}

/// A small model of random parameters; biases, where it has them, are random too.
func randomModel(
  users: Int, items: Int, dim: Int, score: ScoreFunction, biases: Bool = false, deviation: Double = 0.5,
  seed: UInt64 = 1
) throws -> MatrixFactorization {
  var configuration = MatrixFactorization.Configuration(userCount: users, itemCount: items, dim: dim)
  configuration.score = score
  configuration.biases = biases
  configuration.seed = seed
  configuration.initialization = .normal(standardDeviation: deviation)
  let model = try MatrixFactorization(configuration)
  if biases {
    var parameters = model.parameters
    for row in 0..<users { parameters.users[row * (dim + 2) + dim] = Float(row) * 0.1 - 0.2 }
    for row in 0..<items { parameters.items[row * (dim + 2) + dim + 1] = 0.3 - Float(row) * 0.1 }
    try model.setParameters(parameters)
  }
  return model
}
