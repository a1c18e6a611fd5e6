import Testing

@testable import Fuzzer

/// A lab in a temporary folder, which is where a case runs.
struct FuzzerLab {
  let folder: Folder
  let runner: CaseRunner
  let writer: CaseWriter

  init(seed: UInt64 = 1, planted: Bool = false) throws {
    folder = try Folder.temporary()
    runner = CaseRunner(folder: folder, planted: planted) { _ in }
    writer = CaseWriter(
      seed: seed, catalog: Catalog(Program.module(planted: planted)),
      corpus: Corpus(caches: [], models: [], tensors: []))
  }
}

@Suite struct GeneratorTests {
  @Test func aCaseFollowsFromSeedAndNumberAlone() throws {
    let (one, other, third) = (try FuzzerLab(), try FuzzerLab(), try FuzzerLab(seed: 2))
    for number in [3, 4, 11, 28, 199] {
      #expect(one.writer.write(number) == other.writer.write(number))
      #expect(one.writer.write(number) != third.writer.write(number))
    }
    #expect(one.writer.write(1) != one.writer.write(2))
  }

  /// A new function is fuzzed from the day it is described.
  @Test func everythingDescribedIsReached() throws {
    let lab = try FuzzerLab(planted: true)
    var missing = Set(lab.writer.catalog.callables.map { Literals.quoted($0.label) })
    #expect(missing.count > 300 && missing.contains("\"perigee.planted.crash\""))
    for number in 0..<8000 where Kind(ofCase: number) == .program && !missing.isEmpty {
      let program = lab.writer.write(number).program
      missing = missing.filter { !program.contains($0) }
    }
    #expect(missing.sorted() == [])
  }

  @Test func whatIsWrittenIsLua() throws {
    let lab = try FuzzerLab()
    for number in 0..<60 where Kind(ofCase: number) == .program {
      // Where it is not, this throws.
      _ = try lab.runner.files(
        after: Case(kind: .program, statements: ["do return end", lab.writer.write(number).program]))
    }
  }

  @Test func signaturesAreRead() {
    let signature = Signature("fun(users: BatchRows, items: BatchRows, parameters: table): any, any")
    #expect(signature.parameters == ["batchrows", "batchrows", "table"] && signature.results == ["any", "any"])
    #expect(Signature("fun(...: Tensor): Tensor").results == ["tensor"])
    #expect(Signature("fun()").parameters == [])
  }
}
