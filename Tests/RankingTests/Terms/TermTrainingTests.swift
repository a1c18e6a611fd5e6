import Interactions
import Tensors
import TestSupport
import Testing

@testable import Ranking

/// Trainers with terms: bits, reports, checkpoints, and what they refuse.
@Suite struct TermTrainingTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func model(biases: Bool = true) throws -> MatrixFactorization {
    try randomModel(users: 40, items: 60, dim: 6, score: .dot, biases: biases)
  }

  private func centers() throws -> Parameter {
    try Parameter(name: "centers", owner: .shared, rowCount: 4, columnCount: 6) { Float(($0 * 6 + $1) % 5) * 0.1 - 0.2 }
  }

  private func terms() throws -> [any Term] {
    [
      L2Term(weight: 0.01, scope: .batch), CovarianceTerm(weight: 0.3),
      CovarianceTerm(name: "of all", weight: 0.1, form: .sum, rows: .all),
      ClusterTerm(weight: 0.05, centers: try centers()),
      L2Term(name: "touched", weight: 0.02, scope: .tablesTouched),
    ]
  }

  private func trainer(
    _ model: any RankingModel, _ terms: [any Term]?, threads: Int = 2, _ change: (Optimizer) -> Void = { _ in }
  ) throws -> Trainer {
    let optimizer = Optimizer(.adam(.init()), rate: 0.01)
    change(optimizer)
    let trainer = try Trainer(
      model: model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 3), optimizer: optimizer,
      batchSize: 33, seed: 9, pool: ThreadPool(threadCount: threads))
    if let terms { try trainer.useTerms(terms) }
    trainer.describe()
    return trainer
  }

  private func bits(_ trainer: Trainer) -> [UInt32] {
    trainer.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
  }

  private func error(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func sameBitsAtAnyThreadCount() throws {
    func trained(_ threads: Int) throws -> ([UInt32], [TermValue]) {
      let trainer = try self.trainer(model(), terms(), threads: threads) { $0.clip = 2 }
      let report = try (0..<2).map { _ in try trainer.trainEpoch() }.last!
      return (bits(trainer), report.terms)
    }
    let one = try trained(1)
    for threads in [2, 3] { #expect(try trained(threads) == one) }
    #expect(one.1.map(\.name) == ["l2", "covariance", "of all", "cluster_kl", "touched"])
  }

  /// No terms, terms that were taken away, and terms that weigh nothing train like a trainer that never had any.
  @Test func termsThatAreNotThereLeaveNoTrace() throws {
    func trained(_ terms: [any Term]?) throws -> [UInt32] {
      let model = try model()
      let trainer = try self.trainer(model, terms)
      _ = try trainer.trainEpoch()
      return model.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
    }
    let plain = try trained(nil)
    #expect(try trained([]) == plain)
    let weightless: [any Term] = [
      L2Term(weight: 0, scope: .tables), CovarianceTerm(weight: 0), ClusterTerm(weight: 0, centers: try centers()),
    ]
    #expect(try trained(weightless) == plain)
    #expect(try trained(terms()) != plain)
  }

  @Test func reportsHaveTheMeanOfEachTerm() throws {
    let trainer = try self.trainer(model(), [CovarianceTerm(weight: 0.3)])
    var sum = 0.0
    var batches = 0.0
    let report = try trainer.trainEpoch { batch in
      sum += batch.terms[0].value
      batches += 1
      // From the third batch on there is another one beside it.
      if batches == 2 { try trainer.useTerms([CovarianceTerm(weight: 0.3), L2Term(weight: 1, scope: .tables)]) }
    }
    #expect(report.terms.map(\.name) == ["covariance", "l2"])
    expectClose(report.terms[0].value, sum / batches, rtol: 1e-12)
    #expect(report.terms[1].value > 0 && trainer.history[0].terms == report.terms)
  }

  @Test(arguments: [false, true]) func aSnapshotGoesOnWithTheSameBits(_ accumulates: Bool) throws {
    func make() throws -> Trainer {
      let trainer = try self.trainer(model(), terms())
      if accumulates { trainer.accumulation = 3 }
      return trainer
    }
    func step(_ trainer: Trainer, to number: Int) throws {
      while trainer.batchesDone < number { try trainer.trainBatch() }
    }
    let whole = try make()
    try step(whole, to: 25)
    (whole.terms[0] as! L2Term).weight = 0.5
    let folder = TemporaryFolder()
    try whole.save(to: "\(folder.path)/t")
    let fresh = try make()
    try fresh.load(from: "\(folder.path)/t")
    #expect((fresh.terms[0] as! L2Term).weight.constant == 0.5)
    #expect(fresh.history.map(\.terms) == whole.history.map(\.terms) && !fresh.history.isEmpty)
    #expect(fresh.currentEpochReport.terms == whole.currentEpochReport.terms)
    for _ in 0..<20 { #expect(try fresh.trainBatch().terms == whole.trainBatch().terms) }
    #expect(bits(fresh) == bits(whole))
    let other = try trainer(model(), [CovarianceTerm(weight: 0.2)])
    let text = error { try other.load(from: "\(folder.path)/t") }
    #expect(text.contains("terms is l2: l2(weight = 0.01, scope = batch); covariance: covariance(weight = 0.3"))
    #expect(text.contains("and covariance: covariance(weight = 0.2, form = squares, rows = batch) here"))
    #expect(error { try self.trainer(self.model(), nil).load(from: "\(folder.path)/t") }.contains("and not set here"))
  }

  /// The parameter that only a term has learns, in the optimizer's group that names it.
  @Test func parametersOfTermsAreTrainedInTheirGroups() throws {
    let centers = try centers()
    let before = centers.currentValues
    let still = try trainer(model(), [ClusterTerm(weight: 1, centers: centers)]) {
      $0.groups = [.init(names: ["centers"], rate: 0)]
    }
    _ = try still.trainEpoch()
    #expect(centers.currentValues == before)
    let moving = try trainer(model(), [ClusterTerm(weight: 1, centers: centers)])
    _ = try moving.trainEpoch()
    #expect(centers.currentValues != before)
    let text = error { try still.trainBatch() }
    #expect(text.contains("another trainer has trained parameter 'centers' of term 'cluster_kl' since"))
    let lost = try trainer(model(), []) { $0.groups = [.init(names: ["centers"], rate: 0)] }
    #expect(error { try lost.trainBatch() }.contains("group for a parameter 'centers'; the model and the loss have"))
  }

  @Test func partsOfABatchHaveThem() throws {
    let parts = try trainer(model(), terms())
    let plain = try trainer(model(), terms())
    let expected = try plain.trainBatch()
    let first = try parts.gradients()
    let second = try parts.gradients()
    #expect(first.terms == expected.terms && second.terms == expected.terms)
    #expect(first.gradients.norm() == second.gradients.norm())
    let report = try parts.apply(first.gradients, loss: first.forward.loss, terms: first.terms)
    #expect(report.terms == expected.terms && report.loss == expected.loss)
    #expect(bits(parts) == bits(plain))
  }

  /// Rows that stand aside between the batches that reach them, with terms in the fused step and in gradients of their own, against
  /// an optimizer that moves every row in every step.
  @Test(arguments: [false, true]) func denseAdamWithTerms(_ biases: Bool) throws {
    let model = try randomModel(users: 12, items: 40, dim: 4, score: .dot, biases: biases)
    let adam = Optimizer(.adam(.init()), rate: 0.01)
    let step = try TrainingStep(model: model, optimizer: adam, pool: ThreadPool(threadCount: 2))
    let parameters = model.trainedParameters
    var reference = DenseOptimizer<Double>(adam, values: parameters.flatMap(\.currentValues))
    let terms: [any Term] = [CovarianceTerm(weight: 1), L2Term(weight: 0.1, scope: .batch)]
    for seed in 1..<40 {
      let batch = GivenBatch.random(rows: 2, negatives: 1, users: 12, items: 40, seed: UInt64(seed))
      var settings = GivenBatch.Settings(rate: 0.01)
      settings.terms = terms
      let (forward, _) = try batch.forward(step, BPRLoss(), settings)
      let set = try step.gradients(of: forward).gradients
      reference.advance(parameters.flatMap { set.of($0).dense().map(Double.init) }, rate: 0.01)
      try batch.run(step, BPRLoss(), settings)
    }
    expectClose(parameters.flatMap(\.currentValues), reference.values, rtol: 2e-4, atol: 2e-5)
  }

  // MARK: Refusals

  @Test func namesAreOfTheirOwn() throws {
    let trainer = try self.trainer(model(), [L2Term(weight: 1)])
    let text = error { try trainer.useTerms([CovarianceTerm(weight: 1), CovarianceTerm(weight: 2)]) }
    #expect(text == "two terms are named 'covariance'; give each a name of its own")
    #expect(trainer.terms.map(\.name) == ["l2"])
  }

  @Test func modelsForWhichTheyMeanNothingAreRefused() throws {
    let ncf = try NCF(
      NeuralConfiguration(userCount: 40, itemCount: 60, dim: 4), tower: TowerConfiguration(layers: [4]))
    let computed = try IdentityModel(users: 40, items: 60, dim: 6, score: .dot, sides: .init(users: true, items: true))
    func refusal(_ model: any RankingModel, _ term: any Term) throws -> String {
      let trainer = try self.trainer(model, nil)
      return error { try trainer.useTerms([term]) }
    }
    #expect(try refusal(ncf, CovarianceTerm(weight: 1)).contains("scores pairs by a network"))
    #expect(try refusal(computed, CovarianceTerm(weight: 1, rows: .all)).contains("use rows = \"batch\""))
    #expect(try refusal(computed, L2Term(weight: 1, scope: .batch)).hasPrefix("term 'l2': scope 'batch' counts rows"))
    #expect(
      try refusal(model(), L2Term(weight: 1, parameters: [centers()])).contains(
        "'centers' is shared; use scope = \"tables\""))
    #expect(try refusal(computed, ClusterTerm(weight: 1, centers: centers())).contains("items = a parameter"))
    #expect(
      try refusal(randomModel(users: 40, items: 60, dim: 5, score: .dot), ClusterTerm(weight: 1, centers: centers()))
        .contains("the centers 'centers' have 6 numbers each, and the items 'item' 5"))
    let strange = try Parameter(name: "strange", owner: .user, rowCount: 3, columnCount: 2) { _, _ in 1 }
    let trainer = try self.trainer(model(), [L2Term(weight: 1, parameters: [strange])])
    #expect(error { try trainer.trainBatch() }.contains("term 'l2' reads parameter 'strange', which has 3 rows"))
  }

  @Test func aValueThatIsNoNumberEndsTheBatchBeforeAnythingMoves() throws {
    let centers = try centers()
    let trainer = try self.trainer(model(), [L2Term(weight: 1), ClusterTerm(weight: 1, centers: centers)])
    try trainer.trainBatch()
    try centers.setValues([Float](repeating: .nan, count: 24))
    let before = trainer.model.trainedParameters.map(\.currentValues)
    let text = error { try trainer.trainBatch() }
    #expect(
      text.hasPrefix(
        "term 'cluster_kl' is nan at epoch 1, step 2: parameter 'centers' hold nan (first in row 0); nothing was changed"
      ))
    #expect(trainer.model.trainedParameters.map(\.currentValues) == before && trainer.step == 1)
    let schedule = try self.trainer(model(), [CovarianceTerm(weight: Schedule { _ in -1 })])
    #expect(
      error { try schedule.trainBatch() }.hasPrefix("term 'covariance': weight is -1.0 at epoch 1, step 1; want 0.0 to")
    )
  }

  /// Rows that only a term reads are brought up to date first, and into their bounds.
  @Test func rowsThatStoodAsideAreRead() throws {
    final class Recorder: Term {
      let name = "recorder"
      let gate: Parameter
      var seen: [Float] = []
      init(_ gate: Parameter) { self.gate = gate }
      var parameters: [Parameter] { [gate] }
      var text: String { name }
      func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double {
        let reader = batch.reader()
        let rows = try reader.rows(gate, batch.distinctUsers)
        seen += try rows.elements()
        // Only the first batches push, the others see what momentum makes of it.
        try reader.addGradients(
          of: [rows], outputGradients: [Tensor.full(rows.shape, batch.position.step < 4 ? -1 : 0)], to: gradients)
        return 0
      }
    }
    let gate = try Parameter(name: "gate", owner: .user, rowCount: 40, bounds: 0...0.02) { _, _ in 0 }
    let recorder = Recorder(gate)
    let trainer = try self.trainer(model(), [recorder])
    for _ in 0..<2 { _ = try trainer.trainEpoch() }
    #expect(recorder.seen.allSatisfy { (0...0.02).contains($0) } && recorder.seen.contains(0.02))
  }

  @Test func aTermCannotTrainItsOwnTrainer() throws {
    final class Caller: Term {
      let name = "caller"
      var text: String { name }
      var body: () throws -> Void = {}
      func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double {
        try body()
        return 0
      }
    }
    let caller = Caller()
    let trainer = try self.trainer(model(), [caller])
    let inner = try self.trainer(model(), [L2Term(weight: 1)])
    caller.body = { try trainer.trainBatch() }
    #expect(error { try trainer.trainBatch() }.contains("a batch cannot begin inside a batch"))
    caller.body = { try trainer.model.trainedParameters[0].setValues([]) }
    #expect(error { try trainer.trainBatch() }.contains("in the middle of a batch"))
    // Another trainer may be run there; assignments count from the next batch on.
    caller.body = {
      try inner.trainBatch()
      try trainer.useTerms([])
    }
    #expect(try trainer.trainBatch().terms.map(\.name) == ["caller"])
    #expect(try trainer.trainBatch().terms.isEmpty && inner.step == 1)
  }
}
