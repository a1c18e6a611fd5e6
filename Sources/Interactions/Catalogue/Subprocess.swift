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

  /// - Parameters:
  ///   - arguments: The program's name, looked up in `PATH`, and its arguments.
  ///   - log: A file that takes its output and errors.
  static func run(_ arguments: [String], log: String) -> Outcome {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t()
    let status = posix_spawnp(&process, arguments[0], &actions, nil, &pointers, environ)
    guard status == 0 else {
      return Outcome(status: nil, lastLine: "\(arguments[0]): \(String(cString: strerror(status)))")
    }
    var result: Int32 = 0
    while waitpid(process, &result, 0) < 0 { if errno != EINTR { break } }
    let signal = result & 0x7F
    return Outcome(status: signal == 0 ? (result >> 8) & 0xFF : 128 + signal, lastLine: lastLine(of: log))
  }

  private static func lastLine(of log: String) -> String {
    let bytes = (try? FileSystem.read(log)) ?? []
    let lines = String(decoding: bytes, as: UTF8.self).split { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    return lines.last { !$0.allSatisfy(\.isWhitespace) }.map(String.init) ?? "it said nothing"
  }
}
