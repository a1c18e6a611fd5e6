import Foundation
import Tensors
import Testing

@testable import Ranking

/// Σ softplus(b - s_p) + α Σ softplus(s_n - b): UIB Eq. 4 and 6, written for reading.
private final class PlainBoundaryLoss: Loss {
  let name = "plain boundary"
  let isRowwise = true
  let needs: Set<Channel> = [.boundary]
  let alpha: Double
  init(alpha: Double) { self.alpha = alpha }

  func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    for row in rows {
      let boundary = Double(plane.boundary![row])
      let gap = boundary - Double(plane.positive(row))
      var value = softplus(gap)
      var slope = sigmoid(gap)
      plane.positiveGradient(row).pointee = Float(-sigmoid(gap))
      for n in 0..<plane.negativeCount {
        let over = Double(plane.negatives(row)[n]) - boundary
        value += alpha * softplus(over)
        slope -= alpha * sigmoid(over)
        plane.negativeGradients(row)[n] = Float(alpha * sigmoid(over))
      }
      plane.values[row] = value
      plane.boundaryGradients![row] = Float(slope)
    }
  }
}

/// Σ c · (score of the negative as seen from the positive), besides Σ c · score.
private final class ItemScoreLoss: Loss {
  let name = "item scores"
  let isRowwise = true
  let needs: Set<Channel> = [.itemScores]

  func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    for row in rows {
      plane.values[row] = 0
      for slot in 0..<plane.width {
        plane.gradients[row * plane.width + slot] = Float(slot) * 0.3 - 0.2
        plane.values[row] += Double(Float(slot) * 0.3 - 0.2) * Double(plane.scores[row * plane.width + slot])
      }
      for n in 0..<plane.negativeCount {
        let place = row * plane.negativeCount + n
        let slope = 0.5 + Float((row + n) % 3)
        plane.itemScoreGradients![place] = slope
        plane.values[row] += Double(slope) * Double(plane.itemScores![place])
      }
    }
  }
}

@Suite struct BoundaryTests {
  @Test(arguments: ["uib.mf_nobias", "uib.mf_bias"], ["a", "b"])
  func agreesWithPublishedVectors(_ name: String, _ instance: String) throws {
    let golden = try Golden("\(name).\(instance)")
    let users = golden.rows("inputs.P")
    var configuration = MatrixFactorization.Configuration(
      userCount: users.count, itemCount: golden.rows("inputs.Q").count, dim: users[0].count)
    configuration.score = .dot
    configuration.boundary = name == "uib.mf_bias" ? .linearBias : .linear
    let model = try MatrixFactorization(configuration)
    try model.setParameters(.init(users: golden.floats("inputs.P"), items: golden.floats("inputs.Q")))
    try model.boundary!.parameter.setValues(
      golden.floats("inputs.W") + (name == "uib.mf_bias" ? golden.floats("inputs.c") : []))
    let batch = GivenBatch(
      users: golden.integers("inputs.user"), positives: golden.integers("inputs.pos"),
      negatives: golden.rows("inputs.neg").map { $0.map(Int32.init) })
    let result = try parameterGradients(
      of: model, batch, PlainBoundaryLoss(alpha: try golden.number("parameters.alpha")))
    expectClose(result.loss, try golden.number("expected.loss"), golden.name)
    expectClose(result.gradients["user"]!, golden.numbers("expected.gradients.P"), "\(golden.name) P")
    expectClose(result.gradients["item"]!, golden.numbers("expected.gradients.Q"), "\(golden.name) Q")
    let expected =
      golden.numbers("expected.gradients.W")
      + (name == "uib.mf_bias" ? golden.numbers("expected.gradients.c") : [])
    expectClose(result.gradients["boundary"]!, expected, "\(golden.name) W")
  }

  @Test(arguments: ScoreFunction.allCases, Boundary.Kind.allCases)
  func gradientsAgreeWithDifferences(_ score: ScoreFunction, _ kind: Boundary.Kind) throws {
    var configuration = MatrixFactorization.Configuration(userCount: 4, itemCount: 6, dim: 5)
    configuration.score = score
    configuration.boundary = kind
    configuration.initialization = .normal(standardDeviation: 0.5)
    let model = try MatrixFactorization(configuration)
    let batch = GivenBatch.random(rows: 6, negatives: 3, users: 4, items: 6, seed: 9)
    var settings = GivenBatch.Settings()
    settings.dropout = 0.3
    for place in DropoutPlace.allCases where place != .lookups || score == .dot {
      model.dropoutPlace = place
      let loss = PlainBoundaryLoss(alpha: 2)
      let actual = try parameterGradients(of: model, batch, loss, settings).gradients
      let expected = try differenceGradients(of: model, batch, loss, settings)
      for (name, gradient) in actual { expectClose(gradient, expected[name]!, rtol: 0.02, atol: 5e-3, name) }
    }
  }

  @Test(arguments: ScoreFunction.allCases) func itemsScoreEachOther(_ score: ScoreFunction) throws {
    let model = try randomModel(users: 4, items: 6, dim: 5, score: score)
    let batch = GivenBatch.random(rows: 6, negatives: 3, users: 4, items: 6, seed: 9)
    let actual = try parameterGradients(of: model, batch, ItemScoreLoss()).gradients
    let expected = try differenceGradients(of: model, batch, ItemScoreLoss())
    for (name, gradient) in actual { expectClose(gradient, expected[name]!, rtol: 0.02, atol: 1e-2, name) }
  }

  @Test func aModelWithoutABoundaryIsRefused() throws {
    let train = randomInteractions(users: 4, items: 6, pairs: 12, seed: 1)
    let trainer = try Trainer(
      model: randomModel(users: 4, items: 6, dim: 4, score: .dot), train: train, loss: PlainBoundaryLoss(alpha: 1),
      sampler: UniformSampler(count: 1), optimizer: Optimizer(.adam(.init()), rate: 0.1), batchSize: 4, seed: 1)
    let error = #expect(throws: TrainingError.self) { _ = try trainer.trainBatch() }
    #expect(error?.description.contains("the model has none; make it with boundary") == true)
  }
}
