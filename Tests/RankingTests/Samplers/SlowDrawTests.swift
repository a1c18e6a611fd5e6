import Interactions
import Platform
import Tensors
import Testing

@testable import Ranking

/// Draws of the kernels against loops that draw one item after another and ask the train part of each: the same numbers, item by item,
/// with bits for each item and with shared ones, and where what is left is listed.
@Suite struct SlowDrawTests {
  private let itemCount = 300
  private let stream = RandomStream(key: 91)

  /// Users with nothing up to nearly everything.
  private var train: InteractionMatrix {
    var (users, items) = ([Int32](), [Int32]())
    for (user, size) in [0, 1, 2, 4, 5, 19, 20, 21, 100, 240, 298].enumerated() {
      var generator = RandomStream(seed: UInt64(user), purpose: "items").generator()
      for item in (0..<Int32(itemCount)).shuffled(using: &generator).prefix(size) {
        users.append(Int32(user))
        items.append(item)
      }
    }
    return InteractionMatrix(userCount: 11, itemCount: itemCount, users: users, items: items)
  }

  /// Of all users.
  private func draws(_ sampler: any Sampler, _ train: InteractionMatrix, count: Int) -> [[Int32]] {
    RankingTests.draws(
      sampler, users: (0..<Int32(train.userCount)).map { $0 }, count: count, stream: stream, firstPlace: 40)
  }

  private func position(_ row: Int, _ slot: Int) -> UInt64 { UInt64(40 + row) << 20 + UInt64(slot) }

  @Test(arguments: [1, 2, 5, 30, 100], [true, false]) func popularity(_ count: Int, _ excludes: Bool) throws {
    let train = train
    let sampler = PopularitySampler(
      count: Schedule(Double(count)), transform: .logarithm, excludesPositives: excludes)
    try sampler.prepare(train)
    let weights = train.itemCounts().map { $0 == 0 ? 0 : log(1 + Double($0)) }
    let table = AliasTable(weights: weights)
    for (user, negatives) in draws(sampler, train, count: count).enumerated() {
      let own = train.items(of: user).reduce(0) { $0 + weights[Int($1)] }
      // What is left is listed there; the law of it has a test of its own.
      if excludes, own > table.total * 7 / 8 { continue }
      let slow = (0..<count).map { slot in
        var (item, attempt) = (table.item(stream.bits(at: position(user, slot))), 0)
        while excludes, train.contains(user: user, item: item) {
          attempt += 1
          item = table.item(stream.substream(attempt).bits(at: position(user, slot)))
        }
        return item
      }
      #expect(negatives == slow, "user \(user)")
    }
  }

  @Test(arguments: [1, 5, 100], [true, false]) func uniform(_ count: Int, _ excludes: Bool) throws {
    let train = train
    let sampler = UniformSampler(count: Schedule(Double(count)), excludesPositives: excludes)
    try sampler.prepare(train)
    func item(_ bits: UInt64, _ slot: Int) -> Int32 {
      let half = slot % 2 == 0 ? bits >> 32 : bits & 0xFFFF_FFFF
      return Int32((half * UInt64(itemCount)) >> 32)
    }
    for (user, negatives) in draws(sampler, train, count: count).enumerated() {
      if excludes, train.items(of: user).count * 8 > itemCount * 7 { continue }
      let slow = (0..<count).map { slot in
        let position = position(user, 0) + UInt64(slot / 2)
        var (found, attempt) = (item(stream.bits(at: position), slot), UInt64(0))
        while excludes, train.contains(user: user, item: found) {
          attempt += 1
          let key = stream.key ^ RandomStream(key: attempt).bits(at: 0)
          found = item(RandomStream(key: key).bits(at: position), slot)
        }
        return found
      }
      #expect(negatives == slow, "user \(user)")
    }
  }

  @Test(arguments: [1, 3, 16, 17, 60, 256, 257, 300, 1000], [true, false]) func clusters(
    _ clusterCount: Int, _ weighted: Bool
  ) throws {
    let train = train
    let weights = weighted ? train.itemCounts().map { Double($0 * $0) } : nil
    var generator = RandomStream(seed: 3, purpose: "clusters").generator()
    let labels = ClusterLabels((0..<itemCount).map { _ in .random(in: 0..<Int32(clusterCount), using: &generator) })
    func rows(_ count: Int) -> [[Float]] {
      (0..<count).map { _ in (0..<5).map { _ in .random(in: -1...1, using: &generator) } }
    }
    let (centers, users) = (rows(clusterCount), (0..<Int32(train.userCount)).map { $0 })
    let userRows = rows(users.count)
    let law = try clusterLaw(
      ItemClusters(labels: labels, centers: centers.flatMap { $0 }), count: clusterCount, users: users, rows: userRows,
      weights: weights, train)
    for user in users.indices {
      for count in [1, 5, 100] {
        let slow = SlowClusterDraw(
          user: user, labels: labels.values, weights: weights ?? [Double](repeating: 1, count: itemCount), train: train,
          scores: centers.map { zip($0, userRows[user]).reduce(0) { $0 + Double($1.0) * Double($1.1) } },
          isWeighted: weighted)
        guard slow.total > 0 else { continue }
        let items = law.draws(user, count: count, stream, at: position(user, 0), OwnItems(train))
        #expect(items == (0..<count).map { slow.item(stream, at: position(user, $0)) }, "user \(user)")
      }
    }
  }
}

/// One user's draws by clusters, one after another.
private struct SlowClusterDraw {
  let user: Int
  let labels: [Int32]
  let weights: [Double]
  let train: InteractionMatrix
  let scores: [Double]
  let isWeighted: Bool

  private func members(_ cluster: Int) -> [Int32] { labels.indices.filter { labels[$0] == cluster }.map { Int32($0) } }
  private func weight(_ item: Int32) -> Double { weights[Int(item)] }
  private func left(_ cluster: Int) -> [Int32] {
    members(cluster).filter { !train.contains(user: user, item: $0) && weight($0) > 0 }
  }
  private func mass(_ items: [Int32]) -> Double { items.reduce(0) { $0 + weight($1) } }
  private var masses: [Double] { scores.indices.map { exp(scores[$0]) * mass(left($0)) } }
  var total: Double { masses.reduce(0, +) }

  func item(_ stream: RandomStream, at position: UInt64) -> Int32 {
    let (masses, goal) = (masses, stream.uniformDouble(at: position) * total)
    var (cluster, sum) = (0, masses[0])
    while sum <= goal {
      cluster += 1
      sum += masses[cluster]
    }
    let (members, left) = (members(cluster), left(cluster))
    let numbers = stream.substream(1)
    if mass(left) < mass(members) / 8 {
      let goal = numbers.uniformDouble(at: position) * mass(left)
      return left.indices.first { mass(Array(left[...$0])) > goal }.map { left[$0] }!
    }
    for attempt in 1... {
      let bits = stream.substream(attempt).bits(at: position)
      let item =
        isWeighted ? table(members).item(bits) : members[Int(bits.multipliedFullWidth(by: UInt64(members.count)).high)]
      if !train.contains(user: user, item: item) { return item }
    }
    fatalError("unreachable")
  }

  private func table(_ members: [Int32]) -> [AliasTable.Column] { AliasTable.columns(of: members, weights: weights) }
}

extension AliasTable {
  func item(_ bits: UInt64) -> Int32 { columns.item(bits) }
}

extension [AliasTable.Column] {
  /// The item that 64 random bits stand for.
  func item(_ bits: UInt64) -> Int32 {
    let columns = self
    let column = columns[Int(((bits >> 32) * UInt64(columns.count)) >> 32)]
    return bits & 0xFFFF_FFFF < column.threshold ? column.item : column.alias
  }
}
