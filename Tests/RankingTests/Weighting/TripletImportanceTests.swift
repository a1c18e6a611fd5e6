import Interactions
import TestSupport
import Tensors
import Testing

@testable import Ranking

/// Weights of triplets that are learned: against published vectors, against a slow version on random cases, and in trainers.
@Suite struct TripletImportanceTests {
  // MARK: In a training

  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func trainer(
    threads: Int = 2, isAttached: Bool = true, reduction: Reduction = .mean, innerRate: Schedule = 0.05,
    optimizer: Optimizer = Optimizer(.adam(.init()), rate: 0.02), model given: MatrixFactorization? = nil,
    clusters: InterestClusters? = nil, pretraining: Int = 0
  ) throws -> (trainer: Trainer, importance: TripletImportance, model: MatrixFactorization) {
    let model = try given ?? randomModel(users: 40, items: 60, dim: 6, score: .dot)
    let (trainer, importance) = try trainer(
      of: model, threads: threads, isAttached: isAttached, reduction: reduction, innerRate: innerRate,
      optimizer: optimizer, clusters: clusters, pretraining: pretraining)
    return (trainer, importance, model)
  }

  private func trainer(
    of model: any RankingModel, threads: Int = 2, isAttached: Bool = true, reduction: Reduction = .mean,
    innerRate: Schedule = 0.05, optimizer: Optimizer = Optimizer(.adam(.init()), rate: 0.02),
    clusters: InterestClusters? = nil, pretraining: Int = 0
  ) throws -> (trainer: Trainer, importance: TripletImportance) {
    let loss = BPRLoss()
    loss.reduction = reduction
    let trainer = try Trainer(
      model: model, train: train, loss: loss, sampler: UniformSampler(count: 1), optimizer: optimizer, batchSize: 33,
      seed: 9, pool: ThreadPool(threadCount: threads))
    let importance = try TripletImportance(
      TripletNetwork(width: 6, seed: 4), innerRate: innerRate, isAttached: isAttached, clusters: clusters,
      pretraining: pretraining)
    try trainer.learnImportance(importance)
    trainer.describe()
    return (trainer, importance)
  }

  private func graph(layers: Int = 1) throws -> LightGCN {
    var configuration = LightGCN.Configuration()
    (configuration.dim, configuration.layers, configuration.seed) = (6, layers, 2)
    configuration.initialization = .normal(standardDeviation: 0.5)
    return try LightGCN(configuration, train: train)
  }

  private func interests(
    _ motion: InterestClusters.Motion = .learned, count: Int = 5, pull: Schedule = 0.2, interval: Int = 2
  ) throws -> InterestClusters {
    try InterestClusters(count: count, width: 6, motion: motion, share: 0.7, pull: pull, interval: interval, seed: 3)
  }

  /// The clusters of a training as the slow version sees them.
  private func seen(_ clusters: InterestClusters?) throws -> SlowTripletImportance.Clusters? {
    try clusters.map { clusters in
      let (count, labels) = (clusters.count, clusters.labels.map(Int.init))
      let target = clusters.made?.target?.compact
      return .init(
        labels: labels, centers: try Tensor(clusters.centers.currentValues, shape: [count, 6]), share: 0.7,
        pull: target == nil ? 0 : 0.2,
        target: try Tensor(target ?? [Float](repeating: 0, count: labels.count * count), shape: [labels.count, count]),
        tau: 1)
    }
  }

  /// What items are made of, in the middle of a training.
  private static let kinds: [InterestClusters.Motion?] = [nil, .learned, .kmeans]

  /// All gradients of a batch in the middle of a training, rows that stood aside included.
  @Test(arguments: [true, false], Reduction.allCases)
  func gradientsOfATrainerAreThoseOfTheSlowVersion(_ isAttached: Bool, _ reduction: Reduction) throws {
    for kind in Self.kinds { try compareInTraining(kind, isAttached, reduction) }
  }

  private func compareInTraining(
    _ kind: InterestClusters.Motion?, _ isAttached: Bool, _ reduction: Reduction
  ) throws {
    let clusters = try kind.map { try interests($0) }
    let made = try trainer(isAttached: isAttached, reduction: reduction, clusters: clusters)
    let tables = (made.model.userTable!, made.model.itemTable!)
    try compare(made.trainer, made.importance, tables, kind, reduction)
    let graph = try graph()
    let again = try kind.map { try interests($0) }
    let (trainer, importance) = try trainer(
      of: graph, isAttached: isAttached, reduction: reduction, clusters: again)
    try compare(
      trainer, importance, (graph.users, graph.items), kind, reduction, graph: SlowTripletImportance.layer(of: train))
  }

  private func compare(
    _ trainer: Trainer, _ importance: TripletImportance, _ tables: (users: Parameter, items: Parameter),
    _ kind: InterestClusters.Motion?, _ reduction: Reduction, graph: Tensor? = nil
  ) throws {
    let clusters = importance.clusters
    for _ in 0..<20 { try trainer.trainBatch() }
    let rows = try trainer.nextRows()
    let (forward, gradients, _) = try trainer.gradients()
    let version = SlowTripletImportance(
      users: try Tensor(tables.users.currentValues, shape: [40, 6]),
      items: try Tensor(tables.items.currentValues, shape: [60, 6]),
      network: try importance.network.parameters.map {
        try Tensor($0.currentValues, shape: [$0.rowCount, $0.columnCount])
      },
      triplets: (rows.users.map(Int.init), rows.positives.map(Int.init), forward.negatives.map(Int.init)), train: train,
      isAttached: importance.isAttached, scale: reduction == .mean ? 1 / Float(rows.users.count) : 1,
      clusters: try seen(clusters), graph: graph)
    let slow = try version.outcome(rate: 0.05)
    let pull = Double(version.scale) * 0.2 * (clusters?.divergence ?? 0)
    #expect((kind == .learned) == (pull > 0))
    expectClose(forward.loss + pull, slow.loss, rtol: 1e-4, atol: 1e-5)
    var wanted = slow.gradients
    if kind == .kmeans { wanted.removeLast() }
    let centers = kind == .learned ? [clusters!.centers] : []
    for (parameter, wanted) in zip(
      [tables.users, tables.items] + centers + importance.network.parameters, wanted + slow.networkGradients)
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
      expectClose(dense, wanted, rtol: 1e-3, atol: 1e-4 * size, "\(parameter.name), graph: \(graph != nil)")
    }
  }

  /// Norms of any scope and a term add to the gradients what they add without weights; also to those that come as blocks.
  @Test(arguments: Regularization.Scope.allCases, [true, false])
  func normsAndTermsAddWhatTheyAddToPlainTriplets(_ scope: Regularization.Scope, _ isAttached: Bool) throws {
    for isGraph in [false, true] {
      func own(weighed: Bool) throws -> [String: [Double]] {
        var results: [[String: [Double]]] = []
        for adds in [false, true] {
          let model: any RankingModel =
            try isGraph ? graph() : randomModel(users: 40, items: 60, dim: 6, score: .dot, seed: 2)
          let trainer = try trainer(of: model, isAttached: isAttached, pretraining: weighed ? 0 : 100).trainer
          if adds {
            trainer.regularization = Regularization(weight: 0.3, scope: scope)
            try trainer.useTerms([CovarianceTerm(weight: 0.7, form: .sum)])
          }
          let gradients = try trainer.gradients().gradients
          results.append(
            Dictionary(
              uniqueKeysWithValues: model.trainedParameters.map { ($0.name, gradients.of($0).dense().map(Double.init)) }
            ))
        }
        return results[1].merging(results[0]) { both, alone in zip(both, alone).map { $0 - $1 } }
      }
      // States touch items that the batch does not have.
      if scope == .tablesTouched, isAttached, !isGraph { continue }
      let (plain, weighed) = (try own(weighed: false), try own(weighed: true))
      for (name, wanted) in plain {
        #expect(wanted.contains { abs($0) > 1e-3 })
        expectClose(weighed[name]!, wanted, rtol: 1e-4, atol: 1e-5, "\(name), graph: \(isGraph)")
      }
    }
  }

  private func bits(_ trainer: Trainer) -> [UInt32] {
    trainer.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
  }

  @Test(arguments: [true, false], kinds)
  func sameBitsAtAnyThreadCount(_ isAttached: Bool, _ kind: InterestClusters.Motion?) throws {
    func trained(_ threads: Int) throws -> [UInt32] {
      let clusters = try kind.map { try interests($0) }
      let trainer = try trainer(threads: threads, isAttached: isAttached, clusters: clusters).trainer
      for _ in 0..<3 { _ = try trainer.trainEpoch() }
      return bits(trainer)
    }
    let one = try trained(1)
    for threads in [2, 3] { #expect(try trained(threads) == one) }
  }

  @Test(arguments: [true, false], [1, 3]) func sameBitsOnAGraphAtAnyThreadCount(_ isAttached: Bool, _ layers: Int)
    throws
  {
    func trained(_ threads: Int) throws -> [UInt32] {
      let trainer = try trainer(
        of: graph(layers: layers), threads: threads, isAttached: isAttached, clusters: interests()
      ).trainer
      for _ in 0..<3 { _ = try trainer.trainEpoch() }
      return bits(trainer)
    }
    let one = try trained(1)
    for threads in [2, 3] { #expect(try trained(threads) == one) }
  }

  /// Saved in the plain epochs, before a look at the clusters, and between two looks.
  @Test(arguments: kinds, [11, 23, 37])
  func aSnapshotInTheMiddleOfAnEpochGoesOnWithTheSameBits(_ kind: InterestClusters.Motion?, _ place: Int) throws {
    func made() throws -> Trainer {
      try trainer(clusters: kind.map { try interests($0) }, pretraining: 1).trainer
    }
    let whole = try made()
    for _ in 0..<70 { try whole.trainBatch() }
    let first = try made()
    for _ in 0..<place { try first.trainBatch() }
    let second = try made()
    try second.restore(first.snapshot())
    for _ in place..<70 { try second.trainBatch() }
    #expect(bits(second) == bits(whole))
    #expect(second.importance!.clusters?.labels == whole.importance!.clusters?.labels)
    #expect(second.history.map(\.weights) == whole.history.map(\.weights))
    #expect(second.importance!.summary == whole.importance!.summary)
    // In the middle of its second epoch and later a batch has had weights.
    #expect(whole.history.map { $0.weights != nil } == whole.history.map { $0.epoch > 1 })
  }

  @Test func numbersThatAScriptAssignedAreSaved() throws {
    let first = try trainer(clusters: interests())
    for _ in 0..<3 { try first.trainer.trainBatch() }
    first.importance.innerRate = 0.25
    (first.importance.clusters!.share, first.importance.clusters!.pull) = (0.1, 0.9)
    let second = try trainer(clusters: interests())
    try second.trainer.restore(first.trainer.snapshot())
    #expect(second.importance.innerRate.constant == 0.25)
    #expect(second.importance.clusters!.share.constant == 0.1 && second.importance.clusters!.pull.constant == 0.9)
  }

  @Test func epochsOfPretrainingAreThoseOfThePlainLoss() throws {
    let loss = BPRLoss()
    let plainModel = try randomModel(users: 40, items: 60, dim: 6, score: .dot)
    let plain = try Trainer(
      model: plainModel, train: train, loss: loss, sampler: UniformSampler(count: 1),
      optimizer: Optimizer(.adam(.init()), rate: 0.02), batchSize: 33, seed: 9, pool: ThreadPool(threadCount: 2))
    let (weighed, importance, model) = try trainer(clusters: interests(), pretraining: 2)
    for _ in 0..<2 {
      _ = try plain.trainEpoch()
      _ = try weighed.trainEpoch()
      #expect(
        model.userEmbeddings() == plainModel.userEmbeddings() && model.itemEmbeddings() == plainModel.itemEmbeddings())
      #expect(importance.summary.count == 0 && importance.clusters!.labels.isEmpty)
    }
    _ = try weighed.trainEpoch()
    #expect(importance.summary.count == train.count && importance.clusters!.labels.count == 60)
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

  /// As the authors' code has them: L2 of all rows in every batch, and of the network. With SGD a step is longer by as much, whether a
  /// row is in the batch or not.
  @Test(arguments: [true, false], kinds)
  func squaresOfAllRowsAndOfTheNetworkJoinTheirGradients(_ isGraph: Bool, _ kind: InterestClusters.Motion?) throws {
    func step(_ weight: Double, _ decay: Double) throws -> [(name: String, before: [Float], after: [Float])] {
      let optimizer = Optimizer(.sgd(momentum: 0), rate: 0.1)
      optimizer.groups = [.init(names: ["importance_*"], weightDecay: Schedule(decay))]
      let model: any RankingModel = try isGraph ? graph() : randomModel(users: 40, items: 60, dim: 6, score: .dot)
      let (trainer, importance) = try trainer(
        of: model, optimizer: optimizer, clusters: kind.map { try interests($0) })
      if weight > 0 { trainer.regularization = Regularization(weight: Schedule(weight), scope: .tables) }
      let parameters = model.trainedParameters + importance.network.parameters
      let before = parameters.map(\.currentValues)
      try trainer.trainBatch()
      return zip(parameters, before).map { ($0.name, $1, $0.currentValues) }
    }
    for (plain, decayed) in try zip(step(0, 0), step(0.25, 0.5)) {
      let share: Double = plain.name.hasPrefix("importance_") ? 0.1 * 0.5 : 0.1 * 0.25
      let wanted = zip(plain.before, plain.after).map { Double($1) - share * Double($0) }
      #expect(plain.before == decayed.before)
      expectClose(decayed.after, wanted, rtol: 1e-5, atol: 1e-6, plain.name)
    }
  }

  @Test func weightsLearnAndDoNotCollapse() throws {
    let (trainer, importance, _) = try trainer(innerRate: 0.5)
    let before = importance.parameters.map(\.currentValues)
    let reports = try (0..<20).map { _ in try trainer.trainEpoch() }
    #expect(zip(importance.parameters.map(\.currentValues), before).allSatisfy { $0 != $1 })
    #expect(reports.last!.loss < reports[0].loss)
    let summary = importance.summary
    #expect(summary.count == train.count && summary.least > 0 && summary.most < 1 && summary.deviation > 1e-4)
    #expect(summary.tenths.reduce(0, +) == train.count && summary.tenths.count == 10)
    #expect(summary.tenths[..<Int(10 * summary.least)].allSatisfy { $0 == 0 })
  }

  // MARK: Clusters

  /// Two far groups of items and three centers, all of them among the first group.
  @Test func anEmptyClusterGoesToTheItemThatIsFurthestFromItsOwn() throws {
    let clusters = try InterestClusters(count: 3, width: 1, share: 1, pull: 1, interval: 1)
    let near: [Float] = [0, 0.1, 0.2, 0.3]
    func look(_ values: [Float], epoch: Int) throws {
      let items = try values.withUnsafeBufferPointer {
        try RowBlock(copying: $0.baseAddress!, rowCount: values.count, width: 1)
      }
      try clusters.refresh(items, epoch: epoch, pool: ThreadPool(threadCount: 1))
    }
    try look(near + [10, 11], epoch: 1)
    #expect(clusters.reseeded == 0)
    try clusters.centers.setValues([0.15, 100, -100])
    try look(near + [10, 11], epoch: 2)
    #expect(clusters.reseeded == 2)
    #expect(clusters.labels == [0, 0, 0, 0, 2, 1])
    #expect(clusters.centers.currentValues == [0.15, 11, 10])
    #expect(clusters.sizes == [4, 1, 1])
  }

  @Test func allItemsAreTheSame() throws {
    let clusters = try InterestClusters(count: 3, width: 2, share: 1, pull: 1)
    let rows = try [Float](repeating: 0.5, count: 8).withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: 4, width: 2)
    }
    try clusters.refresh(rows, epoch: 1, pool: ThreadPool(threadCount: 1))
    #expect(clusters.sizes.reduce(0, +) == 4 && clusters.sizes.allSatisfy { $0 > 0 })
    let memory = KeptFloats<ClusterPull.Part>(for: "a test")
    try withExtendedLifetime(memory) {
      let pull = try ClusterPull(
        rows, clusters.centers, #require(clusters.made?.target), tau: 1, scale: 1, memory: memory,
        pool: ThreadPool(threadCount: 1))
      #expect(pull.value.isFinite && (0..<4).allSatisfy { pull.items[rows.stride * $0].isFinite })
    }
  }

  @Test func itemsAreDrawnToCenters() throws {
    let (drawn, free) = (try interests(pull: 5), try interests(pull: 0))
    let trainers = [try trainer(clusters: drawn).trainer, try trainer(clusters: free).trainer]
    for trainer in trainers { for _ in 0..<15 { _ = try trainer.trainEpoch() } }
    // Distances to their own centers beside those among all items.
    func spread(_ trainer: Trainer, _ clusters: InterestClusters) -> Float {
      let (items, centers) = (trainer.model.itemTable!.currentValues, clusters.centers.currentValues)
      let means = (0..<6).map { column in (0..<60).reduce(Float(0)) { $0 + items[$1 * 6 + column] } / 60 }
      func square(_ item: Int, _ other: (Int) -> Float) -> Float {
        (0..<6).reduce(Float(0)) { $0 + (items[item * 6 + $1] - other($1)) * (items[item * 6 + $1] - other($1)) }
      }
      let own = (0..<60).reduce(Float(0)) { sum, item in
        sum + square(item) { centers[Int(clusters.labels[item]) * 6 + $0] }
      }
      return own / (0..<60).reduce(Float(0)) { sum, item in sum + square(item) { means[$0] } }
    }
    #expect(spread(trainers[0], drawn) < 0.8 * spread(trainers[1], free))
    #expect(drawn.divergence! > 0 && free.divergence == nil)
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
    let importance = try TripletImportance(TripletNetwork(width: 6, seed: 0))
    let plain = { try randomModel(users: 40, items: 60, dim: 6, score: .dot) }
    let biased = try randomModel(users: 40, items: 60, dim: 6, score: .dot, biases: true)
    #expect(refusal { try with(biased, BPRLoss()).learnImportance(importance) }.contains("without biases"))
    let cosine = try randomModel(users: 40, items: 60, dim: 6, score: .cosine)
    #expect(refusal { try with(cosine, BPRLoss()).learnImportance(importance) }.contains("score = \"dot\""))
    #expect(refusal { try with(plain(), HingeLoss()).learnImportance(importance) }.contains("losses.bpr"))
    let wide = try TripletImportance(TripletNetwork(width: 7, seed: 0))
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
        let trainer = try with(plain(), BPRLoss(), negatives: 3)
        try trainer.learnImportance(try TripletImportance(TripletNetwork(width: 6, seed: 0), pretraining: 100))
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
        try trainer.learnImportance(try TripletImportance(TripletNetwork(width: 6, seed: 0), innerRate: Schedule(.nan)))
        try trainer.trainBatch()
      }.contains("inner_rate is nan"))
    #expect(
      refusal {
        let (trainer, importance, _) = try trainer()
        try importance.network.offset.setValues([-1e4])
        try trainer.trainBatch()
      }.contains("all weights are 0"))
    #expect(
      refusal { try trainer(clusters: interests(pull: Schedule(-1))).trainer.trainBatch() }.contains("gamma is -1"))
    #expect(
      refusal { try trainer(clusters: interests(count: 61)).trainer.trainBatch() }.contains("61 clusters of 60 items"))
  }
}
