import Interactions
import Tensors
import TestSupport
import Testing

@testable import Ranking

/// A trainer that is put back where another stood goes on with the same bits.
@Suite struct TrainerSnapshotTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  /// What is tried: each needs another part of the snapshot.
  enum Case: String, CaseIterable {
    case adam, lazyAdam, keras, decayedAdam, decoupled, momentum, adagrad, adagradLight, clipped, groups, tables,
      boundary, biases,
      margins, metric, metricAdagrad, traced, simplex, ramp, plateau, popularity, dynamic, warp, mixture, inBatch,
      lightgcn, neumf, cluster,
      clusterSteps,
      clusterMixture, exact, adaptive
  }

  private func trainer(_ form: Case, threads: Int = 2) throws -> Trainer {
    var adam = Optimizer.AdamOptions()
    adam.dense = form != .lazyAdam
    adam.keras = form == .keras
    adam.decoupled = form == .decoupled
    let method: Optimizer.Method =
      switch form {
      case .momentum: .sgd(momentum: 0.9)
      case .adagrad: .adagrad(.tensorflow)
      case .metricAdagrad: .adagrad(.torch)
      case .adagradLight: .adagrad(.lightfm)
      default: .adam(adam)
      }
    let optimizer = Optimizer(method, rate: 0.01)
    if form == .decayedAdam || form == .decoupled { optimizer.weightDecay = 0.01 }
    if form == .clipped { optimizer.clip = 0.5 }
    if form == .groups { optimizer.groups = [.init(names: ["item"], rate: 0.02, weightDecay: 0.001, clip: 0.3)] }
    if form == .ramp {
      optimizer.rate = Schedule(
        try RampSchedule(.linear, from: 0.02, to: 0.001, steps: 40, clock: ScheduleClock(.step)))
    }
    if form == .plateau { optimizer.rate = Schedule(try PlateauSchedule(from: 0.02, factor: 0.5, patience: 1)) }
    let trainer = try Trainer(
      model: try model(form), train: train, loss: try loss(form), sampler: try sampler(form),
      optimizer: optimizer,
      batchSize: 33, seed: 9, pool: ThreadPool(threadCount: threads))
    trainer.model.dropout = 0.1
    if form == .tables { trainer.regularization = Regularization(weight: 0.01, scope: .tables) }
    trainer.describe()
    return trainer
  }

  private func model(_ form: Case) throws -> any RankingModel {
    if form == .simplex {
      var configuration = SimpleX.Configuration()
      configuration.dim = 6
      configuration.aggregator = .selfAttention
      configuration.seed = 3
      return try SimpleX(configuration, train: train)
    }
    if form == .lightgcn {
      var configuration = LightGCN.Configuration()
      configuration.dim = 6
      configuration.layers = 2
      return try LightGCN(configuration, train: train)
    }
    if form == .metric || form == .metricAdagrad {
      var configuration = SymmetricMetric.Configuration(userCount: 40, itemCount: 60, dim: 6)
      configuration.boundary = .linearBias
      return try SymmetricMetric(configuration)
    }
    if form == .neumf {
      let configuration = NeuralConfiguration(userCount: 40, itemCount: 60, dim: 4)
      return try NeuMF(configuration, towerDim: 4, tower: TowerConfiguration(halvingFrom: 4))
    }
    var configuration = MatrixFactorization.Configuration(userCount: 40, itemCount: 60, dim: 6)
    switch form {
    case .biases, .boundary, .cluster, .clusterSteps, .clusterMixture, .exact, .adaptive: configuration.score = .dot
    case .margins: configuration.score = .euclidean
    default: configuration.score = .cosine
    }
    configuration.biases = form == .biases
    configuration.boundary = form == .boundary ? .linearBias : nil
    configuration.initialization = .normal(standardDeviation: 0.5)
    return try MatrixFactorization(configuration)
  }

  private func loss(_ form: Case) throws -> any Loss {
    switch form {
    case .boundary: return BoundaryLoss()
    case .margins: return SymmetricMetricLoss()
    case .metric, .metricAdagrad:
      let loss = SymmetricMetricLoss(hasBoundary: true)
      loss.marginWeight = 4
      return loss
    case .traced:
      let margin = try Parameter(name: "margin", owner: .user, rowCount: 40) { row, _ in Float(row) * 0.01 }
      return TracedLoss(name: "margins") { s in
        try (s.parameter(margin, at: .users) - s.positive + s.negative.mean(.negatives)).softplus().mean(.batch)
      }
    default: return BPRLoss()
    }
  }

  private func sampler(_ form: Case) throws -> any Sampler {
    switch form {
    case .popularity: PopularitySampler(count: 3, exponent: 0.75)
    case .dynamic: DynamicSampler(candidates: 8, count: 2)
    case .warp: WARPSampler()
    case .mixture:
      try MixtureSampler(
        count: 4, parts: [UniformSampler(count: 1), DynamicSampler(candidates: 5)], shares: [0.6, 0.4])
    case .inBatch: InBatchSampler()
    case .cluster: ClusterSampler(count: 3, clustering: KMeansClustering(count: 9, iterations: 2), members: .popularity)
    case .clusterSteps: ClusterSampler(count: 3, clustering: KMeansClustering(count: 9, interval: .steps(10)))
    case .clusterMixture:
      try MixtureSampler(
        count: 4,
        parts: [
          UniformSampler(count: 1),
          ClusterSampler(count: 1, clustering: KMeansClustering(count: 5, interval: .steps(25))),
        ],
        shares: [1, 1])
    case .exact: ExactSampler(count: 3)
    case .adaptive: AdaptiveSampler(count: 3, reach: 9, interval: 700)
    default: UniformSampler(count: 3)
    }
  }

  /// Trains to a step, evaluating after each epoch with values that only fall.
  private func train(_ trainer: Trainer, to step: Int) throws -> [Double] {
    var losses: [Double] = []
    while trainer.step < step {
      let report = try trainer.trainBatch()
      losses.append(report.loss)
      if report.endsEpoch { trainer.evaluations.append([("recall@20", 1 / Double(report.epoch))]) }
    }
    return losses
  }

  private func bits(_ trainer: Trainer) -> [UInt32] {
    (trainer.model.trainedParameters + trainer.loss.parameters).flatMap { $0.currentValues.map(\.bitPattern) }
  }

  /// Through a file, and into a trainer that knows nothing of the first.
  private func moved(_ trainer: Trainer, _ form: Case, threads: Int) throws -> Trainer {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/t"
    try trainer.save(to: path)
    let fresh = try self.trainer(form, threads: threads)
    try fresh.load(from: path)
    return fresh
  }

  @Test(arguments: Case.allCases) func trainingGoesOnWithTheSameBits(_ form: Case) throws {
    // 500 pairs at most, 33 a batch: 150 steps are ten epochs, and two sweeps of what rests.
    let whole = try trainer(form)
    let losses = try train(whole, to: 150)
    for step in [0, 7, 31, 65, 130] {
      let first = try trainer(form)
      let begun = try train(first, to: step)
      let second = try moved(first, form, threads: step % 2 + 1)
      let found = try begun + train(second, to: 150)
      #expect(found.map(\.bitPattern) == losses.map(\.bitPattern), "losses from step \(step)")
      #expect(bits(second) == bits(whole), "parameters from step \(step)")
      #expect(second.history.map(\.loss) == whole.history.map(\.loss))
      #expect(second.epoch == whole.epoch && second.place == whole.place)
    }
  }

  @Test func movingAgainAndAgainChangesNothing() throws {
    let whole = try trainer(.plateau)
    _ = try train(whole, to: 90)
    var moving = try trainer(.plateau)
    for step in stride(from: 0, to: 90, by: 5) {
      moving = try moved(moving, .plateau, threads: 1)
      _ = try train(moving, to: step + 5)
    }
    #expect(bits(moving) == bits(whole))
    #expect(try moving.snapshot().part("evaluations") == whole.snapshot().part("evaluations"))
  }

  @Test func theSameTrainerGoesBack() throws {
    let trainer = try trainer(.plateau)
    _ = try train(trainer, to: 40)
    let snapshot = try trainer.snapshot()
    let losses = try train(trainer, to: 110)
    let bits = bits(trainer)
    try trainer.restore(snapshot)
    #expect(trainer.step == 40 && trainer.history.count == 40 * 33 / trainer.pairCount)
    #expect(try train(trainer, to: 110) == losses)
    #expect(self.bits(trainer) == bits)
  }

  @Test func takingASnapshotMovesNothing() throws {
    let (plain, watched) = (try trainer(.adam), try trainer(.adam))
    let losses = try train(plain, to: 100)
    var found: [Double] = []
    for step in 1...100 {
      found += try train(watched, to: step)
      _ = try watched.snapshot()
    }
    #expect(found == losses && bits(watched) == bits(plain))
  }

  @Test func numbersThatWereAssignedComeBack() throws {
    func assign(_ trainer: Trainer) {
      trainer.batchSize = 20
      trainer.optimizer.rate = 0.003
      trainer.optimizer.clip = 0.4
      trainer.model.dropout = 0.2
      trainer.shuffles = false
      (trainer.sampler as! UniformSampler).count = 5
    }
    let trainer = try trainer(.adam)
    try trainer.trainBatch()
    assign(trainer)
    _ = try trainer.trainEpoch()
    let second = try moved(trainer, .adam, threads: 1)
    #expect(second.batchSize == 20 && second.optimizer.rate.constant == 0.003 && !second.shuffles)
    _ = try second.trainEpoch()
    _ = try trainer.trainEpoch()
    #expect(bits(second) == bits(trainer))
  }

  @Test func numbersOfASamplersPartsComeBack() throws {
    let (first, second) = (try trainer(.mixture), try trainer(.mixture))
    func parts(_ trainer: Trainer) -> [any Sampler] { (trainer.sampler as! MixtureSampler).parts }
    (parts(first)[1] as! DynamicSampler).candidates = 9
    (first.sampler as! MixtureSampler).count = 6
    try second.restore(first.snapshot())
    #expect((parts(second)[1] as! DynamicSampler).candidates.constant == 9)
    #expect((second.sampler as! MixtureSampler).count.constant == 6)
  }

  @Test func whatTheTrainerKnowsComesBack() throws {
    let trainer = try trainer(.adam)
    _ = try train(trainer, to: 40)
    trainer.addMetrics([("recall@20", 0.5), ("ndcg@20", .nan)])
    trainer.best = BestEpoch(epoch: 2, metric: "recall@20", part: "valid", value: 0.5)
    trainer.model.trainedParts.append(TrainedPart(fingerprint: .max, rule: "ratio(test = 0.2, seed = 7)"))
    let second = try moved(trainer, .adam, threads: 1)
    #expect(second.best == trainer.best)
    #expect(second.model.trainedParts.map(\.rule) == trainer.model.trainedParts.map(\.rule))
    #expect(second.model.trainedParts == trainer.model.trainedParts)
    #expect(second.history.map(\.seconds) == trainer.history.map(\.seconds))
    #expect(second.history.last?.metrics.map(\.name) == ["recall@20", "ndcg@20"])
    #expect(second.history.last?.metrics[1].value.isNaN == true && second.history[0].metrics.isEmpty)
    #expect(second.currentEpochReport.loss == trainer.currentEpochReport.loss)
  }

  @Test func gradientsThatWaitForOthersAreKept() throws {
    func make() throws -> Trainer {
      let trainer = try trainer(.adam)
      trainer.accumulation = 4
      trainer.describe()
      return trainer
    }
    let (whole, first, second) = (try make(), try make(), try make())
    let losses = try (0..<40).map { _ in try whole.trainBatch().loss }
    let begun = try (0..<22).map { _ in try first.trainBatch().loss }
    try second.restore(first.snapshot())
    #expect(try begun + (22..<40).map { _ in try second.trainBatch().loss } == losses)
    #expect(bits(second) == bits(whole) && second.step < 22)
    // Another count is another trainer.
    #expect(throws: TrainingError.self) { try trainer(.adam).restore(whole.snapshot()) }
  }

  /// Another loss in between: its parameters wait until they are shown again.
  @Test func parametersOfAnEarlierLossAreKept() throws {
    func make() throws -> (Trainer, any Loss) {
      let trainer = try trainer(.traced)
      return (trainer, trainer.loss)
    }
    let (whole, itsLoss) = try make()
    let (first, _) = try make()
    for trainer in [whole, first] {
      for _ in 0..<9 { try trainer.trainBatch() }
      trainer.loss = BPRLoss()
      for _ in 0..<9 { try trainer.trainBatch() }
    }
    let folder = TemporaryFolder()
    let path = "\(folder.path)/t"
    try first.save(to: path)
    let (second, secondLoss) = try make()
    second.loss = BPRLoss()
    second.describe(loss: "margins")
    try second.load(from: path)
    // Through one more file while they wait.
    try second.save(to: path)
    let (third, thirdLoss) = try make()
    try third.load(from: path)
    third.loss = BPRLoss()
    for (trainer, loss) in [(whole, itsLoss), (second, secondLoss), (third, thirdLoss)] {
      for _ in 0..<9 { try trainer.trainBatch() }
      trainer.loss = loss
      for _ in 0..<9 { try trainer.trainBatch() }
    }
    #expect(bits(second) == bits(whole) && bits(third) == bits(whole))
  }

  /// What a loss that is computed with tensors reads shows only once it has read it.
  @Test func aLossOfTensorsReadsWhatWasSaved() throws {
    func make() throws -> Trainer {
      let margin = try Parameter(name: "margin", owner: .shared, rowCount: 1) { _, _ in 0.1 }
      let loss = TracedLoss(name: "slow", fuses: false) { s in
        try (s.parameter(margin) - s.positive + s.negative.mean(.negatives)).softplus().mean(.batch)
      }
      return try Trainer(
        model: randomModel(users: 40, items: 60, dim: 6, score: .cosine), train: train, loss: loss,
        sampler: UniformSampler(count: 3), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 33, seed: 9)
    }
    let (whole, first) = (try make(), try make())
    let losses = try train(whole, to: 40)
    let begun = try train(first, to: 20)
    let second = try make()
    try second.restore(first.snapshot())
    #expect(try begun + train(second, to: 40) == losses)
    #expect(bits(second) == bits(whole))
  }
}
