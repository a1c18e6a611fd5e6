import Testing

@testable import Ranking

/// Clipping by global norm: every gradient times `min(1, clip / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`.
@Suite struct ClippingTests {
  @Test(arguments: ScoreFunction.allCases, [nil, Regularization.Scope.batch, .batchMean, .tables, .tablesTouched])
  func clippedGradientsAreScaled(_ score: ScoreFunction, _ scope: Regularization.Scope?) throws {
    let model = try randomModel(users: 9, items: 40, dim: 7, score: score)
    let batch = GivenBatch.random(rows: 11, negatives: 3, users: 9, items: 40, seed: 17)
    var settings = GivenBatch.Settings()
    settings.regularization = scope.map { (0.1, $0) }
    let whole = try gradients(of: model, batch, SoftmaxLoss(), settings)
    let norm = (whole.users + whole.items).reduce(0) { $0 + $1 * $1 }.squareRoot()
    for share in [0.25, 0.9, 1.1, 20] {
      settings.clip = share * norm
      let clipped = try gradients(of: model, batch, SoftmaxLoss(), settings)
      let factor = min(1, share * norm / (norm + 1e-6))
      expectClose(clipped.users, whole.users.map { $0 * factor }, rtol: 1e-5, atol: 1e-7, "users at \(share)")
      expectClose(clipped.items, whole.items.map { $0 * factor }, rtol: 1e-5, atol: 1e-7, "items at \(share)")
      #expect(clipped.loss == whole.loss)
    }
  }

  @Test func aBiasCountsAndAConstantDoesNot() throws {
    let model = try randomModel(users: 3, items: 5, dim: 4, score: .dot, biases: true)
    let batch = GivenBatch.random(rows: 4, negatives: 2, users: 3, items: 5, seed: 19)
    let whole = try gradients(of: model, batch, BPRLoss())
    let norm = (whole.users + whole.items).reduce(0) { $0 + $1 * $1 }.squareRoot()
    var settings = GivenBatch.Settings()
    settings.clip = norm / 2
    let clipped = try gradients(of: model, batch, BPRLoss(), settings)
    expectClose(clipped.items, whole.items.map { $0 / 2 }, rtol: 1e-4, atol: 1e-7)
    #expect((0..<3).allSatisfy { whole.users[$0 * 6 + 5] == 0 } && (0..<5).allSatisfy { whole.items[$0 * 6 + 4] == 0 })
  }
}
