import Testing

@testable import LuaHost

@Suite struct BindingTests {
  func run(_ source: String) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(Counter.module)
    return try state.run("local lab = require 'lab'\n" + source, name: "t.lua")
  }

  func message(_ source: String) -> String {
    do {
      let results = try run(source)
      return "no error, \(results)"
    } catch {
      return "\(error)"
    }
  }

  @Test func smoke() throws {
    #expect(try run("return 6*7") == [42])
    #expect(
      try run(
        "local c = lab.counter{start=3}; c:add(2):add(); return c.count, #c, c[2], tostring(c), tostring(c + 1), tostring(1 + c)"
      ) == [6, 6, 12, "Counter(6)", "Counter(7)", "Counter(7)"])
    #expect(try run("local c = lab.counter(); c.step = 3.0; c:add(2) return c.count") == [6])
    #expect(try run("return lab.math.map(function(x) return x * 2 end, 4)") == [8])
    for source in [
      "lab.counter{strat=3}", "lab.counter{start=-1}", "lab.counter{start=1.5}", "lab.counter{start='1'}",
      "lab.counter(3)", "lab.counter({}, 2)", "lab.counter{init={sdt=1}}", "lab.counter{init={std=0}}",
      "lab.counter{rate=0/0}",
      "lab.counter{kind='rond'}", "lab.counter{margins={1,'x'}}", "lab.counter{margins={1,a=2}}",
      "lab.counter().cuont = 1", "return lab.counter().adds",
      "lab.counter().count = 1", "lab.counter().step = 0", "lab.counter().add(3)", "lab.counter():add('x')",
      "local c = lab.counter() c:free() c:add()", "local c = lab.counter() c:free() return tostring(c)",
      "lab.math.map(function(x) error('boo') end, 4)", "lab.math.map(function(x) local y = nil; return y.z end, 4)",
      "lab.math.map(function() end, 1)", "return lab.counter() + {}",
    ] { print(source, " --> ", message(source)) }
    do {
      _ = try run(
        "local function inner(x) error('boo') end\n lab.math.map(function(x) local ok, e = pcall(lab.math.map, inner, x); error(e, 0) end, 4)"
      )
    } catch let error as LuaError { print(error.traceback) }
  }
}
