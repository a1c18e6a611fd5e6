import Foundation
import Tensors
import Testing

@testable import Ranking

/// Gradients of the whole model, from the parameters to the loss, by finite differences in float64.
@Suite struct ModelGradientTests {
  private static let losses = LossCase.all.filter { $0.name.hasSuffix("mean") }

  private func compare(
    _ model: MatrixFactorization, _ batch: GivenBatch, _ loss: LossCase, _ settings: GivenBatch.Settings = .init(),
    masks: [[Double]]? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var reference = ReferenceModel(model)
    reference.masks = masks
    reference.maskPlace = model.dropoutPlace
    let actual = try gradients(of: model, batch, loss.make(), settings)
    let expected = reference.gradients { model in
      model.loss(batch, loss) + (settings.regularization.map { model.penalty(batch, $0.weight, $0.scope) } ?? 0)
    }
    expectClose(actual.loss, reference.loss(batch, loss), rtol: 1e-5, "loss", sourceLocation: sourceLocation)
    let largest = (expected.users + expected.items).reduce(0) { max($0, abs($1)) }
    #expect(largest > 1e-3, "a test that compares zeros shows nothing", sourceLocation: sourceLocation)
    for (name, a, b) in [("users", actual.users, expected.users), ("items", actual.items, expected.items)] {
      expectClose(a, b, rtol: 1e-5, atol: 5e-6 * largest, name, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: losses, ScoreFunction.allCases) func plain(_ loss: LossCase, _ score: ScoreFunction) throws {
    let batch = GivenBatch.random(rows: 7, negatives: 5, users: 4, items: 6, seed: 3)
    try compare(randomModel(users: 4, items: 6, dim: 5, score: score), batch, loss)
  }

  @Test(arguments: [1, 15, 16, 17, 32, 48, 64, 80, 128]) func everyRowLength(_ dim: Int) throws {
    let batch = GivenBatch.random(rows: 5, negatives: 3, users: 3, items: 4, seed: 5)
    // A cosine in one dimension is a sign: its gradient is 0.
    for score in ScoreFunction.allCases where dim > 1 || score != .cosine {
      try compare(
        randomModel(users: 3, items: 4, dim: dim, score: score), batch,
        try #require(LossCase.all.first { $0.name == "softmax mean" }))
    }
  }

  @Test(arguments: losses) func biases(_ loss: LossCase) throws {
    let batch = GivenBatch.random(rows: 6, negatives: 4, users: 4, items: 6, seed: 7)
    try compare(randomModel(users: 4, items: 6, dim: 5, score: .dot, biases: true), batch, loss)
  }

  /// The factors that the kernels draw, drawn again from the stream.
  private func masks(_ batch: GivenBatch, _ model: MatrixFactorization, _ settings: GivenBatch.Settings) -> [[Double]] {
    let stream = GivenBatch.Settings.dropoutStream
    let threshold = UInt64(Double(settings.dropout) * 4_294_967_296)
    return batch.users.indices.map { row in
      (0..<model.users.dim).map { column in
        if column >= model.dim { return 1 }  // a bias is not dropped
        let position = UInt64((settings.firstPlace + row) * model.users.stride + column)
        return stream.bits(at: position) >> 32 < threshold ? 0 : 1 / (1 - Double(settings.dropout))
      }
    }
  }

  @Test(arguments: ScoreFunction.allCases, [MatrixFactorization.DropoutPlace.scoring, .parameters, .layers])
  func dropout(_ score: ScoreFunction, _ place: MatrixFactorization.DropoutPlace) throws {
    var settings = GivenBatch.Settings()
    settings.dropout = 0.3
    settings.firstPlace = 40
    let batch = GivenBatch.random(rows: 8, negatives: 4, users: 4, items: 6, seed: 9)
    for biases in score == .dot ? [false, true] : [false] {
      let model = try randomModel(users: 4, items: 6, dim: 21, score: score, biases: biases)
      model.dropoutPlace = place
      let masks = masks(batch, model, settings)
      #expect(masks.joined().contains(0))
      for loss in Self.losses { try compare(model, batch, loss, settings, masks: masks) }
    }
  }

  @Test(arguments: ScoreFunction.allCases, [Regularization.Scope.batch, .batchMean, .perSample, .tables])
  func regularization(_ score: ScoreFunction, _ scope: Regularization.Scope) throws {
    var settings = GivenBatch.Settings()
    settings.regularization = (0.3, scope)
    let batch = GivenBatch.random(rows: 5, negatives: 2, users: 7, items: 30, seed: 13)
    for biases in score == .dot ? [false, true] : [false] {
      try compare(
        randomModel(users: 7, items: 30, dim: 5, score: score, biases: biases), batch,
        try #require(LossCase.all.first { $0.name == "ccl sum mean" }), settings)
    }
  }

  /// `tables_touched` is `tables` on the rows that have a gradient, and nothing on the others.
  @Test func regularizationOfTouchedRowsLeavesTheOthersAlone() throws {
    let batch = GivenBatch.random(rows: 5, negatives: 2, users: 7, items: 30, seed: 13)
    let model = try randomModel(users: 7, items: 30, dim: 5, score: .dot)
    var settings = GivenBatch.Settings()
    settings.regularization = (0.3, .tables)
    let exact = try gradients(of: model, batch, SquaredLoss(), settings)
    settings.regularization = (0.3, .tablesTouched)
    let touched = try gradients(of: model, batch, SquaredLoss(), settings)
    let items = Set(batch.positives + batch.negatives.flatMap { $0 })
    for item in 0..<30 {
      let columns = item * 5..<item * 5 + 5
      if items.contains(Int32(item)) {
        #expect(touched.items[columns] == exact.items[columns])
      } else {
        #expect(touched.items[columns].allSatisfy { $0 == 0 } && exact.items[columns].contains { $0 != 0 })
      }
    }
    for user in 0..<7 where !batch.users.contains(Int32(user)) {
      #expect(touched.users[user * 5..<user * 5 + 5].allSatisfy { $0 == 0 })
    }
  }

  /// A row shorter than the norm floor of 1e-12 has no direction: its score is 0 where the row is, and nothing overflows.
  @Test func cosineOfAZeroRowIsZeroAndItsGradientFinite() throws {
    let model = try randomModel(users: 1, items: 2, dim: 3, score: .cosine)
    try model.setParameters(.init(users: [0, 0, 0], items: [0, 0, 0, 1, 2, 2]))
    let batch = GivenBatch(users: [0], positives: [0], negatives: [[1]])
    let result = try gradients(of: model, batch, BPRLoss())
    expectClose(result.loss, 0.6931471805599453)
    let bad = (result.users + result.items).filter { !$0.isFinite }
    #expect(bad.isEmpty)
  }
}
