import Platform
import TestSupport
import Testing

@testable import Interactions

@Suite struct CacheTests {
  let folder = TemporaryFolder()
  let cache: String

  init() { cache = folder.path + "/cache/deep" }

  /// A folder of a few hundred kilobytes with everything a set can have.
  func writeSet(rows: Int = 12_000) -> String {
    var train = ""
    for row in 0..<rows { train += "user-\(row % 500),\(row / 500 * 3),\(row % 5 + 1),\(1_000_000_000 + row)\n" }
    folder.write("set/train.csv", train)
    folder.write("set/test.csv", (0..<500).map { "user-\($0),1000,3,2000000000\n" }.joined())
    folder.write("set/candidates.txt", (0..<500).map { "user-\($0) 3 3 0\n" }.joined())
    folder.write("set/items.csv", "item,title\n0,Zero\n3,Thréé\n")
    return folder.path + "/set"
  }

  func open(_ path: String, _ change: (inout OpenOptions) -> Void = { _ in }) throws -> Dataset {
    var options = OpenOptions()
    options.cacheFolder = cache
    change(&options)
    return try Dataset.open(path, options)
  }

  func files() -> [String] { (try? FileSystem.list(cache, hidden: true)) ?? [] }

  func expectEqual(_ one: Dataset, _ other: Dataset, line: SourceLocation = #_sourceLocation) {
    #expect(one.interactions == other.interactions, sourceLocation: line)
    #expect(one.ratings == other.ratings && one.timestamps == other.timestamps, sourceLocation: line)
    #expect(one.parts == other.parts && one.candidates == other.candidates, sourceLocation: line)
    #expect(identifiers(one.userIdentifiers) == identifiers(other.userIdentifiers), sourceLocation: line)
    #expect(identifiers(one.itemIdentifiers) == identifiers(other.itemIdentifiers), sourceLocation: line)
    #expect(one.titles?[1] == other.titles?[1], sourceLocation: line)
    #expect(one.provenance.contentHash == other.provenance.contentHash, sourceLocation: line)
    #expect(one.provenance.notes == other.provenance.notes, sourceLocation: line)
    #expect(one.statistics() == other.statistics(), sourceLocation: line)
  }

  @Test func theSecondOpeningComesFromTheCacheAndIsTheSame() throws {
    let path = writeSet()
    let first = try open(path)
    #expect(!first.provenance.cached && first.provenance.warnings == [])
    #expect(files().count == 1 && files()[0].hasPrefix("set-") && files()[0].hasSuffix(".perigee"))
    let second = try open(path)
    #expect(second.provenance.cached)
    expectEqual(first, second)
    #expect(second.titles?[1] == "Thréé" && second.userIdentifiers.index(of: "user-77") == 77)
    #expect(try !open(path) { $0.cache = false }.provenance.cached)
  }

  /// A descriptor that is closed twice takes away a file that somebody else has opened meanwhile.
  @Test(.timeLimit(.minutes(1))) func aRefusedFileIsClosedOnce() async throws {
    let damaged = folder.write("damaged", [UInt8](repeating: 1, count: 100))
    let whole = folder.write("whole", "text")
    let directory = folder.path
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for _ in 0..<5000 {
          #expect(throws: CheckedFileReader.Failure.self) { try CheckedFileReader(path: damaged, key: 1) }
          #expect(throws: DataError.self) { try ByteSource(path: directory) }
        }
      }
      group.addTask {
        for _ in 0..<20_000 {
          let descriptor = Platform.open(whole, O_RDONLY)
          sched_yield()
          let status = Platform.close(descriptor)
          #expect(status == 0, "the file was closed by somebody else")
          if status != 0 { return }
        }
      }
    }
  }

  @Test func whatChangesTheResultChangesTheKey() throws {
    let path = writeSet()
    _ = try open(path)
    #expect(try !open(path) { $0.duplicates = .last }.provenance.cached)
    #expect(try !open(path) { $0.columns = ["user", "item", "_", "_"] }.provenance.cached)
    folder.write("set/items.csv", "item,title\n0,Null\n")
    let other = try open(path)
    #expect(!other.provenance.cached && other.titles?[0] == "Null")
    #expect(files().count == 4)
  }

  @Test func damageIsFoundReportedAndRepaired() throws {
    let path = writeSet()
    let first = try open(path)
    let file = "\(cache)/\(files()[0])"
    let whole = try FileSystem.read(file)
    func damaged(_ bytes: [UInt8], because reason: String, line: SourceLocation = #_sourceLocation) throws {
      try FileSystem.write(file, bytes)
      let again = try open(path)
      #expect(
        again.provenance.warnings == ["the cached copy \(file) is damaged (\(reason)); the data was read again"],
        sourceLocation: line)
      #expect(!again.provenance.cached, sourceLocation: line)
      expectEqual(first, again, line: line)
      #expect(try FileSystem.read(file) == whole, "replaced", sourceLocation: line)
    }
    try damaged([], because: "it is cut off in its header")
    try damaged(Array(whole.prefix(1000)), because: "it has 1000 bytes and should have \(whole.count)")
    for position in [60, whole.count / 2, whole.count - 1] {
      var altered = whole
      altered[position] ^= 1
      try FileSystem.write(file, altered)
      let again = try open(path)
      #expect(again.provenance.warnings.count == 1 && again.provenance.warnings[0].contains("is damaged"))
      expectEqual(first, again)
    }
    var magic = whole
    magic[0] = 0
    try damaged(magic, because: "it does not begin like a file of this program")
    var key = whole
    key[16] ^= 1
    try damaged(key, because: "it belongs to other data")
    var version = whole
    version[8] = 99
    try FileSystem.write(file, version)
    #expect(try open(path).provenance.warnings == [], "another version is no damage")
    #expect(try FileSystem.read(file) == whole)
  }

  @Test func aCacheThatCannotBeWrittenIsOnlyAWarning() throws {
    let path = writeSet()
    folder.write("file", "in the way")
    let blocked = folder.path + "/file/cache"
    let data = try open(path) { $0.cacheFolder = blocked }
    #expect(
      data.provenance.warnings == [
        "the parsed data was not cached: \(folder.path)/file/cache: cannot be made: Not a directory; check the file and its disk"
      ])
    #expect(data.interactions.count == 12_500)
  }

  @Test func aFullDiskLosesNothing() throws {
    // /dev/full takes no byte, like a full disk.
    guard FileSystem.kind("/dev/full") != nil else { return }
    let path = writeSet()
    let first = try open(path)
    let other = folder.path + "/full"
    try FileSystem.makeFolders(other)
    symlink("/dev/full", "\(other)/temporary")
    let warning = DatasetCache(folder: other).store(first, key: 1, temporary: "\(other)/temporary")
    #expect(
      warning
        == "the parsed data was not cached: \(other)/set-0000000000000001.perigee: cannot be written: No space left on device; free some space on the disk"
    )
    #expect(try FileSystem.list(other, hidden: true) == [], "nothing is left behind")
  }

  @Test func leftoversOfEndedProcessesGo() throws {
    let path = writeSet()
    _ = try open(path)
    let name = files()[0]
    unlink("\(cache)/\(name)")
    folder.write("cache/deep/\(name).tmp-999999999-1", "half")
    _ = try open(path)
    #expect(files() == [name])
  }

  @Test func smallSetsAreNotKept() throws {
    folder.write("small.csv", "1,2\n")
    _ = try open(folder.path + "/small.csv")
    #expect(files() == [])
  }
}

@Suite struct HashTests {
  @Test func contentHashIsXXH64() {
    // Values of the reference implementation (xxhsum -H64).
    func hash(_ text: String, pieces: Int = 1 << 20) -> UInt64 {
      var hash = ContentHash()
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: pieces) {
        Array(bytes[start..<min(bytes.count, start + pieces)]).withUnsafeBytes { hash.update($0) }
      }
      return hash.value
    }
    #expect(hash("") == 0xEF46_DB37_51D8_E999)
    #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
    let long = String(repeating: "0123456789", count: 1234)
    for pieces in [1, 7, 31, 32, 33, 1000] { #expect(hash(long, pieces: pieces) == hash(long)) }
  }

  @Test func sha256HasTheStandardsValues() {
    func hash(_ text: String, pieces: Int) -> String {
      var hash = SHA256()
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: pieces) {
        Array(bytes[start..<min(bytes.count, start + pieces)]).withUnsafeBytes { hash.update($0) }
      }
      return hash.finish()
    }
    for pieces in [1, 13, 64, 1000] {
      #expect(hash("", pieces: pieces) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
      #expect(hash("abc", pieces: pieces) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
      #expect(
        hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", pieces: pieces)
          == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }
    #expect(
      hash(String(repeating: "a", count: 1_000_000), pieces: 4099)
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}
