import Platform
import Interactions
import Kernels
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// All ways through the kernels give the same lists.
@Suite struct KernelTests {
  private let pool = ThreadPool(threadCount: 2)

  /// The lists with the filter and without, which must be equal to the bit.
  private func expectFilterChangesNothing(
    _ scores: FactorScores, k: Int, excluding mask: InteractionMatrix?, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let users = (0..<Int32(scores.userCount)).map { $0 }
    let exact = try FactorRanker(scores, pool: pool, filtering: .never).top(k, users: users, excluding: mask)
    let filtered = try FactorRanker(scores, pool: pool, filtering: .always).top(k, users: users, excluding: mask)
    #expect(exact == filtered, "\(what)", sourceLocation: sourceLocation)
  }

  @Test func theFilterChangesNothingAtAnyLengthOfRow() throws {
    for dim in 1...130 {
      let random = RandomCase(
        seed: UInt64(dim), users: 180, items: 1000, dim: dim, ties: dim % 3 == 0, biases: dim % 2 == 0, density: 0.03)
      try expectFilterChangesNothing(random.scores, k: 1 + dim % 25, excluding: random.train, "dim \(dim)")
    }
  }

  @Test func theFilterChangesNothingForLopsidedRows() throws {
    let random = RandomCase(seed: 8, users: 300, items: 3000, dim: 32, ties: false, biases: true, density: 0.01)
    let base = random.scores
    func altered(
      _ what: String, user: (Int, Float) -> Float = { $1 }, item: (Int, Float) -> Float = { $1 },
      bias: (Float) -> Float = { $0 }
    ) throws {
      let scores = FactorScores(
        userCount: 300, itemCount: 3000, dim: 32, users: base.users.enumerated().map { user($0, $1) },
        items: base.items.enumerated().map { item($0, $1) }, itemBias: base.itemBias!.map(bias))
      try expectFilterChangesNothing(scores, k: 20, excluding: random.train, what)
    }
    try altered("one large coordinate", user: { $0 % 32 == 5 ? 1 : $1 }, item: { $0 % 32 == 5 ? $1 * 50 + 200 : $1 })
    try altered("all rows close to one row", item: { 3 + Float($0 % 32) + $1 * 1e-3 })
    try altered("norms over six decades", item: { $1 * exp2f(Float($0 / 32 % 40) - 20) })
    try altered("users of all sizes", user: { $1 * exp2f(Float($0 / 32 % 60) - 30) })
    try altered("large biases", bias: { $0 * 1e6 })
    try altered("equal biases", bias: { _ in 7 })
    try altered("zero users", user: { $0 / 32 % 2 == 0 ? 0 : $1 })
    try altered("zero items", item: { _, _ in 0 })
    try altered("infinite items", item: { $0 == 32 * 1500 ? .infinity : $1 }, bias: { $0 })
    try altered("subnormal numbers", user: { $1 * 1e-30 }, item: { $1 * 1e-12 })
    try altered("numbers near the largest", user: { $1 * 1e20 }, item: { $1 * 1e17 })
  }

  @Test func theFilterFindsScoresThatAreNotNumbers() throws {
    let random = RandomCase(seed: 12, users: 300, items: 2000, dim: 16, ties: false, biases: false)
    for (user, item) in [(250, nil), (nil, 1999), (250, 7)] as [(Int?, Int?)] {
      var (users, items) = (random.scores.users, random.scores.items)
      if let user { users[user * 16 + 15] = .nan }
      if let item { items[item * 16] = .nan }
      let broken = FactorScores(userCount: 300, itemCount: 2000, dim: 16, users: users, items: items)
      #expect(throws: EvaluationError.scoreIsNotANumber(user: item == nil ? 250 : 0, item: item ?? 0)) {
        try FactorRanker(broken, pool: pool, filtering: .always).top(
          5, users: (0..<300).map { $0 }, excluding: nil)
      }
    }
  }

  @Test func scoresThatRiseWithTheItemNumberAreRankedRight() throws {
    // Every item displaces another: the worst case of the lists, and more than the filter accepts.
    let scores = FactorScores(
      userCount: 200, itemCount: 5000, dim: 1, users: Array(repeating: 1, count: 200), items: (0..<5000).map(Float.init)
    )
    try expectFilterChangesNothing(scores, k: 20, excluding: nil, "rising")
    let lists = try recommend(scores, users: [3], k: 20)
    #expect(Array(lists.items(at: 0)) == (4980..<5000).reversed())
  }

  @Test(arguments: [kernel_ranking_baseline.rawValue, kernel_ranking_avx2.rawValue, kernel_ranking_avx512.rawValue])
  func everyInstructionSetRanksAsTheSlowVersion(rawValue: UInt32) throws {
    let instructions = kernel_ranking_instructions(rawValue: rawValue)
    // A processor that lacks them cannot run this case, and never will in use.
    guard kernel_ranking_available(instructions) != 0 else { return }
    for dim in [1, 2, 7, 16, 33, 64, 100] {
      let random = RandomCase(seed: UInt64(dim), users: 61, items: 131, dim: dim, ties: true, biases: true)
      let plain = random.plain(masks: [random.train], relevant: random.test)
      let ranker = FactorRanker(random.scores, pool: pool, filtering: .never, instructions: instructions)
      let users = (0..<Int32(61)).map { $0 }
      let lists = try ranker.top(131, users: users, excluding: random.train)
      let areas = try ranker.areasUnderCurve(users: users, relevant: random.test, excluding: random.train)
      for user in 0..<61 {
        #expect(Array(lists.items(at: user)) == plain.list(of: user), "dim \(dim), user \(user)")
        let wanted = plain.value(Metric(.auc), user: user)
        #expect(wanted == areas[user] || (wanted ?? .nan).isNaN && areas[user].isNaN, "dim \(dim), user \(user)")
      }
    }
  }

  @Test(arguments: [kernel_ranking_baseline.rawValue, kernel_ranking_avx2.rawValue, kernel_ranking_avx512.rawValue])
  func everyInstructionSetScoresEqualRowsEqually(rawValue: UInt32) throws {
    let instructions = kernel_ranking_instructions(rawValue: rawValue)
    guard kernel_ranking_available(instructions) != 0 else { return }
    let row = RandomCase(seed: 6, users: 30, items: 1, dim: 61, ties: false, biases: true)
    let scores = FactorScores(
      userCount: 30, itemCount: 333, dim: 61, users: row.scores.users,
      items: Array(repeatElement(row.scores.items, count: 333).joined()),
      itemBias: Array(repeatElement(row.scores.itemBias!, count: 333).joined()))
    let test = InteractionMatrix(
      userCount: 30, itemCount: 333, users: (0..<30).map { $0 }, items: (0..<30).map { $0 * 11 })
    let ranker = FactorRanker(scores, pool: pool, filtering: .never, instructions: instructions)
    let lists = try ranker.top(333, users: (0..<30).map { $0 }, excluding: nil)
    for user in 0..<30 { #expect(Set(lists.scores(at: user)).count == 1) }
    let areas = try ranker.areasUnderCurve(users: (0..<30).map { $0 }, relevant: test, excluding: nil)
    #expect(areas.allSatisfy { $0 == 0.5 })
  }
}
