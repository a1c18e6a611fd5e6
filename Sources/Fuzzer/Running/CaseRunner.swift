import LuaHost
import LuaLibrary
import Platform
import Tensors

/// Runs cases in this process, in the folder where it stands.
final class CaseRunner {
  private let planted: Bool
  fileprivate let folder: Folder
  /// Told the number of each statement before it runs.
  private let onStatement: (Int) -> Void
  private var lab: (state: LuaState, run: LuaFunction)?
  private var fault: Fault?
  /// Told of each program how many of its calls were accepted and refused.
  var onCalls: (Int, Int) -> Void = { _, _ in }

  init(folder: Folder, planted: Bool, onStatement: @escaping (Int) -> Void) {
    self.folder = folder
    self.planted = planted
    self.onStatement = onStatement
  }

  /// The next case has a state of its own.
  func renew() { lab = nil }

  /// What happened, and why where that is worth telling.
  func run(_ testCase: Case) throws -> (outcome: Outcome, reason: String) {
    for file in testCase.files {
      try folder.write(file.path, file.isChecked ? Checksum.repaired(file.bytes) : file.bytes)
    }
    defer { folder.empty() }
    if testCase.fault != nil { renew() }
    if case .kill(let microseconds)? = testCase.fault { return try runKilled(testCase, microseconds) }
    return try runHere(testCase)
  }

  fileprivate func runHere(_ testCase: Case) throws -> (outcome: Outcome, reason: String) {
    let lab = try lab ?? makeLab()
    fault = testCase.fault
    defer { endFault() }
    if case .littleMemory(let bytes)? = fault { lab.state.limitMemory(to: lab.state.memory.lua + bytes) }
    do {
      let results = try lab.run.call(testCase.program)
      let (accepted, refused) = (results[0].asInteger ?? 0, results[1].asInteger ?? 0)
      onCalls(accepted, refused)
      let reason = results.last?.asString ?? ""
      if reason.contains("must not fail here") { return (.broken, reason) }
      // Of a file it is told whether it was read, which is the first thing that its program does.
      let isAccepted = testCase.kind.isOfFiles ? results[2].isTrue : refused == 0 && reason.isEmpty
      return (isAccepted ? .accepted : .refused, reason)
    } catch let error as LuaError where error.kind == .interrupted {
      renew()
      return (.stopped, error.message)
    } catch let error as LuaError where error.kind == .limit || !error.message.hasPrefix(Prelude.ownFailure) {
      renew()
      return (.refused, error.message)
    }
  }

  /// The program in a process of its own, which gets no time to tidy up; afterwards the rest of it here: what lies in the folder
  /// must be whole.
  private func runKilled(_ testCase: Case, _ microseconds: Int) throws -> (outcome: Outcome, reason: String) {
    let parts = testCase.statements.split(separator: "-- after", maxSplits: 1)
    try folder.write("case.lua", Array(parts[0].joined(separator: "\n").utf8))
    let child = try ChildProcess(Program.arguments + ["--program", "case.lua"], output: "child.log")
    // It says that it is ready by a file: how long a process takes to start is not what is tried.
    for _ in 0..<20_000 where access("ready", F_OK) != 0 && child.poll() == nil { usleep(1000) }
    guard access("ready", F_OK) == 0 else { return (.refused, "the other process did not begin") }
    usleep(UInt32(microseconds))
    child.kill(SIGKILL)
    _ = child.wait()
    unlink("case.lua")
    var rest = testCase
    rest.statements = parts.count > 1 ? Array(parts[1]) : []
    rest.fault = nil
    let result = try runHere(rest)
    if result.outcome == .refused { return (.broken, result.reason) }
    let left = folder.files().filter { $0.contains(".tmp-") }
    return left.isEmpty ? result : (.broken, "files that nobody removes: \(left.joined(separator: ", "))")
  }

  private func makeLab() throws -> (state: LuaState, run: LuaFunction) {
    let state = LuaState()
    state.onWarning = { _ in }
    state.interruption.catchSignals()
    let perigee = try state.install(Program.module(planted: planted))
    let host = try state.install(
      ModuleDescription(
        "host", "The fuzzer.",
        functions: [
          FunctionDescription("at", "Notes a statement.", parameters: [.init("number", .integer, "Its number.")]) {
            [unowned self] call in
            begin(statement: try call.integer("number"), in: call.state)
            return []
          }
        ]))
    let results = try state.load(Prelude.text, name: "prelude").call(perigee, host)
    guard let run = results.first?.asFunction else { throw FuzzerError("the prelude returns no function") }
    lab = (state, run)
    return (state, run)
  }

  private func begin(statement: Int, in state: LuaState) {
    onStatement(statement)
    switch fault {
    case .fullDisk(let bytes, let from) where from == statement: limitFiles(to: bytes)
    case .interruption(let at) where at == statement: state.interruption.interrupt()
    default: break
    }
  }

  private func limitFiles(to bytes: Int?) { limit(RLIMIT_FSIZE, to: bytes) }

  private func endFault() {
    switch fault {
    case .fullDisk: limitFiles(to: nil)
    case .littleMemory, .interruption: renew()
    default: break
    }
    fault = nil
    ThreadPool.setSharedThreadCount(Program.threads)
  }
}

extension CaseRunner {
  /// The files that a case leaves beside its own.
  func files(after testCase: Case) throws -> [CaseFile] {
    for file in testCase.files { try folder.write(file.path, file.bytes) }
    defer { folder.empty() }
    _ = try runHere(testCase)
    let own = Set(testCase.files.map(\.path))
    return folder.files().filter { !own.contains($0) }.map { CaseFile(path: $0, bytes: folder.bytes(of: $0) ?? []) }
  }
}

extension CaseRunner {
  /// Runs a program and leaves its files.
  func runUnwatched(_ program: String) throws { _ = try runHere(Case(kind: .fault, statements: [program])) }
}
