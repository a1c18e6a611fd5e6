import Platform

/// Runs a program and waits for it.
enum Subprocess {
  struct Outcome {
    /// The exit status, 128 + the signal's number if a signal ended it, or nil if it could not be started.
    let status: Int32?
    /// The last line it wrote.
    let lastLine: String

    var succeeded: Bool { status == 0 }
  }

  /// - Parameter arguments: The program's name, looked up in `PATH`, and its arguments.
  static func run(_ arguments: [String]) -> Outcome {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return Outcome(status: nil, lastLine: "\(arguments[0]): \(systemReason())") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (process, status) = spawn(arguments, output: ends[1])
    close(ends[1])
    defer { close(ends[0]) }
    guard status == 0 else {
      return Outcome(status: nil, lastLine: "\(arguments[0]): \(String(cString: strerror(status)))")
    }
    let line = lastLine(from: ends[0])
    var result: Int32 = 0
    while waitpid(process, &result, 0) < 0 { if errno != EINTR { break } }
    let signal = result & 0x7F
    return Outcome(status: signal == 0 ? (result >> 8) & 0xFF : 128 + signal, lastLine: line)
  }

  private static func spawn(_ arguments: [String], output: Int32) -> (process: pid_t, status: Int32) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t()
    let status = posix_spawnp(&process, arguments[0], &actions, nil, &pointers, environ)
    return (process, status)
  }

  /// Reads to the end and keeps the end. Not through a file: the disk may be what is full.
  private static func lastLine(from descriptor: Int32) -> String {
    var kept: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = block.withUnsafeMutableBytes { Platform.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      kept.append(contentsOf: block[..<count])
      if kept.count > 1 << 16 { kept.removeFirst(kept.count - (1 << 12)) }
    }
    let lines = String(decoding: kept, as: UTF8.self).split { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    return lines.last { !$0.allSatisfy(\.isWhitespace) }.map { shown($0, limit: 300) } ?? "it said nothing"
  }
}
