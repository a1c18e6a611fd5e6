import Interactions
import Kernels
import Tensors
import Testing

@testable import Ranking

@Suite struct UniformSamplerTests {
  /// The draws of rows `0..<users.count`, `[B][count]`, in pieces of `chunk` rows.
  private func draw(
    _ sampler: UniformSampler, users: [Int32], count: Int, key: UInt64 = 77, firstPlace: Int = 0, chunk: Int = .max
  ) -> [[Int32]] {
    let width = count + 1
    var items = [Int32](repeating: -1, count: users.count * width)
    var start = 0
    while start < users.count {
      let end = min(users.count, chunk == .max ? users.count : start + chunk)
      items.withUnsafeMutableBufferPointer { items in
        users.withUnsafeBufferPointer { users in
          sampler.draw(
            NegativeDraw(
              rowCount: users.count, count: count, users: users.baseAddress!, items: items.baseAddress!, width: width,
              stream: RandomStream(key: key), firstPlace: firstPlace), rows: start..<end)
        }
      }
      start = end
    }
    // The places of the positives are not the sampler's.
    #expect((0..<users.count).allSatisfy { items[$0 * width] == -1 })
    return (0..<users.count).map { Array(items[$0 * width + 1..<($0 + 1) * width]) }
  }

  private func excess(_ counts: [Int]) -> Double {
    chiSquareExcess(counts, counts.map { _ in 1 / Double(counts.count) })
  }

  /// User `u` has the first `sizes[u]` of every third, then of all items: lists of very different density.
  private func train(items: Int, sizes: [Int]) -> InteractionMatrix {
    var pairs = (users: [Int32](), items: [Int32]())
    for (user, size) in sizes.enumerated() {
      let order = (0..<items).filter { $0 % 3 == 1 } + (0..<items).filter { $0 % 3 != 1 }
      for item in order.prefix(size) {
        pairs.users.append(Int32(user))
        pairs.items.append(Int32(item))
      }
    }
    return InteractionMatrix(userCount: sizes.count, itemCount: items, users: pairs.users, items: pairs.items)
  }

  @Test(arguments: [2, 7, 100, 1000]) func drawsAreUniformOverAllItems(_ items: Int) throws {
    let sampler = UniformSampler(count: 100)
    try sampler.prepare(train(items: items, sizes: [items / 2]))
    let draws = draw(sampler, users: [Int32](repeating: 0, count: 2000), count: 100).joined()
    var counts = [Int](repeating: 0, count: items)
    for item in draws { counts[Int(item)] += 1 }
    #expect(abs(excess(counts)) < 5, "200,000 draws")
  }

  /// From none to all but one: rejection up to 7/8 of the catalog, a list of what is left beyond.
  @Test(arguments: [0, 1, 60, 174, 175, 176, 190, 199]) func drawsAreUniformOverWhatTheUserDoesNotHave(_ size: Int)
    throws
  {
    let matrix = train(items: 200, sizes: [3, size])
    let sampler = UniformSampler(count: 100, excludesPositives: true)
    try sampler.prepare(matrix)
    let draws = draw(sampler, users: [Int32](repeating: 1, count: 2000), count: 100).joined()
    var counts = [Int](repeating: 0, count: 200)
    for item in draws { counts[Int(item)] += 1 }
    let allowed = (0..<200).filter { !matrix.contains(user: 1, item: Int32($0)) }
    #expect((0..<200).allSatisfy { counts[$0] == 0 || !matrix.contains(user: 1, item: Int32($0)) })
    if allowed.count > 1 {
      #expect(abs(excess(allowed.map { counts[$0] })) < 5, "200,000 draws")
    } else {
      #expect(counts[allowed[0]] == 200_000)
    }
  }

  /// Neighboring slots, rows and epochs do not go together.
  @Test(arguments: [false, true]) func pairsOfDrawsAreIndependent(_ excludes: Bool) throws {
    let matrix = train(items: 12, sizes: [2])
    let sampler = UniformSampler(count: 2, excludesPositives: excludes)
    try sampler.prepare(matrix)
    let users = [Int32](repeating: 0, count: 100_000)
    let draws = draw(sampler, users: users, count: 2)
    let other = draw(sampler, users: users, count: 2, key: 78)
    let allowed = (0..<12).filter { !excludes || !matrix.contains(user: 0, item: Int32($0)) }
    func table(_ pairs: [(Int32, Int32)]) -> Double {
      var counts = [Int](repeating: 0, count: 144)
      for (a, b) in pairs { counts[Int(a) * 12 + Int(b)] += 1 }
      return excess(allowed.flatMap { a in allowed.map { counts[a * 12 + $0] } })
    }
    #expect(abs(table(draws.map { ($0[0], $0[1]) })) < 5, "slots of a row")
    #expect(abs(table(zip(draws, draws.dropFirst()).map { ($0[0], $1[0]) })) < 5, "rows")
    #expect(abs(table(zip(draws, other).map { ($0[1], $1[1]) })) < 5, "streams")
  }

  @Test(arguments: [1, 2, 7, 100], [false, true]) func drawsDoNotDependOnHowTheRowsAreCut(
    _ count: Int, _ excludes: Bool
  ) throws {
    let matrix = train(items: 90, sizes: [0, 5, 80, 89])
    let sampler = UniformSampler(count: Schedule(Double(count)), excludesPositives: excludes)
    try sampler.prepare(matrix)
    let users = (0..<50).map { Int32($0 * 7 % 4) }
    let whole = draw(sampler, users: users, count: count, firstPlace: 1000)
    for chunk in [1, 3, 16] {
      #expect(draw(sampler, users: users, count: count, firstPlace: 1000, chunk: chunk) == whole)
    }
    // A row's draws belong to its place in the epoch, not to its batch.
    let later = draw(sampler, users: Array(users[20...]), count: count, firstPlace: 1020)
    #expect(later == Array(whole[20...]))
  }

  @Test func batchesWithDifferentCountsShareNoNumbers() throws {
    let sampler = UniformSampler(count: 100)
    try sampler.prepare(train(items: 1_000_000, sizes: [1]))
    let users = [Int32](repeating: 0, count: 40)
    let many = Set(draw(sampler, users: users, count: 100).joined())
    let few = draw(sampler, users: users, count: 1, firstPlace: 40).joined()
    // Of 40 draws 0.16 would be among the 4,000 by chance.
    #expect(few.filter(many.contains).count <= 3)
  }

  @Test func kernelsDrawTheNumbersOfTheStream() {
    let stream = RandomStream(seed: 4, purpose: "negatives", 2)
    for (bound, count) in [(1, 3), (7, 1), (1000, 10), (40981, 101), (1 << 30, 64)] {
      var out = [Int32](repeating: -1, count: count)
      kernel_sample_uniform(stream.key, 55, UInt32(bound), &out, count)
      let expected = (0..<count).map { slot in
        let bits = stream.bits(at: 55 + UInt64(slot / 2))
        let half = slot % 2 == 0 ? bits >> 32 : bits & 0xFFFF_FFFF
        return Int32((half * UInt64(bound)) >> 32)
      }
      #expect(out == expected)
    }
  }

  @Test func dropoutDropsItsShareAndKeepsTheMean() {
    let stream = RandomStream(seed: 4, purpose: "dropout", 1)
    var mask = [Float](repeating: -1, count: 16)
    var dropped = 0
    for row in 0..<10_000 {
      kernel_dropout_mask(stream.key, UInt64(row * 16), 0.25, 16, &mask)
      #expect(mask.allSatisfy { $0 == 0 || $0 == 1 / 0.75 })
      dropped += mask.filter { $0 == 0 }.count
    }
    // 160,000 factors: a standard deviation is 173.
    #expect(abs(dropped - 40_000) < 5 * 173)
  }

  @Test func usersWithEverythingHaveNoNegatives() throws {
    let matrix = train(items: 9, sizes: [1, 9, 3, 9])
    let excluding = UniformSampler(count: 1, excludesPositives: true)
    try excluding.prepare(matrix)
    #expect(excluding.usersWithoutNegatives == [1, 3])
    let including = UniformSampler(count: 1)
    try including.prepare(matrix)
    #expect(including.usersWithoutNegatives.isEmpty)
  }
}
