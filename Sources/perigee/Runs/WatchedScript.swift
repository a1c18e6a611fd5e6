import ArgumentParser
import Platform
import Synchronization

/// A script that runs again, in a process of its own, whenever it or a Lua file in its folder is saved.
struct WatchedScript {
  let script: String
  let arguments: [String]

  /// Folders below the script's that are looked into, and files at most.
  private static let depth = 3
  private static let most = 2000
  /// Seconds between two looks.
  private static let pause: UInt32 = 300_000
  /// Seconds that a script which is to run again has to end.
  private static let patience = 5.0

  private static let isInterrupted = Atomic<Bool>(false)

  /// Runs until Ctrl-C.
  func run() throws {
    guard access(script, R_OK) == 0 else {
      throw ValidationError("--watch: cannot read \(shownPath(script)): \(systemReason())")
    }
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in WatchedScript.isInterrupted.store(true, ordering: .relaxed) }
    }
    var files = WatchedFiles(of: script, depth: Self.depth, most: Self.most)
    say("watching \(shownPath(script)) and \(files.count - 1) other Lua files in its folder; Ctrl-C ends")
    while !Self.isInterrupted.load(ordering: .relaxed) {
      let child = try start()
      files = waitForChange(files, child)
    }
    throw ExitCode(130)
  }

  private func start() throws -> ChildProcess {
    do { return try ChildProcess([Installation.executable ?? "perigee", "run", script] + arguments) } catch {
      printError("perigee run --watch: \(error)")
      throw ExitCode(1)
    }
  }

  /// Returns when a file has changed and the script has ended, or after Ctrl-C, which the script has got as well.
  private func waitForChange(_ files: WatchedFiles, _ child: ChildProcess) -> WatchedFiles {
    let began = monotonicSeconds()
    var hasEnded = false
    while true {
      if !hasEnded, let ending = child.poll() {
        hasEnded = true
        say("\(ending.words) after \(decimal(monotonicSeconds() - began, 1)) s; waiting for a change")
      }
      if Self.isInterrupted.load(ordering: .relaxed) {
        _ = child.wait()
        return files
      }
      let now = WatchedFiles(of: script, depth: Self.depth, most: Self.most)
      if let changed = now.change(since: files) {
        say("\(shownPath(changed)) has changed; running again")
        end(child)
        return settled(now)
      }
      usleep(Self.pause)
    }
  }

  /// Once a second one follows the first, a script goes on with nothing.
  private func end(_ child: ChildProcess) {
    for _ in 1...2 {
      child.kill(SIGTERM)
      if child.wait(seconds: 0.2) != nil { return }
    }
    if child.wait(seconds: Self.patience) == nil { child.kill(SIGKILL) }
    _ = child.wait()
  }

  /// An editor may write a file in several steps.
  private func settled(_ files: WatchedFiles) -> WatchedFiles {
    var last = files
    while true {
      usleep(100_000)
      let now = WatchedFiles(of: script, depth: Self.depth, most: Self.most)
      if now.change(since: last) == nil { return now }
      last = now
    }
  }

  private func say(_ text: String) { printError("perigee: \(text)") }
}

extension ChildProcess.Ending {
  fileprivate var words: String {
    switch self {
    case .exit(0): "ended well"
    case .exit(let code): "ended with exit code \(code)"
    case .signal(let number): "was ended by signal \(number)"
    }
  }
}

/// A script and the Lua files in its folder and below, as they stand.
private struct WatchedFiles {
  private var stamps: [String: Stamp] = [:]
  private struct Stamp: Equatable {
    let seconds, nanoseconds, size: Int
    let inode: UInt
  }

  var count: Int { stamps.count }

  init(of script: String, depth: Int, most: Int) {
    note(script)
    let slash = script.lastIndex(of: "/")
    look(into: slash.map { String(script[...$0]) } ?? "", depth, most)
  }

  /// A file that is new, gone or another.
  func change(since earlier: WatchedFiles) -> String? {
    let names = Set(stamps.keys).union(earlier.stamps.keys)
    return names.filter { stamps[$0] != earlier.stamps[$0] }.min()
  }

  private mutating func note(_ path: String) {
    var information = stat()
    guard stat(path, &information) == 0 else { return }
    let time = information.st_mtim
    stamps[path] = Stamp(
      seconds: time.tv_sec, nanoseconds: time.tv_nsec, size: Int(information.st_size), inode: UInt(information.st_ino))
  }

  /// - Parameter folder: With a slash at its end, or nothing for the current one.
  private mutating func look(into folder: String, _ depth: Int, _ most: Int) {
    guard let directory = opendir(folder.isEmpty ? "." : folder) else { return }
    defer { closedir(directory) }
    while stamps.count < most, let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      if name.hasSuffix(".lua") {
        note(folder + name)
      } else if entry.pointee.d_type == UInt8(DT_DIR), depth > 0 {
        look(into: "\(folder)\(name)/", depth - 1, most)
      }
    }
  }
}
