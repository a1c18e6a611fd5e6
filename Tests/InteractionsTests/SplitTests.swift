import Interactions
import TestSupport
import Testing

@Suite struct MomentTests {
  let folder = TemporaryFolder()

  func data(_ times: [String]) throws -> Dataset {
    let text = "user,item,time\n" + times.enumerated().map { "1,\($0.offset),\($0.element)\n" }.joined()
    return try Dataset.open(folder.write("a.csv", text))
  }

  @Test func aDateIsInTheUnitOfTheData() throws {
    let seconds: Int64 = 1_633_046_400
    for (unit, factor) in [("", Int64(1)), ("000", 1000), ("000000", 1_000_000), ("000000000", 1_000_000_000)] {
      let set = try data(["1600000000\(unit)", "1700000000\(unit)"])
      #expect(try set.moment(of: "2021-10-01") == seconds * factor)
      #expect(try set.moment(of: "2021-10-01T00:00:01Z") == (seconds + 1) * factor)
    }
    let dates = try data(["2021-09-30", "2021-10-01 12:00:00", "2021-10-02"])
    let split = try dates.split(.temporalAt(testFrom: try #require(try dates.moment(of: "2021-10-01"))))
    #expect(split.train.count == 1 && split.test.count == 2)
  }

  @Test func whatIsNoMomentOfTheDataIsRefused() throws {
    let set = try data(["1600000000", "1700000000"])
    for text in ["", "yesterday", "2021-13-01", "2021-10-01T00:00:00 CET", "1633046400"] {
      #expect(try set.moment(of: text) == nil)
    }
    let late = #expect(throws: DataError.self) { try set.moment(of: "2031-10-01") }
    #expect(
      late?.description
        == "the date \"2031-10-01\" is 1948579200 seconds after 1970, and the data's times are from 1600000000 to 1700000000; give a time from that span, in the data's unit"
    )
    let steps = try data(["1", "2"])
    #expect(throws: DataError.self) { try steps.moment(of: "2021-10-01") }
    let none = try Dataset.open(folder.write("b.csv", "1,2\n"))
    let error = #expect(throws: DataError.self) { try none.moment(of: "2021-10-01") }
    #expect(error?.description.contains("and the data set \"b.csv\" has none") == true)
  }
}

@Suite struct SplitTests {
  /// User u has 3 u + 1 items: 1, 4, 7, ...; the time of (u, i) is 100 - i, so low items are late.
  let data: Dataset = {
    let folder = TemporaryFolder()
    var text = ""
    for user in 0..<60 { for item in 0..<(3 * user + 1) { text += "\(user),\(item),1,\(1000 - item)\n" } }
    return try! Dataset.open(folder.write("data.csv", text))
  }()

  /// Every pair of the data is in exactly one part.
  func isPartition(_ split: Split, line: SourceLocation = #_sourceLocation) {
    for user in 0..<split.userCount {
      let parts = [split.train, split.test] + [split.valid].compactMap { $0 }
      let union = parts.flatMap { Array($0.items(of: user)) }.sorted()
      #expect(union == Array(data.interactions.items(of: user)), sourceLocation: line)
    }
  }

  @Test func ratioKeepsTheRoundedShareOfEveryUser() throws {
    let split = try data.split(.ratio(test: 0.2, valid: 0.1, seed: 7))
    isPartition(split)
    #expect(split.rule == "ratio(test = 0.2, valid = 0.1, seed = 7)")
    for user in 0..<60 {
      let count = Double(3 * user + 1)
      let kept = max(1, Int((0.8 * count).rounded(.toNearestOrEven)))
      #expect(split.test.items(of: user).count == Int(count) - kept)
      #expect(split.train.items(of: user).count == max(1, Int(((1 - 0.2 - 0.1) * count).rounded(.toNearestOrEven))))
    }
    #expect(split.train.items(of: 0).count == 1, "a single interaction is for training")
  }

  @Test func theSameSeedGivesTheSameSplitAndAnotherAnother() throws {
    let rules: [(UInt64) -> SplitRule] = [
      { .ratio(seed: $0) }, { .leaveOneOut(seed: $0) }, { .kFold(seed: $0) }, { .kFold(valid: 0.5, seed: $0) },
    ]
    for rule in rules {
      let one = try data.split(rule(1))
      let again = try data.split(rule(1))
      let other = try data.split(rule(2))
      #expect(one.train == again.train && one.test == again.test && one.valid == again.valid)
      #expect(one.test != other.test)
      isPartition(one)
    }
  }

  @Test func everyInteractionHasTheSameChanceOfTest() throws {
    // 10 items, 2 of them for test: each is drawn with probability 1/5. 1000 draws, 5 standard deviations.
    var drawn = [Int](repeating: 0, count: 10)
    for seed in 0..<1000 {
      for item in try data.split(.ratio(test: 0.2, seed: UInt64(seed))).test.items(of: 3) { drawn[Int(item)] += 1 }
    }
    for count in drawn { #expect(abs(Double(count) - 200) < 5 * (1000 * 0.2 * 0.8).squareRoot()) }
  }

  @Test func leaveOneOutLeavesOneForEachPart() throws {
    let split = try data.split(.leaveOneOut(seed: 3))
    isPartition(split)
    #expect(split.rule == "leave_one_out(by = random, valid = true, seed = 3)")
    #expect(split.test.items(of: 0).isEmpty, "a user with one interaction keeps it")
    for user in 1..<60 { #expect(split.test.items(of: user).count == 1 && split.valid!.items(of: user).count == 1) }
    let without = try data.split(.leaveOneOut(valid: false, seed: 3))
    #expect(without.valid == nil && without.test.count == 59)
  }

  /// User u of the data has 3u + 1 interactions: only the first has too few.
  @Test func usersWithTooFewAreDroppedOrAnError() throws {
    let kept = try data.split(.leaveOneOut(seed: 3))
    let split = try data.split(.leaveOneOut(seed: 3, tooFew: .drop))
    #expect(split.rule == "leave_one_out(by = random, valid = true, seed = 3, too_few = drop)")
    #expect(split.usersInNoPart == [0] && kept.usersInNoPart.isEmpty)
    #expect(split.train.items(of: 0).isEmpty && split.train.count == kept.train.count - 1)
    #expect(split.test == kept.test && split.valid == kept.valid)
    let error = #expect(throws: DataError.self) { _ = try data.split(.leaveOneOut(seed: 3, tooFew: .error)) }
    #expect(error?.description.contains("leave_one_out wants 3 interactions of each user, and user") == true)
    let folder = TemporaryFolder()
    let pairs = try Dataset.open(folder.write("a.csv", "1,1\n1,2\n2,1\n2,2\n2,3\n3,1\n"))
    #expect(try pairs.split(.leaveOneOut(tooFew: .drop)).usersInNoPart == [0, 2])
    #expect(try pairs.split(.leaveOneOut(valid: false, tooFew: .drop)).usersInNoPart == [2])
    let many = #expect(throws: DataError.self) { _ = try pairs.split(.leaveOneOut(tooFew: .error)) }
    #expect(many?.description.contains("has 2, as one of 2 with too few") == true)
  }

  @Test func theLatestIsLeftOut() throws {
    let split = try data.split(.leaveOneOut(.latest, seed: 3))
    isPartition(split)
    for user in 1..<60 {
      #expect(Array(split.test.items(of: user)) == [0])
      #expect(Array(split.valid!.items(of: user)) == [1])
    }
  }

  @Test func equallyLateOnesAreDrawn() throws {
    let folder = TemporaryFolder()
    let data = try Dataset.open(
      folder.write(
        "a.csv", (0..<200).flatMap { user in (0..<4).map { "\(user),\($0),1,\($0 < 2 ? 5 : 1)\n" } }.joined()))
    let split = try data.split(.leaveOneOut(.latest, seed: 1))
    let zeros = split.test.items.count { $0 == 0 }
    #expect(split.test.items.allSatisfy { $0 < 2 } && split.valid!.items.allSatisfy { $0 < 2 })
    #expect(abs(zeros - 100) < 36)
  }

  @Test func temporalCutsAllUsersAtOneMoment() throws {
    let split = try data.split(.temporal(test: 0.2, valid: 0.1))
    isPartition(split)
    let last = split.train.items.min()!
    #expect(split.valid!.items.max()! < last && split.test.items.max()! < split.valid!.items.min()!)
    #expect(Double(split.test.count) >= 0.2 * Double(data.interactions.count))
    let at = try data.split(.temporalAt(testFrom: 999, validFrom: 998))
    #expect(at.test.items.allSatisfy { $0 <= 1 } && at.valid!.items.allSatisfy { $0 == 2 })
    #expect(at.rule == "temporal(test_from = 999, valid_from = 998)")
  }

  @Test func foldsAreAPartitionOfEveryUser() throws {
    var seen = [Int](repeating: 0, count: data.interactions.count)
    var sizes: [Int] = []
    for fold in 1...5 {
      let split = try data.split(.kFold(count: 5, fold: fold, valid: 0.1, seed: 9))
      isPartition(split)
      sizes.append(split.test.count)
      for user in 0..<60 {
        for item in split.test.items(of: user) { seen[data.interactions.position(user: user, item: item)!] += 1 }
        let fifth = Double(3 * user + 1) / 5
        #expect(abs(Double(split.test.items(of: user).count) - fifth) < 1)
      }
    }
    #expect(seen.allSatisfy { $0 == 1 })
    #expect(sizes.max()! - sizes.min()! < 60)
  }

  @Test func aShareOfThePublishedTrainPartMaySelect() throws {
    let folder = TemporaryFolder()
    folder.write(
      "train.txt",
      (0..<50).map { user in "\(user) " + (0..<10).map { "\($0 + user % 3)" }.joined(separator: " ") }.joined(
        separator: "\n"))
    folder.write("test.txt", (0..<50).map { "\($0) 20 21" }.joined(separator: "\n"))
    let data = try Dataset.open(folder.path)
    let split = try data.split(.given(valid: 0.2, seed: 4))
    #expect(split.valid?.count == 100 && split.train.count == 400 && split.test.count == 100)
    #expect(split.rule == "given(valid = 0.2, seed = 4)")
    #expect(try data.split(.given(valid: 0.2, seed: 5)).valid != split.valid)
  }

  @Test func impossibleSplitsSayWhatToDo() throws {
    func message(_ rule: SplitRule, _ data: Dataset) -> String? {
      do {
        _ = try data.split(rule)
        return nil
      } catch { return error.description }
    }
    #expect(
      message(.given(), data)
        == "split: the data set \"data.csv\" comes without a split of its own; use kind = \"ratio\", \"leave_one_out\", \"temporal\" or \"kfold\""
    )
    #expect(message(.ratio(test: 1), data) == "split: test is 1.0; give a share of at least 0 and below 1")
    #expect(message(.ratio(test: .nan), data) == "split: test is nan; give a share of at least 0 and below 1")
    #expect(
      message(.ratio(test: 0.5, valid: 0.5), data)
        == "split: test = 0.5 and valid = 0.5 leave nothing to train on; give shares whose sum is below 1")
    #expect(message(.kFold(count: 1), data) == "split: folds is 1; give at least 2")
    #expect(message(.kFold(count: 5, fold: 6), data) == "split: fold is 6; give one from 1 to 5")
    #expect(
      message(.temporalAt(testFrom: 5, validFrom: 5), data)
        == "split: valid_from = 5 is not before test_from = 5; give an earlier valid_from")
    let timeless = Dataset(name: "x", userCount: 2, itemCount: 2, users: [0, 1], items: [0, 1])
    #expect(
      message(.leaveOneOut(.latest), timeless)
        == "split: leave_one_out with by = \"latest\" needs the time of each interaction, and the data set \"x\" has none; use kind = \"ratio\" or \"leave_one_out\" with by = \"random\""
    )
    let folder = TemporaryFolder()
    folder.write("x/train.tsv", "0\t1\n")
    folder.write("x/valid.tsv", "0\t2\n")
    folder.write("x/test.tsv", "0\t3\n")
    #expect(
      message(.given(valid: 0.5), try Dataset.open("\(folder.path)/x"))
        == "split: the data set \"x\" comes with a validation part; leave out valid = 0.5")
  }

  @Test func duplicatesAreTreatedAsAsked() throws {
    let folder = TemporaryFolder()
    let path = folder.write("d.csv", "1,1,3,10\n1,2,1,20\n1,1,5,30\n1,1,4,40\n")
    func open(_ duplicates: OpenOptions.Duplicates) throws -> Dataset {
      var options = OpenOptions()
      options.duplicates = duplicates
      return try Dataset.open(path, options)
    }
    #expect(try open(.first).ratings == [3, 1] && open(.first).timestamps == [10, 20])
    #expect(try open(.last).ratings == [4, 1] && open(.last).timestamps == [40, 20])
    #expect(try open(.max).ratings == [5, 1] && open(.max).timestamps == [30, 20])
    #expect(try open(.first).statistics().duplicates == 2)
    let error = #expect(throws: DataError.self) { try open(.error) }
    #expect(
      error?.description
        == "\(path): user \"1\" has item \"1\" 3 times; correct the file or pass duplicates = \"first\", \"last\" or \"max\""
    )
  }

  @Test func aPairInTwoPartsIsAnErrorUnlessAllowed() throws {
    let folder = TemporaryFolder()
    let train = folder.write("train.txt", "0 1 2\n1 3 4 5\n")
    let test = folder.write("test.txt", "0 2 3\n1 6\n")
    let error = #expect(throws: DataError.self) { try Dataset.open(folder.path) }
    #expect(
      error?.description
        == "user \"0\" has item \"2\" in \(train) and again in \(test); correct the split or pass overlap = \"earlier\" to keep it in the first of them only"
    )
    var options = OpenOptions()
    options.overlap = .earlier
    let split = try Dataset.open(folder.path, options).split(.given())
    #expect(split.train.items(of: 0).count == 2 && split.test.items(of: 0).count == 1)
  }
}
