import Foundation
import GRDB
import Platform
import TestSupport
import Testing

@testable import Laboratory

/// Runs go in and come out, and files that are no stores are left alone.
@Suite struct RunStoreTests {
  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/new/folder/runs.sqlite" }

  @Test func aRunComesBackAsItWas() throws {
    let store = try RunStore(path)
    var record = fullRecord()
    try store.insert(&record)
    #expect(record.id == "kodafemi")
    #expect(try store.run("kodafemi", .withUsers) == record)
    // Another process sees the same.
    #expect(try RunStore(path).run("kod", .withUsers) == record)
    #expect(try store.run("kodafemi", .whole).perUser.isEmpty)
    let summary = try store.run("kodafemi", .summary)
    #expect(summary.epochs == [.init(epoch: 2, loss: nil, seconds: 3.5)] && summary.metrics.isEmpty)
    #expect(summary.results.count == 3 && summary.settings == record.settings && summary.script?.text == "")
  }

  /// As the first version wrote them.
  @Test func anOldStoreBecomesANewOne() throws {
    mkdir("\(folder.path)/new", 0o777)
    mkdir("\(folder.path)/new/folder", 0o777)
    let old = try DatabaseQueue(path: path)
    try old.writeWithoutTransaction { db in
      try db.execute(sql: RunStoreSchema.steps[0])
      try db.execute(sql: "PRAGMA application_id = \(0x5052_4731)")
      try db.execute(sql: "PRAGMA user_version = 1")
      try db.execute(
        sql: """
          INSERT INTO run (id, name, kind, state, notes, model, threads, version, host, processor, cores, process, process_started,
            started, epochs, seconds)
          VALUES ('old', 'mf bpr', 'trainer', 'finished', '', 'mf', 1, '0.1.0', 'h', 'p', 1, 1, 1, 5, 3, 4)
          """)
    }
    try old.close()
    let store = try RunStore(path)
    var record = try store.run("old", .withUsers)
    #expect(record.name == "mf bpr" && record.launch == nil && record.kept.isEmpty && record.key == nil)
    try store.keep("old", [.init("row", .text("{}"))], key: "k")
    record = try store.run("old", .withUsers)
    #expect(record.key == "k" && record.kept == [.init("row", .text("{}"))])
    let text = message { _ = try ResumedLaunch("old", in: store) }
    #expect(text == "old has no script: it was recorded at the prompt, or from `-e`; only a script can be run again")
  }

  @Test func aRunOfAnOlderExportIsRead() throws {
    var record = fullRecord()
    (record.launch, record.key, record.kept, record.artifacts) = (nil, nil, [], [])
    let line = RunJournal.line(record).replacing(#""kept":[],"#, with: "").replacing(#""artifacts":[],"#, with: "")
    #expect(!line.contains("kept") && !line.contains("artifacts"))
    let file = "\(folder.path)/old.jsonl"
    try line.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try RunJournal.read(file) == [record])
  }

  @Test func whatIsKeptIsFoundByItsKey() throws {
    let store = try RunStore(path)
    var (first, second) = (fullRecord(id: "first"), fullRecord(id: "second"))
    (first.key, second.key) = (nil, nil)
    try store.insert(&first)
    try store.insert(&second)
    #expect(try store.run(key: "k") == nil && store.kept("first", "a") == nil)
    try store.keep("first", [.init("a", .numbers([1, .nan, -0.0])), .init("b", .text("x\0ü"))], key: "k")
    try store.keep("first", [.init("b", .text("y"))])
    #expect(try store.run(key: "k")?.id == "first" && store.kept("first", "b") == .text("y"))
    let numbers = if case .numbers(let numbers)? = try store.kept("fir", "a") { numbers } else { [Double]() }
    #expect(numbers.map(\.bitPattern) == [1, Double.nan, -0.0].map(\.bitPattern))
    try store.keep("second", [], key: "k")
    #expect(try store.run(key: "k")?.id == "second", "the newest stands")
    #expect(message { try store.keep("third", []) }.contains("there is no run 'third'"))
  }

  @Test func aRecordWithNothingInItComesBackToo() throws {
    let store = try RunStore(path)
    var record = RunRecord(kind: .script, started: 1)
    record.state = .failed
    try store.insert(&record)
    #expect(try store.run(record.id, .withUsers) == record)
  }

  @Test func notANumberComesBackAsOne() throws {
    let store = try RunStore(path)
    var record = fullRecord()
    record.results = [.init(on: "test", name: "auc", value: .nan)]
    record.perUser = [.init(on: "test", name: "auc", users: ["1"], values: [.nan])]
    try store.insert(&record)
    let found = try store.run(record.id, .withUsers)
    #expect(found.results[0].value.isNaN && found.perUser[0].values[0].isNaN)
  }

  @Test func aTakenIdentifierBecomesAnother() throws {
    let store = try RunStore(path)
    var (first, second) = (fullRecord(), fullRecord())
    try store.insert(&first)
    try store.insert(&second)
    #expect(first.id == "kodafemi" && second.id != first.id && second.id.count == 8)
    #expect(try store.runs().count == 2)
  }

  @Test func whatIsSharedIsKeptOnceAndGoesWithTheLast() throws {
    let store = try RunStore(path)
    var (first, second) = (fullRecord(id: "first"), fullRecord(id: "second"))
    try store.insert(&first)
    try store.insert(&second)
    func counts() throws -> [Int] {
      try ["script", "user_list", "user_values", "setting", "tag", "metric", "epoch", "result"].map { table in
        try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)")! }
      }
    }
    #expect(try counts() == [1, 1, 4, 6, 4, 4, 4, 6])
    try store.delete("first")
    #expect(try counts() == [1, 1, 2, 3, 2, 2, 2, 3])
    #expect(try store.run("second", .withUsers) == second)
    try store.delete("second")
    #expect(try counts() == [0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func valuesOfManyUsersAreSmall() throws {
    let users = (0..<5000).map { "user \($0)" }
    let values = (0..<5000).map { Double($0 % 7) / 7 }
    let packed = PackedDoubles.pack(values)
    #expect(packed.count < 5000)
    #expect((try PackedDoubles.unpack(packed, count: 5000)) == values)
    let list = PackedUsers(users)
    #expect(try PackedUsers.unpack(list.data, size: list.size, count: 5000) == users)
    #expect(list.data.count < 20_000)
    #expect(throws: RunStoreError.self) { try PackedDoubles.unpack(packed.dropLast(4), count: 5000) }
    #expect(throws: RunStoreError.self) { try PackedDoubles.unpack(packed, count: 4999) }
    #expect(throws: RunStoreError.self) { try PackedUsers.unpack(list.data, size: list.size, count: 4999) }
    #expect(throws: RunStoreError.self) { try PackedUsers.unpack(list.data, size: -1, count: 0) }
    #expect(throws: (any Error).self) { try PackedDoubles.unpack(packed, count: 1 << 50) }
  }

  // MARK: By hand

  @Test func tagsNotesAndNamesChange() throws {
    let store = try RunStore(path)
    var record = fullRecord()
    try store.insert(&record)
    try store.tag("kod", add: ["z", "z", "a b"], remove: ["ü", "never"])
    try store.note("kod", "other")
    try store.rename("kod", "new name")
    let found = try store.run("kodafemi")
    #expect(found.tags == ["a b", "z"] && found.notes == "other" && found.name == "new name")
  }

  @Test func anUnknownRunNamesTheNearest() throws {
    let store = try RunStore(path)
    for id in ["kodafemi", "kodabuzo"] {
      var record = fullRecord(id: id)
      try store.insert(&record)
    }
    #expect(message { _ = try store.run("kodafeni") }.hasSuffix("; did you mean 'kodafemi'?"))
    #expect(message { _ = try store.run("x") }.contains("there is no run 'x' in "))
    #expect(message { _ = try store.run("") }.contains("there is no run ''"))
    #expect(
      message { try store.delete("koda") }
        == "several runs begin with 'koda': kodabuzo, kodafemi; write more of the one")
    #expect(try store.runs().count == 2)
    // A name is no pattern.
    #expect(message { _ = try store.run("kod%") }.contains("there is no run"))
  }

  // MARK: Files

  @Test func filesThatAreNoStoresAreRefusedAndStayAsTheyWere() throws {
    let text = folder.write("text.sqlite", "this is a letter, not a database, and longer than a header\n")
    #expect(message { _ = try RunStore(text) }.hasSuffix("is no SQLite database; give another file, or move it away"))
    #expect(try RegularFile.bytes(of: text).starts(with: Array("this is a letter".utf8)))
    let other = "\(folder.path)/other.sqlite"
    try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE mail (text)") }
    #expect(
      message { _ = try RunStore(other) }.hasSuffix(
        "is a database of another program, no store of runs; give another file"))
    #expect(throws: RunStoreError.self) { try RunStore("") }
    #expect(message { _ = try RunStore(folder.path) }.hasSuffix("cannot be opened"))
    #expect(message { _ = try RunStore(existing: "\(folder.path)/none") }.hasPrefix("there is no store of runs at "))
    #expect(access("\(folder.path)/none", F_OK) != 0)
  }

  @Test(arguments: 1..<RunStoreSchema.version) func anOlderStoreIsBroughtUpToDate(_ version: Int) throws {
    let old = "\(folder.path)/old.sqlite"
    try DatabaseQueue(path: old).write { db in
      for step in RunStoreSchema.steps[..<version] { try db.execute(sql: step) }
      try db.execute(sql: "PRAGMA application_id = \(RunStoreSchema.application)")
      try db.execute(sql: "PRAGMA user_version = \(version)")
      // As the first version wrote it.
      try db.execute(
        sql: """
          INSERT INTO run (id, name, kind, state, notes, model, threads, version, host, processor, cores, process, process_started,
            started, epochs, seconds) VALUES ('kodafemi', 'n', 'trainer', 'finished', '', 'mf', 1, '0.1.0', '', '', 1, 1, 1, 5, 0, 0)
          """)
    }
    let store = try RunStore(old)
    #expect(try store.run("kodafemi").name == "n" && store.studies().isEmpty)
    #expect(try store.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == RunStoreSchema.version)
  }

  @Test func aNewerVersionIsRefused() throws {
    let store = try RunStore(path)
    try store.write { try $0.execute(sql: "PRAGMA user_version = \(RunStoreSchema.version + 1)") }
    let text = message { _ = try RunStore(path) }
    #expect(
      text.contains(
        "is of version \(RunStoreSchema.version + 1), and this Perigee knows versions up to \(RunStoreSchema.version): use the newer "
          + "Perigee that wrote it"))
  }

  @Test func aProcessThatIsGoneHasInterruptedItsRun() throws {
    let store = try RunStore(path)
    var records = ["alive", "gone", "reused", "elsewhere"].map { fullRecord(id: $0) }
    for index in records.indices { records[index].state = .running }
    records[1].machine.process = 1 << 30
    records[2].machine.processStarted -= 1
    records[3].machine.host = "another"
    records[3].machine.process = 1 << 30
    for index in records.indices { try store.insert(&records[index]) }
    let states = try ["alive", "gone", "reused", "elsewhere"].map { try store.run($0).state }
    #expect(states == [.running, .interrupted, .interrupted, .running])
  }

  @Test func connectionsThatWriteAtOnceWaitForEachOther() throws {
    // Made at once, too.
    let threads = 4
    let failures = Locked<[String]>([])
    let path = path
    DispatchQueue.concurrentPerform(iterations: threads) { index in
      do {
        let store = try RunStore(path)
        for seed in 0..<50 {
          var record = fullRecord(id: "same", seed: seed)
          try store.insert(&record)
        }
      } catch { failures.withLock { $0.append("\(error)") } }
    }
    #expect(failures.withLock { $0 } == [])
    let found = try RunStore(path).runs()
    #expect(found.count == 200 && Set(found.map(\.id)).count == 200)
  }

  /// What another is about to make of a file is never taken for another program's.
  @Test func newStoresCanBeOpenedByManyAtOnce() throws {
    let failures = Locked<[String]>([])
    for round in 0..<40 {
      let path = "\(path).\(round)"
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        do { _ = try RunStore(path).runs() } catch { failures.withLock { $0.append("\(error)") } }
      }
    }
    #expect(failures.withLock { $0 } == [])
  }

  // MARK: Journals

  @Test func exportedRunsAreImportedAsTheyWere() throws {
    let store = try RunStore(path)
    var record = fullRecord()
    record.results.append(.init(on: "test", name: "auc", value: .infinity))
    try store.insert(&record)
    record = try store.run(record.id, .withUsers)
    let file = folder.write(
      "runs.jsonl", RunJournal.line(record) + "\n\n" + RunJournal.line(fullRecord(id: "two")) + "\n")
    let other = try RunStore("\(folder.path)/other.sqlite")
    #expect(try other.importRuns(file) == ["kodafemi", "two"])
    #expect(try other.run("kodafemi", .withUsers) == record)
    // Twice is once.
    #expect(try other.importRuns(file) == ["kodafemi", "two"])
    #expect(try other.runs().count == 2)
    // The same identifier of another run.
    var different = fullRecord()
    different.started += 1
    let third = try RunStore("\(folder.path)/third.sqlite")
    try third.insert(&different)
    #expect(try third.importRuns(file)[0] != "kodafemi")
    #expect(try third.runs().count == 3)
  }

  @Test func aLineThatIsNoRunIsNamed() throws {
    let file = folder.write("bad.jsonl", RunJournal.line(fullRecord()) + "\n{\"id\": 3}\n")
    let store = try RunStore(path)
    #expect(
      message { _ = try store.importRuns(file) }.hasSuffix(
        "bad.jsonl, line 2: is no run as `perigee runs export` writes them"))
    #expect(try store.runs().isEmpty)
    #expect(message { _ = try store.importRuns("\(folder.path)/none") }.contains("cannot be opened"))
  }

  // MARK: Moments

  @Test func momentsAreRead() throws {
    #expect(try Moment.parse("12h", now: 100_000) == 100_000 - 43200)
    #expect(try Moment.parse("7d", now: 1e6) == 1e6 - 604_800)
    let noon = try Moment.parse("2026-11-27 12:30")
    #expect(Moment.text(noon) == "2026-11-27 12:30")
    #expect((try Moment.parse("2026-11-27")) == noon - 12.5 * 3600)
    for text in ["", "d", "-3d", "2026-13-01", "2026-11", "yesterday", "2026-11-27 12"] {
      #expect(throws: RunStoreError.self, "\(text)") { try Moment.parse(text) }
    }
    #expect(
      Moment.duration(3.25) == "3.2 s" && Moment.duration(125) == "2 min 5 s" && Moment.duration(7500) == "2 h 5 min")
  }
}
