/// A program that this process started, and waits for.
///
/// It reads nothing (`/dev/null`), and has the signals of a program that a shell starts. One that is dropped before it ended is killed.
public final class ChildProcess {
  public let identifier: pid_t
  private let leadsGroup: Bool
  private var status: Int32?

  public enum Ending: Equatable, Sendable {
    case exit(Int32)
    case signal(Int32)
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Parameters:
  ///   - arguments: The program's path, and what it is given.
  ///   - changes: Variables of the environment beside, or in place of, those of this process.
  ///   - output: A file that takes what it prints and what it tells, from the beginning; `nil` for where this process prints.
  ///   - leadsGroup: Whether it is the first of a group of processes of its own: Ctrl-C at the terminal does not reach it then, and
  ///     `kill` reaches what it started.
  /// - Throws: `Failure` where the system does not start it.
  public init(
    _ arguments: [String], environment changes: [String: String] = [:], output: String? = nil, leadsGroup: Bool = false
  ) throws(Failure) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let output {
      posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }
    var attributes = Self.attributes(leadsGroup: leadsGroup)
    defer { posix_spawnattr_destroy(&attributes) }
    var pointers = CStrings(arguments)
    var variables = CStrings(Self.environment(changes))
    var process = pid_t()
    let status = posix_spawn(&process, arguments[0], &actions, &attributes, &pointers.list, &variables.list)
    guard status == 0 else {
      throw Failure(description: "cannot start \(shownPath(arguments[0])): \(String(cString: strerror(status)))")
    }
    identifier = process
    self.leadsGroup = leadsGroup
  }

  deinit {
    if status == nil {
      kill(SIGKILL)
      _ = wait()
    }
  }

  /// How it ended, if it has.
  public func poll() -> Ending? { ending(waitpid(WNOHANG)) }

  public func wait() -> Ending {
    while true { if let ending = ending(waitpid(0)) { return ending } }
  }

  /// Waits so many seconds at most.
  public func wait(seconds: Double) -> Ending? {
    let end = monotonicSeconds() + seconds
    while true {
      if let ending = poll() { return ending }
      if monotonicSeconds() > end { return nil }
      usleep(10_000)
    }
  }

  /// Sends it a signal, and all of its group where it leads one.
  public func kill(_ signal: Int32) {
    if status == nil { _ = Platform.kill(leadsGroup ? -identifier : identifier, signal) }
  }

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

  // MARK: What it begins with

  private static func attributes(leadsGroup: Bool) -> posix_spawnattr_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK)
    // The thread that starts it may block signals, which it would inherit.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    if leadsGroup {
      flags |= Int32(POSIX_SPAWN_SETPGROUP)
      posix_spawnattr_setpgroup(&attributes, 0)
    }
    posix_spawnattr_setflags(&attributes, Int16(flags))
    return attributes
  }

  private static func environment(_ changes: [String: String]) -> [String] {
    var result = changes.map { "\($0.key)=\($0.value)" }
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if changes[String(text.prefix { $0 != "=" })] == nil { result.append(text) }
      next += 1
    }
    return result
  }
}

/// Strings as C wants a list of them: a pointer each, and none at the end.
private struct CStrings: ~Copyable {
  var list: [UnsafeMutablePointer<CChar>?]
  init(_ strings: [String]) { list = strings.map { strdup($0) } + [nil] }
  deinit { for pointer in list { free(pointer) } }
}
