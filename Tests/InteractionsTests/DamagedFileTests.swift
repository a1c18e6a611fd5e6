import Platform
import TestSupport
import Testing

@testable import Interactions

/// Files that say what cannot be: none ends the process, hangs or takes memory that its size does not justify.
@Suite struct DamagedFileTests {
  let folder = TemporaryFolder()

  func message(_ path: String, _ change: (inout OpenOptions) -> Void = { _ in }) -> String {
    var options = OpenOptions()
    change(&options)
    do {
      return try Dataset.open(path, options).description
    } catch { return error.description.split(separator: folder.path + "/").joined() }
  }

  // MARK: Checked files

  static func words(_ values: [UInt64]) -> [UInt8] {
    values.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
  }

  /// A file with this payload and a header that fits it.
  static func file(_ payload: [UInt8], key: UInt64, bytes: UInt64? = nil) -> [UInt8] {
    var hash = ContentHash()
    payload.withUnsafeBytes { hash.update($0) }
    return words([CheckedFileHeader.magic, CheckedFileHeader.version, key, hash.value, bytes ?? UInt64(payload.count)])
      + payload
  }

  @Test func anyLengthInAHeaderIsOnlyWrong() throws {
    for length in [UInt64(1) << 63 - 1, 1 << 63, .max, .max - 39, .max - 40, 3, 5] {
      let path = folder.write("x", Self.file([1, 2, 3, 4], key: 7, bytes: length))
      let error = #expect(throws: CheckedFileReader.Failure.self) { try CheckedFileReader(path: path, key: 7) }
      guard case .damaged(let reason) = error else { return #expect(Bool(false), "\(length)") }
      #expect(reason.hasPrefix("it has 44 bytes and should have "))
    }
  }

  @Test func anyLengthOfAnArrayIsOnlyWrong() throws {
    for length in [UInt64(1) << 63 - 1, 1 << 63, .max, 9, 16] {
      let path = folder.write("x", Self.file(Self.words([length, 0]), key: 7))
      #expect(throws: CheckedFileReader.Failure.damaged("an array is longer than the file")) {
        let reader = try CheckedFileReader(path: path, key: 7)
        _ = try reader.read(UInt8.self)
      }
    }
  }

  /// A small set with everything that a set can have.
  func smallSet() throws -> Dataset {
    folder.write("set/train.csv", "ann,5,1,100\nben,7,2,200\nann,6,3,300\n")
    folder.write("set/test.csv", "ann,9,5,400\n")
    folder.write("set/candidates.txt", "ann 5 8\nben 6\n")
    folder.write("set/items.csv", "item,title\n5,Five\n9,Nine\n")
    return try Dataset.open(folder.path + "/set")
  }

  /// All that reads a set by the places it holds.
  func use(_ data: Dataset) {
    _ = data.statistics()
    _ = data.identifierHash
    for user in 0..<data.userCount {
      _ = data.userIdentifiers.index(of: data.userIdentifiers.bytes(at: user))
      _ = data.candidates?.items(of: user).map { data.itemIdentifiers.bytes(at: Int($0)) }
      _ = data.interactions.items(of: user).map { data.titles?[Int($0)] }
    }
    _ = try? data.split(.given())
    _ = try? data.split(.temporal())
    var filter = DatasetFilter()
    filter.minimumPerUser = 2
    _ = try? data.filter(filter)
  }

  /// A checksum is no proof of sense: every word of a cache is replaced by hostile ones, the checksum made to fit.
  @Test func aCacheWithWrongContentIsRefusedOrHarmless() throws {
    let cache = DatasetCache(folder: folder.path + "/cache")
    let whole = try smallSet()
    #expect(cache.store(whole, key: 1) == nil)
    let path = cache.path(name: whole.name, key: 1)
    let payload = Array(try FileSystem.read(path).dropFirst(CheckedFileHeader.size))
    func load(_ payload: [UInt8]) throws -> (dataset: Dataset?, warning: String?) {
      try FileSystem.write(path, Self.file(payload, key: 1))
      return cache.load(name: whole.name, key: 1, provenance: Provenance())
    }
    let same = try load(payload)
    #expect(same.dataset?.interactions == whole.interactions && same.warning == nil)
    var refused = 0
    for start in stride(from: 0, to: payload.count - 7, by: 4) {
      for word in [0, 1, 2, 5, UInt64(1) << 31, 1 << 62, UInt64(1) << 63 - 1, 1 << 63, .max] {
        var altered = payload
        altered.replaceSubrange(start..<start + 8, with: Self.words([word]))
        let (dataset, warning) = try load(altered)
        #expect((dataset == nil) == (warning != nil))
        refused += dataset == nil ? 1 : 0
        if let dataset { use(dataset) }
      }
    }
    #expect(refused > 500, "most are found")
  }

  // MARK: MATLAB

  @Test func aMatrixThatIsLargerThanItsFileIsRefused() throws {
    func file(rows: Int = 3, columns: Int = 4, entries: Int? = nil) -> [UInt8] {
      typealias M = MatlabTests
      let indices = [0, 2, 1, 2].flatMap { M.little($0, 4) }
      let length = M.little(5, 4) + M.little(entries ?? indices.count, 4)
      return M.element(
        14,
        M.element(6, M.little(5, 4) + M.little(4, 4)) + M.element(5, M.little(rows, 4) + M.little(columns, 4))
          + M.element(1, Array("data".utf8)) + length + indices
          + M.element(5, [0, 2, 2, 2, 4].flatMap { M.little($0, 4) }) + M.element(2, [1, 1, 1, 1]))
    }
    func message(_ element: [UInt8]) -> String { self.message(folder.write("a.mat", MatlabTests.header() + element)) }
    let again = "; fetch or copy the file again, or save it anew with save -v7"
    for pack in [{ $0 }, MatlabTests.compressed] {
      #expect(message(pack(file())) == "Dataset(3 users, 4 items, 4 interactions)")
      #expect(
        message(pack(file(rows: 2_147_483_647)))
          == "a.mat: the sparse matrix \"data\" has 2147483647 rows for 4 entries" + again)
      #expect(
        message(pack(file(columns: 2_147_483_647))) == "a.mat: the sparse matrix \"data\" contradicts itself" + again)
      #expect(message(pack(file(entries: 4_294_967_288))) == "a.mat: ends early (a cut-off copy?)" + again)
    }
  }

  @Test func anyAlteredMatrixIsReadOrRefused() throws {
    let whole = MatlabTests.header() + MatlabTests.sparse(valueType: 9, values: MatlabTests.doubles([1, 4.5, 1, 2]))
    for position in 124..<whole.count {
      for byte in [UInt8(0), 1, 0x7F, 0x80, 0xFF] where whole[position] != byte {
        var altered = whole
        altered[position] = byte
        _ = message(folder.write("a.mat", altered))
      }
    }
  }

  // MARK: Catalogs

  @Test func aCatalogIsNoLargerThanItsInteractionsJustify() {
    folder.write("a.csv", "978300760,1\n2,3\n")
    #expect(
      message("\(folder.path)/a.csv") { $0.catalog = .range }
        == "catalog = \"range\" makes 978300761 users of 2 interactions: the highest identifier is 978300760; use catalog = \"seen\", or say with columns which column holds the users"
    )
    folder.write("b.csv", "1,40000\n2,3\n")
    #expect(
      message("\(folder.path)/b.csv") { $0.catalog = .range } == "Dataset(3 users, 40001 items, 2 interactions)")
  }

  // MARK: What is no file

  @Test(.timeLimit(.minutes(1))) func pipesAndDevicesAreRefusedAtOnce() {
    mkfifo("\(folder.path)/pipe.csv", 0o600)
    let advice = "; give the path of a data file"
    #expect(message("\(folder.path)/pipe.csv") == "pipe.csv: is a pipe; want a file" + advice)
    #expect(message("/dev/zero") == "/dev/zero: is a device; want a file" + advice)
    folder.write("set/train.csv", "1,2\n")
    mkfifo("\(folder.path)/set/test.csv", 0o600)
    #expect(message("\(folder.path)/set") == "set/test.csv: is a pipe; want a file" + advice)
    folder.write("a.csv", "1,2\n")
    #expect(
      message("\(folder.path)/a.csv") { $0.titles = "/dev/zero" } == "/dev/zero: is a device; want a file" + advice)
  }

  @Test func aPathWithANULIsNoPath() {
    folder.write("a.csv", "1,2\n")
    #expect(
      message("\(folder.path)/a.csv\0.gz") == "a.csv\\x00.gz: is no path: it holds a NUL character; check the path")
    #expect(
      message("\(folder.path)/a.csv") { $0.titles = "\(folder.path)/a.csv\0" }
        == "a.csv\\x00: is no path: it holds a NUL character; give the path of a data file")
  }

  @Test func whatTheSystemRefusesIsNotMissing() {
    symlink("\(folder.path)/loop.csv", "\(folder.path)/loop.csv")
    #expect(
      message("\(folder.path)/loop.csv")
        == "loop.csv: cannot be opened: Too many levels of symbolic links; check the file and its disk")
    folder.write("closed/a.csv", "1,2\n")
    chmod("\(folder.path)/closed", 0)
    defer { chmod("\(folder.path)/closed", 0o700) }
    // Root may read everything.
    guard getuid() != 0 else { return }
    #expect(
      message("\(folder.path)/closed/a.csv")
        == "closed/a.csv: cannot be opened: Permission denied; check the permissions")
  }

  @Test func messagesObeyNoControlCharacters() {
    folder.write("a\u{1B}[31m.csv", "1,2\n1,2,3\n1,2\n")
    #expect(message("\(folder.path)/a\u{1B}[31m.csv").hasPrefix("a\\x1B[31m.csv:2: expected 2 columns"))
    #expect(message("no\u{1B}[2Jsuch\n").hasPrefix("no data set \"no\\x1B[2Jsuch\\n\" (looked in no\\x1B[2Jsuch\\n, "))
    folder.write("b.csv", "1,2,3\n1,2,\u{1B}[2J\n1,2,3\n")
    #expect(message("\(folder.path)/b.csv").contains("found \"\\x1B[2J\"; "))
    #expect(message(String(repeating: "x", count: 1_000_000)).utf8.count < 2000)
  }
}

@Suite struct InterruptionTests {
  let folder = TemporaryFolder()

  /// True from the `count`th time on that it is asked.
  final class Countdown {
    var left: Int
    init(_ count: Int) { left = count }
    func isOver() -> Bool {
      left -= 1
      return left < 0
    }
  }

  func writeSet(gzipped: Bool = false) -> String {
    let text = (0..<100_000).map { "\($0 % 997),\($0 * 7919 % 10_007)\n" }.joined()
    return folder.write("a.csv", gzipped ? gzip(text) : Array(text.utf8))
  }

  @Test func readingStopsWhereverItIs() throws {
    for gzipped in [false, true] {
      let path = writeSet(gzipped: gzipped)
      var options = OpenOptions()
      options.cache = false
      let whole = Countdown(.max)
      _ = try Dataset.open(path, options, isInterrupted: whole.isOver)
      let asked = Int.max - whole.left
      #expect(asked > 8, "often enough")
      for count in 0..<asked {
        #expect(throws: DataError.interrupted) {
          try Dataset.open(path, options, isInterrupted: Countdown(count).isOver)
        }
      }
    }
  }

  @Test func makingStopsWhereverItIs() throws {
    var options = SyntheticOptions()
    options.users = 50
    let whole = Countdown(.max)
    _ = try Dataset.synthetic(options, isInterrupted: whole.isOver)
    let asked = Int.max - whole.left
    #expect(asked > 500, "within a user too")
    for count in stride(from: 0, to: asked, by: 7) {
      #expect(throws: DataError.interrupted) { try Dataset.synthetic(options, isInterrupted: Countdown(count).isOver) }
    }
  }

  @Test func anInterruptedFetchLeavesNothingAndTriesNothingElse() throws {
    folder.write("site/train.txt", "0 1 2\n1 0\n")
    let files = [KnownDataset.File(source: "train.txt", name: "train.txt", sha256: nil)]
    let known = KnownDataset(
      name: "tiny", aliases: [], folders: ["tiny"], title: "", publisher: "", terms: "", users: 2, items: 3,
      interactions: 3, origins: [.files(base: "/nowhere", files: files), .files(base: "/nowhere-else", files: files)])
    var told: [String] = []
    let fetcher = try DataFetcher(
      root: folder.path + "/data", curl: "false", pip: [], isInterrupted: { true }, report: { told.append($0) })
    #expect(throws: DataError.interrupted) { try fetcher.fetch(known) }
    #expect(told == ["fetching tiny from /nowhere"])
    #expect(try FileSystem.list(folder.path + "/data", hidden: true) == [])
  }
}
