import Dispatch
import Platform
import TestSupport
import Testing

@testable import LuaHost

/// Each test asks from another thread, as a signal would, and then uses the state again.
@Suite(.serialized, .enabled(if: !Sanitizer.isThread, "ThreadSanitizer delivers no signal within Lua's own loops"))
struct InterruptTests {
  let state = LuaState()

  /// Runs `source` and interrupts it once `ready` was called by it.
  func interrupted(_ source: String) throws -> LuaError? {
    let interruption = state.interruption
    let ready = state.makeFunction("ready") { _ in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(5)) { interruption.interrupt() }
      return []
    }
    try state.globals.set("ready", ready)
    try state.globals.set(
      "checked",
      state.makeFunction("checked") { [state] _ in
        while true { try state.checkInterrupt() }
      })
    do {
      try state.run(source, name: "t.lua")
    } catch let error as LuaError {
      #expect(try state.run("return 1 + 1", name: "t.lua") == [2], "the state goes on")
      #expect(!state.isInterrupted)
      return error
    }
    return nil
  }

  @Test(
    arguments: [
      "ready()\nwhile true do end",
      "ready()\nfor i = 1, math.huge do local x = i * 2 end",
      "ready()\nlocal function f() return f() end f()",
      "ready()\nwhile true do pcall(function() while true do end end) end",
      "ready()\ncoroutine.wrap(function() while true do end end)()",
      "ready()\nlocal co = coroutine.create(function() while true do coroutine.yield() end end) while true do coroutine.resume(co) end",
      "ready()\nlocal t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() return t[1] end) end",
    ])
  func anInfiniteLoopStops(source: String) throws {
    let error = try #require(try interrupted(source))
    #expect(error.kind == .interrupted)
    #expect(error.message == "t.lua:2: interrupted")
  }

  @Test func aNativeLoopThatChecksStops() throws {
    let error = try #require(try interrupted("ready()\nchecked()"))
    #expect(error.kind == .interrupted)
    #expect(error.message == "t.lua:2: interrupted in checked")
  }

  @Test func aScriptCannotSwallowIt() throws {
    let error = try #require(try interrupted("ready()\nwhile true do pcall(checked) end"))
    #expect(error.kind == .interrupted)
  }

  @Test func anInterruptionWithoutARunIsForgottenOnRequest() throws {
    state.interruption.interrupt()
    #expect(state.isInterrupted)
    state.clearInterrupt()
    #expect(try state.run("local n = 0; for i = 1, 1000 do n = n + 1 end return n", name: "t.lua") == [1000])
  }

  /// Globals `interrupt()`, as a signal does it, and `work()`, a native loop that takes an interruption: "ended early" or error.
  func defineWork() throws {
    let interruption = state.interruption
    try state.globals.set(
      "interrupt",
      state.makeFunction("interrupt") { _ in
        interruption.interrupt()
        return []
      })
    try state.globals.set(
      "work",
      state.makeFunction("work") { [unowned state] arguments in
        for _ in 0..<(arguments.first?.asInteger ?? 1) { interruption.interrupt() }
        if state.takeInterrupt() { return ["ended early"] }
        try state.checkInterrupt()
        return ["done"]
      })
  }

  @Test func aTakenInterruptionLetsTheScriptGoOn() throws {
    try defineWork()
    let source = "local r = work(1) local n = 0 for i = 1, 1000 do n = n + 1 end return r, n, work(0)"
    #expect(try state.run(source, name: "t.lua") == ["ended early", 1000, "done"])
    #expect(!state.isInterrupted)
    let inCoroutine = "return coroutine.wrap(function() local r = work(1) for i = 1, 1000 do end return r end)()"
    #expect(try state.run(inCoroutine, name: "t.lua") == ["ended early"], "the next outermost call may take one again")
  }

  @Test(arguments: ["work(1)\nwork(1)", "work(2)\nlocal x", "work(1)\ninterrupt() while true do end"])
  func theSecondInterruptionEndsTheScript(source: String) throws {
    try defineWork()
    let error = #expect(throws: LuaError.self) { try state.run("reached = nil " + source, name: "t.lua") }
    #expect(error?.kind == .interrupted)
    #expect(try state.run("return 1 + 1", name: "t.lua") == [2])
  }

  @Test func controlCReachesTheState() throws {
    state.interruption.catchSignals()
    defer { LuaInterruption.releaseSignals() }
    let raise = state.makeFunction("raise_signal") { _ in
      raiseInterrupt()
      return []
    }
    let error = #expect(throws: LuaError.self) {
      try state.run("(...)()\nwhile true do end", name: "t.lua", arguments: [raise])
    }
    #expect(error?.kind == .interrupted)
    // The signal may first reach another thread, and this one a little later.
    #expect(error?.script == "t.lua")
    #expect(error?.message.hasSuffix(": interrupted") == true)
  }

  @Test func sigtermDoesTheSame() throws {
    state.interruption.catchSignals()
    defer { LuaInterruption.releaseSignals() }
    let raise = state.makeFunction("raise_signal") { _ in
      kill(getpid(), SIGTERM)
      return []
    }
    let error = #expect(throws: LuaError.self) {
      try state.run("(...)()\nwhile true do end", name: "t.lua", arguments: [raise])
    }
    #expect(error?.kind == .interrupted)
    #expect(LuaInterruption.lastSignal == SIGTERM)
  }

  @Test(arguments: [
    "ready()\nlocal t <close> = setmetatable({}, { __close = function() while true do end end })",
    """
    local co = coroutine.create(function()
      local t <close> = setmetatable({}, { __close = function() while true do end end })
      coroutine.yield()
    end)
    coroutine.resume(co)
    ready()
    coroutine.close(co)
    """,
    """
    local f = coroutine.wrap(function()
      local t <close> = setmetatable({}, { __close = function() ready() while true do end end })
      error("x")
    end)
    f()
    """,
    "ready()\nxpcall(error, function() while true do end end) while true do end",
  ])
  func whatIsClosedStopsToo(source: String) throws {
    let error = try #require(try interrupted(source))
    #expect(error.kind == .interrupted)
  }

  @Test func anInterruptionOutlivesItsState() {
    var interruption = LuaState().interruption
    interruption.interrupt()
    interruption.catchSignals()
    interruption = state.interruption
    interruption.catchSignals()
    raiseInterrupt()
    while !state.isInterrupted { usleep(100) }
    LuaInterruption.releaseSignals()
    state.clearInterrupt()
  }

  @Test func askingWhileStatesComeAndGoIsSafe() async throws {
    let group = DispatchGroup()
    for round in 0..<300 {
      let closing = LuaState()
      let interruption = closing.interruption
      for _ in 0..<2 {
        DispatchQueue.global().async(group: group) { for _ in 0..<10 { interruption.interrupt() } }
      }
      if round % 2 == 0 { _ = try? closing.run("for i = 1, 1000 do local t = {} end", name: "t.lua") }
    }
    #expect(group.wait(timeout: .now() + 20) == .success)
  }

  @Test func compilingStops() throws {
    let interruption = state.interruption
    let source = "if x then\n" + String(repeating: "elseif x then\n", count: 150_000) + "end"
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) { interruption.interrupt() }
    let error = #expect(throws: LuaError.self) { try state.load(source, name: "t.lua") }
    #expect(error?.kind == .interrupted)
    #expect(try state.run("return 1", name: "t.lua") == [1])
  }

  @Test func waitingForAScriptStops() throws {
    let path = "/tmp/perigee-test-\(getpid())-script"
    unlink(path)
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let interruption = state.interruption
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) { interruption.interrupt() }
    let error = #expect(throws: LuaError.self) { try state.runFile(path) }
    #expect(error?.kind == .interrupted)
  }

  @Test func aScriptMayComeThroughAPipe() throws {
    let path = "/tmp/perigee-test-\(getpid())-pipe"
    unlink(path)
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) {
      guard let file = fopen(path, "w") else { return }
      fputs("#!x\nlocal t = {}\n", file)
      fflush(file)
      usleep(20_000)
      fputs("return 6 * 7\n", file)
      fclose(file)
    }
    #expect(try state.runFile(path) == [42])
    state.clearInterrupt()
    #expect(throws: LuaError.self) { try state.runFile("/dev/zero") }
    #expect(throws: LuaError.self) { try state.runFile("/tmp") }
    #expect(throws: LuaError.self) { try state.runFile("/tmp\0x") }
  }

  @Test func chunksOfTheLibraryDoNotShow() throws {
    let inner = try #require(
      try state.load("return function(f) if f then f() end while true do end end", name: "=inner").call().first)
    try state.globals.set("inner", inner)
    let error = try #require(try interrupted("ready()\ninner()"))
    #expect(error.message == "t.lua:2: interrupted")
    let fails = state.makeFunction("fails") { _ in throw LuaArgumentError("no") }
    try state.globals.set("fails", fails)
    let located = #expect(throws: LuaError.self) { try state.run("\n\ninner(fails)", name: "t.lua") }
    #expect(located?.message == "t.lua:3: fails: no")
  }

  @Test func aConfigBeneathTheScriptStopsToo() throws {
    state.interruption.catchSignals()
    defer { LuaInterruption.releaseSignals() }
    let evaluate = state.makeFunction("evaluate") { _ in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { raiseInterrupt() }
      return [
        try Sandbox(limits: .init(instructions: 1 << 40, seconds: 60)).evaluate("while true do end", name: "c.lua")
      ]
    }
    let error = #expect(throws: LuaError.self) { try state.run("(...)()", name: "t.lua", arguments: [evaluate]) }
    #expect(error?.kind == .interrupted)
  }
}

/// To the process, as a terminal sends it: any thread may receive it.
private func raiseInterrupt() { kill(getpid(), SIGINT) }
