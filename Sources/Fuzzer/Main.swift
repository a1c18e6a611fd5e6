import ArgumentParser
import Platform
import Tensors

/// `fuzz`: tries to break the library.
@main
struct Fuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Tries to break the library with programs, files, configs and faults.",
    discussion:
      "Fails where something crashed, hung or broke; what did is made small and kept, with the command that replays it."
  )

  @Option(help: "How long, in seconds; without it and --cases, 60.") var seconds: Double?
  @Option(help: "How many cases.") var cases: Int?
  @Option(help: "The first case.") var from = 0
  @Option(help: "Another seed makes other cases.") var seed: UInt64 = 1
  @Option(help: "Processes at once.") var workers = 2
  @Option(help: "Seconds of a processor after which a case is told to stop.") var patience = 0.5
  @Option(help: "The folder in which failing cases are kept.") var keep = ".build/fuzz"
  @Option(help: "Runs a kept case again, by its folder.") var replay: String?
  @Option(help: "Programs that call what has this in its name.") var only: String?
  @Option(help: "Prints a case by its number.") var show: Int?

  @Option(help: .private) var worker: Int?
  @Option(help: .private) var board: String?
  @Option(help: .private) var folder: String?
  @Option(help: .private) var program: String?
  @Flag(help: .private) var planted = false

  func validate() throws {
    guard (1...16).contains(workers), from >= 0, cases ?? 1 > 0, seconds ?? 1 > 0, patience > 0 else {
      throw ValidationError("want 1 to 16 workers, and positive numbers of cases and seconds")
    }
    if let only, Catalog(Program.module(planted: planted), only: only).groups.isEmpty {
      throw ValidationError("--only \(only): nothing that is described has this in its name")
    }
  }

  func run() throws {
    if planted { Program.arguments.append("--planted") }
    if let worker, let board, let folder { return try work(worker, Board(path: board), in: folder) }
    if let program { return try runForEver(program) }
    if let replay { return try runAgain(replay) }
    if let show { return print(try inTemporaryFolder { try writer($0).write(show) }.program) }
    catchControlC()
    var settings = Supervisor.Settings(kept: absolute(keep))
    settings.seed = seed
    settings.seconds = seconds ?? (cases == nil ? 60 : nil)
    settings.cases = from..<(cases.map { from + $0 } ?? .max)
    settings.workers = workers
    settings.patience = patience
    settings.planted = planted
    settings.only = only
    let report = try Supervisor(settings).run()
    print(report.text)
    if report.hasFailures { throw ExitCode(1) }
  }

  private func work(_ index: Int, _ board: Board, in folder: String) throws {
    chdir(folder)
    throw ExitCode(try Worker(board: board, index: index, seed: seed, planted: planted, only: only).run())
  }

  private func runAgain(_ kept: String) throws {
    let testCase = try KeptCase.read(try Folder(absolute(kept)))
    let board = try board.map { try Board(path: $0) }
    if board == nil { print(testCase.program) }
    let (outcome, reason) = try inTemporaryFolder { runner in
      Worker.prepareProcess()
      _ = Worker.limitMemory()
      board?.begin(0, worker: 0)
      return try runner.run(testCase)
    } onStatement: {
      board?[0, .statement] = $0
    }
    if board == nil || outcome == .broken { print("\(outcome)\(reason.isEmpty ? "" : ": " + reason)") }
    if outcome.isFailure { throw ExitCode(Worker.Exit.broken) }
  }

  /// A program that another process is going to kill, in the folder where this one stands.
  private func runForEver(_ path: String) throws {
    Worker.prepareProcess()
    let text = String(decoding: try RegularFile.bytes(of: path), as: UTF8.self)
    let runner = CaseRunner(folder: try Folder("."), planted: false) { _ in }
    try runner.runUnwatched(text)
  }

  private func writer(_ runner: CaseRunner) throws -> CaseWriter {
    CaseWriter(
      seed: seed, catalog: Catalog(Program.module(planted: planted), only: only), corpus: try Corpus(runner))
  }

  private func inTemporaryFolder<Result>(
    _ body: (CaseRunner) throws -> Result, onStatement: @escaping (Int) -> Void = { _ in }
  ) throws -> Result {
    let folder = try Folder.temporary()
    defer { folder.remove() }
    chdir(folder.path)
    setenv("PERIGEE_CACHE", "cache", 1)
    return try body(CaseRunner(folder: try Folder("."), planted: planted, onStatement: onStatement))
  }

  private func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    return String(cString: here) + "/" + path
  }
}
