import CLuaShim
import Testing

@testable import LuaHost

/// Lua above Swift above Lua, where memory fails or the stack is full.
@Suite struct BoundaryTests {
  /// Counts the Swift functions that were entered and not left: a Lua error that skips one leaves it counted.
  final class Depth {
    var entered = 0
    var calls = 0
  }

  /// Globals `native(x)`, which makes values of Lua and calls `x` back where it is a function, and `junk(n)` for collections.
  private func makeState(_ depth: Depth) throws -> LuaState {
    let state = LuaState()
    state.onWarning = { _ in }
    let native = state.makeFunction("native") { [unowned state] arguments in
      depth.entered += 1
      depth.calls += 1
      defer { depth.entered -= 1 }
      let table = state.makeTable()
      for index in 1...20 { try table.set(index, ["text \(index)", "\(depth.calls)"]) }
      if let function = arguments.first?.asFunction { return LuaResults(try function.call(table)) }
      let record: LuaRecord = ["a": 1, "b": [1.5, 2.5]]
      return [table, record]
    }
    try state.globals.set("native", native)
    return state
  }

  private static let finalizers = """
    local function finalizer() return setmetatable({}, { __gc = function() native(); pcall(native, error); native(tostring) end }) end
    for i = 1, 30 do
      for j = 1, 5 do finalizer() end
      pcall(native)
      pcall(native, function(t) finalizer() return #t, ("x"):rep(100 * i) end)
      pcall(coroutine.wrap(function() finalizer() native(coroutine.yield) end))
      native()
    end
    """

  @Test func aFinalizerThatCallsSwiftLeavesSwiftProtected() throws {
    for seed in 1...40 {
      let depth = Depth()
      let state = try makeState(depth)
      try state.run("collectgarbage('setpause', 100) collectgarbage('setstepmul', 1000)", name: "t.lua")
      host_fail_allocations(state.host, UInt64(seed), seed % 3 == 0 ? 0.5 : seed % 3 == 1 ? 0.2 : 0.05)
      for _ in 0..<3 { _ = try? state.run(Self.finalizers, name: "t.lua") }
      host_fail_allocations(state.host, 0, 0)
      #expect(depth.entered == 0, "with seed \(seed), an error skipped Swift frames")
      #expect(try state.run("return 1 + 1", name: "t.lua") == [2])
      if depth.entered != 0 { return }
    }
  }

  @Test func swiftIsLeftAsItWasFound() throws {
    let depth = Depth()
    let state = try makeState(depth)
    try state.globals.set(
      "collect",
      state.makeFunction("collect") { [unowned state] _ in
        state.collectGarbage()  // finalizers run here, beneath Swift
        host_fail_allocations(state.host, 1, 1)
        defer { host_fail_allocations(state.host, 0, 0) }
        for _ in 1...100 { _ = state.makeTable() }
        return ["made"]
      })
    try state.run("setmetatable({}, { __gc = function() native() end })", name: "t.lua")
    #expect(try state.run("return collect()", name: "t.lua") == ["made"])
    #expect(depth.calls > 0)
  }

  @Test(arguments: [0, 150, 250])
  func aFullStackIsAnError(room: Int) throws {
    let depth = Depth()
    let state = try makeState(depth)
    let source = """
      local t, room = {}, ...
      local ok, reason = pcall(function() return native(table.unpack(t, 1, 999900 - room)) end)
      local function deep(n) if n == 0 then return native() end local a, b, c, d, e return (deep(n - 1)) end
      for n = 90000 - room, 199990, 29973 do pcall(deep, n) end
      local function many() return table.unpack(t, 1, 999800 - room) end
      pcall(native, many)
      return ok, reason
      """
    let results = try state.run(source, name: "t.lua", arguments: [room])
    #expect(results[0] == .boolean(true) || results[1].asString?.contains("stack overflow") == true, "\(results)")
    #expect(depth.entered == 0)
  }

  @Test func coroutinesThatCloseEachOtherEndInAnError() throws {
    let state = LuaState()
    let source = """
      local next_one
      for i = 1, 100000 do
        local inner = next_one
        local co = coroutine.create(function()
          local x <close> = setmetatable({}, { __close = function() if inner then assert(coroutine.close(inner)) end end })
          coroutine.yield()
        end)
        coroutine.resume(co)
        next_one = co
      end
      local ok, reason = coroutine.close(next_one)
      return ok, tostring(reason):sub(-60)
      """
    let results = try state.run(source, name: "t.lua")
    #expect(results[0] == .boolean(false))
    #expect(results[1].asString?.contains("close each other") == true, "\(results)")
  }

  @Test(arguments: [
    ("return coroutine.close(coroutine.create(print))", "true"),
    ("local co = coroutine.wrap(error) pcall(co, 1) return 2", "2"),
    ("local co = coroutine.create(error) coroutine.resume(co, 'x') return coroutine.close(co)", "false x"),
    ("return pcall(coroutine.close, coroutine.running())", "false cannot close a running coroutine"),
    (
      """
      local co
      co = coroutine.create(function() return coroutine.resume(coroutine.create(function() return (coroutine.close(co)) end)) end)
      return select(2, coroutine.resume(co))
      """, "false t.lua:2: cannot close a normal coroutine"
    ),
  ])
  func closingACoroutineIsAsInLua(source: String, wanted: String) throws {
    let state = LuaState()
    let results = try state.run(source, name: "t.lua").map { try state.text(of: $0) }
    #expect(results.joined(separator: " ") == wanted)
  }

  @Test func aHugeTableOfResultsIsRefused() throws {
    struct Many: LuaConvertible {
      func push(onto state: LuaState) throws { try state.pushTable(list: 1 << 50) }
    }
    let state = LuaState()
    try state.globals.set("many", state.makeFunction("many") { _ in [Many()] })
    let error = #expect(throws: LuaError.self) { try state.run("many()", name: "t.lua") }
    #expect(error?.message.hasPrefix("t.lua:1: many: a table of 1125899906842624 entries needs") == true)
  }
}
