import Platform
import Tensors
import TestSupport
import Testing

@testable import Interactions
@testable import Ranking

/// Samplers on Gowalla's 40,981 items: what a few users are given, against the exact law of each. Needs the set in `$PERIGEE_DATA`.
@Suite(
  .serialized,
  .enabled(if: environment("PERIGEE_DATA") != nil, "PERIGEE_DATA is not set: samplers are not tested on Gowalla"))
struct GowallaSamplerTests {
  private static let drawsOfUser = 300_000

  private func gowalla() throws -> InteractionMatrix {
    let path = "\(environment("PERIGEE_DATA")!)/gowalla-lightgcn"
    if FileSystem.kind(path) == nil { try Test.cancel("\(path) is not there") }
    var options = OpenOptions()
    options.cache = false
    return try Dataset.open(path, options).split(.given(valid: 0, seed: 0)).train
  }

  /// Those with the fewest and the most items, and some between.
  private func someUsers(_ train: InteractionMatrix) -> [Int32] {
    let users = (0..<Int32(train.userCount)).sorted { train.items(of: Int($0)).count < train.items(of: Int($1)).count }
    return [0, 1, 2, 3].map { users[(users.count - 1) * $0 / 3] }
  }

  /// Chi-square of some 200 cells of items, about equally likely together: from the likeliest down.
  private func expectLaw(
    _ drawn: [Int32], _ weights: [Double], _ user: Int32, _ train: InteractionMatrix, _ what: String,
    location: SourceLocation = #_sourceLocation
  ) {
    let allowed = weights.indices.map { train.contains(user: Int(user), item: Int32($0)) ? 0 : weights[$0] }
    let total = allowed.reduce(0, +)
    var counts = [Int](repeating: 0, count: weights.count)
    for item in drawn { counts[Int(item)] += 1 }
    var cells: [(count: Int, share: Double)] = [(0, 0)]
    for item in weights.indices.sorted(by: { allowed[$0] > allowed[$1] }) {
      if allowed[item] == 0 {
        #expect(counts[item] == 0, "\(what), user \(user)", sourceLocation: location)
        continue
      }
      if cells.last!.share > 1 / 200 { cells.append((0, 0)) }
      cells[cells.count - 1].count += counts[item]
      cells[cells.count - 1].share += allowed[item] / total
    }
    let excess = chiSquareExcess(cells.map(\.count), cells.map(\.share))
    #expect(
      abs(excess) < 5, "\(what), user \(user) with \(train.items(of: Int(user)).count) items", sourceLocation: location)
  }

  @Test(arguments: [5, 100]) func uniformAndPopularity(_ count: Int) throws {
    let train = try gowalla()
    let uniform = UniformSampler(count: Schedule(Double(count)), excludesPositives: true)
    let popularity = PopularitySampler(
      count: Schedule(Double(count)), transform: .logarithm, excludesPositives: true)
    let ones = [Double](repeating: 1, count: train.itemCount)
    let weights = train.itemCounts().map { log(1 + Double($0)) }
    for (sampler, weights) in [(uniform, ones), (popularity, weights)] as [(any Sampler, [Double])] {
      try sampler.prepare(train)
      for user in someUsers(train) {
        let rows = [Int32](repeating: user, count: Self.drawsOfUser / count)
        let drawn = draws(sampler, users: rows, count: count, stream: RandomStream(key: UInt64(user)))
        expectLaw(drawn.flatMap { $0 }, weights, user, train, sampler.name)
      }
    }
  }

  @Test(arguments: ClusterSampler.Members.allCases) func clusters(_ members: ClusterSampler.Members) throws {
    let train = try gowalla()
    let weights = members == .popularity ? train.itemCounts().map { log(1 + Double($0)) } : nil
    let model = try randomModel(users: train.userCount, items: train.itemCount, dim: 16, score: .dot)
    let parameters = model.parameters
    let items = try parameters.items.withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: train.itemCount, width: 16)
    }
    let means = try KMeans(
      items, count: 100, start: .plusPlus(RandomStream(key: 4)), iterations: 5, pool: ThreadPool.shared)
    let clusters = ItemClusters(labels: ClusterLabels(means.labels), centers: means.centers)
    let users = someUsers(train)
    let rows = users.map { Array(parameters.users[Int($0) * 16..<(Int($0) + 1) * 16]) }
    let law = try clusterLaw(clusters, count: 100, users: users, rows: rows, weights: weights, train)
    let own = OwnItems(train)
    for (row, user) in users.enumerated() {
      let scores = (0..<100).map { cluster in
        (0..<16).reduce(0.0) { $0 + Double(rows[row][$1]) * Double(means.centers[cluster * 16 + $1]) }
      }
      let drawn = (0..<UInt64(Self.drawsOfUser / 100)).flatMap {
        law.draws(row, count: 100, RandomStream(key: UInt64(user)), at: $0 << 20, own)
      }
      expectLaw(
        drawn, means.labels.indices.map { exp(scores[Int(means.labels[$0])]) * (weights?[$0] ?? 1) }, user, train,
        members.rawValue)
    }
  }

  /// By bounds of a model whose scores spread as those of a trained one.
  @Test func exact() throws {
    let train = try gowalla()
    let model = try randomModel(
      users: train.userCount, items: train.itemCount, dim: 16, score: .dot, deviation: 0.6)
    let parameters = model.parameters
    let items = try parameters.items.withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: train.itemCount, width: 16)
    }
    let means = try KMeans(items, count: 512, start: .plusPlus(RandomStream(key: 4)), iterations: 5)
    let bounds = try ItemBounds(
      ItemClusters(labels: ClusterLabels(means.labels), centers: means.centers), width: 16)
    #expect(bounds.load(items, pool: .shared))
    for user in someUsers(train) {
      let row = Array(parameters.users[Int(user) * 16..<(Int(user) + 1) * 16])
      let users = try row.withUnsafeBufferPointer {
        try RowBlock(copying: $0.baseAddress!, rowCount: 1, width: 16)
      }
      let slots = [Int32](repeating: 0, count: Self.drawsOfUser / 5)
      let batch = try ExactBatch(
        items, UserRows(rows: users, users: [user], slots: slots), count: 5, without: OwnItems(train),
        RandomStream(key: UInt64(user)), firstPlace: 0)
      let draws = BoundedDraws(batch, bounds)
      let rest = draws.draw(pool: .shared)
      #expect(draws.kept > 9 * Self.drawsOfUser / 10 && (rest.isEmpty || draws.kept < Self.drawsOfUser))
      #expect(try batch.drawByAllScores(rest, pool: .shared) == nil)
      let weights = (0..<train.itemCount).map { item in
        exp((0..<16).reduce(0.0) { $0 + Double(row[$1]) * Double(parameters.items[item * 16 + $1]) })
      }
      expectLaw((0..<slots.count * 5).map { batch.drawn[$0] }, weights, user, train, "exact")
    }
  }

  /// Of a train part that has these users alone.
  @Test func adaptive() throws {
    let all = try gowalla()
    let chosen = someUsers(all)
    let pairs = chosen.enumerated().flatMap { user, own in all.items(of: Int(own)).map { (Int32(user), $0) } }
    let train = InteractionMatrix(
      userCount: chosen.count, itemCount: all.itemCount, users: pairs.map(\.0), items: pairs.map(\.1))
    let model = try randomModel(users: chosen.count, items: all.itemCount, dim: 16, score: .dot)
    let (users, items) = (model.parameters.users, model.parameters.items)
    let factors = (0..<16).map { factor in (0..<all.itemCount).map { items[$0 * 16 + factor] } }
    let orders = factors.map { column in column.indices.sorted { column[$0] > column[$1] } }
    let spreads = factors.map { column in
      let mean = column.reduce(0) { $0 + Double($1) } / Double(column.count)
      return (column.reduce(0) { $0 + pow(Double($1) - mean, 2) } / Double(column.count)).squareRoot()
    }
    let rows = try drawn(AdaptiveSampler(count: 2000), train, model: model, epochs: 10).flatMap { $0 }
    for user in chosen.indices {
      var weights = [Double](repeating: 0, count: all.itemCount)
      for factor in 0..<16 {
        let value = users[user * 16 + factor]
        for (rank, item) in (value > 0 ? orders[factor] : orders[factor].reversed()).enumerated() {
          weights[item] += abs(Double(value)) * spreads[factor] * exp(-Double(rank) / 500)
        }
      }
      let mine = rows.filter { $0.user == user }.prefix(Self.drawsOfUser / 2000).flatMap(\.negatives)
      expectLaw(mine, weights, Int32(user), train, "adaptive")
    }
  }
}
