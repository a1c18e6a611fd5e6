import Platform
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

  static let endless = (1...62).map { "[\(1 << $0)] = 1, " }.joined()

  @Test(arguments: [
    "local s = ('x'):upper() for i = 1, 20 do s = s .. s end local t = {} for i = 1, 20000 do t[i] = s end table.sort(t)",
    "local t = {} for i = 1, 300000 do t[i] = i end table.sort(t, function() return false end)",
    "local t = {} for i = 1, 200000 do t[i] = i end while true do table.sort(t, math.ult) end",
    "local t = { 1, " + endless + "} table.insert(t, 1, 0)", "local t = { 1, " + endless + "} table.remove(t, 1)",
  ])
  func aSingleCallPaysForItsSteps(source: String) {
    let found = error(source, limits: .init(instructions: 2_000_000))
    #expect(found?.message == "c.lua:1: the config ran more than 2000000 instructions; it must be data, not a program")
  }

  @Test func tableFunctionsDoWhatLuasDo() throws {
    let data = try Sandbox().evaluate(
      """
      local t = { 3, 1, 2 }
      table.sort(t)
      local u = { 'b', 'c', 'a' }
      table.sort(u, function(a, b) return a > b end)
      table.insert(t, 4) table.insert(t, 1, 0)
      return { t[1], t[2], t[5], table.concat(u), table.remove(t), table.remove(t, 1), #t }
      """, name: "c.lua")
    let wanted: [LuaData] = [
      .integer(0), .integer(1), .integer(4), .string("cba"), .integer(4), .integer(0), .integer(3),
    ]
    #expect(data == .table(wanted.enumerated().map { .init(key: .integer($0 + 1), value: $1) }))
    #expect(error("table.sort({ 1, 'x' })")?.message == "c.lua: attempt to compare string with number")
    #expect(error("table.sort({}, 1)")?.message.hasPrefix("c.lua:1: bad argument #2") == true)
    #expect(error("table.insert({}, 5, 1)")?.message.contains("out of bounds") == true)
  }

  /// Texts whose compiling takes time by the square of their length.
  static var slowTexts: [String] {
    let branch = "if x then\n" + String(repeating: "elseif x then\n", count: 60_000) + "end"
    let breaks = "while x do\n" + String(repeating: "if x then break end\n", count: 32_000) + "end"
    let names =
      (1...190).map { level in
        "local function f\(level)() local " + (1...180).map { "a\(level)_\($0)" }.joined(separator: ",") + "\n"
      }.joined() + String(repeating: "x()", count: 100_000)
    return [branch, breaks + " " + breaks, names]
  }

  @Test(arguments: slowTexts.indices) func compilingIsLimited(index: Int) {
    let clock = ContinuousClock()
    let took = clock.measure {
      _ = try? Sandbox(limits: .init(instructions: 1000, seconds: 0.2)).evaluate(Self.slowTexts[index], name: "c.lua")
    }
    #expect(took < .seconds(5), "\(took)")
  }

  @Test func theTextIsLimited() {
    let found = error("return { " + String(repeating: "1, ", count: 400_000) + "}")
    #expect(found?.message == "c.lua: a config has at most 1048576 bytes, this one 1200010")
    let memory = error(
      "return { " + String(repeating: "{},", count: 200_000) + "}",
      limits: .init(instructions: 1 << 40, memory: 1 << 20))
    #expect(memory?.message == "c.lua: the config needs more than 1048576 bytes of memory")
  }

  @Test func whatIsCopiedOutIsLimited() {
    let strings = "local s = 'x' for i = 1, 20 do s = s .. s end local t = {} for i = 1, 5000 do t[i] = s end return t"
    #expect(
      error(strings)?.message == "c.lua: config: too many bytes of text, counted wherever a string is referred to")
    let shared = "local t = { 1 } for i = 1, 60 do t = { t, t } end return t"
    let small = error(shared, limits: .init(instructions: 10_000_000, memory: 200_000))
    #expect(small?.message.contains("too many table entries") == true)
    #expect(
      error(shared, limits: .init(instructions: 10_000, seconds: 10))?.message.contains("10000 instructions") == true)
    #expect(error(shared, limits: .init(instructions: 1 << 40, seconds: 0.3))?.kind == .limit)
    let deep = "local t = {} for i = 1, 100000 do t = { t } end return t"
    #expect(error(deep)?.message.contains("nested more than 100 deep") == true)
  }

  @Test func pathsOfLongKeysStayShort() {
    let source =
      "local s = 'x' for i = 1, 20 do s = s .. s end local t = ipairs for i = 1, 9 do t = { [s] = t } end return t"
    let found = error(source)
    #expect((found?.message.count ?? .max) < 1000)
  }

  @Test(arguments: [
    "error('\\27[2J')", "return { x = ('\\27[2J').y.z }", "local t = {} t['\\27[2J']()", "x = '\u{1B}[2J",
  ])
  func aConfigControlsNoTerminal(source: String) throws {
    let found = try #require(error(source))
    #expect(!found.message.unicodeScalars.contains { $0.value < 32 })
    #expect(!found.traceback.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
  }

  @Test(arguments: ["/dev/zero", "/", "/dev/null", "/no/such\0file"]) func onlyFilesAreConfigs(path: String) {
    #expect(throws: LuaError.self) { try Sandbox().evaluateFile(path) }
  }

  @Test func aPipeIsNoConfig() throws {
    let path = "/tmp/perigee-test-\(getpid())-config"
    unlink(path)
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let error = #expect(throws: LuaError.self) { try Sandbox().evaluateFile(path) }
    #expect(error?.message == "\(path) is a pipe; want a file")
  }

  @Test(arguments: [
    "local _ENV <const> = {} X = 'text'", "local _ENV <const> = 1 return x", "local _ENV = nil return 1",
    "local _ENV <const> = {} local function f() X = X end f()",
  ])
  func environmentsDoNotCrash(source: String) { _ = try? Sandbox().evaluate(source, name: "c.lua") }
}
