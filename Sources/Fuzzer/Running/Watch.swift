import Platform

/// Looks after a process that runs cases: tells a case that takes long to stop, and ends the process where it does not.
struct Watch {
  let process: ChildProcess
  let board: Board
  let index: Int
  /// Seconds of a processor after which a case is told to stop, as by Ctrl-C. Not of the clock: the machine may be busy with other things.
  let patience: Double
  private var warned = 0
  private(set) var hasHung = false

  /// Seconds of a processor that a case has to stop when told to.
  let grace: Double
  /// Seconds of the clock after which it is told, and after which its time is over: for what waits and uses no processor.
  private static let (longest, end) = (30.0, 45.0)

  init(_ process: ChildProcess, _ board: Board, index: Int, patience: Double, grace: Double = 8) {
    self.process = process
    self.board = board
    self.index = index
    self.patience = patience
    self.grace = grace
  }

  /// How the process ended, if it has.
  mutating func poll() -> ChildProcess.Ending? {
    if let ending = process.poll() { return ending }
    let current = board[index, .current]
    guard current > 0 else { return nil }
    let seconds = Double(now() - board[index, .began]) * 1e-9
    let used = Double(processorTime(of: process.identifier) - board[index, .beganProcessor]) * 1e-9
    // The worker may have gone on to another case meanwhile.
    guard board[index, .current] == current else { return nil }
    if used > patience + grace || seconds > Self.end {
      hasHung = true
      process.kill(SIGKILL)
    } else if used > patience || seconds > Self.longest, warned != current {
      warned = current
      process.kill(SIGINT)
    }
    return nil
  }
}
