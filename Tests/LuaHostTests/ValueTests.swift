import Testing

@testable import LuaHost

/// The boundary as a matrix: every kind of value, in both directions and in every position.
@Suite struct ValueTests {
  let state = LuaState()

  static var plain: [(value: LuaValue, lua: String)] {
    [
      (.nil, "nil"), (true, "true"), (false, "false"), (0, "0"), (-7, "-7"), (.integer(.max), "math.maxinteger"),
      (.integer(.min), "math.mininteger"), (0.5, "0.5"), (1e300, "1e300"), (.number(.infinity), "1/0"),
      (.number(-.infinity), "-1/0"), ("", "''"), ("text", "'text'"), ("München", "'M\\u{fc}nchen'"),
      (.string(LuaString(bytes: [0, 255, 0, 10])), "'\\0\\255\\0\\n'"),
    ]
  }

  @Test(arguments: plain.indices) func plainValuesCrossUnchanged(index: Int) throws {
    let (value, lua) = Self.plain[index]
    #expect(try state.run("return \(lua)", name: "t.lua") == [value])
    let isEqual = try state.run(
      "local x = ...; return x == \(lua), math.type(x) == math.type(\(lua))", name: "t.lua", arguments: [value])
    #expect(isEqual == [true, true])
    let echo = state.makeFunction("echo") { $0.isEmpty ? [] : [$0[0]] }
    #expect(try echo.call(value) == [value])
    let table = state.makeTable()
    try table.set("k", value)
    #expect(try table.get("k") == value)
  }

  @Test func integersAndNumbersStayApart() throws {
    let kinds = try state.run(
      "return math.type(...), math.type((select(2, ...)))", name: "t.lua", arguments: [64, 64.0])
    #expect(kinds == ["integer", "float"])
    guard case .number = try state.run("return 64.0", name: "t.lua")[0] else {
      Issue.record("64.0 became an integer")
      return
    }
    #expect(LuaValue.number(64).asInteger == 64)
    #expect(LuaValue.number(64.5).asInteger == nil)
    #expect(LuaValue.number(.nan).asInteger == nil)
    #expect(LuaValue("64").asInteger == nil)
    #expect(LuaValue.number(9.3e18).asInteger == nil)
  }

  @Test func nanCrosses() throws {
    let value = try state.run("return 0/0", name: "t.lua")[0]
    #expect(value.asNumber?.isNaN == true)
    #expect(try state.run("local x = ...; return x ~= x", name: "t.lua", arguments: [Double.nan]) == [true])
  }

  @Test func referencesKeepIdentity() throws {
    for source in ["{}", "print", "function() end", "coroutine.create(print)", "io.stdout"] {
      let value = try state.run("x = \(source); return x", name: "t.lua")[0]
      #expect(try state.run("return rawequal(x, ...)", name: "t.lua", arguments: [value]) == [true], "\(source)")
      #expect(try state.run("return x", name: "t.lua")[0] == value, "\(source)")
    }
    #expect(try state.run("return {}", name: "t.lua") != state.run("return {}", name: "t.lua"))
  }

  @Test(arguments: [0, 1, 2, 17, 300]) func anyNumberOfArgumentsAndResultsCrosses(count: Int) throws {
    let list = (0..<count).map { LuaValue.integer($0) }
    let echo = state.makeFunction("echo") { LuaResults($0) }
    #expect(try echo.call(list) == list)
    let viaLua = try state.run("local f = ...; return f(select(2, ...))", name: "t.lua", arguments: [echo] + list)
    #expect(viaLua == list)
  }

  @Test func swiftCollectionsBecomeTables() throws {
    let results = try state.run(
      """
      local list, map, record, mixed, none = ...
      return #list, list[3], map.a, record.loss, record.name, record.inner[1], mixed[2], none == nil
      """, name: "t.lua",
      arguments: [
        [1.5, 2.5, 3.5], ["a": 1], ["loss": 0.5, "name": "x", "inner": [7]] as LuaRecord, [1, "two"] as LuaList,
        Int?.none,
      ])
    #expect(results == [3, 3.5, 1, 0.5, "x", 7, "two", true])
  }

  @Test func tablesAreReadAndWritten() throws {
    let table = try #require(try state.run("t = { 10, 20, 30, name = 'x' }; return t", name: "t.lua")[0].asTable)
    #expect(try table.array() == [10, 20, 30])
    #expect(try table.numbers() == [10, 20, 30])
    #expect(try table.count() == 3)
    try table.set(4, 40)
    try table.set("name", LuaValue.nil)
    #expect(try state.run("return #t, t[4], t.name == nil", name: "t.lua") == [4, 40, true])
    var keys: [LuaValue] = []
    try table.forEachEntry { key, _ in keys.append(key) }
    #expect(keys == [1, 2, 3, 4])
    #expect(try state.run("return {1, 'x'}", name: "t.lua")[0].asTable?.numbers() == nil)
  }

  @Test func metamethodsOfTablesRunProtected() throws {
    let table = try #require(
      try state.run(
        """
        return setmetatable({}, { __index = function(_, key) if key == "bad" then error "no" end return key .. "!" end,
          __newindex = function() error "locked" end, __len = function() return 9 end })
        """, name: "t.lua")[0].asTable)
    #expect(try table.get("a") == "a!")
    #expect(try table.rawGet("a").isNil)
    #expect(try table.count() == 9)
    #expect(try table.rawCount() == 0)
    #expect(throws: LuaError.self) { try table.get("bad") }
    #expect(throws: LuaError.self) { try table.set("a", 1) }
  }

  @Test func impossibleKeysAreErrors() throws {
    let table = state.makeTable()
    #expect(throws: LuaError.self) { try table.set(LuaValue.nil, 1) }
    #expect(throws: LuaError.self) { try table.set(Double.nan, 1) }
    #expect(try table.get(LuaValue.nil).isNil)
  }

  @Test func aReferenceMayOutliveItsState() throws {
    var state: LuaState? = LuaState()
    let table = try #require(try state?.run("return {}", name: "t.lua")[0].asTable)
    let function = try #require(try state?.run("return print", name: "t.lua")[0].asFunction)
    state = nil
    #expect(throws: LuaError.self) { try table.get(1) }
    let error = #expect(throws: LuaError.self) { try function.call() }
    #expect(error?.message == "the Lua state of this function is closed")
  }

  @Test func valuesWorkInsideCoroutines() throws {
    let double = state.makeFunction("double") { [($0[0].asNumber ?? 0) * 2] }
    let results = try state.run(
      """
      local double = ...
      local co = coroutine.wrap(function(x) while true do x = coroutine.yield(double(x)) end end)
      return co(1), co(2), co(4)
      """, name: "t.lua", arguments: [double])
    #expect(results == [2, 4, 8])
  }

  @Test func printingShowsTablesWithinLimits() throws {
    let printer = ValuePrinter()
    func shown(_ lua: String) throws -> String {
      printer.text(of: try state.run("return \(lua)", name: "t.lua")[0], in: state)
    }
    #expect(
      try shown("{ 1, 'a\"b\\n', { x = 1.5, [10] = true, ['a b'] = 2 } }")
        == #"{ 1, "a\"b\n", { [10] = true, ["a b"] = 2, x = 1.5 } }"#)
    #expect(try shown("{}") == "{}")
    #expect(try shown("{{{{{1}}}}}") == "{ { { { { ... } } } } }")
    #expect(try shown("setmetatable({}, { __tostring = function() return 'me' end })") == "me")
    #expect(try shown("(function() local t = {}; t.t = t; return t end)()") == "{ t = { (itself) } }")
    let long = try shown("(function() local t = {}; for i = 1, 1000 do t[i] = i end; return t end)()")
    #expect(long.hasPrefix("{\n  1, 2, 3,"))
    #expect(long.hasSuffix("... 950 more\n}"))
    #expect(
      try shown("{ a = ('x'):rep(90), longer = 1, inner = { 2, y = 3 } }")
        == "{\n  a      = \"\(String(repeating: "x", count: 90))\",\n  inner  = { 2, y = 3 },\n  longer = 1\n}")
    #expect(try shown("'two\\nlines'") == "two\nlines")
    #expect(try shown("'one'") == "\"one\"")
  }
}
