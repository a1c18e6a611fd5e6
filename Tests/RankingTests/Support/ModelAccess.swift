@testable import Ranking

extension RankingModel {
  /// The rows of a model that the test knows to be a matrix factorisation.
  var parameters: MatrixFactorization.Parameters { (self as! MatrixFactorization).parameters }
  func setParameters(_ parameters: MatrixFactorization.Parameters) throws {
    try (self as! MatrixFactorization).setParameters(parameters)
  }
}
