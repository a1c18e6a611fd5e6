import Platform

/// A process that runs one case after another, in the folder where it stands, until it is told to stop or one of them ends it.
struct Worker {
  /// What it says by its exit status; the supervisor knows which case it was at.
  enum Exit {
    static let done: Int32 = 0
    /// It has grown large: another one goes on.
    static let grown: Int32 = 75
    /// A case broke a promise, or the fuzzer itself failed: why is the last line of what it printed.
    static let broken: Int32 = 70
  }

  let board: Board
  let index: Int
  let seed: UInt64
  let planted: Bool
  let only: String?

  /// Address space that a case may take beyond what a worker has when it begins: gigantic allocations fail as on a small machine.
  static let room = 2 << 30

  func run() throws -> Int32 {
    Self.prepareProcess()
    let runner = CaseRunner(folder: try Folder("."), planted: planted) { board[index, .statement] = $0 }
    let writer = CaseWriter(
      seed: seed, catalog: Catalog(Program.module(planted: planted), only: only), corpus: try Corpus(runner))
    runner.onCalls = { board.countCalls(accepted: $0, refused: $1) }
    let limit = Self.limitMemory()
    while board[.isOver] == 0 {
      let resumed = board[index, .resumes]
      let first = resumed > 0 ? resumed - 1 : board.takeBlock()
      if first >= board[.stopsAt] { break }
      if let status = try runBlock(first, runner, writer) { return status }
      board[index, .resumes] = 0
      shortenLog()
      if addressSpace() > limit - Self.room / 2 { return Exit.grown }
    }
    return Exit.done
  }

  /// The cases from one on to the end of its block, in one state of Lua.
  private func runBlock(_ first: Int, _ runner: CaseRunner, _ writer: CaseWriter) throws -> Int32? {
    runner.renew()
    let end = min((first / Board.blockSize + 1) * Board.blockSize, board[.stopsAt])
    for number in first..<end where board[.isOver] == 0 {
      board.begin(number, worker: index)
      let (outcome, reason) = try runner.run(writer.write(number))
      if outcome == .broken {
        let line = Array((reason + "\n").utf8)
        _ = write(STDERR_FILENO, line, line.count)
        return Exit.broken
      }
      board.count(Kind(ofCase: number), outcome, worker: index)
      board[index, .current] = 0
    }
    return nil
  }

  /// Whatever a case does stays in its folder and within bounds.
  static func prepareProcess() {
    // Ctrl-C at a terminal is for the supervisor; a case is told to stop through its state.
    signal(SIGINT, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    limit(RLIMIT_CORE, to: 0)
    for (name, value) in [
      ("PATH", "/nonexistent"), ("HOME", "."), ("PERIGEE_DATA", "data"), ("PERIGEE_CACHE", "cache"),
    ] { setenv(name, value, 1) }
  }

  static func limitMemory() -> Int {
    let bytes = addressSpace() + room
    limit(RLIMIT_AS, to: bytes)
    return bytes
  }

  private func shortenLog() {
    var information = stat()
    if fstat(STDERR_FILENO, &information) == 0, information.st_size > 1 << 20 { ftruncate(STDERR_FILENO, 0) }
  }
}

/// Bytes of address space that this process has.
private func addressSpace() -> Int {
  let text = (try? RegularFile.bytes(of: "/proc/self/statm")) ?? []
  let pages = Int(String(decoding: text.prefix { $0 != 32 }, as: UTF8.self)) ?? 0
  return pages * sysconf(Int32(_SC_PAGESIZE))
}
