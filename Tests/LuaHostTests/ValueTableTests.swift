import Testing

@testable import LuaHost

/// What the prompt and `perigee.show` lay out as rows and columns, and what not.
@Suite struct ValueTableTests {
  let state = LuaState()

  func shown(_ lua: String, _ change: (inout ValuePrinter) -> Void = { _ in }) throws -> String {
    var printer = ValuePrinter()
    change(&printer)
    return printer.text(of: try state.run("return \(lua)", name: "t.lua")[0], in: state)
  }

  @Test func recordsAreATableTextsFirstNumbersToTheRight() throws {
    #expect(
      try shown(
        "{ { loss = 0.25, name = 'mml', epochs = 10, done = true }, { loss = 12, name = 'a longer name', epochs = 7, best = 'x' } }"
      )
        == """
        best  name           done  epochs     loss
        ----  -------------  ----  ------  -------
        -     mml            true      10   0.2500
        x     a longer name  -          7  12.0000
        """)
    #expect(
      try shown("{ { a = 1, b = 2 }, { a = 3, b = 4 } }") { $0.columns = ["b", "c"] }
        == "b  c\n-  -\n2  -\n4  -")
  }

  @Test func listsOfListsHaveNoTitlesUnlessTheyAreGiven() throws {
    #expect(try shown("{ { 1, 2.5 }, { 30, 4 }, { 5 } }") == " 1  2.5000\n30  4.0000\n 5       -")
    #expect(
      try shown("{ { 'bpr', 0.1 }, { 'mml', 0.2 } }") { $0.columns = ["loss"] }
        == "loss\n----  ------\nbpr   0.1000\nmml   0.2000")
  }

  @Test func recordsByNameAreATableWhereTheyAreAlike() throws {
    #expect(
      try shown("{ mml = { ndcg = 0.1, recall = 0.2 }, bpr = { ndcg = 0.05, recall = 0.15 } }")
        == "       ndcg  recall\n---  ------  ------\nbpr  0.0500  0.1500\nmml  0.1000  0.2000")
    #expect(
      try shown("{ a = { x = 1 }, b = { y = 1 } }") == "{ a = { x = 1 }, b = { y = 1 } }", "parts of one thing")
  }

  @Test(arguments: [
    "{ { a = 1 } }", "{ { 1, 2 } }", "{}", "{ {}, {} }", "{ 1, { a = 1 } }", "{ { a = 1 }, { [true] = 2 } }",
    "{ { a = 1 }, { a = 2 }, x = 3 }", "{ { 1 }, { 2, x = 1 } }", "{ { a = { 1 } }, { a = { 2 } } }",
    "{ { { 1 } }, { { 2 } } }",
    "{ { a = 1 }, { 1 } }",
  ])
  func whatIsNoTableIsShownAsLua(_ text: String) throws {
    #expect(try shown(text).hasPrefix("{"))
  }

  @Test func reportsInAListSayThemselvesWhatTheyAre() throws {
    #expect(
      try shown(
        "(function() local m = { __tostring = function() return 'me' end } return { setmetatable({ a = 1 }, m), setmetatable({ a = 2 }, m) } end)()"
      )
        == "{ me, me }")
  }

  @Test func numbersOfAColumnAreWrittenInOneWay() throws {
    #expect(try shown("{ { 1e-7, 1.5, 0/0 }, { 0, 2^53, 1/0 } }") == "1e-07        1.5  nan\n    0  9.007e+15  inf")
    #expect(try shown("{ { 1.0 }, { -3 } }") == " 1\n-3")
    #expect(try shown("{ { 0.123456 }, { 2 } }") { $0.decimals = 2 } == "0.12\n2.00")
    #expect(try shown("{ { 1 }, { 'x' } }") == "1\nx", "a column of both is text")
  }

  @Test func longTablesShowTheirEnds() throws {
    let long = "(function() local t = {} for i = 1, 100 do t[i] = { row = i } end return t end)()"
    let lines = try shown(long) { $0.rows = 5 }.split(separator: "\n")
    #expect(lines == ["row", "---", "  1", "  2", "  3", "...", " 99", "100", "(100 rows)"])
    #expect(try shown(long) { $0.rows = 100 }.split(separator: "\n").count == 102)
  }

  @Test func wideTablesNameWhatIsLeftOut() throws {
    let wide = "{ { aaaa = 'xxxxxxxxxx', bbbb = 'y', cccc = 1 }, { aaaa = 'x', bbbb = 'y', cccc = 2 } }"
    #expect(
      try shown(wide) { $0.width = 20 }
        == "aaaa        bbbb\n----------  ----\nxxxxxxxxxx  y\nx           y\n(1 more columns: cccc)")
    let long = "{ { a = ('x'):rep(200) .. '\\27', b = print }, { a = 1, b = 2 } }"
    #expect(try shown(long).split(separator: "\n").allSatisfy { $0.count <= 100 && !$0.contains("\u{1B}") })
  }

  @Test func nothingOfAScriptRuns() throws {
    let trap = "setmetatable({ { a = 1 }, { a = 2 } }, { __index = error, __len = error, __pairs = error })"
    #expect(try shown(trap) == "a\n-\n1\n2")
    // A list that holds itself, and entries that share.
    #expect(try shown("(function() local t = { {}, {} } t[1].t, t[2].t = t, t return t end)()").hasPrefix("{"))
    #expect(try shown("(function() local t = { a = 1 } return { t, t } end)()") == "a\n-\n1\n1")
  }
}
