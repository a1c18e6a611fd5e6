import Testing

@testable import LuaHost

@Suite struct SandboxTests {
  func error(_ source: String, limits: Sandbox.Limits = .init(), location: SourceLocation = #_sourceLocation)
    -> LuaError?
  {
    do {
      let data = try Sandbox(limits: limits).evaluate(source, name: "c.lua")
      Issue.record("no error, but \(data)", sourceLocation: location)
    } catch let error as LuaError {
      return error
    } catch {
      Issue.record("not a LuaError: \(error)", sourceLocation: location)
    }
    return nil
  }

  @Test func aConfigIsCopiedOutAsData() throws {
    let data = try Sandbox().evaluate(
      "local function half(x) return x / 2 end return { dim = 64, rate = half(1), margins = { 0.5, 1 }, name = ('x'):upper() }",
      name: "c.lua")
    #expect(data["dim"] == .integer(64))
    #expect(data["rate"] == .number(0.5))
    #expect(data["name"] == .string("X"))
    #expect(
      data["margins"]
        == .table([.init(key: .integer(1), value: .number(0.5)), .init(key: .integer(2), value: .integer(1))]))
  }

  @Test(arguments: [
    "io", "os", "require", "load", "loadfile", "dofile", "package", "debug", "coroutine", "setmetatable",
    "getmetatable",
    "rawset", "rawget", "collectgarbage", "print", "pcall", "perigee", "_G", "utf8",
  ])
  func nothingLeadsOutOfAConfig(name: String) {
    #expect(error("return { x = \(name) }")?.message == "c.lua:1: a config cannot use '\(name)'")
  }

  @Test(arguments: ["string.rep", "string.dump", "string.find", "string.gsub", "math.random", "table.move"])
  func functionsThatEscapeTheLimitsAreMissing(name: String) {
    #expect(error("return { x = \(name)('x', 2) }")?.message.hasPrefix("c.lua:1: attempt to call a nil value") == true)
  }

  @Test func instructionsAreLimited() {
    let found = error("local n = 0\nwhile true do n = n + 1 end", limits: .init(instructions: 100_000))
    #expect(found?.kind == .limit)
    #expect(
      found?.message == "c.lua:2: the config ran more than 100000 instructions; it must be data, not a program")
  }

  @Test func timeIsLimited() {
    let found = error("\nwhile true do end", limits: .init(instructions: 1 << 40, seconds: 0.02))
    #expect(found?.kind == .limit)
    #expect(found?.message == "c.lua:2: the config ran longer than 0.02 s; it must be data, not a program")
  }

  @Test(arguments: [
    "local t = {}; for i = 1, 1e9 do t[i] = i end", "local s = 'xxxxxxxx'; while true do s = s .. s end",
    "local function f() return { f() } end; return f()",
  ])
  func memoryIsLimited(source: String) {
    let found = error(source, limits: .init(instructions: 1 << 40, memory: 1 << 20))
    #expect(found?.kind == .limit || found?.message.contains("stack overflow") == true, "\(String(describing: found))")
    if found?.kind == .limit {
      #expect(found?.message == "c.lua: the config needs more than 1048576 bytes of memory")
    }
  }

  @Test func onlyATableIsAConfig() {
    let wanted = "c.lua: a config must return a table, as in `return { dim = 64 }`; it returned "
    #expect(error("return 3")?.message == wanted + "3")
    #expect(error("x = 1")?.message == wanted + "nothing")
  }

  @Test func functionsAndCyclesAreNoData() {
    #expect(error("return { a = { b = print2 } }")?.message == "c.lua:1: a config cannot use 'print2'")
    #expect(error("return { a = { ipairs } }")?.message.contains("config.a[1]") == true)
    #expect(error("local t = {}; t.t = t; return t")?.message.contains("config.t") == true)
  }

  @Test func aConfigThatIsNotLuaNamesItsLine() {
    #expect(error("return {\n a = = 1 }")?.message == "c.lua:2: unexpected symbol near '='")
    #expect(error("\u{1B}Lua")?.kind == .syntax)
  }
}
