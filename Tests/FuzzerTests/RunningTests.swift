import Platform
import TestSupport
import Testing

@testable import Fuzzer

/// The fuzzer as it runs: processes, limits, what is found and kept.
@Suite(.serialized) struct RunningTests {
  /// The executable beside the tests.
  static let executable: String = {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let beside = own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/fuzz"
    return access(String(beside), X_OK) == 0
      ? String(beside) : CommandLine.arguments[0].replacing(/[^\/]*$/, with: "fuzz")
  }()

  /// Runs `fuzz`; its exit status and what it printed.
  func fuzz(_ arguments: String..., in folder: Folder) throws -> (ending: ChildProcess.Ending, text: String) {
    let log = folder.path + "/output.txt"
    let process = try ChildProcess([Self.executable] + arguments, output: log)
    let ending = process.wait()
    return (ending, String(decoding: folder.bytes(of: "output.txt") ?? [], as: UTF8.self))
  }

  /// Sets and dictionaries have another order in each process.
  @Test func aCaseIsTheSameInEveryProcess() throws {
    let folder = try Folder.temporary()
    defer { folder.remove() }
    for number in ["0", "5", "8", "31"] {
      let texts = try (0..<3).map { _ in try fuzz("--show", number, "--seed", "6", in: folder).text }
      #expect(!texts[0].isEmpty && Set(texts).count == 1, "\(texts)")
    }
  }

  @Test func everySampleCanBeMade() throws {
    let lab = try FuzzerLab()
    for (tag, variants) in Recipes.samples.sorted(by: { $0.key < $1.key }) {
      for variant in 1...variants {
        let program = "must(1, \"any:type\", { type = function() assert(sample(\"\(tag)\", \(variant))) end })"
        let (outcome, reason) = try lab.runner.run(Case(kind: .program, statements: [program]))
        #expect(outcome == .accepted, "\(tag) \(variant): \(reason)")
      }
    }
  }

  @Test func outcomesAreToldApart() throws {
    let lab = try FuzzerLab()
    func outcome(_ program: String, _ fault: Fault? = nil) throws -> Outcome {
      try lab.runner.run(Case(kind: .program, statements: [program], fault: fault)).outcome
    }
    #expect(try outcome("call(1, \"perigee.zeros\", 3)") == .accepted)
    #expect(try outcome("call(1, \"perigee.zeros\", \"x\")") == .refused)
    #expect(try outcome("must(1, \"any:x\", {})") == .broken)
    #expect(try outcome("call(1, \"perigee.zeros\", 3)", .interruption(at: 1)) == .stopped)
    #expect(try outcome("v[1] = (\"x\"):rep(1000000)", .littleMemory(bytes: 1000)) == .refused)
    #expect(
      try outcome("method(1, \"Tensor:write_npy\", sample(\"tensor\", 1), \"a.npy\")", .fullDisk(bytes: 3, from: 1))
        == .refused)
  }

  @Test func programsSeeNothingButTheLibrary() throws {
    let lab = try FuzzerLab()
    for name in ["io", "os", "require", "load", "loadfile", "dofile", "package", "debug", "string.dump"] {
      let program = "must(1, \"any:x\", { x = function() assert(not (\(name))) end })"
      let isGone = try lab.runner.run(Case(kind: .program, statements: [program])).outcome == .accepted
      #expect(isGone || name == "string.dump", "\(name)")
    }
  }

  @Test(
    .timeLimit(.minutes(5)),
    .enabled(if: !Sanitizer.isAny, "Swift's crash handler, which runs in the planted crash, is reported itself"))
  func aPlantedCrashIsFoundAndMadeSmall() throws {
    let folder = try Folder.temporary()
    defer { folder.remove() }
    let kept = folder.path + "/kept"
    let program = """
      v[1] = call(1, "perigee.zeros", 3)
      v[2] = method(2, "Tensor:sum", v[1])
      protected(3, function()
        v[3] = call(4, "perigee.ones", 2)
        call(5, "perigee.planted.crash", 2^40, nil)
      end)
      """
    let place = try Folder(folder.path + "/case")
    try KeptCase.write(Case(kind: .program, statements: [program]), note: "", to: place)
    let again = try fuzz("--replay", place.path, "--planted", in: folder)
    guard case .signal = again.ending else {
      Issue.record("\(again.text)")
      return
    }
    // Found by itself.
    let (ending, text) = try fuzz(
      "--planted", "--only", "planted.crash", "--cases", "64", "--keep", kept, in: folder)
    #expect(ending == .exit(1))
    #expect(text.contains("in perigee.planted.crash"), "\(text)")
    let cases = try Folder(kept).files().filter { $0.hasSuffix("case.lua") }
    let small = cases.map { String(decoding: (try? RegularFile.bytes(of: "\(kept)/\($0)")) ?? [], as: UTF8.self) }
    // The call alone, or within what makes its function be called: a finalizer, a protected call.
    #expect(
      small.contains { text in
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("--") }
        return lines.count == 1 || lines.count == 3 && lines[0].hasSuffix("function()")
      }, "\(small)")
  }

  @Test(.timeLimit(.minutes(5))) func aPlantedHangIsFound() throws {
    let folder = try Folder.temporary()
    defer { folder.remove() }
    let place = try Folder(folder.path + "/case")
    let hang = "call(1, \"perigee.planted.hang\", { forever = true })"
    let testCase = Case(kind: .program, statements: [hang])
    try KeptCase.write(testCase, note: "", to: place)
    Program.arguments = [Self.executable, "--planted"]
    let trial = try Trial(in: try Folder(folder.path + "/trial"), patience: 0.1, grace: 1)
    #expect(try trial.failure(of: testCase)?.signature == "hung in perigee.planted.hang")
  }

  @Test func casesAreKeptWhole() throws {
    let folder = try Folder.temporary()
    defer { folder.remove() }
    let file = CaseFile(path: "a/b.csv", bytes: [1, 0, 255])
    for fault in [
      nil, Fault.kill(microseconds: 7), .fullDisk(bytes: 3, from: 9), .littleMemory(bytes: 5), .interruption(at: 2),
    ] {
      folder.empty()
      try KeptCase.write(
        Case(kind: .fault, files: [file], statements: ["a()", "b()"], fault: fault), note: "why", to: folder)
      let read = try KeptCase.read(folder)
      #expect(read.files == [file] && read.fault == fault && read.program.hasSuffix("a()\nb()\n\n"))
    }
  }

  @Test func aFailingCaseBecomesSmall() throws {
    let whole = Case(
      kind: .program, files: [CaseFile(path: "a", bytes: Array(0...99))],
      statements: ["first()", "call(1, { a = 1, b = f(2, 3) }, 4)", "last()"])
    var minimizer = Minimizer(trials: 1000) { $0.program.contains("f(2") && $0.files.first?.bytes.contains(42) == true }
    let small = try minimizer.minimize(whole)
    #expect(small.files == [CaseFile(path: "a", bytes: [42])])
    #expect(small.statements == ["call( { b = f(2) })"])
  }
}
