import Interactions
import Tensors

@testable import Ranking

/// Random pairs; every user may have several, some none.
func randomInteractions(users: Int, items: Int, pairs: Int, seed: UInt64) -> InteractionMatrix {
  var generator = RandomStream(seed: seed, purpose: "pairs").generator()
  return InteractionMatrix(
    userCount: users, itemCount: items,
    users: (0..<pairs).map { _ in Int32.random(in: 0..<Int32(users), using: &generator) },
    items: (0..<pairs).map { _ in Int32.random(in: 0..<Int32(items), using: &generator) })
}

/// A small matrix factorization that starts away from zero.
func randomModel(users: Int, items: Int, dim: Int, score: ScoreFunction) throws -> MatrixFactorization {
  var configuration = MatrixFactorization.Configuration(userCount: users, itemCount: items, dim: dim)
  configuration.score = score
  configuration.initialization = .normal(standardDeviation: 0.5)
  configuration.seed = 1
  return try MatrixFactorization(configuration)
}

extension RankingModel {
  /// The rows of a model that the test knows to be a matrix factorization.
  var parameters: MatrixFactorization.Parameters { (self as! MatrixFactorization).parameters }
}

/// The bits of everything that training changes.
struct Bits: Equatable {
  var parameters: [UInt32]
  var losses: [UInt64]

  init(_ trainer: Trainer, losses: [Double] = []) {
    parameters = trainer.model.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
    self.losses = losses.map(\.bitPattern)
  }
}
