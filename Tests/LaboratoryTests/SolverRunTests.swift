import Interactions
import Testing

@testable import Laboratory
@testable import Ranking

/// Passes with evaluation, early stopping, callbacks and interruption.
@Suite struct SolverRunTests {
  private let train = randomInteractions(users: 30, items: 20, pairs: 150, seed: 1)

  private func solver() throws -> AlternatingLeastSquares {
    let model = try WeightedFactorization(userCount: 30, itemCount: 20, dim: 4, seed: 1)
    return try AlternatingLeastSquares(model, train: train)
  }

  /// Epochs whose metric is given.
  private func run(_ values: [Double], patience: Int?, epochs: Int) throws -> (SolverSummary, AlternatingLeastSquares) {
    let solver = try solver()
    let run = SolverRun(solver, epochs: epochs)
    run.evaluate = { [("recall@20", values[solver.epochsDone - 1])] }
    run.stopping = patience.map { EarlyStopping(metric: "recall@20", patience: $0) }
    return (try run.run(), solver)
  }

  @Test func theBestEpochIsPutBack() throws {
    let (summary, solver) = try run([0.1, 0.3, 0.2, 0.25, 0.4], patience: 2, epochs: 5)
    #expect(summary.end == .earlyStop && summary.records.map(\.epoch) == [1, 2, 3, 4])
    #expect(summary.best == BestEpoch(epoch: 2, metric: "recall@20", part: "valid", value: 0.3))
    #expect(solver.epochsDone == 2)
    let other = try self.solver()
    for _ in 0..<2 { _ = try other.epoch { false } }
    #expect(solver.model.trainedParameters.map(\.currentValues) == other.model.trainedParameters.map(\.currentValues))
    #expect(summary.description.hasPrefix("early stopping after epoch 4: recall@20 did not improve"))
    #expect(summary.description.hasSuffix("of the best epoch, 2: recall@20 0.3000 on valid"))
  }

  @Test func allEpochsWithoutStopping() throws {
    let (summary, solver) = try run([0.1, 0.3, 0.2], patience: nil, epochs: 3)
    #expect(summary.end == .finished && summary.best == nil && solver.epochsDone == 3)
    #expect(summary.records.map { $0.metrics[0].value } == [0.1, 0.3, 0.2])
    #expect(zip(summary.records, summary.records.dropFirst()).allSatisfy { $0.objective! > $1.objective! })
    #expect(summary.description == "all 3 epochs done; the model has the parameters of the last whole epoch")
  }

  @Test func evaluationEveryFewEpochsAndAfterTheLast() throws {
    let run = SolverRun(try solver(), epochs: 5)
    run.evaluateEvery = 3
    run.evaluate = { [("a", 1)] }
    #expect(try run.run().records.map(\.metrics.count) == [0, 0, 1, 0, 1])
    #expect(try SolverRun(solver(), epochs: 0).run().records.isEmpty)
  }

  @Test func aCallbackEndsTheRun() throws {
    let run = SolverRun(try solver(), epochs: 5)
    run.onEpoch = { $0.epoch < 2 }
    let summary = try run.run()
    #expect(summary.end == .callback && summary.records.count == 2)
    struct ScriptError: Error {}
    run.onEpoch = { _ in throw ScriptError() }
    #expect(throws: ScriptError.self) { try run.run() }
    #expect(run.solver.epochsDone == 3)
  }

  @Test func anInterruptionKeepsTheBest() throws {
    let solver = try solver()
    let run = SolverRun(solver, epochs: 9)
    run.isInterrupted = { solver.epochsDone == 3 }
    run.evaluate = { [("recall@20", solver.epochsDone == 2 ? 0.5 : 0.1)] }
    run.stopping = EarlyStopping(metric: "recall@20", patience: 5)
    let summary = try run.run()
    #expect(
      summary.end == .interrupted && summary.records.count == 3 && summary.best?.epoch == 2 && solver.epochsDone == 2)
    #expect(
      summary.description.hasPrefix("interrupted after epoch 3; the model has the parameters of the best epoch, 2"))
  }

  @Test func earlyStoppingWantsAnEvaluation() throws {
    let run = SolverRun(try solver(), epochs: 2)
    run.stopping = EarlyStopping(metric: "recall@20", patience: 1)
    #expect(throws: TrainingError.self) { try run.run() }
  }
}
