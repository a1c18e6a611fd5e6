import Platform

/// Runs single cases in processes of their own: to see whether a failure is one of the case alone, and whether a smaller one fails too.
struct Trial {
  let folder: Folder
  let board: Board
  let patience: Double
  let grace: Double

  /// - Parameter folder: Where cases are written and run; what is in it goes.
  init(in folder: Folder, patience: Double, grace: Double = 8) throws {
    self.folder = folder
    self.patience = patience
    self.grace = grace
    board = try Board(path: folder.path + ".board")
  }

  /// The failure's signature and log; nil where the case does not fail.
  ///
  /// - Parameter tracing: Whether the log is to have the calls that led to a crash; it takes seconds.
  func failure(of testCase: Case, tracing: Bool = false) throws -> (signature: String, log: String)? {
    folder.empty()
    try KeptCase.write(testCase, note: "", to: folder)
    let log = folder.path + ".log"
    board[0, .current] = 0
    setenv(
      "SWIFT_BACKTRACE",
      tracing ? "enable=yes,color=no,threads=crashed,registers=none,images=none,cache=no" : "enable=no", 1)
    let arguments = Program.arguments + ["--replay", folder.path, "--board", folder.path + ".board"]
    var watch = Watch(try ChildProcess(arguments, output: log), board, index: 0, patience: patience, grace: grace)
    while true {
      if let ending = watch.poll() {
        let outcome: Outcome
        switch ending {
        case _ where watch.hasHung: outcome = .hung
        case .exit(0): return nil
        case .exit(Worker.Exit.broken): outcome = .broken
        default: outcome = .crashed
        }
        let text = tail(of: log, lines: 60)
        return (Failure.signature(testCase, outcome, ending, board[0, .statement], text), text)
      }
      usleep(1000)
    }
  }
}
