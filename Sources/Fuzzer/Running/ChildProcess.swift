import Platform

/// A process of this run.
final class ChildProcess {
  let identifier: pid_t
  private var status: Int32?

  enum Ending: Equatable {
    case exit(Int32)
    case signal(Int32)
  }

  /// - Parameters:
  ///   - output: A file that takes what it prints, from the beginning.
  init(_ arguments: [String], output: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t()
    let status = posix_spawn(&process, arguments[0], &actions, nil, &pointers, environ)
    guard status == 0 else { throw FuzzerError("cannot start \(arguments[0]): \(String(cString: strerror(status)))") }
    identifier = process
  }

  deinit {
    if status == nil {
      kill(SIGKILL)
      _ = wait()
    }
  }

  /// How it ended, if it has.
  func poll() -> Ending? { ending(waitpid(WNOHANG)) }

  func wait() -> Ending {
    while true { if let ending = ending(waitpid(0)) { return ending } }
  }

  func kill(_ signal: Int32) { if status == nil { Platform.kill(identifier, signal) } }

  private func waitpid(_ options: Int32) -> Int32? {
    if let status { return status }
    var result: Int32 = 0
    guard Platform.waitpid(identifier, &result, options) == identifier else { return nil }
    status = result
    return result
  }

  private func ending(_ status: Int32?) -> Ending? {
    status.map { $0 & 0x7F == 0 ? .exit(($0 >> 8) & 0xFF) : .signal($0 & 0x7F) }
  }
}
