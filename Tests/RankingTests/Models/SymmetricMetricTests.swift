import Interactions
import Tensors
import Testing

@testable import Ranking

/// Symmetric metric learning in float64, written out from the formulas: whole tables, a dense optimizer, limits after each step.
private struct SlowMetric {
  let sizes: (users: Int, items: Int, dim: Int)
  let boundary: Boundary.Kind?
  let loss: SymmetricMetricLoss
  var optimizer: DenseOptimizer<Double>
  var rate: Double

  init(_ model: SymmetricMetric, _ loss: SymmetricMetricLoss, _ optimizer: Optimizer, rate: Double) {
    sizes = (model.userCount, model.itemCount, model.dim)
    (boundary, self.loss, self.rate) = (model.configuration.boundary, loss, rate)
    self.optimizer = DenseOptimizer(optimizer, values: model.trainedParameters.flatMap(\.currentValues))
  }

  // Where each parameter begins: users, items, margins of users, margins of items, boundary.
  private func user(_ number: Int32, _ column: Int) -> Int { Int(number) * sizes.dim + column }
  private func item(_ number: Int32, _ column: Int) -> Int { (sizes.users + Int(number)) * sizes.dim + column }
  private var firstMargin: Int { (sizes.users + sizes.items) * sizes.dim }
  private func userMargin(_ number: Int32) -> Int { firstMargin + Int(number) }
  private func itemMargin(_ number: Int32) -> Int { firstMargin + sizes.users + Int(number) }
  private var firstBoundary: Int { firstMargin + sizes.users + sizes.items }

  /// Returns the loss.
  mutating func step(_ batch: GivenBatch) -> Double {
    let x = optimizer.values
    var gradient = [Double](repeating: 0, count: x.count)
    var value = 0.0
    func distance(_ a: (Int) -> Int, _ b: (Int) -> Int) -> Double {
      (0..<sizes.dim).reduce(0) { $0 + (x[a($1)] - x[b($1)]) * (x[a($1)] - x[b($1)]) }
    }
    func addDistance(_ slope: Double, _ a: (Int) -> Int, _ b: (Int) -> Int) {
      for k in 0..<sizes.dim {
        gradient[a(k)] += 2 * slope * (x[a(k)] - x[b(k)])
        gradient[b(k)] -= 2 * slope * (x[a(k)] - x[b(k)])
      }
    }
    func boundaryOf(_ u: Int32) -> Double {
      if boundary == .user { return x[firstBoundary + Int(u)] }
      let product = (0..<sizes.dim).reduce(0) { $0 + x[firstBoundary + $1] * x[user(u, $1)] }
      return product + (boundary == .linearBias ? x[firstBoundary + sizes.dim] : 0)
    }
    func addBoundary(_ slope: Double, _ u: Int32) {
      if boundary == .user { gradient[firstBoundary + Int(u)] += slope; return }
      for k in 0..<sizes.dim {
        gradient[firstBoundary + k] += slope * x[user(u, k)]
        gradient[user(u, k)] += slope * x[firstBoundary + k]
      }
      if boundary == .linearBias { gradient[firstBoundary + sizes.dim] += slope }
    }
    let (lambda, gamma, alpha) = (loss.itemWeight.constant!, loss.marginWeight.constant!, loss.alpha.constant!)
    for (row, u) in batch.users.enumerated() {
      let p = batch.positives[row]
      let toUser = { user(u, $0) }, toPositive = { item(p, $0) }
      for n in batch.negatives[row] {
        let toNegative = { item(n, $0) }
        let first = boundary == nil ? distance(toUser, toPositive) : -boundaryOf(u)
        let hinge = first - distance(toUser, toNegative) + x[userMargin(u)]
        if hinge > 0 {
          value += hinge
          if boundary == nil { addDistance(1, toUser, toPositive) } else { addBoundary(-1, u) }
          addDistance(-1, toUser, toNegative)
          gradient[userMargin(u)] += 1
        }
        let between = distance(toUser, toPositive) - distance(toPositive, toNegative) + x[itemMargin(p)]
        if between > 0 {
          value += lambda * between
          addDistance(lambda, toUser, toPositive)
          addDistance(-lambda, toPositive, toNegative)
          gradient[itemMargin(p)] += lambda
        }
      }
      if boundary != nil {
        let below = boundaryOf(u) + distance(toUser, toPositive) + x[userMargin(u)]
        if below > 0 {
          value += alpha * below
          addBoundary(alpha, u)
          addDistance(alpha, toUser, toPositive)
          gradient[userMargin(u)] += alpha
        }
      }
    }
    let margins =
      loss.marginMean == .batch
      ? (batch.users.map { userMargin($0) }, batch.positives.map { itemMargin($0) })
      : ((0..<Int32(sizes.users)).map { userMargin($0) }, (0..<Int32(sizes.items)).map { itemMargin($0) })
    for places in [margins.0, margins.1] {
      for place in places {
        value -= gamma * x[place] / Double(places.count)
        gradient[place] -= gamma / Double(places.count)
      }
    }
    optimizer.advance(gradient, rate: rate)
    limit()
    return value
  }

  private mutating func limit() {
    for row in 0..<sizes.users + sizes.items {
      let range = row * sizes.dim..<(row + 1) * sizes.dim
      let length = optimizer.values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 1 { for place in range { optimizer.values[place] /= length } }
    }
    for place in firstMargin..<firstBoundary { optimizer.values[place] = min(max(optimizer.values[place], 0), 1) }
  }
}

@Suite struct SymmetricMetricTests {
  enum Method: CaseIterable {
    case adagrad, adagradFromTenth, gradient, momentum, adam, lazyAdam

    var optimizer: Optimizer {
      var lazy = Optimizer.AdamOptions()
      lazy.dense = false
      return switch self {
      case .adagrad: Optimizer(.adagrad(.torch), rate: 0.1)
      case .adagradFromTenth: Optimizer(.adagrad(.tensorflow), rate: 0.1)
      case .gradient: Optimizer(.sgd(momentum: 0), rate: 0.02)
      case .momentum: Optimizer(.sgd(momentum: 0.8), rate: 0.01)
      case .adam: Optimizer(.adam(.init()), rate: 0.02)
      case .lazyAdam: Optimizer(.adam(lazy), rate: 0.02)
      }
    }
    var rate: Double { optimizer.rate.constant! }
  }

  private func model(_ boundary: Boundary.Kind?, dim: Int = 5) throws -> SymmetricMetric {
    var configuration = SymmetricMetric.Configuration(userCount: 7, itemCount: 19, dim: dim)
    configuration.boundary = boundary
    configuration.seed = 4
    return try SymmetricMetric(configuration)
  }

  private func loss(_ boundary: Boundary.Kind?, _ mean: SymmetricMetricLoss.MarginMean = .batch) -> SymmetricMetricLoss
  {
    let loss = SymmetricMetricLoss(hasBoundary: boundary != nil)
    loss.alpha = 0.4
    loss.marginWeight = 3
    loss.marginMean = mean
    return loss
  }

  private func lengths(_ rows: [Float], _ dim: Int) -> [Double] {
    stride(from: 0, to: rows.count, by: dim).map { start in
      rows[start..<start + dim].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
  }

  /// A few batches of one and of several negatives, whose users and items repeat.
  private static let batches: [GivenBatch] = (0..<12).map { number in
    let (rows, count) = [(6, 1), (6, 3), (1, 1), (4, 2)][number % 4]
    return GivenBatch.random(rows: rows, negatives: count, users: 7, items: 19, seed: UInt64(number))
  }

  @Test(arguments: [nil, .linear, .linearBias, .user] as [Boundary.Kind?], Method.allCases)
  func trainsAsTheFormulasSay(_ boundary: Boundary.Kind?, _ method: Method) throws {
    // A lazy Adam is no dense one: its reference would be another.
    guard method != .lazyAdam else { return }
    for mean in [SymmetricMetricLoss.MarginMean.batch, .all] {
      for collects in [false, true] {
        let (model, loss) = (try model(boundary), loss(boundary, mean))
        loss.attach(to: model)
        var slow = SlowMetric(model, loss, method.optimizer, rate: method.rate)
        let step = try TrainingStep(model: model, optimizer: method.optimizer, pool: .shared)
        var settings = GivenBatch.Settings()
        (settings.rate, settings.collects) = (method.rate, collects)
        let start = slow.optimizer.values
        for batch in Self.batches {
          let value = try batch.run(step, loss, settings)
          let wanted = slow.step(batch)
          #expect(abs(value - wanted) < 1e-4 * max(1, abs(wanted)))
        }
        let moved = zip(start, slow.optimizer.values).map { abs($0 - $1) }.max()!
        #expect(moved > 0.05)
        let gap = zip(model.trainedParameters.flatMap(\.currentValues), slow.optimizer.values)
          .map { abs(Double($0) - $1) }.max()!
        #expect(gap < 2e-4, "\(gap) off with \(method), mean \(mean), collected \(collects)")
      }
    }
  }

  @Test(arguments: Method.allCases) func noRowLeavesTheBall(_ method: Method) throws {
    for clip in [nil, 0.5] as [Double?] {
      let (model, loss) = (try model(.linear), loss(.linear))
      loss.attach(to: model)
      #expect(lengths(model.users.currentValues, 5).max()! < 1 + 1e-6)
      let step = try TrainingStep(model: model, optimizer: method.optimizer, pool: .shared)
      var settings = GivenBatch.Settings()
      (settings.rate, settings.clip) = (5 * method.rate, clip)
      var atTheEdge = 0
      for batch in Self.batches {
        try batch.run(step, loss, settings)
        let all = lengths(model.users.currentValues + model.items.currentValues, 5)
        #expect(all.max()! < 1 + 1e-6)
        atTheEdge += all.count { $0 > 1 - 1e-6 }
      }
      #expect(atTheEdge > 0)
      #expect(model.margins!.users.currentValues.allSatisfy { (0...1).contains($0) })
    }
  }

  /// Scores of the next batch are those of the rows as they were put back.
  @Test func lengthsOfItemsFollowTheLimit() throws {
    let (model, loss) = (try model(nil), loss(nil))
    loss.attach(to: model)
    let step = try TrainingStep(model: model, optimizer: Method.adagrad.optimizer, pool: .shared)
    var settings = GivenBatch.Settings()
    settings.rate = 1
    for batch in Self.batches { try batch.run(step, loss, settings) }
    let squares = lengths(model.items.currentValues, 5).map { $0 * $0 }
    for (item, square) in squares.enumerated() { #expect(abs(Double(model.items.table.scale![item]) - square) < 1e-5) }
  }

  @Test(arguments: Method.allCases) func theBitsDoNotDependOnTheThreads(_ method: Method) throws {
    let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)
    let runs = try [1, 2, 3].map { threads -> [UInt32] in
      var configuration = SymmetricMetric.Configuration(userCount: 40, itemCount: 60, dim: 9)
      configuration.boundary = .linearBias
      let model = try SymmetricMetric(configuration)
      let loss = loss(.linearBias)
      let trainer = try Trainer(
        model: model, train: train, loss: loss, sampler: UniformSampler(count: 4), optimizer: method.optimizer,
        batchSize: 33, seed: 3, pool: ThreadPool(threadCount: threads))
      for _ in 0..<2 { _ = try trainer.trainEpoch() }
      #expect(loss.userMargin === model.margins!.users && loss.ownParameters.isEmpty)
      return model.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
    }
    #expect(runs[1] == runs[0] && runs[2] == runs[0])
  }

  /// A loss that goes from model to model learns the margins of each, and its own where one has none.
  @Test func aLossTakesTheMarginsOfItsModel() throws {
    let train = randomInteractions(users: 7, items: 19, pairs: 50, seed: 1)
    let loss = loss(nil)
    loss.marginWeight = 0
    func learn(_ model: any RankingModel) throws {
      let trainer = try Trainer(
        model: model, train: train, loss: loss, sampler: UniformSampler(count: 1),
        optimizer: Method.adagrad.optimizer, batchSize: 10, seed: 3)
      _ = try trainer.trainEpoch()
    }
    let (one, other) = (try model(nil), try model(nil))
    try learn(one)
    #expect(Set(one.margins!.users.currentValues).count > 1)
    #expect(Set(other.margins!.users.currentValues) == [1])
    try learn(try randomModel(users: 7, items: 19, dim: 4, score: .euclidean))
    #expect(loss.userMargin !== one.margins!.users && Set(loss.userMargin!.currentValues).count > 1)
    let own = loss.userMargin
    try learn(other)
    #expect(Set(other.margins!.users.currentValues).count > 1)
    try learn(try randomModel(users: 7, items: 19, dim: 4, score: .euclidean))
    #expect(loss.userMargin === own)
  }
}
