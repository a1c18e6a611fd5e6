import Foundation
import Interactions
import Kernels
import Tensors
import Testing

@testable import Ranking

/// The softmax by bounds of scores: against exact probabilities, and against all scores.
@Suite struct ExactSamplerTests {
  private static let items = 3000
  private let train = randomInteractions(users: 20, items: Self.items, pairs: 120, seed: 5)

  private func model(dim: Int = 5, deviation: Double = 0.8) throws -> MatrixFactorization {
    try randomModel(users: 20, items: Self.items, dim: dim, score: .dot, deviation: deviation)
  }

  private func rows(_ values: [Float], _ width: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  private func block(_ values: [Float], width: Int) throws -> RowBlock {
    try values.withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: values.count / width, width: width)
    }
  }

  /// Chi-square of cells of about equally likely items, from the likeliest down.
  private func excess(_ drawn: [Int32], _ scores: [Double], without own: Set<Int32>) -> Double {
    let top = scores.max()!
    let weights = scores.enumerated().map { own.contains(Int32($0)) ? 0 : exp($1 - top) }
    let total = weights.reduce(0, +)
    var counts = [Int](repeating: 0, count: scores.count)
    for item in drawn { counts[Int(item)] += 1 }
    var cells: [(count: Int, share: Double)] = [(0, 0)]
    for item in weights.indices.sorted(by: { weights[$0] > weights[$1] }) {
      if weights[item] == 0 && counts[item] > 0 { return .infinity }
      if cells.last!.share > 1 / 40 { cells.append((0, 0)) }
      cells[cells.count - 1].count += counts[item]
      cells[cells.count - 1].share += weights[item] / total
    }
    return chiSquareExcess(cells.map(\.count), cells.map(\.share))
  }

  private func scores(_ model: MatrixFactorization, _ user: Int, dim: Int) -> [Double] {
    let row = rows(model.parameters.users, dim)[user]
    return rows(model.parameters.items, dim).map { zip(row, $0).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
  }

  // MARK: The law

  /// Few clusters bound badly, one for 16 items well.
  @Test(arguments: [3, 40, 10_000], [true, false]) func itFollowsTheSoftmax(_ clusters: Int, _ excludes: Bool) throws {
    let model = try model()
    let sampler = ExactSampler(count: 8, excludesPositives: excludes, clusters: clusters)
    let drawnRows = try drawn(sampler, train, model: model, epochs: 150).flatMap { $0 }
    #expect(sampler.counter.kept > 0 && sampler.counter.drawn > sampler.counter.kept)
    for user in 0..<20 where train.items(of: user).count >= 2 {
      let own = excludes ? Set(train.items(of: user)) : []
      let mine = drawnRows.filter { $0.user == user }
      #expect(abs(excess(mine.flatMap(\.negatives), scores(model, user, dim: 5), without: own)) < 6, "user \(user)")
      let logs = scores(model, user, dim: 5)
      expectClose(mine[0].logProposal!, mine[0].negatives.map { logs[Int($0)] }, rtol: 1e-5, atol: 1e-5, "log proposal")
    }
  }

  /// What scores high is the user's own: attempts end in vain, and all items are scored for what is left.
  @Test func drawsThatAreGivenUpAreMadeByAllScores() throws {
    let own = (0..<40).map { Int32($0) }
    let train = InteractionMatrix(
      userCount: 2, itemCount: Self.items, users: own.map { _ in 0 } + [1], items: own + [7])
    let items = (0..<Self.items).map { (item: Int) -> [Float] in
      item < 40 ? [12, 0] : [Float(item % 3) * 0.1, Float(item % 7) * 0.2]
    }
    let model = try modelOfRows(users: [[1, 1], [0.1, 1]], items: items)
    let sampler = ExactSampler(count: 5)
    let mine = try drawn(sampler, train, model: model, epochs: 60).flatMap { $0 }.filter { $0.user == 0 }
    // Items were scored, and few of them kept.
    #expect(sampler.counter.drawn > 10 * sampler.counter.kept)
    #expect(abs(excess(mine.flatMap(\.negatives), scores(model, 0, dim: 2), without: Set(own))) < 6)
  }

  /// Slots of a row, rows, and epochs do not go together.
  @Test func drawsAreIndependent() throws {
    let train = InteractionMatrix(
      userCount: 2000, itemCount: 400, users: (0..<2000).map { $0 }, items: (0..<2000).map { $0 % 400 })
    // Eight kinds of items, in blocks of 50.
    let items = (0..<400).map { (item: Int) -> [Float] in [Float(item / 50) * 0.2, Float(item / 50 % 3)] }
    let model = try modelOfRows(users: [[Float]](repeating: [0.4, -0.3], count: 2000), items: items)
    let sampler = ExactSampler(count: 6, excludesPositives: false)
    let epochs = try drawn(sampler, train, model: model, batch: 1000, epochs: 2, threads: 2).flatMap { $0 }
    #expect(sampler.counter.kept == 2 * 2000 * 6)
    let (rows, others) = (Array(epochs.prefix(2000)), Array(epochs.suffix(2000)))
    func excess(_ pairs: [(DrawnRow, DrawnRow)], _ shift: Int) -> Double {
      var counts = [Int](repeating: 0, count: 64)
      var (left, right) = ([Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8))
      for (a, b) in pairs {
        for slot in 0..<6 - shift {
          let (x, y) = (Int(a.negatives[slot]) / 50, Int(b.negatives[slot + shift]) / 50)
          counts[x * 8 + y] += 1
          left[x] += 1
          right[y] += 1
        }
      }
      let total = left.reduce(0, +)
      return chiSquareExcess(counts, left.flatMap { x in right.map { x * $0 / total / total } })
    }
    #expect(abs(excess(Array(zip(rows[..<500], rows[500..<1000])), 0)) < 6, "threads")
    #expect(abs(excess(Array(zip(rows, rows.dropFirst())), 0)) < 6, "rows")
    #expect(abs(excess(Array(zip(rows, rows)), 1)) < 6, "slots")
    #expect(abs(excess(Array(zip(rows, others)), 0)) < 6, "epochs")
  }

  @Test func drawsDoNotDependOnHowTheRowsAreCut() throws {
    let found = try [(1, 1), (7, 2), (64, 3), (300, 1)].map { batch, threads in
      try drawn(ExactSampler(count: 5), train, model: model(), batch: batch, epochs: 2, threads: threads).flatMap { $0 }
    }
    #expect(found.dropFirst().allSatisfy { $0 == found[0] })
  }

  // MARK: Bounds

  @Test(arguments: [1, 2, 15, 16, 200]) func noScoreExceedsItsBound(_ clusterCount: Int) throws {
    for (dim, deviation) in [(1, 1.0), (5, 0.3), (33, 1), (16, 1e3), (4, 0)] {
      let model = try model(dim: dim, deviation: deviation)
      let items = try block(model.parameters.items, width: dim)
      let means = try KMeans(items, count: clusterCount, start: .plusPlus(RandomStream(key: 4)), iterations: 3)
      let clusters = ItemClusters(labels: ClusterLabels(means.labels), centers: means.centers)
      let bounds = try ItemBounds(clusters, width: dim)
      // Rows that have moved since the clusters were made, too.
      let other = try randomModel(users: 20, items: Self.items, dim: dim, score: .dot, deviation: deviation, seed: 9)
      for values in [model.parameters.items, other.parameters.items] {
        #expect(try bounds.load(block(values, width: dim), pool: .shared))
        let groups = bounds.groups
        var seen = [Int](repeating: 0, count: Self.items)
        for user in rows(model.parameters.users, dim) {
          let length = user.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
          for group in 0..<groups.padded {
            let members = Int(groups.offsets[group])..<Int(groups.offsets[group + 1])
            #expect(Float(members.count) == groups.sizes[group])
            let cluster = Int(groups.clusters[group])
            let center = zip(user, means.centers[cluster * dim..<(cluster + 1) * dim]).reduce(0.0) {
              $0 + Double($1.0) * Double($1.1)
            }
            let bound = center + length * Double(groups.radii[group])
            for place in members {
              let item = Int(groups.members[place])
              seen[item] += 1
              let score = zip(user, values[item * dim..<(item + 1) * dim]).reduce(0.0) {
                $0 + Double($1.0) * Double($1.1)
              }
              if score > bound + 1e-9 * abs(bound) { Issue.record("item \(item): \(score) above \(bound)") }
            }
          }
        }
        #expect(seen.allSatisfy { $0 == 20 })
      }
    }
  }

  /// At the ends of all groups, where sums in another order differ: never one without a weight, and the one that is due up to rounding.
  @Test func noGroupWithoutAWeightIsDrawn() {
    var generator = RandomStream(seed: 3, purpose: "weights").generator()
    for trial in 0..<300 {
      let blocks = 1 + trial % 5
      // Of very different sizes; some are 0, the last ones always.
      var weights = (0..<blocks * 16).map { _ -> Float in
        Int.random(in: 0..<3, using: &generator) == 0 ? 0 : Float(pow(10, Double.random(in: -9...2, using: &generator)))
      }
      weights[trial % 16] = 1e-3
      for place in weights.count - trial % 12..<weights.count where place != trial % 16 { weights[place] = 0 }
      var (sum, sums) = (0.0, [Double]())
      for block in 0..<blocks {
        sum += weights[block * 16..<block * 16 + 16].reduce(0) { $0 + Double($1) }
        sums.append(sum)
      }
      var ends = [0.0]
      for weight in weights { ends.append(ends.last! + Double(weight)) }
      for group in weights.indices {
        for shift in [-3e-7, -1e-7, -3e-8, -1e-16, 0, 1e-16, 3e-8, 1e-7, 3e-7] {
          let uniform = min(max(0, ends[group + 1] / sum * (1 + shift)), 1.0.nextDown)
          let drawn = kernel_draw_group(weights, sums, weights.count, uniform)
          #expect(weights.indices.contains(drawn) && weights[drawn] > 0)
          let slack = 2e-6 * sum
          #expect(ends[drawn] <= uniform * sum + slack && ends[drawn + 1] >= uniform * sum - slack)
        }
      }
    }
  }

  @Test func rowsThatAreNoNumbersHaveNoBounds() throws {
    for value in [Float.nan, .infinity, 3e38] {
      var values = try model().parameters.items
      let clusters = ItemClusters(
        labels: ClusterLabels([Int32](repeating: 0, count: Self.items)), centers: [Float](repeating: 0, count: 5))
      let bounds = try ItemBounds(clusters, width: 5)
      values[Self.items * 5 - 1] = value
      #expect(try !bounds.load(block(values, width: 5), pool: .shared))
    }
  }

  // MARK: Training

  private func train(_ sampler: ExactSampler, threads: Int, epochs: Int = 2) throws -> (Trainer, MatrixFactorization) {
    let model = try model(dim: 8, deviation: 0.1)
    let trainer = try Trainer(
      model: model, train: randomInteractions(users: 20, items: Self.items, pairs: 900, seed: 2),
      loss: ImportanceLoss(), sampler: sampler,
      optimizer: Optimizer(.adam(.init()), rate: 0.05), batchSize: 16, seed: 5, pool: ThreadPool(threadCount: threads))
    for _ in 0..<epochs { _ = try trainer.trainEpoch() }
    return (trainer, model)
  }

  @Test func theBitsDoNotDependOnTheThreads() throws {
    let sampler = ExactSampler(count: 4)
    let first = try train(sampler, threads: 1).1.parameters
    #expect(sampler.counter.kept > 0)
    for threads in [2, 3] {
      let other = try train(ExactSampler(count: 4), threads: threads).1.parameters
      #expect(other.items == first.items && other.users == first.users)
    }
  }

  /// Clusters that were made before an epoch are in its snapshot.
  @Test func aTrainingGoesOnWhereItStood() throws {
    let (trainer, model) = try train(ExactSampler(count: 4), threads: 2, epochs: 1)
    for _ in 0..<5 { _ = try trainer.trainBatch() }
    let snapshot = try trainer.snapshot()
    for _ in 0..<40 { _ = try trainer.trainBatch() }
    let (other, again) = try train(ExactSampler(count: 4), threads: 1, epochs: 0)
    try other.restoration(from: snapshot)()
    for _ in 0..<40 { _ = try other.trainBatch() }
    #expect(again.parameters.items == model.parameters.items && again.parameters.users == model.parameters.users)
  }

  /// In a mixture the total of its proposal is wanted, and right.
  @Test func aMixtureHasTheTotal() throws {
    let model = try model()
    let exact = ExactSampler(count: 1, excludesPositives: false)
    let mixture = try MixtureSampler(count: 4, parts: [UniformSampler(count: 1), exact], shares: [1, 1])
    let row = try drawn(mixture, train, model: model).flatMap { $0 }[0]
    #expect(exact.counter.kept == 0)
    let scores = scores(model, row.user, dim: 5)
    let total = log(scores.reduce(0) { $0 + exp($1) })
    let wanted = row.negatives.map { log(0.5 / Double(Self.items) + 0.5 * exp(scores[Int($0)] - total)) }
    expectClose(row.logProposal!, wanted, rtol: 1e-5, atol: 1e-5, "mixture")
  }
}
