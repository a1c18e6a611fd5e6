@testable import Ranking

extension RankingModel {
  /// The rows of a model that the test knows to be a matrix factorization.
  var parameters: MatrixFactorization.Parameters { (self as! MatrixFactorization).parameters }
  func setParameters(_ parameters: MatrixFactorization.Parameters) throws {
    try (self as! MatrixFactorization).setParameters(parameters)
  }
}

/// A model's scores, which the test knows to be products of rows.
func factors(of model: any ScoredModel) throws -> FactorScores {
  guard case .factors(let factors) = try model.scores() else {
    throw TrainingError.setting("\(model.name) has no factors")
  }
  return factors
}
