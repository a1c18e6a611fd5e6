import Tensors
import Testing

@testable import Ranking

/// A planted problem with a known answer: a model learns it, a list of popular items does not.
@Suite struct LearningTests {
  private static let problem = PlantedProblem()

  private func trained(
    _ loss: Loss, score: ScoreFunction, deviation: Double = 0.1, rate: Double = 0.02, epochs: Int = 12,
    regularization: Regularization? = nil
  ) throws -> MatrixFactorization {
    let problem = Self.problem
    let model = try randomModel(
      users: problem.train.userCount, items: problem.train.itemCount, dim: 16, score: score, deviation: deviation)
    let trainer = try Trainer(
      model: model, train: problem.train, loss: loss, sampler: UniformSampler(count: 10, excludesPositives: true),
      optimizer: Optimizer(.adam(.init()), rate: Schedule(rate)), batchSize: 128, seed: 5)
    trainer.regularization = regularization
    for _ in 0..<epochs { _ = try trainer.trainEpoch() }
    return model
  }

  private static let popularity: Double = {
    let counts = problem.train.itemCounts()
    return problem.recall(at: 20) { _, item in Double(counts[item]) }
  }()

  @Test(arguments: LossCase.all.filter { $0.name.hasSuffix("mean") }, ScoreFunction.allCases)
  func everyLossBeatsPopularity(_ loss: LossCase, _ score: ScoreFunction) throws {
    // The margins and temperatures of these cases are made for cosines.
    let forCosine = ["mml", "ccl", "bsl", "softmax"].contains { loss.name.hasPrefix($0) }
    if forCosine != (score == .cosine) { return }
    // No negative distance comes near the 1 that a squared error wants of a positive.
    if loss.name.hasPrefix("mse") && score == .euclidean { return }
    let recall = Self.problem.recall(at: 20, try trained(loss.make(), score: score).factorScores())
    #expect(recall > 4 * Self.popularity)
    #expect(Self.popularity < 0.1)
  }

  /// In the papers' setting (rows that begin at 1e-4, a weight of 1e-8) leaving untouched rows alone does not change the result.
  @Test func touchedRowsStandForWholeTablesWhereTheWeightIsTiny() throws {
    func run(_ loss: Loss, _ scope: Regularization.Scope) throws -> (parameters: [Float], recall: Double) {
      let model = try trained(
        loss, score: .cosine, deviation: 1e-4, rate: 5e-4, epochs: 16,
        regularization: Regularization(weight: 1e-8, scope: scope))
      return (model.parameters.users + model.parameters.items, Self.problem.recall(at: 20, model.factorScores()))
    }
    let softmax = SoftmaxLoss()
    softmax.temperature = 0.2
    let exact = try run(softmax, .tables)
    let touched = try run(softmax, .tablesTouched)
    let length = exact.parameters.reduce(0) { $0 + Double($1 * $1) }.squareRoot()
    let gap = zip(exact.parameters, touched.parameters).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      .squareRoot()
    #expect(gap / length < 1e-3)
    #expect(exact.recall > 0.5 && abs(exact.recall - touched.recall) < 0.005)
    // A hinge multiplies any difference, rounding included, but does not make the result better or worse.
    let contrastive = CosineContrastiveLoss(margin: 0.5, negativeWeight: 10)
    #expect(abs(try run(contrastive, .tables).recall - run(contrastive, .tablesTouched).recall) < 0.03)
  }
}
