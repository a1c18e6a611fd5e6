import Testing

@testable import LuaHost

@Suite struct ErrorTests {
  /// Counts what a Swift body leaves behind when an error goes through it.
  final class Witness {
    var deferred = 0
    var alive = 0
  }
  final class Passenger {
    let witness: Witness
    init(_ witness: Witness) {
      self.witness = witness
      witness.alive += 1
    }
    deinit { witness.alive -= 1 }
  }

  enum Trouble: Error, CustomStringConvertible {
    case deep
    var description: String { "deep trouble" }
  }

  /// A function that calls its argument with a `defer` and an object on its frame.
  func makeThrough(_ state: LuaState, _ witness: Witness) -> LuaFunction {
    state.makeFunction("through") { arguments in
      let passenger = Passenger(witness)
      defer { witness.deferred += 1 }
      let results = try arguments[0].asFunction?.call(Array(arguments.dropFirst())) ?? []
      withExtendedLifetime(passenger) {}
      return LuaResults(results)
    }
  }

  static let causes = [
    "error 'boo'", "error({})", "error(nil)", "local x = nil; return x.y", "return #nil", "return 1 < 'a'", "raise()",
    "return table_with_bad_index.x", "coroutine.wrap(function() error 'inside' end)()",
    "through(function() error 'two' end)",
    "pcall(error, 'swallowed'); error 'second'", "error(setmetatable({}, { __tostring = function() error 'x' end }))",
    "for i = 1, 10, 0 do end",
    "local a <close> = setmetatable({}, { __close = function() error 'closing' end })", "assert(false)",
    "assert(nil, 'm')",
    "string.rep('x', 1 << 60)", "require 'no.such.module'", "load('x =')()", "('x'):bad()",
  ]

  @Test(arguments: causes) func noErrorSkipsASwiftFrame(cause: String) throws {
    let state = LuaState()
    let witness = Witness()
    try state.globals.set("through", makeThrough(state, witness))
    try state.globals.set("raise", state.makeFunction("raise") { _ in throw Trouble.deep })
    try state.run(
      "table_with_bad_index = setmetatable({}, { __index = function() error 'bad index' end })", name: "t.lua")
    let perCall = cause.hasPrefix("through") ? 2 : 1
    let failed = try state.run(
      """
      local failed = 0
      for i = 1, 100 do
        local ok = pcall(through, function() \(cause) end)
        if not ok then failed = failed + 1 end
      end
      return failed
      """, name: "t.lua")
    #expect(failed == [100])
    #expect(witness.deferred == 100 * perCall)
    #expect(witness.alive == 0)
  }

  @Test func errorsThatReachSwiftSkipNoFrameEither() throws {
    let state = LuaState()
    let witness = Witness()
    let through = makeThrough(state, witness)
    let fail = try #require(try state.run("return function() error 'boo' end", name: "t.lua")[0].asFunction)
    var caught = 0
    for _ in 0..<100 {
      do { try through.call(through, through, fail) } catch is LuaError { caught += 1 }
    }
    #expect(caught == 100)
    #expect(witness.deferred == 300)
    #expect(witness.alive == 0)
  }

  @Test func aSwiftErrorNamesScriptLineAndFunction() throws {
    let lab = try Lab()
    let error = lab.error("local x\n\nlab.counter { start = -1 }")
    #expect(error.message == "t.lua:3: lab.counter: start: want an integer of at least 0, got -1")
    #expect(error.kind == .runtime)
    #expect(error.script == "t.lua")
    #expect(error.line == 3)
    #expect(
      error.traceback == """
        stack traceback:
        \t[C]: in function 'lab.counter'
        \tt.lua:3: in main chunk
        """)
  }

  @Test func theLineIsNamedAlsoBeneathPcallAndOperators() throws {
    let lab = try Lab()
    #expect(
      try lab.run("local ok, message = pcall(lab.counter, 3); return message")
        == ["t.lua:1: lab.counter: want a table of options { start = ..., bytes = ... }, got 3"])
    lab.expect(
      "\n\nreturn lab.counter() + 'x'", says: "t.lua:3: Counter '+': right: want a Counter or an integer, got \"x\"")
  }

  @Test func syntaxErrorsHaveTheirKindAndLine() throws {
    let state = LuaState()
    let error = #expect(throws: LuaError.self) { try state.run("x = 1\ny = = 2", name: "exp.lua") }
    #expect(error?.kind == .syntax)
    #expect(error?.line == 2)
    #expect(error?.message == "exp.lua:2: unexpected symbol near '='")
  }

  @Test func aMissingFileIsAnError() {
    let error = #expect(throws: LuaError.self) { try LuaState().runFile("/no/such/file.lua") }
    #expect(error?.message == "cannot open /no/such/file.lua: No such file or directory")
  }

  @Test func theFirstCauseKeepsItsTraceback() throws {
    let lab = try Lab()
    let error = lab.error(
      """
      local function cause(x) error 'boo' end            -- line 1
      local function middle(x)
        return lab.math.map(cause, x)                      -- Swift between two layers of Lua
      end
      local function outer(x)
        local ok, message = pcall(lab.math.map, middle, x)
        error(message, 0)                                  -- raised again by the script
      end
      lab.math.map(outer, 1)
      """)
    #expect(error.message == "t.lua:1: boo")
    let lines = error.traceback.split(separator: "\n").map(String.init)
    #expect(lines[0] == "stack traceback:")
    #expect(lines[1] == "\t[C]: in function 'error'")
    #expect(lines[2].contains("t.lua:1: in function"))
    #expect(lines[3] == "\t[C]: in function 'lab.math.map'")
    #expect(lines[4].contains("t.lua:3: in function"))
    #expect(lines.contains("raised again from"))
    #expect(lines.last == "\tt.lua:9: in main chunk")
  }

  @Test func aTracebackOfACoroutineIsKept() throws {
    let lab = try Lab()
    let error = lab.error(
      """
      local function cause() local x = nil; return x.y end
      local co = coroutine.wrap(function() cause() end)
      co()
      """)
    #expect(error.message == "t.lua:1: attempt to index a nil value (local 'x')")
    #expect(error.traceback.contains("t.lua:1: in upvalue 'cause'"), "\(error.traceback)")
    #expect(error.traceback.contains("t.lua:2: in function"))
  }

  @Test func anUnrelatedEarlierErrorLeavesNoTrace() throws {
    let lab = try Lab()
    let error = lab.error("pcall(function() error 'first' end)\nerror 'second'")
    #expect(error.message == "t.lua:2: second")
    #expect(!error.traceback.contains("t.lua:1"))
    #expect(!error.traceback.contains("raised again"))
  }

  @Test func aRaisedTableArrivesAsThatTable() throws {
    let lab = try Lab()
    let results = try lab.run(
      """
      local thrown = setmetatable({ code = 7 }, { __tostring = function() return "seven" end })
      local ok, caught = pcall(lab.math.map, function() error(thrown) end, 1)
      return ok, caught == thrown, caught.code
      """)
    #expect(results == [false, true, 7])
    #expect(lab.error("error(setmetatable({}, { __tostring = function() return 'seven' end }))").message == "seven")
    #expect(
      lab.error("error(setmetatable({}, { __tostring = function() error 'x' end }))").message
        == "(the error is a table)")
    #expect(lab.error("error {}").message == "(the error is a table)")
    #expect(lab.error("error()").message == "nil")
  }

  @Test func anErrorKeptFromAnEarlierCallIsRaisedByItsMessage() throws {
    let state = LuaState()
    let old = #expect(throws: LuaError.self) { try state.run("error('old', 0)", name: "t.lua") }
    let raise = state.makeFunction("raise") { _ in throw old! }
    let error = #expect(throws: LuaError.self) { try raise.call() }
    #expect(error?.message == "old")
  }

  @Test func deepRecursionThroughSwiftIsAnError() throws {
    let lab = try Lab()
    let error = lab.error("local function f(x) return lab.math.map(f, x) end; f(1)")
    #expect(error.message.contains("stack overflow"), "\(error.message)")
    #expect(try lab.run("return 1") == [1])
  }

  @Test func errorsInFinalizersAreWarnings() throws {
    let state = LuaState()
    var warnings: [String] = []
    state.onWarning = { warnings.append($0) }
    try state.run(
      "setmetatable({}, { __gc = function() error 'late' end }); collectgarbage(); warn('mine')", name: "t.lua")
    #expect(warnings.count == 2)
    #expect(warnings.first?.contains("late") == true)
    #expect(warnings.last == "mine")
  }

  @Test func undefinedGlobalsSuggestTheNearest() throws {
    let lab = try Lab()
    try lab.state.makeGlobalsStrict()
    lab.expect("prnt(3)", says: "t.lua:1: undefined global 'prnt', did you mean 'print'?")
    lab.expect("qqqqqqq()", says: "t.lua:1: undefined global 'qqqqqqq'")
    #expect(
      lab.state.errorMessage("lab.counter()") == "t.lua:1: undefined global 'lab'; write: local lab = require \"lab\"")
    #expect(try lab.run("known = 1; return known, unpack == nil, rawget(_G, 'no') == nil") == [1, true, true])
  }

  @Test func theTableArgHoldsTheArguments() throws {
    let state = LuaState()
    try state.setArguments(script: "s.lua", ["a", "--b"])
    #expect(try state.run("return arg[0], arg[1], arg[2], #arg", name: "s.lua") == ["s.lua", "a", "--b", 2])
  }
}

extension LuaState {
  func errorMessage(_ source: String) -> String? {
    do { _ = try run(source, name: "t.lua") } catch { return "\(error)" }
    return nil
  }
}
