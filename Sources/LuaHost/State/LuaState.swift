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
  /// Stops the running script from another thread or a signal handler.
  public let interruption: LuaInterruption
  let registry = DescriptionRegistry()
  let context = HostContext()
  /// Identifies the recorded error that a `LuaError` came from.
  var lastErrorID = 0
  var helpIndex = HelpIndex()
  /// Counts the values that were given to handles.
  var ownedCount: lua_Integer = 0
  private var collectsGenerations = false
  /// Columns that a line of help may have; nil where lines may be as long as they are.
  public var helpWidth: Int?
  /// What the running Lua function was called for, where its caller said so: see `LuaFunction.call(_:for:)`.
  public internal(set) var purpose: AnyObject?

  /// The first file that `runFile` ran, as it was then: for whoever keeps a record of what ran.
  public private(set) var mainScript: (path: String, bytes: [UInt8])?

  private var companions: [ObjectIdentifier: AnyObject] = [:]

  /// What a library keeps beside the state for as long as it wants to, one object of a class.
  public func companion<Companion: AnyObject>(of type: Companion.Type) -> Companion? {
    companions[ObjectIdentifier(type)] as? Companion
  }
  public func setCompanion<Companion: AnyObject>(_ companion: Companion?, of type: Companion.Type) {
    companions[ObjectIdentifier(type)] = companion
  }

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
    interruption = LuaInterruption(host: host)
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

  /// Compiles and runs a script: a file, or a pipe that ends (`<(...)`, standard input). A first line that begins with `#` is
  /// skipped.
  @discardableResult
  public func runFile(_ path: String, arguments: [any LuaConvertible] = []) throws -> [LuaValue] {
    try runFile(path, bytes: scriptBytes(path), arguments: arguments)
  }

  /// The same of a script whose text is at hand already.
  @discardableResult
  public func runFile(_ path: String, bytes: [UInt8], arguments: [any LuaConvertible] = []) throws -> [LuaValue] {
    if mainScript == nil { mainScript = (path, bytes) }
    return try load(bytes: bytes, chunk: "@" + shownPath(path)).call(arguments)
  }

  /// Compiles Lua source text into a function without running it.
  ///
  /// - Parameter name: What messages call the text. With `=` in front it is a part of the library, `=batches`: a message that
  ///   arises there names the line of the script that called it.
  public func load(_ source: String, name: String) throws -> LuaFunction {
    let isInternal = name.hasPrefix("=")
    return try load(
      bytes: Array(source.utf8), chunk: isInternal ? "=[perigee \(name.dropFirst())]" : "@" + shownPath(name))
  }

  func load(bytes: [UInt8], chunk: String) throws -> LuaFunction {
    checkThread()
    reserve(4)
    let top = lua_gettop(lua)
    defer { lua_settop(lua, top) }
    let text = withoutFirstComment(bytes)
    let status = text.withUnsafeBytes { raw in
      host_load(lua, raw.bindMemory(to: CChar.self).baseAddress, raw.count, chunk)
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

  /// True once an interruption was asked for and has not yet ended the script. Long native loops poll it.
  public var isInterrupted: Bool { host_is_interrupted(host) }

  /// Throws when an interruption was asked for. Call it between the steps of long native work.
  public func checkInterrupt() throws {
    if host_is_interrupted(host) { throw LuaError(kind: .interrupted, message: "interrupted") }
  }

  /// Throws where an interruption or a limit of the state ends what Swift does with its values.
  func checkLimits() throws {
    guard let text = host_spend(host, 1) else { return }
    throw LuaError(kind: isInterrupted ? .interrupted : .limit, message: String(cString: text))
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
    pool.checkThread()
  }
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
