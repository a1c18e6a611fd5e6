import Interactions
import TestSupport
import Tensors
import Testing

@testable import Ranking

/// Weights of triplets that are learned: against published vectors, against a slow version on random cases, and in trainers.
@Suite struct TripletImportanceTests {
  // MARK: A batch

  private struct Problem {
    let model: MatrixFactorization
    let train: InteractionMatrix
    let importance: TripletImportance
    var triplets: (users: [Int], positives: [Int], negatives: [Int])

    var slow: SlowTripletImportance {
      get throws {
        SlowTripletImportance(
          users: try Tensor(model.userEmbeddings(), shape: [model.userCount, model.dim]),
          items: try Tensor(model.itemEmbeddings(), shape: [model.itemCount, model.dim]),
          network: try importance.parameters.map {
            try Tensor($0.currentValues, shape: [$0.rowCount, $0.columnCount])
          },
          triplets: triplets, train: train, isAttached: importance.isAttached)
      }
    }

    /// - Returns: The pass after its weights, and with what it says of the rows through them.
    func pass(rate: Float, scale: Float = 1, threads: Int = 2) throws -> TripletImportancePass {
      var users = RowGroups(rowCount: train.userCount)
      users.group(triplets.users.map(Int32.init), count: triplets.users.count)
      var items = RowGroups(rowCount: train.itemCount)
      let pairs = zip(triplets.positives, triplets.negatives).flatMap { [Int32($0), Int32($1)] }
      items.group(pairs, count: pairs.count)
      let (userTable, itemTable) = (model.userTable!, model.itemTable!)
      let pass = try TripletImportancePass(
        users: users, items: items, userTable: (UnsafePointer(userTable.values), userTable.rowStride),
        itemTable: (UnsafePointer(itemTable.values), itemTable.rowStride), dim: model.dim, network: importance.network,
        history: TrainHistory(train),
        settings: .init(innerRate: rate, isAttached: importance.isAttached, scale: scale),
        memory: memory, pool: ThreadPool(threadCount: threads))
      _ = pass.weigh()
      if importance.isAttached { pass.differentiateStates() }
      return pass
    }

    /// Used again and again, so that what one pass left is there for the next.
    let memory = KeptFloats<TripletBuffers.Part>(for: "a test's triplets")
  }

  private func floats(_ pointer: UnsafePointer<Float>, _ count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: pointer, count: count))
  }

  /// Of W1, b1, W2 and b2.
  private func gradients(_ outcome: TripletImportancePass.Outcome) -> [[Float]] {
    [outcome.hidden, outcome.bias, outcome.output, [outcome.offset]]
  }

  private func problem(_ golden: Golden) throws -> Problem {
    let (users, items) = (golden.rows("inputs.P"), golden.rows("inputs.Q"))
    let dim = users[0].count
    let model = try randomModel(users: users.count, items: items.count, dim: dim, score: .dot)
    try model.setParameters(.init(users: golden.floats("inputs.P"), items: golden.floats("inputs.Q")))
    let importance = try TripletImportance(
      width: dim, isAttached: golden.flag("parameters.gradient_through_state"))
    for (parameter, name) in zip(importance.parameters, ["W1", "b1", "W2", "b2"]) {
      try parameter.setValues(golden.floats("inputs.\(name)"))
    }
    let train = golden.rows("inputs.train")
    return Problem(
      model: model,
      train: InteractionMatrix(
        userCount: users.count, itemCount: items.count,
        users: train.enumerated().flatMap { user, own in own.map { _ in Int32(user) } },
        items: train.flatMap { $0.map { Int32($0) } }), importance: importance,
      triplets: (
        golden.integers("inputs.user").map(Int.init), golden.integers("inputs.pos").map(Int.init),
        golden.integers("inputs.neg").map(Int.init)
      ))
  }

  @Test(arguments: ["attached.a", "attached.b", "detached.a", "detached.b"])
  func agreesWithPublishedVectors(_ name: String) throws {
    let inner = try Golden("til_ui.inner_\(name)")
    let weighed = try problem(inner).pass(rate: 0)
    expectClose(
      floats(weighed.buffers.weights, weighed.count), inner.numbers("expected.values.weight"), rtol: 2e-4, atol: 2e-5)
    expectClose(
      floats(weighed.buffers.losses, weighed.count), inner.numbers("expected.values.bpr"), rtol: 2e-4, atol: 2e-5)
    expectClose(weighed.loss, try inner.number("expected.loss"), rtol: 2e-4, atol: 2e-5)

    let golden = try Golden("til_ui.hypergradient_\(name)")
    let problem = try problem(golden)
    let rate = Float(try golden.number("parameters.inner_step"))
    let pass = try problem.pass(rate: rate)
    let outcome = try pass.lookAhead()
    expectClose(outcome.loss, try golden.number("expected.loss"), rtol: 2e-4, atol: 2e-5)
    expectClose(pass.loss, try golden.number("expected.values.inner_loss"), rtol: 2e-4, atol: 2e-5)
    for (name, gradient) in zip(["W1", "b1", "W2", "b2"], gradients(outcome)) {
      expectClose(gradient, golden.numbers("expected.gradients.\(name)"), rtol: 2e-4, atol: 2e-5, name)
    }
    // The slow version of the other tests is right as well.
    let slow = try problem.slow.outcome(rate: rate)
    expectClose(slow.gradients[0], golden.numbers("expected.values.theta_gradient_inner.P"), rtol: 2e-4, atol: 2e-5)
    expectClose(slow.gradients[1], golden.numbers("expected.values.theta_gradient_inner.Q"), rtol: 2e-4, atol: 2e-5)
    for (name, gradient) in zip(["W1", "b1", "W2", "b2"], slow.networkGradients) {
      expectClose(gradient, golden.numbers("expected.gradients.\(name)"), rtol: 2e-4, atol: 2e-5, name)
    }
  }

  private func random(
    _ shape: (users: Int, items: Int, pairs: Int, triplets: Int, dim: Int), isAttached: Bool, seed: UInt64
  ) throws -> Problem {
    let train = randomInteractions(users: shape.users, items: shape.items, pairs: shape.pairs, seed: seed)
    let stream = RandomStream(seed: seed, purpose: "triplets")
    // Negatives may be items of the user, and the positive itself.
    let places = (0..<shape.triplets).map { stream.integer(below: train.count, at: UInt64($0)) }
    let users = places.map { place in (0..<shape.users).first { train.rowOffsets[$0 + 1] > place }! }
    return Problem(
      model: try randomModel(users: shape.users, items: shape.items, dim: shape.dim, score: .dot, seed: seed),
      train: train,
      importance: try TripletImportance(width: shape.dim, isAttached: isAttached, seed: seed),
      triplets: (
        users, places.map { Int(train.items[$0]) },
        (0..<shape.triplets).map { stream.substream(1).integer(below: shape.items, at: UInt64($0)) }
      ))
  }

  /// One triplet, few and many of them, users without items, users with everything, rows of one number and of more than a vector.
  @Test(
    arguments: [
      (1, 2, 3, 1, 1), (3, 4, 200, 9, 3), (40, 30, 100, 150, 16), (60, 500, 700, 400, 33), (7, 9, 20, 1, 64),
    ],
    [true, false])
  func agreesWithDifferentiatingTwice(
    _ shape: (users: Int, items: Int, pairs: Int, triplets: Int, dim: Int), _ isAttached: Bool
  ) throws {
    for (seed, rate) in [(UInt64(1), Float(0.05)), (2, 1e-3), (3, 0)] {
      let problem = try random(shape, isAttached: isAttached, seed: seed)
      let scale: Float = seed == 2 ? 1 / Float(shape.triplets) : 1
      let pass = try problem.pass(rate: rate, scale: scale)
      var version = try problem.slow
      version.scale = scale
      let slow = try version.outcome(rate: rate)
      expectClose(floats(pass.buffers.weights, pass.count), slow.weights, rtol: 1e-4, atol: 1e-5)
      expectClose(pass.loss, slow.loss, rtol: 1e-4, atol: 1e-5)
      let outcome = try pass.lookAhead()
      expectClose(outcome.loss, slow.movedLoss, rtol: 1e-4, atol: 1e-5)
      for (gradient, wanted) in zip(gradients(outcome), slow.networkGradients) {
        let size = Double(wanted.map(abs).max()!)
        expectClose(gradient, wanted, rtol: 1e-3, atol: 1e-9 + 1e-4 * size, "\(shape), seed \(seed)")
      }
      let one = try problem.pass(rate: rate, scale: scale, threads: 1)
      #expect(try gradients(one.lookAhead()) == gradients(outcome))
    }
  }

  // MARK: In a training

  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func trainer(
    threads: Int = 2, isAttached: Bool = true, reduction: Reduction = .mean, innerRate: Schedule = 0.05,
    optimizer: Optimizer = Optimizer(.adam(.init()), rate: 0.02), model given: MatrixFactorization? = nil
  ) throws -> (trainer: Trainer, importance: TripletImportance, model: MatrixFactorization) {
    let model = try given ?? randomModel(users: 40, items: 60, dim: 6, score: .dot)
    let loss = BPRLoss()
    loss.reduction = reduction
    let trainer = try Trainer(
      model: model, train: train, loss: loss, sampler: UniformSampler(count: 1), optimizer: optimizer, batchSize: 33,
      seed: 9, pool: ThreadPool(threadCount: threads))
    let importance = try TripletImportance(width: 6, innerRate: innerRate, isAttached: isAttached, seed: 4)
    try trainer.learnImportance(importance)
    trainer.describe()
    return (trainer, importance, model)
  }

  /// All gradients of a batch in the middle of a training, rows that stood aside included.
  @Test(arguments: [true, false], Reduction.allCases)
  func gradientsOfATrainerAreThoseOfTheSlowVersion(_ isAttached: Bool, _ reduction: Reduction) throws {
    let (trainer, importance, model) = try trainer(isAttached: isAttached, reduction: reduction)
    for _ in 0..<20 { try trainer.trainBatch() }
    let rows = try trainer.nextRows()
    let (forward, gradients, _) = try trainer.gradients()
    let version = SlowTripletImportance(
      users: try Tensor(model.userEmbeddings(), shape: [40, 6]),
      items: try Tensor(model.itemEmbeddings(), shape: [60, 6]),
      network: try importance.parameters.map { try Tensor($0.currentValues, shape: [$0.rowCount, $0.columnCount]) },
      triplets: (rows.users.map(Int.init), rows.positives.map(Int.init), forward.negatives.map(Int.init)), train: train,
      isAttached: isAttached, scale: reduction == .mean ? 1 / Float(rows.users.count) : 1)
    let slow = try version.outcome(rate: 0.05)
    expectClose(forward.loss, slow.loss, rtol: 1e-4, atol: 1e-5)
    for (parameter, wanted) in zip(
      [model.userTable!, model.itemTable!] + importance.parameters, slow.gradients + slow.networkGradients)
    {
      var dense = [Float](repeating: 0, count: parameter.rowCount * parameter.columnCount)
      if let found = gradients.existing(parameter) {
        let values = found.compactValues()
        for (slot, row) in found.rows.enumerated() {
          for column in 0..<parameter.columnCount {
            dense[Int(row) * parameter.columnCount + column] = values[slot * parameter.columnCount + column]
          }
        }
      }
      let size = Double(wanted.map(abs).max()!)
      expectClose(dense, wanted, rtol: 1e-3, atol: 1e-4 * size, parameter.name)
    }
  }

  private func bits(_ trainer: Trainer) -> [UInt32] {
    trainer.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
  }

  @Test(arguments: [true, false]) func sameBitsAtAnyThreadCount(_ isAttached: Bool) throws {
    func trained(_ threads: Int) throws -> [UInt32] {
      let trainer = try trainer(threads: threads, isAttached: isAttached).trainer
      for _ in 0..<3 { _ = try trainer.trainEpoch() }
      return bits(trainer)
    }
    let one = try trained(1)
    for threads in [2, 3] { #expect(try trained(threads) == one) }
  }

  @Test func aSnapshotInTheMiddleOfAnEpochGoesOnWithTheSameBits() throws {
    let whole = try trainer().trainer
    for _ in 0..<40 { try whole.trainBatch() }
    let first = try trainer().trainer
    for _ in 0..<23 { try first.trainBatch() }
    let second = try trainer().trainer
    try second.restore(first.snapshot())
    for _ in 23..<40 { try second.trainBatch() }
    #expect(bits(second) == bits(whole))
  }

  /// Collected gradients and the fused step are the same step.
  @Test func gradientsThatAreAppliedAreTheStep() throws {
    let optimizer = { Optimizer(.sgd(momentum: 0), rate: 0.1) }
    let (whole, apart) = (try trainer(optimizer: optimizer()).trainer, try trainer(optimizer: optimizer()).trainer)
    for _ in 0..<7 {
      try whole.trainBatch()
      let (forward, gradients, terms) = try apart.gradients()
      _ = try apart.apply(gradients, loss: forward.loss, terms: terms)
    }
    let values = { (trainer: Trainer) in trainer.trainedParameters.flatMap(\.currentValues) }
    expectClose(values(apart), values(whole), rtol: 1e-5, atol: 1e-6)
  }

  @Test func weightsLearnAndDoNotCollapse() throws {
    let (trainer, importance, _) = try trainer(innerRate: 0.5)
    let before = importance.parameters.map(\.currentValues)
    let reports = try (0..<20).map { _ in try trainer.trainEpoch() }
    #expect(zip(importance.parameters.map(\.currentValues), before).allSatisfy { $0 != $1 })
    #expect(reports.last!.loss < reports[0].loss)
    let summary = importance.summary
    #expect(summary.count == train.count && summary.least > 0 && summary.most < 1 && summary.deviation > 1e-4)
  }

  // MARK: What is refused

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func whatMeansNothingIsRefused() throws {
    func with(_ model: any RankingModel, _ loss: Loss, negatives: Int = 1) throws -> Trainer {
      try Trainer(
        model: model, train: train, loss: loss, sampler: UniformSampler(count: Schedule(Double(negatives))),
        optimizer: Optimizer(.sgd(momentum: 0), rate: 0.1), batchSize: 8, seed: 1)
    }
    let importance = try TripletImportance(width: 6)
    let plain = { try randomModel(users: 40, items: 60, dim: 6, score: .dot) }
    let biased = try randomModel(users: 40, items: 60, dim: 6, score: .dot, biases: true)
    #expect(refusal { try with(biased, BPRLoss()).learnImportance(importance) }.contains("without biases"))
    let cosine = try randomModel(users: 40, items: 60, dim: 6, score: .cosine)
    #expect(refusal { try with(cosine, BPRLoss()).learnImportance(importance) }.contains("inner products"))
    #expect(refusal { try with(plain(), HingeLoss()).learnImportance(importance) }.contains("losses.bpr"))
    let wide = try TripletImportance(width: 7)
    #expect(refusal { try with(plain(), BPRLoss()).learnImportance(wide) }.contains("rows of 7 numbers"))
    #expect(
      refusal {
        let trainer = try with(plain(), BPRLoss())
        try trainer.weigh(by: .interactions([Float](repeating: 1, count: train.count)))
        try trainer.learnImportance(importance)
      }.contains("leave `weight` or `weighting` out"))
    #expect(
      refusal {
        let trainer = try with(plain(), BPRLoss(), negatives: 3)
        try trainer.learnImportance(importance)
        try trainer.trainBatch()
      }.contains("draws 3 for each positive"))
    #expect(
      refusal {
        let trainer = try with(plain(), BPRLoss())
        try trainer.learnImportance(importance)
        trainer.loss = HingeLoss()
        try trainer.trainBatch()
      }.contains("losses.bpr"))
    #expect(
      refusal {
        let trainer = try with(plain(), BPRLoss())
        try trainer.learnImportance(try TripletImportance(width: 6, innerRate: Schedule(.nan)))
        try trainer.trainBatch()
      }.contains("inner_rate is nan"))
  }
}
