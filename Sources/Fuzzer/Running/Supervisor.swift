import Platform

/// Starts workers, watches them, starts others where one has died, and keeps what made it die.
final class Supervisor {
  struct Settings {
    var seed: UInt64 = 1
    /// How long, in seconds; nil for as long as there are cases.
    var seconds: Double?
    /// The first case, and the one before which it ends.
    var cases = 0..<Int.max
    var workers = 2
    var patience = 0.5
    var planted = false
    var only: String?
    /// Where failing cases are kept.
    var kept: String
    /// How many kinds of failures are made small.
    var mostKept = 20
  }

  private let settings: Settings
  private let folder: Folder
  private let board: Board
  private var failures: [Failure] = []

  init(_ settings: Settings) throws {
    self.settings = settings
    folder = try Folder.temporary()
    board = try Board(path: folder.path + "/board")
  }

  /// Runs the cases, then makes small and keeps what failed.
  func run() throws -> Report {
    defer { folder.remove() }
    let first = settings.cases.lowerBound
    board[.nextBlock] = (first + Board.blockSize - 1) / Board.blockSize
    if first % Board.blockSize > 0 { board[0, .resumes] = first + 1 }
    board[.stopsAt] = settings.cases.upperBound
    setenv("SWIFT_BACKTRACE", "enable=no", 1)
    let began = now()
    try runCases(until: settings.seconds.map { began + Int($0 * 1e9) } ?? .max)
    let seconds = Double(now() - began) * 1e-9
    return Report(board: board, seconds: seconds, settings: settings, failures: failures, kept: try keepFailures())
  }

  private func runCases(until end: Int) throws {
    let writer = try Lazy { try self.makeWriter() }
    var watches: [Int: Watch] = [:]
    for index in 0..<settings.workers { watches[index] = try start(index) }
    while !watches.isEmpty {
      if now() > end || hasBeenInterrupted { board[.isOver] = 1 }
      for index in watches.keys.sorted() {
        guard let ending = watches[index]!.poll() else { continue }
        if ending == .exit(Worker.Exit.done) {
          watches[index] = nil
          continue
        }
        if ending != .exit(Worker.Exit.grown) { try note(ending, watches[index]!.hasHung, index, try writer.value()) }
        watches[index] = try start(index)
      }
      usleep(2000)
    }
  }

  private func start(_ index: Int) throws -> Watch {
    let own = try Folder("\(folder.path)/worker-\(index)")
    own.empty()
    let arguments =
      Program.arguments + [
        "--worker", "\(index)", "--board", folder.path + "/board", "--seed", "\(settings.seed)", "--folder", own.path,
      ]
      + (settings.only.map { ["--only", $0] } ?? [])
    let process = try ChildProcess(arguments, output: log(index))
    return Watch(process, board, index: index, patience: settings.patience)
  }

  private func log(_ index: Int) -> String { "\(folder.path)/worker-\(index).log" }

  private func note(_ ending: ChildProcess.Ending, _ hasHung: Bool, _ index: Int, _ writer: CaseWriter) throws {
    let current = board[index, .current]
    let text = tail(of: log(index))
    guard current > 0 else { throw FuzzerError("a worker ended by itself (\(ending)):\n\(text)") }
    let number = current - 1
    let outcome: Outcome = hasHung ? .hung : ending == .exit(Worker.Exit.broken) ? .broken : .crashed
    board.count(Kind(ofCase: number), outcome, worker: index)
    board[index, .current] = 0
    // The rest of the block is still to do; after its last case, the next block.
    let isLast = (number + 1) % Board.blockSize == 0
    board[index, .resumes] = isLast ? 0 : number + 2
    let testCase = writer.write(number)
    failures.append(
      Failure(
        number: number, testCase, outcome: outcome, ending: ending, statement: board[index, .statement], log: text))
  }

  /// Writes the same cases as the workers.
  private func makeWriter() throws -> CaseWriter {
    let scratch = try Folder(folder.path + "/scratch")
    chdir(scratch.path)
    setenv("PERIGEE_CACHE", "cache", 1)
    let runner = CaseRunner(folder: try Folder("."), planted: settings.planted) { _ in }
    return CaseWriter(
      seed: settings.seed, catalog: Catalog(Program.module(planted: settings.planted), only: settings.only),
      corpus: try Corpus(runner))
  }

  // MARK: Keeping

  /// One case of each kind of failure, made small; the folders.
  private func keepFailures() throws -> [Report.Kept] {
    var seen: Set<String> = []
    let different = failures.sorted { $0.number < $1.number }.filter { seen.insert($0.signature).inserted }
    guard !different.isEmpty else { return [] }
    let writer = try makeWriter()
    for place in settings.kept.indices where settings.kept[place] == "/" {
      mkdir(String(settings.kept[..<place]), 0o755)
    }
    _ = try Folder(settings.kept)
    let trial = try Trial(in: try Folder(folder.path + "/trial"), patience: max(1, settings.patience))
    var kept: [Report.Kept] = []
    for failure in different where kept.count < settings.mostKept {
      let testCase = writer.write(failure.number)
      let again = try trial.failure(of: testCase, tracing: failure.outcome == .crashed)
      // Many ways may lead to one place.
      let place = again.flatMap { Fuzzer.place(in: $0.log) }
      if let index = kept.firstIndex(where: { $0.place != nil && $0.place == place }) {
        kept[index].others.append(failure.signature)
      } else {
        kept.append(try keep(failure, testCase, again, trial))
      }
    }
    return kept
  }

  private func keep(
    _ failure: Failure, _ testCase: Case, _ again: (signature: String, log: String)?, _ trial: Trial
  ) throws -> Report.Kept {
    let folder = try Folder("\(settings.kept)/\(failure.kind.rawValue)-\(settings.seed)-\(failure.number)")
    folder.empty()
    var smallest = testCase
    var log = failure.log
    // What broke a promise would soon break another one.
    if let again, failure.outcome != .broken {
      // A hang takes ten seconds to be seen as one.
      var minimizer = Minimizer(trials: failure.outcome == .hung ? 12 : 150) {
        try trial.failure(of: $0)?.signature == again.signature
      }
      smallest = try minimizer.minimize(testCase)
      log = failure.outcome == .hung ? again.log : try trial.failure(of: smallest, tracing: true)?.log ?? log
    }
    let replay = again == nil ? blockCommand(failure.number) : "scripts/fuzz --replay \(folder.path)"
    let note = "\(failure.signature)\n\(again == nil ? "fails only after the cases before it: " : "")\(replay)"
    try KeptCase.write(smallest, note: note, to: folder)
    try folder.write("log.txt", Array(log.utf8))
    return Report.Kept(
      signature: failure.signature, place: again.flatMap { Fuzzer.place(in: $0.log) }, log: log, replay: replay,
      program: smallest.program)
  }

  /// Runs the cases that one state saw before a failure, and the one that failed.
  private func blockCommand(_ number: Int) -> String {
    let first = number / Board.blockSize * Board.blockSize
    return "scripts/fuzz --seed \(settings.seed) --from \(first) --cases \(number + 1 - first) --workers 1"
  }
}

/// Made when it is first wanted.
final class Lazy<Value> {
  private let make: () throws -> Value
  private var made: Value?
  init(_ make: @escaping () throws -> Value) throws { self.make = make }
  func value() throws -> Value {
    if let made { return made }
    let value = try make()
    made = value
    return value
  }
}
