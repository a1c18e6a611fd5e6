import Platform
import TestSupport
import Testing

@testable import Interactions

@Suite struct SavedSplitTests {
  let folder = TemporaryFolder()

  /// Everything that decides what a model sees and what people read.
  func expectSame(_ split: Split, _ other: Split, at location: SourceLocation = #_sourceLocation) {
    let (one, two) = (split.dataset, other.dataset)
    #expect(one.identifierHash == two.identifierHash, sourceLocation: location)
    for part in Part.allCases {
      let (a, b) = (split.matrix(of: part), other.matrix(of: part))
      #expect(a?.fingerprint == b?.fingerprint, sourceLocation: location)
      guard let a, let b else { continue }
      for user in 0..<a.userCount {
        for item in a.items(of: user) where b.contains(user: user, item: item) {
          let places = [one, two].map { $0.interactions.position(user: user, item: item)! }
          #expect(one.timestamps?[places[0]] == two.timestamps?[places[1]], sourceLocation: location)
          #expect(
            one.ratings?[places[0]].bitPattern == two.ratings?[places[1]].bitPattern, sourceLocation: location)
        }
      }
    }
    for item in 0..<one.itemCount { #expect(one.titles?[item] == two.titles?[item], sourceLocation: location) }
    for user in 0..<one.userCount { #expect(one.userTitles?[user] == two.userTitles?[user], sourceLocation: location) }
    #expect(split.candidates == other.candidates, sourceLocation: location)
  }

  func roundTrip(_ split: Split, _ name: String = "saved", at location: SourceLocation = #_sourceLocation) throws {
    try split.save(to: "\(folder.path)/\(name)")
    let again = try Dataset.open("\(folder.path)/\(name)").split(.given())
    expectSame(split, again, at: location)
    #expect(
      try FileSystem.list(folder.path, hidden: true).allSatisfy { !$0.contains(".tmp-") }, sourceLocation: location)
  }

  /// Identifiers that are hard to write, with every kind of value.
  @Test(arguments: 1...15) func aSplitComesBackToTheBit(_ seed: Int) throws {
    var state = UInt64(seed)
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let odd = ["a,b", "say \"hi\"", "u::i", "x\ty", "M\u{fc}ller", "17", "03", "-4", "user", "1e3", "z|;", "\u{1F600}"]
    func identifier(_ number: Int) -> InteractionColumns.Identifier {
      if seed % 3 == 0 { return .number(number * 3) }
      return .text(number < odd.count ? Array(odd[number].utf8) : [0xE9, UInt8(97 + number)])
    }
    var columns = InteractionColumns(users: [], items: [])
    if seed % 2 == 0 { columns.ratings = [] }
    if seed % 4 < 2 { columns.timestamps = [] }
    let ratings: [Float] = [0.1, 1 / 3, -0.0, 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 16_777_216, -2.5]
    for _ in 0..<150 {
      columns.users.append(identifier(next(18)))
      columns.items.append(identifier(next(20)))
      columns.ratings?.append(ratings[next(ratings.count)])
      columns.timestamps?.append([0, -5, .max, .min, 1_600_000_000_123_456_789, 1_420_070_400][next(6)])
    }
    let data = try Dataset(columns, name: "odd")
    try roundTrip(data.split(.ratio(test: 0.3, valid: 0.2, seed: UInt64(seed))))
    try roundTrip(data.split(.leaveOneOut(valid: false, seed: UInt64(seed), tooFew: .drop)), "left")
  }

  @Test func usersAndItemsWithoutInteractionsAndTheirOrderStay() throws {
    // Texts first, then filtered so that whole numbers in no order of theirs are left.
    let data = try Dataset.open(
      folder.write("a.csv", "user,item\nz,q\n9,7\n9,5\n3,7\n3,5\n4,5\n"))
    var filter = DatasetFilter()
    filter.minimumPerItem = 2
    let left = try data.filter(filter)
    #expect((0..<3).map { left.userIdentifiers.identifier(at: $0) } == ["9", "3", "4"])
    try roundTrip(left.split(.leaveOneOut(valid: false, tooFew: .drop)), "order")
    var range = OpenOptions()
    range.catalog = .range
    let whole = try Dataset.open(folder.write("b.csv", "2,9\n2,4\n5,9\n"), range)
    try roundTrip(whole.split(.ratio(test: 0.5)), "range")
    // Nothing is in test.
    try roundTrip(whole.split(.ratio(test: 0)), "empty")
  }

  @Test func titlesNamesAndCandidatesStay() throws {
    folder.write("n/A.train.rating", "0\t1\t5\n0\t2\t4\n1\t3\t1\n")
    folder.write("n/A.test.rating", "0\t3\t5\n1\t1\t4\n")
    folder.write("n/A.test.negative", "(0,3)\t2\t9\n(1,1)\t2\t2\n")
    folder.write("n/A.item", "item_id:token\ttitle:token_seq\n1\tOne, \"two\"\n9\tNine\n")
    folder.write("n/A.user", "user_id:token\tname:token_seq\n1\tBen\n")
    let split = try Dataset.open("\(folder.path)/n").split(.given())
    #expect(split.candidates != nil && split.dataset.titles?[0] == "One, \"two\"")
    try roundTrip(split)
    #expect(try Dataset.open("\(folder.path)/saved").titles?[0] == "One, \"two\"")
  }

  @Test func anEarlierSaveIsReplacedAndNothingElse() throws {
    let data = try Dataset.open(folder.write("a.csv", (0..<40).map { "\($0 % 4),\($0),1,\($0)\n" }.joined()))
    try roundTrip(data.split(.ratio(test: 0.2, valid: 0.2)))
    let second = try data.split(.ratio(test: 0.3, by: .latest))
    try roundTrip(second)
    #expect(access("\(folder.path)/saved/valid.csv", F_OK) != 0)
    try second.save(to: "\(folder.path)/deep/er/saved/")
    expectSame(second, try Dataset.open("\(folder.path)/deep/er/saved").split(.given()))
    folder.write("saved/mine.txt", "precious")
    let error = #expect(throws: DataError.self) { try second.save(to: "\(folder.path)/saved") }
    #expect(
      error?.description
        == "\(folder.path)/saved: holds something else than a saved split: mine.txt; give a new folder")
    #expect(throws: DataError.self) { try second.save(to: "\(folder.path)/a.csv") }
    #expect(throws: DataError.self) { try second.save(to: "\(folder.path)/a.csv/x") }
    #expect(access("\(folder.path)/saved/mine.txt", F_OK) == 0)
    #expect(throws: DataError.interrupted) { try second.save(to: "\(folder.path)/none") { true } }
    #expect(try FileSystem.list(folder.path, hidden: true) == ["a.csv", "deep", "saved"])
  }

  @Test func whatAKilledSaveLeftIsTidiedUp() throws {
    let data = try Dataset.open(folder.write("a.csv", (0..<40).map { "\($0 % 4),\($0)\n" }.joined()))
    let split = try data.split(.ratio())
    // Of a process that is no more, before and between the two renamings; and of this one.
    folder.write("s.tmp-2147483000-1/train.csv", "user,item\n")
    folder.write("s.old.tmp-2147483000-1/train.csv", "user,item\n1,2\n")
    folder.write("s.old.tmp-2147483000-1/test.csv", "user,item\n1,3\n")
    folder.write("s.tmp-\(getpid())-77/train.csv", "user,item\n")
    folder.write("s.tmp-notes/train.csv", "user,item\n")
    #expect(throws: DataError.interrupted) { try split.save(to: "\(folder.path)/s") { true } }
    #expect(try Dataset.open("\(folder.path)/s").interactions.count == 2, "what was there is there again")
    try split.save(to: "\(folder.path)/s")
    expectSame(split, try Dataset.open("\(folder.path)/s").split(.given()))
    #expect(
      try FileSystem.list(folder.path, hidden: true) == ["a.csv", "s", "s.tmp-\(getpid())-77", "s.tmp-notes"])
  }

  @Test func identifiersThatNoLineHoldsAreRefused() throws {
    for (name, problem) in [
      (" a", "a space around"), ("a\n", "a line end"), ("b\rc", "a line end"), ("a\u{0}", "a NUL"),
    ] {
      let columns = InteractionColumns(users: [.text(Array(name.utf8)), .number(1)], items: [.number(1), .number(2)])
      let split = try Dataset(columns, name: "x").split(.ratio())
      let error = #expect(throws: DataError.self) { try split.save(to: "\(folder.path)/none") }
      #expect(error?.description.contains(problem) == true)
    }
    #expect(access("\(folder.path)/none", F_OK) != 0)
  }

  @Test func aDamagedCatalogIsRefusedWithItsLine() throws {
    let data = try Dataset.open(folder.write("a.csv", "ann,x\nben,y\nann,y\n"))
    try data.split(.ratio()).save(to: "\(folder.path)/s")
    folder.write("s/user_catalog.csv", "user\nann\nann\n")
    let error = #expect(throws: DataError.self) { try Dataset.open("\(folder.path)/s") }
    #expect(
      error?.description.contains("user_catalog.csv:3: expected each identifier once, found \"ann\" again") == true)
    folder.write("s/user_catalog.csv", "user\nann,1\n")
    #expect(throws: DataError.self) { try Dataset.open("\(folder.path)/s") }
  }
}
