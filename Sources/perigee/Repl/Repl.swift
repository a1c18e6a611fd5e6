import ArgumentParser
import Platform
import LuaHost

/// Reads Lua, runs it, shows what it gives.
final class Repl {
  let state: LuaState
  private let isTerminal: Bool
  private var showsTime = false
  private var isDone = false
  private var failures = 0
  /// Globals that are not the person's own.
  private var given: Set<String> = []
  /// SIGTERM stopped an input.
  private(set) var wasTerminated = false

  init(state: LuaState, isTerminal: Bool) throws {
    self.state = state
    self.isTerminal = isTerminal
    try state.defineGlobal(state.makeHelpFunction { print($0) })
    try state.defineGlobal(whoFunction)
    try state.globals.set("perigee", try state.run("return require 'perigee'", name: "repl").first ?? .nil)
    try state.setArguments(script: "repl", [])
    try state.makeGlobalsStrict()
    given = Set(state.globalNames()).union(["_"])
  }

  // MARK: Before the first input

  /// Runs a script; what it returns is `_`.
  ///
  /// - Throws: `ExitCode` where it fails: nobody wants to go on from half of it.
  func runFirst(_ script: String) throws {
    state.interruption.catchSignals()
    defer { LuaInterruption.releaseSignals() }
    do {
      try keep(state.runFile(script))
    } catch let error as LuaError {
      fail(error.report)
      throw ExitCode(1)
    }
  }

  /// Runs `$PERIGEE_STARTUP`, or `~/.perigee/startup.lua` where there is one: what a person wants to have at hand.
  func runStartup() {
    let own = getenv("PERIGEE_STARTUP").map { String(cString: $0) }
    guard let path = own ?? getenv("HOME").map({ String(cString: $0) + "/.perigee/startup.lua" }), !path.isEmpty,
      own != nil || access(path, R_OK) == 0
    else { return }
    do { try state.runFile(path) } catch let error as LuaError { fail(error.report) } catch { fail("\(error)") }
    given.formUnion(state.globalNames())
  }

  /// The first of some values is `_`.
  private func keep(_ values: [LuaValue]) throws {
    if let first = values.first, !first.isNil { try state.globals.set("_", first) }
  }

  // MARK: Inputs

  /// Until the end of input; no failure counts, because a person has seen it.
  func runAtTerminal() -> Bool {
    let editor = LineEditor(historyPath: HistoryFile.path) { [state] in state.completions(for: $0) }
    print(ReplText.greeting)
    var input = PendingInput()
    while !isDone {
      switch editor.read(prompt: input.isEmpty ? "> " : ">> ", before: input.text) {
      case .line(let line):
        take(line, &input) {
          editor.remember($0)
          // At once: a session may be killed.
          editor.saveHistory()
        }
      case .interrupted: input.clear()
      case .end where input.isEmpty:
        print()
        isDone = true
      case .end:
        print()
        input.clear()
      }
    }
    editor.saveHistory()
    return false
  }

  /// Until the end of input, without prompts. True when something failed.
  func runPiped() -> Bool {
    var input = PendingInput()
    var number = 0
    while !isDone, let line = readLine(strippingNewline: true) {
      number += 1
      if input.isEmpty { input.firstLine = number }
      take(line, &input) { _ in }
    }
    if !input.isEmpty { fail("stdin:\(number): the input ends inside an unfinished piece of Lua") }
    return failures > 0
  }

  // MARK: One line

  private func take(_ line: String, _ input: inout PendingInput, remember: (String) -> Void) {
    // The window may have another size than at the last input.
    if isTerminal { state.helpWidth = terminalColumns(STDOUT_FILENO).map { max(40, $0 - 1) } }
    if input.isEmpty, let command = ReplCommandLine(line) {
      remember(line)
      return run(command)
    }
    input.append(line)
    switch compile(input) {
    case .unfinished: return
    case .failed(let error): fail(error.report)
    case .ready(let function, let isSilent): run(function, isSilent: isSilent)
    case .nothing: break
    }
    remember(input.text)
    input.clear()
  }

  private enum Compiled {
    case ready(LuaFunction, isSilent: Bool)
    case unfinished
    case failed(LuaError)
    case nothing
  }

  /// As an expression where it is one, so that its values are shown, else as statements.
  private func compile(_ input: PendingInput) -> Compiled {
    // `= x`, as in older Luas.
    let isShown = input.text.trimmingSpaces.hasPrefix("=") && !input.text.trimmingSpaces.hasPrefix("==")
    let text = isShown ? String(input.text.trimmingSpaces.dropFirst()) : input.text
    if text.allSatisfy(\.isWhitespace) { return .nothing }
    // Line numbers of piped input count from its beginning.
    let padding = isTerminal ? "" : String(repeating: "\n", count: max(0, input.firstLine - 1))
    do {
      let function = try state.load(padding + "return " + text, name: "stdin")
      return .ready(function, isSilent: text.endsWithSemicolon)
    } catch let asExpression as LuaError {
      do {
        return .ready(try state.load(padding + text.withoutLocal, name: "stdin"), isSilent: text.endsWithSemicolon)
      } catch let asStatement as LuaError {
        if asExpression.isUnfinished || asStatement.isUnfinished { return .unfinished }
        return .failed(asStatement)
      } catch { return .failed(LuaError(message: "\(error)")) }
    } catch { return .failed(LuaError(message: "\(error)")) }
  }

  private func run(_ function: LuaFunction, isSilent: Bool) {
    state.clearInterrupt()
    state.interruption.catchSignals()
    defer { LuaInterruption.releaseSignals() }
    let start = ReplText.seconds()
    do {
      let values = try function.call()
      let elapsed = ReplText.seconds() - start
      try keep(values)
      if !isSilent { for value in values { print(printer.text(of: value, in: state)) } }
      if showsTime { print(ReplText.duration(elapsed)) }
    } catch let error as LuaError {
      fail(error.report)
      // Ctrl-C ends the input, SIGTERM the whole.
      wasTerminated = error.kind == .interrupted && LuaInterruption.lastSignal == SIGTERM
      isDone = isDone || wasTerminated
    } catch {
      fail("\(error)")
    }
    fflush(nil)
  }

  private func fail(_ text: String) {
    failures += 1
    fflush(nil)
    printError(text)
  }

  // MARK: Commands

  private func run(_ command: ReplCommandLine) {
    switch command {
    case .help: print(ReplText.commands)
    case .quit: isDone = true
    case .time:
      showsTime.toggle()
      print(showsTime ? "the time of each input is shown" : "times are not shown")
    case .explain(let text): explain(text)
    case .who: print(ownGlobals)
    case .shell(let text): runShell(text)
    case .unknown(let name): fail("unknown command '\(name)'; `:help` lists the commands")
    }
    fflush(nil)
  }

  /// As wide as the terminal.
  private var printer: ValuePrinter {
    var printer = ValuePrinter()
    if let width = state.helpWidth { printer.width = width }
    return printer
  }

  /// `who()`, the same as `:who`.
  private var whoFunction: FunctionDescription {
    FunctionDescription("who", "Shows the globals that you made, with what they are.", example: "who()") {
      [unowned self] _ in
      print(ownGlobals)
      return []
    }
  }

  /// The globals that inputs made, with what they are.
  private var ownGlobals: String {
    let names = state.globalNames().filter { !given.contains($0) }
    guard let width = names.map(\.count).max() else { return "no globals of your own yet" }
    return names.map { name in
      let value = (try? state.globals.rawGet(name)) ?? .nil
      let line = ValuePrinter().text(of: value, in: state).split(separator: "\n").first.map(String.init) ?? ""
      return name.padded(to: width) + "  " + (line.count > 100 ? line.prefix(99) + "…" : line)
    }.joined(separator: "\n")
  }

  private func runShell(_ text: String) {
    fflush(nil)
    let status = system(text)
    if status != 0 { fail("the shell ended with \(status >> 8 == 0 ? status : status >> 8)") }
  }

  /// `? x`: the value of the expression where it has help, else the name.
  private func explain(_ text: String) {
    if text.isEmpty { return print(state.help()) }
    let value = (try? state.run("return " + text, name: "stdin").first) ?? nil
    if let value, !value.isNil, value.asString == nil || text.hasPrefix("\"") || text.hasPrefix("'") {
      print(state.help(value))
    } else {
      print(state.help(LuaValue(text)))
    }
  }
}

extension LuaError {
  /// The text stops where Lua wants more.
  fileprivate var isUnfinished: Bool { kind == .syntax && message.hasSuffix("near <eof>") }
}
