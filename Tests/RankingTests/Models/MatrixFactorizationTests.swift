import Tensors
import Testing

@testable import Ranking

@Suite struct MatrixFactorizationTests {
  @Test(arguments: ScoreFunction.allCases, [false, true])
  func factorsMultiplyOutToTheModelsScores(_ score: ScoreFunction, _ biases: Bool) throws {
    guard score == .dot || !biases else { return }
    let model = try randomModel(users: 6, items: 9, dim: 19, score: score, biases: biases)
    let batch = GivenBatch(
      users: (0..<6).map { Int32($0) }, positives: [Int32](repeating: 0, count: 6),
      negatives: (0..<6).map { _ in (1..<9).map { Int32($0) } })
    let expected = ReferenceModel(model).scores(batch)
    let factors = model.factorScores()
    for user in 0..<6 {
      let actual = (0..<9).map { item in
        let product = (0..<factors.dim).reduce(0.0) {
          $0 + Double(factors.users[user * factors.dim + $1]) * Double(factors.items[item * factors.dim + $1])
        }
        return product + Double(factors.userBias?[user] ?? 0) + Double(factors.itemBias?[item] ?? 0)
      }
      expectClose(actual, [expected.positives[user]] + expected.negatives[user], "user \(user)")
    }
  }

  /// The scores of training, which the kernels compute, are the same.
  @Test(arguments: ScoreFunction.allCases) func trainingScoresAreTheModelsScores(_ score: ScoreFunction) throws {
    final class ScoreKeeper: Loss {
      let name = "keeper"
      let isRowwise = false
      var scores: [Float] = []
      func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
        scores = (0..<plane.rowCount * plane.width).map { plane.scores[$0] }
        for index in scores.indices { plane.gradients[index] = 0 }
        for row in rows { plane.values[row] = 0 }
      }
    }
    let model = try randomModel(users: 6, items: 30, dim: 33, score: score)
    let batch = GivenBatch.random(rows: 20, negatives: 13, users: 6, items: 30, seed: 4)
    let keeper = ScoreKeeper()
    try batch.run(TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared), keeper)
    let expected = ReferenceModel(model).scores(batch)
    expectClose(keeper.scores, zip(expected.positives, expected.negatives).flatMap { [$0] + $1 }, atol: 1e-5)
  }

  @Test func initializationHasTheDeviationThatIsAskedFor() throws {
    func deviation(_ initialization: MatrixFactorization.Initialization) throws -> (deviation: Double, largest: Double)
    {
      var configuration = MatrixFactorization.Configuration(userCount: 3000, itemCount: 10, dim: 20)
      configuration.initialization = initialization
      let rows = try MatrixFactorization(configuration).userEmbeddings().map(Double.init)
      let mean = rows.reduce(0, +) / 60_000
      #expect(abs(mean) < 0.02 * rows.map(abs).max()!)
      return ((rows.reduce(0) { $0 + $1 * $1 } / 60_000).squareRoot(), rows.map(abs).max()!)
    }
    expectClose(try deviation(.normal(standardDeviation: 0.01)).deviation, 0.01, rtol: 0.02)
    let uniform = try deviation(.uniform(bound: 0.3))
    expectClose(uniform.deviation, 0.3 / 3.0.squareRoot(), rtol: 0.02)
    #expect(uniform.largest <= 0.3)
    // Glorot: deviation sqrt(2 / (rows + dim)) either way.
    let glorot = (2.0 / 3020).squareRoot()
    expectClose(try deviation(.xavierNormal).deviation, glorot, rtol: 0.02)
    expectClose(try deviation(.xavierUniform).deviation, glorot, rtol: 0.02)
  }

  @Test func initializationComesFromTheSeed() throws {
    func parameters(_ seed: UInt64) throws -> MatrixFactorization.Parameters {
      try randomModel(users: 5, items: 7, dim: 3, score: .dot, seed: seed).parameters
    }
    #expect(try parameters(1) == parameters(1))
    #expect(try parameters(1).users != parameters(2).users && parameters(1).items != parameters(2).items)
    #expect(try parameters(1).users.prefix(15) != parameters(1).items.prefix(15))
  }

  @Test func biasesBeginAtZeroAndAreNoPartOfTheEmbeddings() throws {
    var configuration = MatrixFactorization.Configuration(userCount: 4, itemCount: 5, dim: 3)
    configuration.score = .dot
    configuration.biases = true
    let model = try MatrixFactorization(configuration)
    #expect(model.parameters.users.count == 4 * 5 && model.userEmbeddings().count == 4 * 3)
    for row in 0..<4 { #expect(Array(model.parameters.users[row * 5 + 3..<row * 5 + 5]) == [0, 1]) }
    for row in 0..<5 { #expect(Array(model.parameters.items[row * 5 + 3..<row * 5 + 5]) == [1, 0]) }
    #expect(Array(model.itemEmbeddings()[3..<6]) == Array(model.parameters.items[5..<8]))
  }

  @Test func parametersThatAreSetAreTheOnesThatAreRead() throws {
    let model = try randomModel(users: 4, items: 5, dim: 3, score: .dot, biases: true)
    var parameters = model.parameters
    parameters.users = parameters.users.map { $0 + 1 }
    try model.setParameters(parameters)
    // The partner of the item's bias stays 1, whatever is written there.
    for row in 0..<4 { parameters.users[row * 5 + 4] = 1 }
    #expect(model.parameters == parameters)
  }
}
