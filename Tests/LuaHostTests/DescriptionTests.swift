import Testing

@testable import LuaHost

@Suite struct DescriptionTests {
  let lab: Lab
  init() throws { lab = try Lab() }

  @Test func methodsFieldsAndOperatorsWork() throws {
    let values = try lab.run(
      """
      local c = lab.counter { start = 3 }
      c:add(2):add()
      c.step = 3.0
      c:add(2)
      return c.count, #c, c[2], tostring(c), tostring(c + 1), tostring(1 + c), tostring(c + c)
      """)
    #expect(values == [12, 12, 24, "Counter(12)", "Counter(13)", "Counter(13)", "Counter(24)"])
  }

  @Test func defaultsAndNestedOptionsReachTheBody() throws {
    let seen = try lab.run(
      """
      return lab.show {}, lab.show { std = 2 }, lab.show { init = {} }, lab.show { init = { std = 3 } },
             lab.show(), lab.show { margins = {} }, lab.show { margins = { 1, 2.5 } }, lab.show { metrics = "mrr" }
      """)
    #expect(
      seen.map(\.asString) == [
        "0.1 [0.5] ndcg", "0.1 [0.5] ndcg", "0.1 [0.5] ndcg", "3.0 [0.5] ndcg", "0.1 [0.5] ndcg", "0.1 [] ndcg",
        "0.1 [1.0, 2.5] ndcg", "0.1 [0.5] mrr",
      ])
  }

  @Test func anUnknownOptionSuggestsTheNearestName() {
    lab.expect("lab.counter{strat=3}", says: "t.lua:1: lab.counter: unknown option 'strat', did you mean 'start'?")
    lab.expect(
      "lab.counter{init={sdt=1}}", says: "t.lua:1: lab.counter: unknown option 'init.sdt', did you mean 'init.std'?")
    lab.expect(
      "lab.counter{zzzzzz=1}",
      says: "t.lua:1: lab.counter: unknown option 'zzzzzz'; known: bytes, init, kind, margins, rate, start")
    lab.expect(
      "lab.counter{3}",
      says: "t.lua:1: lab.counter: options are written by name ({ start = ..., bytes = ... }), got the entry [1] = 3")
  }

  @Test func integersAreExact() throws {
    #expect(try lab.run("return lab.counter{start=64}.count, lab.counter{start=64.0}.count") == [64, 64])
    for (value, shown) in [
      ("64.5", "64.5"), ("0/0", "nan"), ("'64'", "\"64\""), ("2^63", "9.223372036854776e+18"), ("-1", "-1"),
      ("{}", "a table"),
      ("true", "true"), ("print", "a function"), ("lab.counter()", "a Counter"), ("io.stdout", "a userdata"),
    ] {
      // nan is shown without its sign, which depends on the processor.
      lab.expect(
        "lab.counter{start=\(value)}", says: "t.lua:1: lab.counter: start: want an integer of at least 0, got \(shown)")
    }
  }

  @Test func eachTypeSaysWhatItWants() {
    lab.expect(
      "lab.counter{rate=0/0}", says: "t.lua:1: lab.counter: rate: want a number above 0 or a function, got nan")
    lab.expect("lab.counter{rate=0}", says: "t.lua:1: lab.counter: rate: want a number above 0 or a function, got 0")
    lab.expect(
      "lab.counter{rate=1/0}", says: "t.lua:1: lab.counter: rate: want a number above 0 or a function, got inf")
    lab.expect(
      "lab.counter{kind='rond'}",
      says: "t.lua:1: lab.counter: kind: want \"plain\" or \"round\", got \"rond\", did you mean \"round\"?")
    lab.expect("lab.counter{kind=1}", says: "t.lua:1: lab.counter: kind: want \"plain\" or \"round\", got 1")
    lab.expect(
      "lab.counter{margins={1,'x'}}",
      says: "t.lua:1: lab.counter: margins: want a list of finite numbers, but entry [2] is \"x\"")
    lab.expect(
      "lab.counter{margins={1,a=2}}",
      says: "t.lua:1: lab.counter: margins: want a list of finite numbers, but it has the key \"a\"")
    lab.expect(
      "lab.counter{margins={1,0/0}}",
      says: "t.lua:1: lab.counter: margins: want a list of finite numbers, but entry [2] is nan")
    lab.expect("lab.counter{init=3}", says: "t.lua:1: lab.counter: init: want a table of options, got 3")
    lab.expect("lab.counter{init={std=0}}", says: "t.lua:1: lab.counter: init.std: want a number above 0, got 0")
    lab.expect("lab.math.map(3, 4)", says: "t.lua:1: lab.math.map: f: want a function, got 3")
    lab.expect(
      "return lab.counter() + {}", says: "t.lua:1: Counter '+': right: want a Counter or an integer, got a table")
  }

  @Test func theCountOfArgumentsIsChecked() {
    lab.expect(
      "lab.math.map(print)", says: "t.lua:1: lab.math.map: argument 'x' is missing: want a finite number (Its argument)"
    )
    lab.expect("lab.math.map(print, 1, 2)", says: "t.lua:1: lab.math.map: want 2 arguments (f, x), got 3")
    lab.expect("lab.counter({}, 2)", says: "t.lua:1: lab.counter: want 1 argument (a table of options), got 2")
    lab.expect(
      "lab.counter(3)", says: "t.lua:1: lab.counter: want a table of options { start = ..., bytes = ... }, got 3")
    lab.expect("lab.need {}", says: "t.lua:1: lab.need: option 'counter' is missing: want a Counter (What to read)")
    lab.expect("lab.need()", says: "t.lua:1: lab.need: option 'counter' is missing: want a Counter (What to read)")
    lab.expect("lab.need { counter = 1 }", says: "t.lua:1: lab.need: counter: want a Counter, got 1")
  }

  @Test func trailingNilsAreAbsentArguments() throws {
    #expect(try lab.run("local c = lab.counter(nil, nil); c:add(nil, nil); return c.count") == [1])
  }

  @Test func handlesSayWhatIsWrong() {
    lab.expect("lab.counter().cuont = 1", says: "t.lua:1: Counter: unknown field 'cuont'; known: step")
    lab.expect("return lab.counter().adds", says: "t.lua:1: Counter: unknown field 'adds', did you mean 'add'?")
    lab.expect("lab.counter().count = 1", says: "t.lua:1: Counter.count: this field cannot be assigned")
    lab.expect("lab.counter().step = 0", says: "t.lua:1: Counter.step: want an integer of at least 1, got 0")
    lab.expect("lab.counter().step = nil", says: "t.lua:1: Counter.step: want an integer of at least 1, got nil")
    lab.expect(
      "lab.counter().add(3)",
      says: "t.lua:1: Counter:add: self: want a Counter, got 3; methods are called with a colon, as in handle:add(...)")
    lab.expect("lab.counter():add('x')", says: "t.lua:1: Counter:add: by: want an integer, got \"x\"")
    lab.expect("local c = lab.counter(); c:free(); c:add()", says: "t.lua:1: Counter:add: self: the Counter was freed")
    lab.expect(
      "local c = lab.counter(); c:free(); return c.count", says: "t.lua:1: Counter.count: self: the Counter was freed")
    lab.expect(
      "local c = lab.counter(); c:free(); return #c", says: "t.lua:1: Counter '#': self: the Counter was freed")
    lab.expect(
      "local c = lab.counter(); c:free(); lab.need { counter = c }",
      says: "t.lua:1: lab.need: counter: the Counter was freed")
    lab.expect("return lab.counter():free(1)", says: "t.lua:1: Counter:free: want no arguments, got 1")
  }

  @Test func aTypeIsItsMetatableAndNothingElse() throws {
    #expect(try lab.run("return getmetatable(lab.counter())") == [false])
    lab.expect(
      "local fake = setmetatable({}, { __name = 'Counter' }); lab.counter().add(fake)",
      says:
        "t.lua:1: Counter:add: self: want a Counter, got a table; methods are called with a colon, as in handle:add(...)"
    )
    lab.expect(
      "lab.counter().add(io.stdout)",
      says:
        "t.lua:1: Counter:add: self: want a Counter, got a userdata; methods are called with a colon, as in handle:add(...)"
    )
    lab.expect(
      "lab.counter().add(lab.other())",
      says:
        "t.lua:1: Counter:add: self: want a Counter, got an Other; methods are called with a colon, as in handle:add(...)"
    )
  }

  @Test func aModuleSuggestsTheNearestField() {
    lab.expect("lab.coutner()", says: "t.lua:1: lab: has no field 'coutner', did you mean 'counter'?")
    lab.expect("return lab.math.mop", says: "t.lua:1: lab.math: has no field 'mop', did you mean 'map'?")
  }

  @Test func variadicArgumentsAreCheckedOneByOne() throws {
    #expect(try lab.run("return lab.sum(), lab.sum(1, 2, 3.5)") == [0, 6.5])
    lab.expect("lab.sum(1, 'x')", says: "t.lua:1: lab.sum: term 2: want a finite number, got \"x\"")
  }

  @Test func protocolsAndStructuresAreObjectsToo() throws {
    #expect(try lab.run("return lab.size(lab.counter { start = 4 }), lab.size(lab.other())") == [4, 7])
    lab.expect("lab.size(3)", says: "t.lua:1: lab.size: thing: want a sized thing, got 3")
  }

  @Test func aSubclassUsesTheNearestDescribedType() throws {
    #expect(try lab.run("return tostring(lab.special():add(1))") == ["Counter(101)"])
  }

  @Test func oneObjectHasOneHandle() throws {
    #expect(try lab.run("local c = lab.counter(); local d = c:add(1); return c == d, rawequal(c, d)") == [true, true])
    #expect(try lab.run("local c = lab.counter(); return c == lab.counter()") == [false])
  }

  @Test func anUndescribedTypeIsABindingErrorWithItsName() {
    lab.expect("lab.stray()", says: "t.lua:1: lab.stray: the Swift type Stray is not described in any installed module")
  }

  @Test func moduleTablesAreWhatRequireGives() throws {
    #expect(
      try lab.run("return require 'lab.math' == lab.math, _G.lab == nil, package.loaded['lab'] == lab") == [
        true, true, true,
      ])
  }
}
