import Interactions
import TestSupport
import Tensors
import Testing

@testable import Ranking

/// Clusters that are learned: their loss, where items belong, and trainers that draw by them.
@Suite struct LearnedClusterTests {
  // MARK: The loss

  /// A loss's inputs, with everything that it is differentiated by: users, items, centers, W, w.
  private struct Inputs {
    var leaves: [Tensor]
    var userSlots: [Int]
    var itemSlots: [Int]
    var logProposal: Tensor?
    var temperature: Float
    var form: LearnedClusterTerm.Form

    /// Used again and again, so that what one pass left is there for the next.
    let memory = LearnedClusterMemory()

    func pass(threads: Int = 2, weight: Float = 1, reachesRows: Bool = true) throws -> Result {
      var groups = RowGroups(rowCount: leaves[1].shape[0])
      groups.group(itemSlots.map(Int32.init), count: itemSlots.count)
      let met = groups.rows.map(Int.init)
      let batch = { (proposal: UnsafePointer<Float>?) in
        LearnedClusterPass.Batch(
          users: try RowBlock(copying: leaves[0]), userSlots: userSlots.map(Int32.init),
          items: try RowBlock(copying: leaves[1].gather(met)), itemGroups: groups, logProposal: proposal)
      }
      let evaluate = { (proposal: UnsafePointer<Float>?) in
        try LearnedClusterPass(
          batch(proposal), centers: RowBlock(copying: leaves[2]), similarity: RowBlock(copying: leaves[3]),
          lean: RowBlock(copying: leaves[4]),
          settings: .init(temperature: temperature, weight: weight, form: form, reachesRows: reachesRows),
          memory: memory, pool: ThreadPool(threadCount: threads)
        ).evaluate()
      }
      let found = try logProposal?.elements().withUnsafeBufferPointer { try evaluate($0.baseAddress) } ?? evaluate(nil)
      return try Result(
        found, met: met, itemCount: leaves[1].shape[0], clusterCount: leaves[2].shape[0], width: leaves[2].shape[1])
    }

    func slow() throws -> (value: Double, gradients: [Tensor], assignments: Tensor) {
      let leaves = leaves.map { $0.requiringGradient() }
      let loss = SlowClusterLoss(
        users: try leaves[0].gather(userSlots), items: leaves[1], slots: itemSlots, logProposal: logProposal,
        centers: leaves[2], similarity: leaves[3], lean: leaves[4], temperature: temperature, form: form)
      let value = try loss.loss()
      let gradients = try Tensor.gradients(of: [value], withRespectTo: leaves).map { try #require($0) }
      return (
        Double(try value.item()), gradients, try (loss.similarities() * (1 / temperature)).softmax().detached()
      )
    }
  }

  /// With derivatives of all items, those that the batch does not meet included.
  private struct Result {
    let value: Double
    let gradients: [Tensor]
    let hasRows: Bool

    init(_ found: LearnedClusterPass.Result, met: [Int], itemCount: Int, clusterCount: Int, width: Int) throws {
      (value, hasRows) = (found.value, found.rows != nil)
      let rows = try found.rows.map { rows in
        var items = [Float](repeating: 0, count: itemCount * width)
        for (place, number) in try rows.items.elements().enumerated() {
          items[met[place / width] * width + place % width] = number
        }
        return [rows.users, try Tensor(items, shape: [itemCount, width])]
      }
      let matrix = { (rows: UnsafePointer<Float>, count: Int) in
        let numbers = (0..<count).flatMap { UnsafeBufferPointer(start: rows + $0 * found.stride, count: width) }
        return try Tensor(numbers, shape: [count, width])
      }
      let clusters = try [(found.centers, clusterCount), (found.similarity, width), (found.lean, 1)].map(matrix)
      gradients = (rows ?? []) + clusters
    }
  }

  @Test(arguments: ["soft.a", "soft.b", "straight_through.a", "straight_through.b"])
  func agreesWithPublishedVectors(_ name: String) throws {
    let golden = try Golden("pris_joint.\(name)")
    let row = { (path: String) in try Tensor([golden.floats(path)]) }
    let inputs = Inputs(
      leaves: [
        try row("inputs.user"), try golden.tensor("inputs.V"), try golden.tensor("inputs.C"),
        try golden.tensor("inputs.W"), try row("inputs.w_C"),
      ], userSlots: [0], itemSlots: (golden.integers("inputs.pos") + golden.integers("inputs.neg")).map(Int.init),
      logProposal: try row("inputs.log_q"), temperature: Float(try golden.number("parameters.temperature")),
      form: try #require(LearnedClusterTerm.Form(rawValue: golden.text("parameters.assignment")!)))
    let result = try inputs.pass()
    expectClose(result.value, try golden.number("expected.loss"), rtol: 2e-4, atol: 2e-5)
    for (name, gradient) in zip(["user", "V", "C", "W", "w_C"], result.gradients) {
      expectClose(
        try gradient.elements(), golden.numbers("expected.gradients.\(name)"), rtol: 2e-4, atol: 2e-5, name)
    }
    // The vectors add w_I v, which is the same for all clusters of an item.
    expectClose(
      try inputs.slow().assignments.elements(), golden.numbers("expected.values.soft_assignment"), rtol: 2e-4,
      atol: 2e-5, "assignments")
    let items = try inputs.leaves[1].elements().withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: inputs.leaves[1].shape[0], width: inputs.leaves[1].shape[1])
    }
    let labels = try LearnedClusters.assign(
      items, centers: inputs.leaves[2].elements(), similarity: inputs.leaves[3].elements(),
      lean: inputs.leaves[4].elements(), pool: ThreadPool(threadCount: 2))
    #expect(labels == golden.integers("expected.values.hard_assignment"))
  }

  /// Few and many clusters and items, one row, one negative, repeated items, items that nobody meets, sharp and flat mixtures.
  @Test(
    arguments: [(1, 1, 1, 1, 3), (2, 7, 5, 16, 16), (33, 300, 4, 100, 32), (9, 20, 1, 17, 5), (40, 3, 6, 2, 33)],
    LearnedClusterTerm.Form.allCases)
  func derivativesByHandAreThoseOfTheRecord(
    _ shape: (rows: Int, items: Int, negatives: Int, clusters: Int, width: Int), _ form: LearnedClusterTerm.Form
  ) throws {
    for (seed, temperature) in [(UInt64(1), Float(0.1)), (2, 1), (3, 20)] {
      let stream = RandomStream(seed: seed, purpose: "learned clusters")
      func numbers(_ shape: [Int], _ part: Int) throws -> Tensor {
        try Tensor.normal(shape, stream: stream.substream(part))
      }
      let (users, width) = ((shape.rows + 1) / 2, shape.width)
      let inputs = Inputs(
        leaves: [
          try numbers([users, width], 1), try numbers([shape.items, width], 2),
          try numbers([shape.clusters, width], 3),
          try numbers([width, width], 4), try numbers([1, width], 5),
        ], userSlots: (0..<shape.rows).map { $0 % users },
        itemSlots: (0..<shape.rows * (1 + shape.negatives)).map {
          stream.substream(6).integer(below: shape.items, at: UInt64($0))
        }, logProposal: seed == 2 ? nil : try numbers([shape.rows, shape.negatives], 7), temperature: temperature,
        form: form)
      let (result, slow) = (try inputs.pass(weight: 0.5), try inputs.slow())
      expectClose(result.value, slow.value / 2, rtol: 1e-4, atol: 1e-5)
      for (gradient, wanted) in zip(result.gradients, slow.gradients) {
        let wanted = try wanted.elements().map { Double($0) / 2 }
        let scale = wanted.reduce(0) { max($0, abs($1)) }
        expectClose(try gradient.elements(), wanted, rtol: 1e-3, atol: 1e-5 + 1e-4 * scale, "\(shape), \(temperature)")
      }
      let alone = try inputs.pass(weight: 0.5, reachesRows: false)
      #expect(!alone.hasRows && alone.value == result.value)
      for (gradient, same) in zip(alone.gradients, result.gradients.dropFirst(2)) {
        #expect(try gradient.elements() == same.elements())
      }
      let one = try inputs.pass(threads: 1, weight: 0.5)
      #expect(one.value == result.value)
      for (gradient, same) in zip(one.gradients, result.gradients) {
        #expect(try gradient.elements() == same.elements())
      }
    }
  }

  @Test(arguments: [1, 2, 17, 40])
  func itemsGoToTheMostSimilarCenter(_ count: Int) throws {
    let stream = RandomStream(seed: UInt64(count), purpose: "clusters")
    func numbers(_ shape: [Int], _ part: Int) throws -> [Float] {
      try Tensor.normal(shape, stream: stream.substream(part)).elements()
    }
    let (rows, width) = (300, 7)
    let (items, centers) = (try numbers([rows, width], 1), try numbers([count, width], 2))
    let (similarity, lean) = (try numbers([width, width], 3), try numbers([width], 4))
    let block = try items.withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: rows, width: width)
    }
    func slow(_ item: Int) -> Int32 {
      let scores = (0..<count).map { center in
        (0..<width).reduce(0.0) { sum, a in
          let turned = (0..<width).reduce(0.0) {
            $0 + Double(similarity[a * width + $1]) * Double(centers[center * width + $1])
          }
          return sum + Double(items[item * width + a]) * turned / 2 + Double(lean[a])
            * Double(centers[center * width + a])
        }
      }
      return Int32(scores.indices.max { scores[$0] < scores[$1] }!)
    }
    let wanted = (0..<rows).map(slow)
    for threads in [1, 2] {
      let found = try LearnedClusters.assign(
        block, centers: centers, similarity: similarity, lean: lean, pool: ThreadPool(threadCount: threads))
      #expect(found == wanted)
    }
  }

  // MARK: In a training

  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func model() throws -> MatrixFactorization {
    try randomModel(users: 40, items: 60, dim: 6, score: .dot, biases: false)
  }

  private func trainer(
    threads: Int = 2, members: ClusterSampler.Members = .popularity, reach: LearnedClusterTerm.Reach = .all,
    form: LearnedClusterTerm.Form = .straightThrough
  ) throws -> (trainer: Trainer, clusters: LearnedClusters) {
    let model = try model()
    let clusters = try LearnedClusters(count: 8, of: model, interval: .steps(5), seed: 3)
    let trainer = try Trainer(
      model: model, train: train, loss: ImportanceLoss(),
      sampler: ClusterSampler(count: 4, clustering: clusters, members: members),
      optimizer: Optimizer(.adam(.init()), rate: 0.02), batchSize: 33, seed: 9, pool: ThreadPool(threadCount: threads))
    try trainer.useTerms([
      LearnedClusterTerm(clusters: clusters, temperature: Schedule { 1 / Double($0.epoch) }, form: form, reach: reach)
    ])
    trainer.describe()
    return (trainer, clusters)
  }

  private func bits(_ trainer: Trainer) -> [UInt32] {
    trainer.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
  }

  @Test(arguments: ClusterSampler.Members.allCases) func clustersLearn(_ members: ClusterSampler.Members) throws {
    let (trainer, clusters) = try trainer(members: members)
    let before = clusters.parameters.map(\.currentValues)
    let reports = try (0..<12).map { _ in try trainer.trainEpoch() }
    #expect(zip(clusters.parameters.map(\.currentValues), before).allSatisfy { $0 != $1 })
    #expect(reports.last!.terms[0].value < reports[0].terms[0].value && reports.last!.loss < reports[0].loss)
  }

  @Test func sameBitsAtAnyThreadCount() throws {
    func trained(_ threads: Int) throws -> [UInt32] {
      let trainer = try trainer(threads: threads).trainer
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

  /// What the term trains alone: rows move by the ranking loss only.
  @Test func theClustersAloneMayBeTrained() throws {
    func firstStep(_ reach: LearnedClusterTerm.Reach?) throws -> (rows: [Float], centers: [Float]) {
      let model = try model()
      let clusters = try LearnedClusters(count: 8, of: model, seed: 3)
      let trainer = try Trainer(
        model: model, train: train, loss: BPRLoss(), sampler: ClusterSampler(count: 4, clustering: clusters),
        optimizer: Optimizer(.sgd(momentum: 0), rate: 0.5), batchSize: 33, seed: 9)
      if let reach { try trainer.useTerms([LearnedClusterTerm(clusters: clusters, reach: reach)]) }
      try trainer.trainBatch()
      return (model.itemEmbeddings() + model.userEmbeddings(), clusters.centers.currentValues)
    }
    let (without, clusters, all) = (try firstStep(nil), try firstStep(.clusters), try firstStep(.all))
    #expect(clusters.rows == without.rows && clusters.centers != without.centers)
    #expect(all.rows != without.rows && all.centers == clusters.centers)
  }

  // MARK: What is refused

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func whatMeansNothingIsRefused() throws {
    let few = refusal { _ = try LearnedClusters(count: 61, of: model(), seed: 1) }
    #expect(few == "learned_clusters: 61 clusters of 60 items; want at most as many clusters as items")
    let biased = try randomModel(users: 40, items: 60, dim: 6, score: .dot, biases: true)
    #expect(refusal { _ = try LearnedClusters(count: 5, of: biased, seed: 1) }.contains("without biases"))
    let cosine = try randomModel(users: 40, items: 60, dim: 6, score: .cosine, biases: false)
    #expect(refusal { _ = try LearnedClusters(count: 5, of: cosine, seed: 1) }.contains("inner products"))
    let (trainer, clusters) = try trainer()
    #expect(
      refusal {
        try LearnedClusterTerm(clusters: clusters).check(
          randomModel(users: 40, items: 60, dim: 5, score: .dot, biases: false))
      }
      .contains("have 6 numbers, and the items' rows 5"))
    try trainer.useTerms([LearnedClusterTerm(clusters: clusters, temperature: 0)])
    #expect(refusal { try trainer.trainBatch() }.contains("term 'clusters': temperature is 0.0 at epoch 1, step 1"))
  }
}
