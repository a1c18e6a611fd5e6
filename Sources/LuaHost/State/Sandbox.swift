import CLuaShim
import Platform

/// Evaluates a config: a Lua file that people pass around, `return { dim = 64, margins = { 0.1, 0.2 } }`.
///
/// It runs in a state of its own without files, system, code loading, metatables, coroutines, random numbers or native
/// functions, and its result is copied out as plain data. What remains of Lua's library: `assert error ipairs next pairs
/// select tonumber tostring type`, `math` (without `random`), and the functions of `string` and `table` whose time is
/// bounded by the memory they touch.
public struct Sandbox: Sendable {
  /// How much a config may use.
  public struct Limits: Sendable {
    /// Instructions of Lua's machine, counted in steps of 100.
    public var instructions = 10_000_000
    /// Bytes that Lua allocates, libraries included; below 64 kB nothing runs.
    public var memory = 32 << 20
    /// Wall-clock seconds, compiling included: some single instructions are slow, and some texts take long to compile.
    public var seconds = 10.0
    /// Bytes of its text.
    public var source = 1 << 20
    public init() {}
    public init(instructions: Int, memory: Int = 32 << 20, seconds: Double = 10) {
      self.instructions = instructions
      self.memory = memory
      self.seconds = seconds
    }
  }

  public var limits: Limits
  public init(limits: Limits = Limits()) { self.limits = limits }

  /// Evaluates the config in a file.
  public func evaluateFile(_ path: String) throws -> LuaData {
    let bytes: [UInt8]
    do {
      bytes = try RegularFile.bytes(of: path, most: limits.source)
    } catch {
      throw LuaError(message: error.description)
    }
    return try evaluate(bytes: bytes, name: path)
  }

  /// Evaluates a config; `name` is what messages call it.
  public func evaluate(_ source: String, name: String) throws -> LuaData {
    try evaluate(bytes: Array(source.utf8), name: name)
  }

  private func evaluate(bytes: [UInt8], name: String) throws -> LuaData {
    let name = shownPath(name)
    guard bytes.count <= limits.source else {
      throw LuaError(
        kind: .limit, message: "\(name): a config has at most \(limits.source) bytes, this one \(bytes.count)")
    }
    let state = LuaState(libraries: .restricted)
    do {
      try state.makeUndefinedGlobalsErrors { "a config cannot use '\(shown($0))'" }
      host_limit_memory(state.host, limits.memory)
      host_limit_execution(state.host, Int64(limits.instructions), limits.seconds)
      let chunk = try state.load(bytes: bytes, chunk: "@" + name)
      let results = try chunk.call()
      guard let result = results.first, result.asTable != nil else {
        let got = results.first?.received ?? "nothing"
        throw LuaError(
          message: "\(name): a config must return a table, as in `return { dim = 64 }`; it returned \(got)")
      }
      return try LuaData(result, root: "config", limit: max(limits.memory / 40, 1000), bytes: limits.memory)
    } catch let error as LuaError {
      throw explained(error, name: name, state: state)
    }
  }

  /// The same error in terms of the config and its limits.
  private func explained(_ error: LuaError, name: String, state: LuaState) -> LuaError {
    var error = error
    if error.kind == .limit, error.isFromLua || host_limit_hit(state.host) != 0 {
      let place = error.line.map { "\(error.script ?? name):\($0)" } ?? name
      switch host_limit_hit(state.host) {
      case CInt(HOST_LIMIT_INSTRUCTIONS):
        error.message =
          "\(place): the config ran more than \(limits.instructions) instructions; it must be data, not a program"
      case CInt(HOST_LIMIT_SECONDS):
        error.message =
          "\(place): the config ran longer than \(plainText(limits.seconds)) s; it must be data, not a program"
      default:
        error.message = "\(place): the config needs more than \(limits.memory) bytes of memory"
      }
    } else if error.script == nil, !error.message.hasPrefix(name) {
      error.message = "\(name): \(error.message)"
    }
    // A config comes from anywhere: its text reaches no terminal as it is.
    error.message = shown(error.message, limit: 2000)
    error.traceback = error.traceback.split(separator: "\n").map { shown($0, limit: 200) }.joined(separator: "\n")
    error.id = 0  // to another state this is an error of native code
    return error
  }
}
