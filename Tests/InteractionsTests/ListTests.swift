import Interactions
import TestSupport
import Testing

@Suite struct ListTests {
  /// User 0 has items 3 1 in train and 2 in test; user 1 has none in test; user 2 none in train.
  func folder() -> TemporaryFolder {
    let folder = TemporaryFolder()
    folder.write("train.txt", "0 3 1\n1 0 1 2\n2 \n")
    folder.write("test.txt", "0 2\n2 0\n1\n")
    return folder
  }

  @Test func aFolderOfListsIsAGivenSplit() throws {
    let folder = folder()
    let data = try Dataset.open(folder.path)
    #expect(data.description == "Dataset(3 users, 4 items, 7 interactions)")
    let split = try data.split(.given())
    #expect(split.train.rowOffsets == [0, 2, 5, 5])
    #expect(split.train.items == [1, 3, 0, 1, 2])
    #expect(split.test.rowOffsets == [0, 1, 1, 2])
    #expect(split.test.items == [2, 0])
    #expect(split.valid == nil)
    #expect(split.rule == "given")
  }

  @Test func theFilesNumbersStayTheIdentifiers() throws {
    let folder = TemporaryFolder()
    folder.write("train.txt", "7 30 10\n3 20\n")
    folder.write("test.txt", "3 10\n7 20\n")
    let data = try Dataset.open(folder.path)
    #expect((0..<2).map { data.userIdentifiers.identifier(at: $0) } == ["3", "7"])
    #expect((0..<3).map { data.itemIdentifiers.identifier(at: $0) } == ["10", "20", "30"])
    #expect(data.itemIdentifiers.index(of: "30") == 2)
    #expect(data.itemIdentifiers.index(of: 20) == 1)
    #expect(data.itemIdentifiers.index(of: "030") == nil)
    #expect(data.itemIdentifiers.index(of: 21) == nil)
    #expect(Array(data.interactions.items(of: 1)) == [0, 1, 2])
  }
}
