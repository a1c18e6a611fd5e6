import Interactions
import Tensors
import Testing

@testable import Ranking

/// Compares what a context says of the model with the model's own scores, as they stand at that moment.
private final class ScoreProbe: Sampler {
  let name = "probe"
  let model: any RankingModel
  private let uniform = UniformSampler(count: 3)
  private var train: InteractionMatrix?
  var largestGap: Float = 0
  var wrongPlaces = 0
  var found = 0
  var rowsRead = 0

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
    let products = try products(context)
    let candidates = try context.draw(uniform, count: columns, stream: context.stream.substream(1))
    let train = train!
    let violators = try context.firstViolators(
      margin: 0.05, trials: columns, known: train, stream: context.stream.substream(1))
    let all = (0..<context.rowCount).flatMap { _ in (0..<Int32(model.itemCount)).map { $0 } }
    let scores = try context.scores(of: all, columns: model.itemCount)
    guard case .factors(let expected) = try model.scores() else { return }
    for row in 0..<context.rowCount {
      let user = Int(context.users[row])
      for item in 0..<model.itemCount {
        let exact = Float(expected.score(user: user, item: item))
        largestGap = max(largestGap, abs(scores[row * model.itemCount + item] - exact))
        if let products { largestGap = max(largestGap, abs(products[row * model.itemCount + item] - exact)) }
      }
      let limit = scores[row * model.itemCount + Int(context.positives[row])] - 0.05
      let right = (0..<columns).first { place in
        let item = candidates[row * columns + place]
        return scores[row * model.itemCount + Int(item)] > limit && !train.contains(user: user, item: item)
      }
      let expected = (
        item: candidates[row * columns + (right ?? columns - 1)], trials: Int32(right.map { $0 + 1 } ?? 0)
      )
      if expected != (violators.items[row], violators.trials[row]) { wrongPlaces += 1 }
      if right != nil { found += 1 }
    }
  }
}

extension ScoreProbe {
  /// The inner products of the rows that the context gives, `[B, items]`, where those are the scores.
  fileprivate func products(_ context: SamplingContext) throws -> [Float]? {
    guard model.scoring.function == .dot else { return nil }
    let (items, users) = (try context.itemRows(for: self), try context.userRows(for: self))
    rowsRead += users.rows.rowCount
    #expect(users.users.count == users.rows.rowCount && items.rowCount == model.itemCount)
    #expect(zip(context.users, users.slots).allSatisfy { users.users[Int($1)] == $0 })
    return users.slots.flatMap { slot in
      (0..<items.rowCount).map { item in
        (0..<items.stride).reduce(0) { $0 + users.rows[Int(slot)][$1] * items[item][$1] }
      }
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

  // MARK: Rows

  @Test func rowsThatAreNoProductsAreRefused() throws {
    func error(_ model: any RankingModel, _ sampler: any Sampler) -> String {
      do {
        _ = try drawn(sampler, train, model: model)
        return ""
      } catch { return "\(error)" }
    }
    let cosine = try randomModel(users: 60, items: 50, dim: 4, score: .cosine)
    for sampler in [
      ClusterSampler(count: 2, clustering: KMeansClustering(count: 3)), ExactSampler(count: 2),
      AdaptiveSampler(count: 2),
    ] as [any Sampler] {
      #expect(
        error(cosine, sampler).contains("sampler '\(sampler.name)' wants scores that are inner products")
          && error(cosine, sampler).contains("scores by cosine; make the model with score = \"dot\""))
    }
    let pairs = PairModel(
      try IdentityModel(users: 60, items: 50, dim: 7, score: .dot, sides: .init(users: true, items: true)))
    #expect(error(pairs, ExactSampler(count: 2)).contains("scores pairs by a network"))
    let plain = try randomModel(users: 60, items: 50, dim: 4, score: .dot)
    #expect(
      error(plain, ClusterSampler(count: 2, clustering: KMeansClustering(count: 51))).contains(
        "sampler 'cluster': 51 clusters of 50 items; want at most as many clusters as items"))
  }

  @Test(arguments: ["users", "items"]) func rowsThatAreNoNumbersAreNoGuide(_ side: String) throws {
    for value in [Float.nan, .infinity] {
      let model = try randomModel(users: 60, items: 50, dim: 4, score: .dot)
      var rows = model.parameters
      if side == "users" {
        for place in rows.users.indices { rows.users[place] = value }
      } else {
        rows.items[9] = value
      }
      try model.setParameters(rows)
      for sampler in [
        ClusterSampler(count: 2, clustering: KMeansClustering(count: 3)), ExactSampler(count: 2),
        AdaptiveSampler(count: 2),
      ] as [any Sampler] {
        let error = #expect(throws: TrainingError.self) { try drawn(sampler, train, model: model) }
        #expect(error?.kind == .notFinite && error?.description.contains("'\(sampler.name)'") == true)
      }
    }
  }

  /// One has every item, one every item but the last.
  @Test func usersWithEverythingAreLeftOut() throws {
    var pairs = (0..<50).map { (Int32(0), Int32($0)) } + (0..<49).map { (Int32(1), Int32($0)) }
    pairs += (2..<60).map { (Int32($0), Int32($0 % 50)) }
    let train = InteractionMatrix(
      userCount: 60, itemCount: 50, users: pairs.map(\.0), items: pairs.map(\.1))
    for sampler in [
      ClusterSampler(count: 9, clustering: KMeansClustering(count: 7)),
      ClusterSampler(count: 9, clustering: KMeansClustering(count: 7), members: .popularity), ExactSampler(count: 9),
      AdaptiveSampler(count: 9, reach: 3),
    ] as [any Sampler] {
      let rows = try drawn(sampler, train, model: randomModel(users: 60, items: 50, dim: 4, score: .dot)).flatMap { $0 }
      #expect(sampler.usersWithoutNegatives == [0] && !rows.contains { $0.user == 0 })
      #expect(rows.filter { $0.user == 1 }.allSatisfy { $0.negatives == [Int32](repeating: 49, count: 9) })
    }
  }

  /// In batches of other sizes a row gets the same negatives, where the model stands still.
  @Test func drawsDoNotDependOnHowTheRowsAreCut() throws {
    let makes: [() throws -> any Sampler] = [
      { ClusterSampler(count: 5, clustering: KMeansClustering(count: 7)) },
      { ClusterSampler(count: 5, clustering: KMeansClustering(count: 7), members: .popularity) },
      { ExactSampler(count: 5) }, { AdaptiveSampler(count: 5, reach: 6) },
    ]
    for make in makes {
      let found = try [(1, 1), (7, 2), (64, 3), (300, 1)].map { batch, threads in
        try drawn(
          make(), train, model: randomModel(users: 60, items: 50, dim: 4, score: .dot), batch: batch, epochs: 2,
          threads: threads
        ).flatMap { $0 }
      }
      #expect(found.dropFirst().allSatisfy { $0 == found[0] })
    }
  }

  /// Rows that different threads draw, slots of a row, and epochs do not go together.
  @Test func drawsOfTwoThreadsAreIndependent() throws {
    // All users alike, none of whose items is left out: all rows have one law.
    let train = InteractionMatrix(
      userCount: 2000, itemCount: 8, users: (0..<2000).map { $0 }, items: (0..<2000).map { $0 % 8 })
    let user: [Float] = [0.4, -0.3]
    let items = (0..<8).map { [Float($0) * 0.2, Float($0 % 3)] }
    let model = try modelOfRows(users: [[Float]](repeating: user, count: 2000), items: items)
    let makes: [(String, () -> any Sampler)] = [
      ("CU", { ClusterSampler(count: 30, clustering: KMeansClustering(count: 3), excludesPositives: false) }),
      (
        "CP",
        {
          ClusterSampler(
            count: 30, clustering: KMeansClustering(count: 3), members: .popularity, excludesPositives: false)
        }
      ), ("exact", { ExactSampler(count: 30, excludesPositives: false) }),
      ("adaptive", { AdaptiveSampler(count: 30, reach: 4, excludesPositives: false) }),
    ]
    for (name, make) in makes {
      let epochs = try drawn(make(), train, model: model, batch: 1000, epochs: 2, threads: 2).flatMap { $0 }
      let (rows, others) = (Array(epochs.prefix(2000)), Array(epochs.suffix(2000)))
      func excess(_ pairs: [(DrawnRow, DrawnRow)], _ shift: Int) -> Double {
        var (counts, left, right) = (
          [Int](repeating: 0, count: 64), [Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8)
        )
        for (a, b) in pairs {
          for slot in 0..<30 - shift {
            let (x, y) = (Int(a.negatives[slot]), Int(b.negatives[slot + shift]))
            counts[x * 8 + y] += 1
            left[x] += 1
            right[y] += 1
          }
        }
        let total = left.reduce(0, +)
        return chiSquareExcess(counts, left.flatMap { x in right.map { x * $0 / total / total } })
      }
      // The halves of a batch are far apart: other threads draw them.
      #expect(abs(excess(Array(zip(rows[..<500], rows[500..<1000])), 0)) < 6, "threads, \(name)")
      #expect(abs(excess(Array(zip(rows, rows.dropFirst())), 0)) < 6, "rows, \(name)")
      #expect(abs(excess(Array(zip(rows, rows)), 1)) < 6, "slots, \(name)")
      #expect(abs(excess(Array(zip(rows, others)), 0)) < 6, "epochs, \(name)")
    }
  }

  /// A sampler that another training used begins anew.
  @Test func whatASamplerRemembersIsOfOneTraining() throws {
    let makes: [() -> any Sampler] = [
      { ClusterSampler(count: 5, clustering: KMeansClustering(count: 7)) }, { AdaptiveSampler(count: 5, reach: 6) },
    ]
    for make in makes {
      func model(_ seed: UInt64) throws -> MatrixFactorization {
        try randomModel(users: 60, items: 50, dim: 4, score: .dot, seed: seed)
      }
      let used = make()
      _ = try drawn(used, train, model: model(1))
      #expect(try drawn(used, train, model: model(2)) == drawn(make(), train, model: model(2)))
    }
  }

  /// A batch that is scored and then trained has one answer, whatever was due.
  @Test func askingTwiceChangesNothing() throws {
    for make in [
      { ClusterSampler(count: 5, clustering: KMeansClustering(count: 7, interval: .steps(3), iterations: 2)) },
      { AdaptiveSampler(count: 5, reach: 6, interval: 200) },
    ] as [() -> any Sampler] {
      func run(_ asks: Bool) throws -> (losses: [Double], rows: [Float]) {
        let model = try randomModel(users: 60, items: 50, dim: 4, score: .dot)
        let trainer = try Trainer(
          model: model, train: train, loss: BPRLoss(), sampler: make(),
          optimizer: Optimizer(.adam(.init()), rate: 0.05), batchSize: 16, seed: 2)
        let losses = try (0..<45).map { _ in
          if asks { for _ in 0..<3 { _ = try trainer.forward() } }
          if asks { _ = try trainer.timeSampler(repeats: 2) }
          return try trainer.trainBatch().loss
        }
        return (losses, model.parameters.items)
      }
      let (plain, asked) = (try run(false), try run(true))
      #expect(plain.losses == asked.losses && plain.rows == asked.rows)
    }
  }

  // MARK: Training

  private static let samplers: [(String, @Sendable () throws -> Sampler)] = [
    ("popularity", { PopularitySampler(count: 4, exponent: 0.75, excludesPositives: true) }),
    ("cluster", { ClusterSampler(count: 4, clustering: KMeansClustering(count: 20, interval: .steps(11))) }),
    (
      "cluster by popularity",
      { ClusterSampler(count: 4, clustering: KMeansClustering(count: 20), members: .popularity) }
    ), ("exact", { ExactSampler(count: 4) }), ("adaptive", { AdaptiveSampler(count: 4, reach: 20, interval: 900) }),
    (
      "mixture of clusters",
      {
        try MixtureSampler(
          count: 5, parts: [ClusterSampler(count: 1, clustering: KMeansClustering(count: 8)), ExactSampler(count: 1)],
          shares: [2, 1])
      }
    ),
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
    // Those that read rows want inner products.
    let kind = ["cluster", "exact", "adaptive"].contains { name.contains($0) } ? 2 : kind
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
