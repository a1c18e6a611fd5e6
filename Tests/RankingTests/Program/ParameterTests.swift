import Tensors
import Testing

@testable import Ranking

/// Learnable numbers in traced losses.
@Suite struct TracedParameterTests {
  private let margin = try! Parameter(name: "margin", owner: .user, rowCount: 6) { row, _ in 0.3 + 0.1 * Float(row) }
  private let itemMargin = try! Parameter(name: "item margin", owner: .item, rowCount: 50) { row, _ in 0.01 * Float(row)
  }
  private let weights = try! Parameter(name: "weights", owner: .shared, rowCount: 1, columnCount: 3) { _, column in
    Float(column + 1)
  }

  private func loss(_ s: LossTrace) throws -> TracedValue {
    let up = try (s.negative - s.positive + s.parameter(margin, at: .users)).softplus()
    let items =
      try s.parameter(itemMargin, at: .negativeItems) * s.negative + s.parameter(itemMargin, at: .positiveItems)
    let first = try s.parameter(weights) * up.mean()
    let third = try s.parameter(weights, column: 2) * items.square().mean(.negatives).mean()
    return try first + third - 0.1 * s.parameter(margin, at: .users).mean()
  }

  /// The gradient of all parameters, one after another.
  private func gradients(_ loss: TracedLoss, _ batch: PlaneBatch) throws -> [Float] {
    let gradients = GradientSet()
    _ = try batch.evaluate(loss, parameterGradients: gradients)
    return [margin, itemMargin, weights].flatMap { gradients.of($0).dense() }
  }

  @Test func gradientsAgreeWithDifferencesInFloat64() throws {
    let batch = PlaneBatch(rows: 17, negatives: 4, userCount: 6)
    let parameters = [margin, itemMargin, weights]
    let found = try gradients(TracedLoss(name: "parameters", loss), batch)
    let trace = LossTrace(
      LossBatch(position: TrainingPosition(epoch: 1, step: 1), rowCount: 17, negativeCount: 4))
    let result = try loss(trace)
    // In the order in which the loss met them.
    let order = trace.parameters.map { met in parameters.firstIndex { $0 === met }! }
    let inputs = PlainEvaluation.Inputs(batch, parameters: trace.parameters)
    var wanted = [[Double]](repeating: [], count: 3)
    for (slot, numbers) in inputs.parameters.enumerated() {
      wanted[order[slot]] = try numbers.indices.map { index in
        func value(_ change: Double) throws -> Double {
          var moved = inputs
          moved.parameters[slot][index] += change
          var plain = PlainEvaluation(inputs: moved)
          return try plain.loss(trace, result: result)
        }
        return try (value(1e-6) - value(-1e-6)) / 2e-6
      }
    }
    expectClose(found, wanted.flatMap { $0 }, rtol: 5e-5, atol: 1e-6)
  }

  @Test func gradientsAreTheSameComputedWithTensors() throws {
    let batch = PlaneBatch(rows: 17, negatives: 20, userCount: 6)
    let fused = try gradients(TracedLoss(name: "parameters", loss), batch)
    let plain = try gradients(TracedLoss(name: "parameters", fuses: false, loss), batch)
    expectClose(plain, fused.map(Double.init), rtol: 5e-5, atol: 1e-6)
  }

  @Test func theLossNamesItsParameters() throws {
    let loss = TracedLoss(name: "parameters", loss)
    _ = try gradients(loss, PlaneBatch(rows: 5, negatives: 2))
    #expect(Set(loss.parameters.map(\.name)) == ["margin", "item margin", "weights"])
    #expect(loss.isRowwise)
  }

  @Test func aSharedParameterIsReadWhenTheRowsAreEvaluated() throws {
    let batch = PlaneBatch(rows: 5, negatives: 2)
    let loss = TracedLoss(name: "weighted") { [weights] s in try s.parameter(weights) * s.negative.mean() }
    let first = try batch.evaluate(loss)
    try weights.setValues([3, 2, 3])
    let second = try batch.evaluate(loss)
    expectClose(second.gradients, first.gradients.map { 3 * Double($0) }, rtol: 1e-6, atol: 0)
  }

  @Test func rowsOfTheWrongOwnerAreRefused() throws {
    let trace = LossTrace(LossBatch(position: TrainingPosition(epoch: 1, step: 1), rowCount: 2, negativeCount: 1))
    #expect(throws: LossProgramError.self) { try trace.parameter(margin, at: .positiveItems) }
    #expect(throws: LossProgramError.self) { try trace.parameter(margin) }
    #expect(throws: LossProgramError.self) { try trace.parameter(weights, column: 3) }
  }
}
