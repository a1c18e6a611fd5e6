import Interactions
import TestSupport
import Testing

/// `ratio` by `latest`, beside a slow and obvious version.
@Suite struct LatestRatioTests {
  /// Random pairs of 12 users and 15 items; few moments, so that many are equally late. User 0 has one pair, user 1 all items.
  func random(seed: UInt64) throws -> Dataset {
    var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var columns = InteractionColumns(users: [.number(0)], items: [.number(3)], timestamps: [5])
    func add(_ user: Int, _ item: Int) {
      columns.users.append(.number(user))
      columns.items.append(.number(item))
      columns.timestamps!.append(Int64(next(4)) - 2)
    }
    for item in 0..<15 { add(1, item) }
    for _ in 0..<90 { add(2 + next(10), next(15)) }
    return try Dataset(columns, name: "random")
  }

  @Test(arguments: 1...25) func eachUsersLatestGoToTestAndThoseBeforeToValid(_ seed: Int) throws {
    let data = try random(seed: UInt64(seed))
    let times = try #require(data.timestamps)
    for (test, valid) in [(0.2, 0.0), (0.2, 0.1), (0.5, 0.3), (0, 0.25), (0, 0)] {
      let split = try data.split(.ratio(test: test, valid: valid, by: .latest, seed: UInt64(seed)))
      for user in 0..<data.userCount {
        func moments(_ part: InteractionMatrix?) -> [Int64] {
          (part?.items(of: user) ?? []).map { times[data.interactions.position(user: user, item: $0)!] }.sorted()
        }
        let row = data.interactions.items(of: user)
        let all = row.map { times[data.interactions.position(user: user, item: $0)!] }.sorted()
        let kept = max(1, Int(((1 - test) * Double(row.count)).rounded(.toNearestOrEven)))
        let trained = max(1, Int(((1 - test - valid) * Double(row.count)).rounded(.toNearestOrEven)))
        // Whoever of the equally late goes, the moments are those of the row in order.
        #expect(moments(split.train) == Array(all.prefix(valid == 0 ? kept : trained)))
        #expect(moments(split.valid) == (valid == 0 ? [] : Array(all[trained..<kept])))
        #expect(moments(split.test) == Array(all[kept...]))
        let parts = [split.train, split.test] + [split.valid].compactMap { $0 }
        #expect(parts.flatMap { Array($0.items(of: user)) }.sorted() == Array(row))
      }
    }
  }

  @Test func theSeedDecidesBetweenEquallyLateOnesOnly() throws {
    let data = try random(seed: 3)
    let one = try data.split(.ratio(by: .latest, seed: 1))
    #expect(one.test == (try data.split(.ratio(by: .latest, seed: 1))).test)
    #expect(one.test != (try data.split(.ratio(by: .latest, seed: 2))).test, "15 items at 4 moments")
    #expect(one.rule == "ratio(test = 0.2, by = latest, seed = 1)")
    let folder = TemporaryFolder()
    let distinct = try Dataset.open(folder.write("a.csv", (0..<20).map { "1,\($0),1,\($0 * 7 % 20)\n" }.joined()))
    let split = try distinct.split(.ratio(by: .latest, seed: 1))
    #expect(split.test == (try distinct.split(.ratio(by: .latest, seed: 2))).test, "no two at one moment")
  }

  @Test func withoutTimesThereIsNoLatest() throws {
    let data = Dataset(name: "x", userCount: 1, itemCount: 2, users: [0, 0], items: [0, 1])
    let error = #expect(throws: DataError.self) { try data.split(.ratio(by: .latest)) }
    #expect(
      error?.description
        == "split: ratio with by = \"latest\" needs the time of each interaction, and the data set \"x\" has none; use kind = \"ratio\" or \"leave_one_out\" with by = \"random\""
    )
  }
}
