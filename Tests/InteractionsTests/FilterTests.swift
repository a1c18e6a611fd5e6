import Interactions
import TestSupport
import Testing

@Suite struct FilterTests {
  /// The pairs of a random bipartite graph with 40 users and 30 items, some users and items rare.
  static func random(seed: UInt64) -> (users: [Int32], items: [Int32]) {
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var users: [Int32] = []
    var items: [Int32] = []
    for _ in 0..<220 {
      users.append(Int32(min(next(40), next(40))))
      items.append(Int32(min(next(30), next(30))))
    }
    return (users, items)
  }

  /// Slow and obvious: removes one user or item with too few at a time.
  static func core(_ pairs: Set<[Int32]>, users: Int, items: Int) -> Set<[Int32]> {
    var pairs = pairs
    while true {
      let bad = pairs.first { pair in
        pairs.count { $0[0] == pair[0] } < users || pairs.count { $0[1] == pair[1] } < items
      }
      guard let bad else { return pairs }
      pairs.remove(bad)
    }
  }

  func pairs(_ data: Dataset) -> Set<[Int32]> {
    var pairs = Set<[Int32]>()
    for user in 0..<data.userCount {
      for item in data.interactions.items(of: user) {
        pairs.insert([
          Int32(data.userIdentifiers.number(at: user)!), Int32(data.itemIdentifiers.number(at: Int(item))!),
        ])
      }
    }
    return pairs
  }

  @Test(arguments: 1...20) func theCoreIsTheLargestSetWhereAllHaveTheirMinimum(_ seed: Int) throws {
    let (users, items) = Self.random(seed: UInt64(seed))
    let data = Dataset(name: "random", userCount: 40, itemCount: 30, users: users, items: items)
    var filter = DatasetFilter()
    filter.minimumPerUser = 4
    filter.minimumPerItem = 5
    let expected = Self.core(pairs(data), users: 4, items: 5)
    try #require(!expected.isEmpty)
    let core = try data.filter(filter)
    #expect(pairs(core) == expected)
    #expect(core.statistics().perUser.minimum >= 4 && core.statistics().perItem.minimum >= 5)
  }

  @Test func oncePassesGoInTheirOrder() throws {
    // Item 2 has two users; user 2 has one item. Dropping the user first leaves item 2 with one.
    let data = Dataset(
      name: "x", userCount: 3, itemCount: 3, users: [0, 0, 1, 1, 1, 2], items: [0, 1, 0, 1, 2, 2])
    var filter = DatasetFilter()
    filter.minimumPerUser = 2
    filter.minimumPerItem = 2
    filter.passes = .usersThenItems
    #expect(pairs(try data.filter(filter)) == [[0, 0], [0, 1], [1, 0], [1, 1]])
    filter.passes = .itemsThenUsers
    let second = try data.filter(filter)
    #expect(pairs(second) == [[0, 0], [0, 1], [1, 0], [1, 1], [1, 2]])
    #expect(second.provenance.notes == ["filter(min_per_user = 2, min_per_item = 2, passes = \"items_then_users\")"])
  }

  @Test func ratingsAreComparedAsAsked() throws {
    let folder = TemporaryFolder()
    let data = try Dataset.open(folder.write("a.csv", "a,x,3,7\na,y,4,8\nb,x,3.5,9\nc,z,1,10\n"))
    var least = DatasetFilter()
    least.minimumRating = 3.5
    let atLeast = try data.filter(least)
    #expect(atLeast.description == "Dataset(2 users, 2 items, 2 interactions)")
    #expect(atLeast.ratings == [4, 3.5] && atLeast.timestamps == [8, 9])
    #expect(identifiers(atLeast.userIdentifiers) == ["a", "b"])
    #expect(identifiers(atLeast.itemIdentifiers) == ["x", "y"])
    #expect(atLeast.itemIdentifiers.index(of: "y") == 1 && atLeast.itemIdentifiers.index(of: "z") == nil)
    var above = DatasetFilter()
    above.ratingAbove = 3.5
    #expect(try data.filter(above).ratings == [4])
  }

  @Test func splitTitlesAndCandidatesFollow() throws {
    let folder = TemporaryFolder()
    folder.write("n/A.train.rating", "0\t1\t5\n0\t2\t4\n1\t3\t1\n2\t7\t1\n")
    folder.write("n/A.test.rating", "0\t3\t5\n1\t1\t4\n")
    folder.write("n/A.test.negative", "(0,3)\t2\t7\t1\n(1,1)\t7\t2\n")
    folder.write("n/items.csv", "item,title\n1,One\n2,Two\n3,Three\n7,Seven\n")
    var filter = DatasetFilter()
    filter.minimumPerUser = 2
    let data = try Dataset.open("\(folder.path)/n").filter(filter)
    #expect(identifiers(data.itemIdentifiers) == ["1", "2", "3"])
    #expect(data.titles?[2] == "Three")
    #expect(data.parts == [.train, .train, .test, .test, .train])
    let split = try data.split(.given())
    #expect(split.candidates?.items == [1, 0, 1], "item 7 is gone")
  }

  @Test func impossibleFiltersSayWhatToDo() {
    let data = Dataset(name: "x", userCount: 3, itemCount: 2, users: [0, 1, 2], items: [0, 0, 1])
    var rating = DatasetFilter()
    rating.minimumRating = 4
    let first = #expect(throws: DataError.self) { try data.filter(rating) }
    #expect(
      first?.description
        == "filter(min_rating = 4.0) needs ratings, and the data set \"x\" has none; leave the rating out")
    var core = DatasetFilter()
    core.minimumPerUser = 2
    let second = #expect(throws: DataError.self) { try data.filter(core) }
    #expect(
      second?.description
        == "filter(min_per_user = 2) leaves nothing of Dataset(3 users, 2 items, 3 interactions); ask for less")
  }
}

@Suite struct StatisticsTests {
  @Test func countsAreSummedUpByHand() {
    // Users have 3, 1, 0 and 0 interactions; items 2, 1 and 1.
    let data = Dataset(name: "x", userCount: 4, itemCount: 3, users: [0, 0, 0, 1], items: [0, 1, 2, 0])
    let statistics = data.statistics()
    #expect(statistics.users == 4 && statistics.items == 3 && statistics.interactions == 4)
    #expect(abs(statistics.density - 4.0 / 12) < 1e-15)
    #expect(statistics.perUser.minimum == 0 && statistics.perUser.maximum == 3 && statistics.perUser.zeros == 2)
    #expect(statistics.perUser.median == 0.5 && statistics.perUser.mean == 1)
    #expect(statistics.perItem.median == 1 && statistics.perItem.zeros == 0)
    // Half the mean absolute difference over the mean: 20 / 2 / 16 / 1 by hand.
    #expect(abs(statistics.perUser.gini - 0.625) < 1e-15)
    #expect(statistics.parts == nil && statistics.ratings == nil && statistics.times == nil)
  }

  @Test func equalCountsHaveGiniZeroAndOneOwnerNearlyOne() {
    #expect(abs(CountDistribution([5, 5, 5, 5]).gini) < 1e-15)
    #expect(abs(CountDistribution([0, 0, 0, 0, 0, 0, 0, 0, 0, 10]).gini - 0.9) < 1e-12)
    #expect(CountDistribution([]).mean == 0)
  }

  @Test func partsRatingsAndTimesAreReported() throws {
    let folder = TemporaryFolder()
    folder.write("train.csv", "1,2,3.5,100\n1,3,1,50\n")
    folder.write("test.csv", "1,4,5,900\n")
    let statistics = try Dataset.open(folder.path).statistics()
    #expect(statistics.parts! == (train: 2, valid: 0, test: 1))
    #expect(statistics.ratings == 1...5 && statistics.times == 50...900)
  }
}
