import TestSupport
import Testing

@testable import Interactions

@Suite struct ColumnsInMemoryTests {
  /// The same rows from memory and from a file are the same set.
  @Test(arguments: 1...20) func rowsInMemoryAreWhatAFileOfThemIs(_ seed: Int) throws {
    var state = UInt64(seed)
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var columns = InteractionColumns(users: [], items: [], ratings: [], timestamps: [])
    var text = "user,item,rating,time\n"
    for _ in 0..<120 {
      let (user, item, rating, time) = (next(9), next(11) - 3, Float(next(50)) / 8, Int64(next(1000)))
      columns.users.append(seed % 2 == 0 ? .text(Array("u\(user)".utf8)) : .text(Array("\(user).0".utf8)))
      columns.items.append(.number(item))
      columns.ratings!.append(rating)
      columns.timestamps!.append(time)
      text += "\(seed % 2 == 0 ? "u\(user)" : "\(user)"),\(item),\(rating),\(time)\n"
    }
    let folder = TemporaryFolder()
    for duplicates in [OpenOptions.Duplicates.first, .last, .max] {
      var options = OpenOptions()
      options.duplicates = duplicates
      let file = try Dataset.open(folder.write("a.csv", text), options)
      let made = try Dataset(columns, name: "made", duplicates: duplicates)
      #expect(made.identifierHash == file.identifierHash && made.interactions == file.interactions)
      #expect(made.ratings == file.ratings && made.timestamps == file.timestamps)
      #expect(made.provenance.duplicates == file.provenance.duplicates && made.provenance.duplicates > 0)
    }
    #expect(throws: DataError.self) { try Dataset(columns, name: "made", duplicates: .error) }
  }

  @Test func theChecksumIsThatOfTheContent() throws {
    let columns = InteractionColumns(users: [.number(1), .number(2)], items: [.number(3), .number(4)])
    let sum = try Dataset(columns, name: "a").checksum
    #expect(sum == (try Dataset(columns, name: "b").checksum))
    var other = columns
    other.timestamps = [1, 2]
    #expect(sum != (try Dataset(other, name: "a").checksum))
    other = columns
    other.items[1] = .text(Array("5".utf8))
    #expect(sum != (try Dataset(other, name: "a").checksum))
    other.items[1] = .text(Array("4".utf8))
    #expect(sum == (try Dataset(other, name: "a").checksum), "7 and \"7\" are the same")
  }

  @Test func columnsThatDoNotFitAreRefused() throws {
    func message(_ columns: InteractionColumns) -> String? {
      #expect(throws: DataError.self) { try Dataset(columns, name: "x") }?.description
    }
    #expect(
      message(.init(users: [], items: [])) == "users is empty; give a user and an item for each interaction")
    #expect(
      message(.init(users: [.number(1)], items: [.number(1)], timestamps: [1, 2]))
        == "users has 1 entries and times has 2; give as many of each, one for each interaction")
    #expect(message(.init(users: [.number(1)], items: []))?.contains("items has 0") == true)
  }
}
