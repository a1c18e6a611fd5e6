import Interactions
import Tensors
import Testing

@testable import Ranking

/// Compares what a context says of the model with the model's own scores, as they stand at that moment.
private final class ScoreProbe: Sampler {
  let name = "probe"
  private let model: any RankingModel
  private let uniform = UniformSampler(count: 3)
  private var train: InteractionMatrix?
  var largestGap: Float = 0
  var wrongPlaces = 0
  var found = 0

  init(_ model: any RankingModel) { self.model = model }

  func negativeCount(at position: TrainingPosition, rowCount: Int) -> Double { 3 }
  func prepare(_ train: InteractionMatrix) throws {
    try uniform.prepare(train)
    self.train = train
  }
  func draw(_ draw: NegativeDraw, rows: Range<Int>) { uniform.draw(draw, rows: rows) }

  func refresh(_ context: SamplingContext) throws {
    let columns = 5
    // First, so that no row was brought up to date for the scores.
    let candidates = try context.draw(uniform, count: columns, stream: context.stream.substream(1))
    let train = train!
    let places = try context.firstAbove(margin: 0.05, candidates: candidates, columns: columns) {
      !train.contains(user: Int($0), item: $1)
    }
    let all = (0..<context.rowCount).flatMap { _ in (0..<Int32(model.itemCount)).map { $0 } }
    let scores = try context.scores(of: all, columns: model.itemCount)
    guard case .factors(let expected) = try model.scores() else { return }
    for row in 0..<context.rowCount {
      let user = Int(context.users[row])
      for item in 0..<model.itemCount {
        let gap = abs(scores[row * model.itemCount + item] - Float(expected.score(user: user, item: item)))
        largestGap = max(largestGap, gap)
      }
      let limit = scores[row * model.itemCount + Int(context.positives[row])] - 0.05
      let right = (0..<columns).first { place in
        let item = candidates[row * columns + place]
        return scores[row * model.itemCount + Int(item)] > limit && !train.contains(user: user, item: item)
      }
      if places[row] != right { wrongPlaces += 1 }
      if right != nil { found += 1 }
    }
  }
}

/// The identity model with scores made by a network, as far as a trainer can tell.
private final class PairModel: RankingModel, PairScorer {
  let inner: IdentityModel
  var asked: [Int] = []
  init(_ inner: IdentityModel) { self.inner = inner }
  let name = "pairs"
  var userCount: Int { inner.userCount }
  var itemCount: Int { inner.itemCount }
  var dim: Int { inner.dim }
  var rowWidth: Int { inner.dim }
  var dropout: Schedule = 0
  var dropoutPlace = DropoutPlace.scoring
  var trainedParts: [TrainedPart] = []
  var boundary: Boundary? { nil }
  var scoring: Scoring { .pairs(self) }
  var trainedParameters: [Parameter] { [inner.users, inner.items] }
  func userEmbeddings() -> [Float] { inner.userEmbeddings() }
  func itemEmbeddings() -> [Float] { inner.itemEmbeddings() }
  func scores() -> ModelScores { inner.scores() }

  func scores(_ request: EncodingRequest, _ pairs: ScorePairs, _ reader: ParameterReader) throws -> PairScores {
    let users = try reader.rows(inner.users, request.users).gather(pairs.users)
    let items = try reader.rows(inner.items, request.items).gather(pairs.items)
    let width = pairs.items.count / pairs.users.count
    asked.append(pairs.items.count)
    let shaped = try users.reshaped([pairs.users.count, 1, dim])
    let products = try shaped * items.reshaped([pairs.users.count, width, dim])
    return PairScores(try products.sum(axes: [2]))
  }
}

@Suite struct SamplerScoreTests {
  private let train = randomInteractions(users: 60, items: 50, pairs: 300, seed: 2)

  /// Small batches and a large rate: most rows stand aside for some steps, and a dense Adam moves them meanwhile.
  private func probe(_ model: any RankingModel, _ optimizer: Optimizer, epochs: Int = 3) throws -> ScoreProbe {
    let probe = ScoreProbe(model)
    let trainer = try Trainer(
      model: model, train: train, loss: BPRLoss(), sampler: probe, optimizer: optimizer, batchSize: 6, seed: 4)
    for _ in 0..<epochs { _ = try trainer.trainEpoch() }
    return probe
  }

  private static let optimizers: [(String, @Sendable () -> Optimizer)] = [
    ("dense adam", { Optimizer(.adam(.init()), rate: 0.05) }), ("adagrad", { Optimizer(.adagrad(.torch), rate: 0.1) }),
    ("momentum", { Optimizer(.sgd(momentum: 0.9), rate: 0.1) }),
  ]

  @Test(arguments: ScoreFunction.allCases, ["dense adam", "adagrad", "momentum"])
  func rowsStandAsTheyAreNow(_ score: ScoreFunction, _ optimizer: String) throws {
    let make = Self.optimizers.first { $0.0 == optimizer }!.1
    for biases in [false, true] where !biases || score == .dot {
      var configuration = MatrixFactorization.Configuration(userCount: 60, itemCount: 50, dim: 7)
      (configuration.score, configuration.biases, configuration.seed) = (score, biases, 3)
      configuration.initialization = .normal(standardDeviation: 0.5)
      let probe = try probe(MatrixFactorization(configuration), make())
      #expect(probe.largestGap < 2e-5 && probe.wrongPlaces == 0 && probe.found > 100)
    }
  }

  @Test(arguments: IdentityModel.Sides.all, ScoreFunction.allCases)
  func computedRowsAreScoredToo(_ sides: IdentityModel.Sides, _ score: ScoreFunction) throws {
    let model = try IdentityModel(users: 60, items: 50, dim: 7, score: score, sides: sides)
    let probe = try probe(model, Optimizer(.adam(.init()), rate: 0.05))
    #expect(probe.largestGap < 2e-5 && probe.wrongPlaces == 0 && probe.found > 100)
  }

  @Test func networksAreAskedForPairsAndForNoneInVain() throws {
    let model = PairModel(
      try IdentityModel(users: 60, items: 50, dim: 7, score: .dot, sides: .init(users: true, items: true)))
    let probe = try probe(model, Optimizer(.adam(.init()), rate: 0.05), epochs: 1)
    #expect(probe.largestGap < 2e-5 && probe.wrongPlaces == 0 && probe.found > 20)
    // A search asks for fewer pairs in each round.
    model.asked = []
    _ = try drawn(WARPSampler(maximumTrials: 9, margin: 0.3), train, model: model, batch: train.count)
    let rounds = model.asked.dropLast()
    #expect(rounds.first == train.count && zip(rounds, rounds.dropFirst(2)).allSatisfy { $0 >= $1 })
    #expect(rounds.count > 4 && rounds.last! < train.count / 2)
  }

  /// Items that are kept within bounds are scored within them.
  @Test func boundsCount() throws {
    let model = try IdentityModel(users: 60, items: 50, dim: 7, score: .dot, sides: .init())
    model.items.bounds = -0.3...0.3
    let probe = try probe(model, Optimizer(.adam(.init()), rate: 0.1))
    // Rows that no step has touched yet are beyond the bounds still, in the model as in the sampler.
    #expect(probe.wrongPlaces == 0 && probe.found > 100)
  }

  // MARK: Training

  private static let samplers: [(String, @Sendable () throws -> Sampler)] = [
    ("popularity", { PopularitySampler(count: 4, exponent: 0.75, excludesPositives: true) }),
    ("in_batch", { InBatchSampler() }), ("in_batch, some", { InBatchSampler(count: 4, excludesPositives: true) }),
    ("dynamic", { DynamicSampler(candidates: 12, count: 3) }), ("warp", { WARPSampler() }),
    (
      "mixture",
      {
        try MixtureSampler(
          count: 5, parts: [UniformSampler(count: 1), DynamicSampler(candidates: 8), PopularitySampler(count: 1)],
          shares: [1, 2, 2])
      }
    ),
    (
      "fixed",
      {
        FixedSampler(
          count: 4, lists: CandidateLists((0..<300).map { user in (0..<9).map { Int32(($0 * 31 + user) % 240) } }),
          order: .random)
      }
    ),
  ]

  @Test(arguments: samplers.map(\.0), [1, 2])
  func theBitsDoNotDependOnTheThreads(_ name: String, _ kind: Int) throws {
    let problem = PlantedProblem()
    let make = Self.samplers.first { $0.0 == name }!.1
    func run(_ threads: Int) throws -> Bits {
      let model = try randomModel(users: 300, items: 240, dim: 8, score: kind == 1 ? .cosine : .dot, deviation: 0.3)
      let loss: Loss = name == "warp" ? WARPLoss() : kind == 1 ? SoftmaxLoss() as Loss : ImportanceLoss()
      let trainer = try Trainer(
        model: model, train: problem.train, loss: loss, sampler: make(),
        optimizer: Optimizer(.adam(.init()), rate: 0.02), batchSize: 70, seed: 5, pool: ThreadPool(threadCount: threads)
      )
      let losses = try (0..<2).map { _ in try trainer.trainEpoch().loss }
      return Bits(parameters: model.parameters, losses: losses)
    }
    let first = try run(1)
    let others = try [run(2), run(3)]
    #expect(others == [first, first] && first.losses.allSatisfy(\.isFinite))
  }

  /// WARP by its own sampler is WARP by uniform candidates, but for scores in vain.
  @Test func warpLearns() throws {
    let problem = PlantedProblem()
    func recall(_ sampler: Sampler) throws -> Double {
      let model = try randomModel(users: 300, items: 240, dim: 16, score: .dot, deviation: 0.05)
      let loss = WARPLoss()
      loss.reduction = .sum
      let trainer = try Trainer(
        model: model, train: problem.train, loss: loss, sampler: sampler,
        optimizer: Optimizer(.adagrad(.lightfm), rate: 0.05), batchSize: 64, seed: 5)
      for _ in 0..<10 { _ = try trainer.trainEpoch() }
      return problem.recall(at: 20, model.factorScores())
    }
    let own = try recall(WARPSampler())
    let uniform = try recall(UniformSampler(count: 50))
    #expect(own > 0.4 && abs(own - uniform) < 0.05)
  }

  @Test func aModelThatDivergedIsNoGuide() throws {
    let model = try randomModel(users: 60, items: 50, dim: 4, score: .dot)
    var rows = model.parameters
    rows.items[9] = .nan
    try model.setParameters(rows)
    let error = #expect(throws: TrainingError.self) { try drawn(DynamicSampler(candidates: 30), train, model: model) }
    #expect(error?.kind == .notFinite && error?.description.contains("item number 3 is nan") == true)
  }

  // MARK: Changing samplers

  @Test func aSamplerCanBeAnotherBetweenBatches() throws {
    let probe = DrawProbe()
    let trainer = try Trainer(
      model: randomModel(users: 60, items: 50, dim: 4, score: .dot), train: train, loss: probe,
      sampler: UniformSampler(count: 2), optimizer: Optimizer(.sgd(momentum: 0), rate: 0), batchSize: 20, seed: 1)
    try trainer.trainBatch()
    try trainer.useSampler(WARPSampler())
    try trainer.trainBatch()
    try trainer.useSampler(PopularitySampler(count: 3))
    try trainer.trainBatch()
    try trainer.useSampler(UniformSampler(count: 3))
    try trainer.trainBatch()
    let firsts = probe.batches.map { $0[0] }
    #expect(firsts.map(\.negatives.count) == [2, 1, 3, 3])
    #expect(firsts.map { $0.trials != nil } == [false, true, false, false])
    #expect(firsts.map { $0.logProposal != nil } == [true, false, true, true])
    // Zeros are zeros again after others stood in their place.
    #expect(firsts[3].logProposal == [0, 0, 0] && firsts[3].positiveLogProposal == 0)
    #expect(firsts[2].logProposal!.contains { $0 != 0 })
  }

  @Test func leavingOutOthersWaitsForTheEndOfTheEpoch() throws {
    let lists = (0..<60).map { $0 == 7 ? [] : [Int32(1), 2] }
    let sampler = FixedSampler(count: 2, lists: CandidateLists(lists))
    let trainer = try Trainer(
      model: randomModel(users: 60, items: 50, dim: 4, score: .dot), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 2), optimizer: Optimizer(.sgd(momentum: 0), rate: 0.1), batchSize: 20, seed: 1)
    try trainer.trainBatch()
    let error = #expect(throws: TrainingError.self) { try trainer.useSampler(sampler) }
    #expect(error?.description.contains("assign it between two epochs") == true)
    #expect(trainer.leftOutUsers.isEmpty && trainer.sampler is UniformSampler)
    _ = try trainer.trainEpoch()
    try trainer.useSampler(sampler)
    #expect(trainer.leftOutUsers == [7] && trainer.pairCount == train.count - train.items(of: 7).count)
    _ = try trainer.trainEpoch()
    try trainer.useSampler(UniformSampler(count: 2))
    #expect(trainer.leftOutUsers.isEmpty && trainer.pairCount == train.count)
  }

  /// Uniform negatives and a proposal of 0: the softmax without a correction, to the bit.
  @Test func sampledSoftmaxWithUniformNegativesIsTheSoftmax() throws {
    func run(_ loss: Loss) throws -> MatrixFactorization.Parameters {
      let model = try randomModel(users: 60, items: 50, dim: 4, score: .dot)
      let trainer = try Trainer(
        model: model, train: train, loss: loss, sampler: UniformSampler(count: 5),
        optimizer: Optimizer(.adam(.init()), rate: 0.02), batchSize: 32, seed: 1)
      _ = try trainer.trainEpoch()
      return model.parameters
    }
    let (sampled, plain) = (try run(SampledSoftmaxLoss()), try run(SoftmaxLoss()))
    expectClose(sampled.items, plain.items.map(Double.init), rtol: 1e-4, atol: 1e-6, "items")
  }
}
