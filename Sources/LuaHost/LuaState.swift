import CLua
import CLuaShim
import Platform

/// A Lua 5.4 state owned by the thread that made it.
///
/// ```swift
/// let state = LuaState()
/// let results = try state.run("return 6 * 7", name: "answer.lua")   // [.integer(42)]
/// ```
///
/// Everything that may raise runs under a protected call in C, so a Lua error never skips a Swift frame: it arrives as a
/// thrown `LuaError`. The state is not `Sendable`; only `interruption` may be used from other threads and from a signal
/// handler. References to Lua values (`LuaTable`, `LuaFunction`, `LuaHandle`) may outlive the state; using one then throws.
public final class LuaState {
  /// The Lua thread (main or coroutine) whose stack Swift uses now.
  var lua: OpaquePointer
  let host: OpaquePointer
  let pool = ReferencePool()
  let registry = DescriptionRegistry()
  let context = HostContext()
  let owner = pthread_self()
  /// Identifies the recorded error that a `LuaError` came from.
  var lastErrorID = 0
  var helpIndex = HelpIndex()
  /// Counts the values that were given to handles.
  var ownedCount: lua_Integer = 0
  private var collectsGenerations = false
  /// What the running Lua function was called for, where its caller said so: see `LuaFunction.call(_:for:)`.
  public internal(set) var purpose: AnyObject?

  /// Which libraries of Lua a state has.
  public enum Libraries: Sendable {
    /// All of Lua's: the script is trusted as `lua` would trust it.
    case all
    /// No files, no system, no code loading, no metatables, no random numbers; see `Sandbox`.
    case restricted
  }

  public init(libraries: Libraries = .all) {
    host = host_new(invokeSwift, releaseSwift, warnSwift, Unmanaged.passUnretained(context).toOpaque())
    lua = host_main(host)
    pool.attach(self)
    let status = host_load_libraries(lua, libraries == .restricted)
    precondition(status == LUA_OK, "the libraries of Lua cannot be opened")
    makeIdentityTable()
  }

  deinit {
    pool.close()
    host_close(host)
  }

  /// Receives warnings (`warn`, errors in `__gc`); by default they go to standard error as `Lua warning: ...`.
  public var onWarning: (String) -> Void {
    get { context.onWarning }
    set { context.onWarning = newValue }
  }

  // MARK: Running

  /// Compiles and runs Lua source text. `name` is what messages call it (`exp.lua`).
  @discardableResult
  public func run(_ source: String, name: String, arguments: [any LuaConvertible] = []) throws -> [LuaValue] {
    try load(source, name: name).call(arguments)
  }

  /// Compiles and runs a script file. A first line that begins with `#` is skipped.
  @discardableResult
  public func runFile(_ path: String, arguments: [any LuaConvertible] = []) throws -> [LuaValue] {
    try load(bytes: try readFile(path), name: path).call(arguments)
  }

  /// Compiles Lua source text into a function without running it.
  public func load(_ source: String, name: String) throws -> LuaFunction {
    try load(bytes: Array(source.utf8), name: name)
  }

  func load(bytes: [UInt8], name: String) throws -> LuaFunction {
    checkThread()
    reserve(4)
    let top = lua_gettop(lua)
    defer { lua_settop(lua, top) }
    let text = withoutFirstComment(bytes)
    let status = text.withUnsafeBytes { raw in
      luaL_loadbufferx(lua, raw.bindMemory(to: CChar.self).baseAddress, raw.count, "@" + name, "t")
    }
    guard status == LUA_OK else { throw makeError(status) }
    return makeReference(at: -1)
  }

  // MARK: Globals and tables

  /// The table of global variables.
  public var globals: LuaTable {
    reserve(2)
    host_push_globals(lua)
    defer { host_pop(lua, 1) }
    return makeReference(at: -1)
  }

  /// A new empty table.
  public func makeTable() -> LuaTable {
    reserve(2)
    lua_createtable(lua, 0, 0)
    defer { host_pop(lua, 1) }
    return makeReference(at: -1)
  }

  /// The Lua value that `value` converts to.
  public func makeValue(_ value: any LuaConvertible) throws -> LuaValue {
    reserve(4)
    let top = lua_gettop(lua)
    defer { lua_settop(lua, top) }
    try value.push(onto: self)
    return self.value(at: -1)
  }

  /// Sets the table `arg` of a script: its path at 0, its arguments from 1.
  public func setArguments(script: String, _ arguments: [String]) throws {
    let table = makeTable()
    try table.set(0, script)
    for (index, argument) in arguments.enumerated() { try table.set(index + 1, argument) }
    try globals.set("arg", table)
  }

  /// What `tostring(value)` gives.
  public func text(of value: LuaValue) throws -> String {
    reserve(6)
    let top = lua_gettop(lua)
    defer { lua_settop(lua, top) }
    push(value)
    try check(host_to_text(lua, -1))
    return string(at: -1).description
  }

  /// Runs a full cycle of the garbage collector.
  public func collectGarbage() {
    checkThread()
    _ = host_collect(lua)
  }

  /// From now on the collector looks at new values first and often. For scripts that make thousands of handles a second and keep
  /// none: Lua's usual collector falls behind with them, because each must be finalized.
  public func collectGenerations() {
    checkThread()
    guard !collectsGenerations else { return }
    collectsGenerations = true
    _ = host_collect_generations(lua)
  }

  /// Bytes in use by Lua itself, and native bytes behind live handles.
  public var memory: (lua: Int, native: Int) { (host_memory_used(host), host_native_bytes(host)) }

  /// From now on Lua's own values may take so many bytes in all; what needs more fails with an error of kind `.limit`.
  public func limitMemory(to bytes: Int) { host_limit_memory(host, max(1, bytes)) }

  // MARK: Interruption

  /// Stops the running script from another thread or a signal handler.
  public var interruption: LuaInterruption { LuaInterruption(host: host) }

  /// True once an interruption was asked for and has not yet ended the script. Long native loops poll it.
  public var isInterrupted: Bool { host_is_interrupted(host) }

  /// Throws when an interruption was asked for. Call it between the steps of long native work.
  public func checkInterrupt() throws {
    if host_is_interrupted(host) { throw LuaError(kind: .interrupted, message: "interrupted") }
  }

  /// Forgets an interruption. The outermost call does this by itself when it ends.
  public func clearInterrupt() { host_clear_interrupt(host) }

  /// Answers an interruption that was asked for: true where there was one, and the script goes on. For native work that can
  /// end early with something to show (a training run with its best epoch).
  ///
  /// Once in an outermost call (a script, an input of the REPL). Whoever asks again wants the script itself to end: the
  /// second interruption is not given away here, whether it comes at once or hours later, and stops the script as usual.
  public func takeInterrupt() -> Bool {
    checkThread()
    return host_take_interrupt(host)
  }

  func checkThread() {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a Lua state may be used only on the thread that made it")
  }
}

/// Asks a state to stop what it runs. Valid as long as the state lives.
public struct LuaInterruption: @unchecked Sendable {
  let host: OpaquePointer

  /// Async-signal-safe. The script ends with a `LuaError` of kind `.interrupted` at its next instruction, a native loop
  /// at its next `checkInterrupt()`; a `pcall` in the script does not stop it.
  public func interrupt() { host_interrupt(host) }

  /// From now on Ctrl-C (SIGINT) interrupts this state. The third one in a row that nothing answers ends the process.
  public func catchControlC() { host_catch_sigint(host) }

  /// Gives SIGINT back to whoever had it before `catchControlC()`.
  public static func releaseControlC() { host_release_sigint() }
}

/// What C callbacks need and what must outlive the state's `deinit`.
final class HostContext {
  var onWarning: (String) -> Void = { text in
    let line = Array("Lua warning: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }
}

private func withoutFirstComment(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
  var start = 0
  if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
  guard start < bytes.count, bytes[start] == UInt8(ascii: "#") else { return bytes[start...] }
  // The newline stays, so that line numbers are right.
  let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
  return bytes[end...]
}

/// The bytes of a file; a `LuaError` that says why it cannot be read, or that it has more than `most` bytes.
func readFile(_ path: String, most: Int = .max) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else {
    throw LuaError(kind: .runtime, message: "cannot open \(path): \(String(cString: strerror(errno)))")
  }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = fread(&block, 1, block.count, file)
    if count == 0 { break }
    bytes.append(contentsOf: block[..<count])
    if bytes.count > most { throw LuaError(kind: .limit, message: "\(path): the file has more than \(most) bytes") }
  }
  guard ferror(file) == 0 else {
    throw LuaError(kind: .runtime, message: "cannot read \(path): \(String(cString: strerror(errno)))")
  }
  return bytes
}
