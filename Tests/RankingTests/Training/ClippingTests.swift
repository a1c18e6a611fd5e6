import Tensors
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

  // MARK: The bound that is tried before the norm

  private static let scopes: [Regularization.Scope?] = [nil, .batch, .batchMean, .tables, .tablesTouched]

  /// Adam over a few batches in which users and items repeat. Returns the parameters' bits and how often the norm was needed.
  private func train(
    _ score: ScoreFunction, _ scope: Regularization.Scope?, clip: Double?, bounds: Bool
  ) throws -> (bits: Bits, exactNormSteps: Int) {
    let model = try randomModel(users: 9, items: 40, dim: 7, score: score, deviation: 0.3)
    let step = try TrainingStep(model: model, optimizer: Optimizer(.adam(.init()), rate: 0.01), pool: .shared)
    step.boundsGradients = bounds
    var settings = GivenBatch.Settings()
    settings.rate = 0.01
    settings.clip = clip
    settings.dropout = 0.3
    settings.regularization = scope.map { (0.1, $0) }
    let losses = try (0..<6).map { index in
      let batch = GivenBatch.random(rows: 11, negatives: 3, users: 9, items: 40, seed: 23 + UInt64(index))
      return try batch.run(step, SquaredLoss(), settings)
    }
    return (Bits(parameters: model.parameters, losses: losses), step.exactNormSteps)
  }

  @Test(arguments: ScoreFunction.allCases, Self.scopes)
  func theBoundLeavesEveryBitAsItIs(_ score: ScoreFunction, _ scope: Regularization.Scope?) throws {
    let free = try train(score, scope, clip: nil, bounds: true)
    let wide = try train(score, scope, clip: 1e6, bounds: true)
    let wideByNorm = try train(score, scope, clip: 1e6, bounds: false)
    #expect(wide.exactNormSteps == 0 && wideByNorm.exactNormSteps == 6)
    #expect(wide.bits == wideByNorm.bits && wide.bits == free.bits)
    let tight = try train(score, scope, clip: 0.01, bounds: true)
    let tightByNorm = try train(score, scope, clip: 0.01, bounds: false)
    #expect(tight.exactNormSteps == 6)
    #expect(tight.bits == tightByNorm.bits && tight.bits != free.bits)
  }

  /// Whether one step with this clip got by without the norm.
  private func boundSuffices(
    _ model: MatrixFactorization, _ batch: GivenBatch, _ loss: Loss, _ settings: GivenBatch.Settings, clip: Double
  ) throws -> Bool {
    let before = model.parameters
    let step = try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared)
    var settings = settings
    settings.clip = clip
    _ = try batch.run(step, loss, settings)
    try model.setParameters(before)
    return step.exactNormSteps == 0
  }

  private func norm(
    _ model: MatrixFactorization, _ batch: GivenBatch, _ loss: Loss, _ settings: GivenBatch.Settings
  ) throws -> Double {
    let whole = try gradients(of: model, batch, loss, settings)
    return (whole.users + whole.items).reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  @Test(arguments: ScoreFunction.allCases, Self.scopes)
  func theBoundIsNeverBelowTheNorm(_ score: ScoreFunction, _ scope: Regularization.Scope?) throws {
    for seed in 0..<20 as Range<UInt64> {
      let model = try randomModel(users: 5, items: 12, dim: 3, score: score, deviation: 0.5, seed: 40 + seed)
      let batch = GivenBatch.random(rows: 8, negatives: 4, users: 5, items: 12, seed: seed)
      let weights = RandomStream(seed: seed, purpose: "weights")
      let loss = LinearLoss((0..<8).map { row in (0..<5).map { Float(weights.normal(at: UInt64(row * 5 + $0))) } })
      var settings = GivenBatch.Settings()
      settings.regularization = scope.map { (0.2, $0) }
      settings.dropout = 0.2
      let exact = try norm(model, batch, loss, settings)
      let suffices = try boundSuffices(model, batch, loss, settings, clip: exact * (1 - 1e-5))
      #expect(!suffices, "seed \(seed)")
    }
  }

  @Test func whereNothingCancelsTheBoundIsTheNorm() throws {
    let model = try randomModel(users: 4, items: 8, dim: 6, score: .dot, deviation: 0.5)
    let batch = GivenBatch(users: [0, 1, 2, 3], positives: [0, 1, 2, 3], negatives: [[4], [5], [6], [7]])
    let loss = LinearLoss([[1, -2], [3, 1], [-1, 1], [0.5, 2]])
    let exact = try norm(model, batch, loss, .init())
    #expect(try boundSuffices(model, batch, loss, .init(), clip: exact * 1.0001 + 1e-6))
    #expect(try !boundSuffices(model, batch, loss, .init(), clip: exact * 0.9999))
  }

  /// Two entries of an item that cancel: its gradient is 0, the bound is not, and the norm has to decide.
  @Test func whereEntriesCancelTheNormDecides() throws {
    let model = try randomModel(users: 1, items: 3, dim: 6, score: .dot, deviation: 0.5)
    let batch = GivenBatch(users: [0, 0], positives: [0, 0], negatives: [[1], [2]])
    let loss = LinearLoss([[1, 0], [-1, 0.01]])
    let exact = try norm(model, batch, loss, .init())
    let free = try gradients(of: model, batch, loss)
    var settings = GivenBatch.Settings()
    settings.clip = exact * 1.5
    #expect(try !boundSuffices(model, batch, loss, settings, clip: exact * 1.5))
    let clipped = try gradients(of: model, batch, loss, settings)
    #expect(clipped.users == free.users && clipped.items == free.items)
  }

  /// Items of length 0 stand at the norm floor: their gradients are huge and must not escape the bound.
  @Test func rowsAtTheNormFloorAreBounded() throws {
    let model = try randomModel(users: 3, items: 4, dim: 5, score: .cosine)
    var parameters = model.parameters
    for index in 0..<10 { parameters.items[index] = 0 }
    try model.setParameters(parameters)
    let batch = GivenBatch(users: [0, 1, 2], positives: [0, 1, 2], negatives: [[3], [0], [1]])
    let loss = LinearLoss([[1, -1], [1, -1], [1, -1]])
    #expect(try !boundSuffices(model, batch, loss, .init(), clip: 1e11))
    #expect(try boundSuffices(model, batch, loss, .init(), clip: 1e13))
  }

  /// The bound is in double, gradients are in float: what overflows there must still be found.
  @Test(arguments: ScoreFunction.allCases)
  func aGradientThatOverflowsIsFoundWhateverTheClip(_ score: ScoreFunction) throws {
    let model = try randomModel(users: 2, items: 3, dim: 4, score: score, deviation: 2)
    let batch = GivenBatch(users: [0, 1], positives: [0, 1], negatives: [[2], [2]])
    let loss = LinearLoss([[3e38, 3e38], [0, 3e38]])
    let before = model.parameters
    #expect(throws: TrainingStep.NonFinite.self) {
      _ = try boundSuffices(model, batch, loss, .init(), clip: 1e300)
    }
    #expect(model.parameters == before)
  }
}
