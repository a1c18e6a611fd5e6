import LuaHost
import Platform

/// Further processes that take part in a search: this program again, with the script and the arguments that it was given.
///
/// Each runs the script up to the search, takes part in it, and ends there. Their output goes to a file that is shown where one fails.
public final class SearchProcesses {
  private nonisolated(unsafe) static var program: [String]?
  /// The search that this process was started for: its key and who started it.
  private nonisolated(unsafe) static var membership: (parent: pid_t, key: String)?

  private static let variable = "PERIGEE_SEARCH_MEMBER"

  /// Says how this program was started, before it runs its script: so it can be started again.
  public static func allow(_ program: [String]) {
    Self.program = program
    guard let text = getenv(variable).map({ String(cString: $0) }), let colon = text.firstIndex(of: ":"),
      let parent = pid_t(text[..<colon])
    else { return }
    // Programs that the script starts are no part of the search.
    unsetenv(variable)
    membership = (parent, String(text[text.index(after: colon)...]))
  }

  /// The process that started this one to take part in the search; `nil` in one that a person started.
  static func parent(key: String) -> pid_t? {
    guard let membership, membership.key == key else { return nil }
    return membership.parent
  }

  private struct Member {
    let number: Int
    let child: ChildProcess
    /// What it prints: a file that is nowhere to be found, so that nobody has to take it away.
    let log: OpenFile
  }
  private var members: [Member] = []
  private let tell: (String) -> Void

  /// - Parameters:
  ///   - key: Names the search among others of the script.
  ///   - tell: Receives what a person has to know of them.
  init(count: Int, key: String, tell: @escaping (String) -> Void) throws {
    self.tell = tell
    guard count > 0 else { return }
    guard let program = Self.program else {
      throw LuaArgumentError(
        "parallel: further processes run the script again, and there is none here; use `perigee run SCRIPT`, or parallel = 1"
      )
    }
    for number in 1...count {
      let log = try OpenFile()
      defer { log.hide() }
      do {
        let child = try ChildProcess(
          program, environment: [Self.variable: "\(getpid()):\(key)"], output: log.path, leadsGroup: true)
        members.append(Member(number: number + 1, child: child, log: log))
      } catch { throw LuaArgumentError("parallel: \(error)") }
    }
  }

  deinit { stop(patience: 10) }

  /// Tells which have ended before the search.
  func poll() {
    for member in members { if let ending = member.child.poll() { note(ending, member) } }
    members.removeAll { $0.child.poll() != nil }
  }

  /// Waits for those that have nothing left to do.
  ///
  /// - Parameter isLate: Asked now and then: whether they have to end now.
  func finish(_ isLate: () -> Bool) {
    while !members.isEmpty, !isLate() {
      poll()
      usleep(20_000)
    }
    stop(patience: 10)
  }

  /// Asks them to give their trials back and end, and ends them where they do not.
  func stop(patience: Double) {
    for member in members { member.child.kill(SIGTERM) }
    for member in members where member.child.wait(seconds: patience) == nil {
      member.child.kill(SIGKILL)
      _ = member.child.wait()
    }
    members = []
  }

  private func note(_ ending: ChildProcess.Ending, _ member: Member) {
    switch ending {
    case .exit(0): break
    case .exit(let code):
      tell("process \(member.number) of the search ended with exit code \(code)\(Self.shownEnd(of: member.log))")
    case .signal(let signal):
      tell(
        "process \(member.number) of the search was ended by signal \(signal); the trial that it had is taken again"
          + Self.shownEnd(of: member.log))
    }
  }

  private static func shownEnd(of log: OpenFile) -> String {
    let lines = log.end(most: 4000).split(separator: UInt8(ascii: "\n")).suffix(6)
    return lines.isEmpty ? "" : ":\n" + lines.map { "    " + shown($0, limit: 300) }.joined(separator: "\n")
  }
}

/// A file in `/tmp` that can be read as long as this is there.
private final class OpenFile {
  let path: String
  private let descriptor: Int32

  init() throws {
    var template = Array("/tmp/perigee-search-XXXXXX".utf8CString)
    descriptor = template.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
    guard descriptor >= 0 else {
      throw LuaArgumentError("parallel: no file can be made in /tmp for what a process prints")
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { close(descriptor) }

  /// Takes its name away; who has it open keeps it.
  func hide() { unlink(path) }

  /// Its last bytes.
  func end(most: Int) -> [UInt8] {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    var bytes = [UInt8](repeating: 0, count: max(0, min(size, most)))
    let count = pread(descriptor, &bytes, bytes.count, off_t(max(0, size - bytes.count)))
    return Array(bytes.prefix(max(0, count)))
  }
}
