import ArgumentParser
import Laboratory
import LuaHost
import Platform

/// The script of a recorded run, to be run again where and as it ran.
struct ResumedScript {
  private let launch: ResumedLaunch
  private let isForced: Bool
  private let store: String

  /// - Parameter id: The run's.
  init(_ id: String, isForced: Bool) throws {
    store = absolutePath(RunStore.standardPath)
    self.isForced = isForced
    do { launch = try ResumedLaunch(id, in: RunStore(existing: store)) } catch { throw Self.refusal("\(error)") }
  }

  func run() throws {
    guard chdir(launch.identity.folder) == 0 else {
      throw Self.refusal("cannot go to \(shownPath(launch.identity.folder)), where the script ran: \(systemReason())")
    }
    let text = try text()
    setenv("PERIGEE_STORE", store, 1)
    let current = RunLaunch(launch, isForced: isForced)
    RunLaunch.current = current
    let path = relativePath
    try runScript(path, launch.identity.arguments) {
      try $0.runFile(path, bytes: Array(text.utf8), arguments: launch.identity.arguments)
    }
    for run in current.missing where run.state != .finished {
      printError(
        "perigee: warning: \(run.id), '\(shown(run.name))', did not come up in the script, and stands where it stood")
    }
  }

  /// As it was written where the script was started below that folder.
  private var relativePath: String {
    let (path, folder) = (launch.script.path, launch.identity.folder + "/")
    return path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
  }

  /// The script as it is now, or as it was where it came from a pipe.
  private func text() throws -> String {
    let path = launch.script.path
    if path.hasPrefix("/dev/") { return launch.script.text }
    let bytes: [UInt8]
    do { bytes = try RegularFile.bytes(of: path) } catch {
      throw Self.refusal("\(error); `perigee runs show \(launch.runs[0].id) --script` prints what it was")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let change = launch.change(to: text) else { return text }
    let message = "the script \(shownPath(path)) has changed since: \(change)"
    guard isForced else {
      throw Self.refusal(
        "\(message). Put it back (`perigee runs show \(launch.runs[0].id) --script` prints what it was), or go on with what it is "
          + "now by --force")
    }
    printError("perigee: warning: \(message)")
    return text
  }

  private static func refusal(_ message: String) -> ExitCode {
    printError("perigee run --resume: \(message)")
    return ExitCode(1)
  }
}
