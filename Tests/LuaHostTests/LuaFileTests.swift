import Testing

@testable import LuaHost

/// What Lua files say of themselves becomes descriptions, and what they do not say is named.
@Suite struct LuaFileTests {
  private func files(_ text: String, name: String = "lab.shelf") throws -> [LuaFile] {
    try LuaFileReader([(name, text), ("lab.places", Self.places)], besides: Counter.module).files()
  }

  private static let places = """
    -- Where things are.

    ---@class lab.Place
    ---@field row integer From below.
    ---@field side? "left"|"right" Where in it; the left
    --- one if left out.
    ---@field inner? lab.Place One within.

    return {}
    """

  private static let shelf = """
    -- Things in order. See lab.counter for numbers.
    --
    --   local shelf = require "lab.shelf"
    --   shelf.put({}, "book", 2)
    --
    -- A shelf bends, at last.

    local shelf = {}
    local box = {}

    --- How many there are.
    local function count(things) return #things end

    --- Puts a thing away, as Knuth et al. (p.q) do. It stays there.
    ---@param things string[] What is there already.
    ---@param thing string|number What is put.
    ---@param place? lab.Place Where.
    ---@return integer count How many there are then.
    ---@return string? note What to know.
    function shelf.put(things, thing, place)
      return count(things), thing and place
    end

    --- Opens.
    ---@param done fun(name: string): boolean, string? Asked
    --- for each.
    ---@param ... any More.
    function box:open(done, ...) return done, ... end

    return shelf
    """

  @Test func aFileIsWhatItsHeadSays() throws {
    let file = try #require(try files(Self.shelf).first)
    #expect(file.summary == "Things in order.")
    let details = """
      See lab.counter for numbers.

      ```lua
      local shelf = require "lab.shelf"
      shelf.put({}, "book", 2)
      ```

      A shelf bends, at last.
      """
    #expect(file.details == details)
    #expect(!file.isFunction && file.functions.map(\.name) == ["lab.shelf.put", "box:open"])
    #expect(file.functions.map(\.anchor) == ["lab.shelf.put", "lab.shelf.box:open"])
  }

  @Test func aFunctionIsWhatItsCommentSays() throws {
    let put = try #require(try files(Self.shelf).first?.functions.first?.description)
    #expect(put.signature("put") == "put(things, thing, { row = ..., [side], [inner] }) -> count, note")
    #expect(put.summary == "Puts a thing away, as Knuth et al. (p.q) do." && put.details == "It stays there.")
    #expect(put.parameters.map(\.type.brief) == ["list of strings", "string or number"])
    #expect(put.options.map(\.summary) == ["From below.", "Where in it; the left one if left out.", "One within."])
    #expect(put.options.map(\.type.brief) == ["integer", "\"left\" or \"right\"", "lab.Place"])
    #expect(put.returns.map(\.summary) == ["How many there are then.", "What to know."])
  }

  @Test func aMethodTakesFunctionsAndMore() throws {
    let open = try #require(try files(Self.shelf).first?.functions.last?.description)
    #expect(open.parameters.map(\.type.brief) == ["fun(name: string): boolean, string?"])
    #expect(open.parameters.map(\.summary) == ["Asked for each."])
    #expect(open.variadic?.summary == "More.")
  }

  @Test func aFileThatReturnsAFunctionIsThatFunction() throws {
    let text = """
      -- The sum of numbers.
      --
      --   s = a + b

      --- Both are there.
      ---@param a number One.
      ---@param b number Other.
      return function(a, b) return a + b end
      """
    let file = try #require(try files(text, name: "lab.sum").first), sum = try #require(file.functions.first)
    #expect(file.isFunction && sum.name == "lab.sum" && sum.anchor == "lab.sum")
    #expect(sum.description.details == "```text\ns = a + b\n```\n\nBoth are there.")
  }

  /// Names and defaults from what the function reads; meanings from the library's function, or from the file.
  @Test func optionsAreThoseThatAreRead() throws {
    let text = """
      -- A counter in Lua.

      local options = require "perigee.options"

      ---@class counter.options
      ---@field shares number[] Of what.

      ---@param given counter.options Options.
      return function(given)
        local o = options.read("counter", given, {
          start = 3, shares = { 0.5, 2 },
          kind = options.one_of { "floor", "round" },
        })
        return o
      end
      """
    let library = Counter.module
    let file = try #require(try LuaFileReader([("counter", text)], besides: library).files().first)
    let options = try #require(file.functions.first).description.options
    #expect(options.map(\.name) == ["start", "shares", "kind"])
    #expect(options.map { $0.defaultValue?.text } == ["3", "{ 0.5, 2 }", "\"floor\""])
    #expect(options.map(\.summary).first == library.functions[0].options.first?.summary)
    #expect(options[1].summary == "Of what." && options[2].type.brief == "\"floor\" or \"round\"")
  }

  @Test(arguments: [
    ("function shelf.put(things)", "'lab.shelf.put' has no description"),
    ("--- Puts.\nfunction shelf.put(things)", "nothing says what 'things' of 'lab.shelf.put' is"),
    ("--- Puts.\n---@param thing string It.\nfunction shelf.put(things)", "has no argument 'thing'"),
    ("--- Puts.\n---@param things string[]\nfunction shelf.put(things)", "want ---@param name type what it is"),
    ("--- Puts.\n---@return string\nfunction shelf.put()", "want ---@return type name what it is"),
  ])
  func whatIsNotSaidIsNamed(code: String, problem: String) throws {
    let text = "-- Things.\n\nlocal shelf = {}\n\n\(code)\nend\n\nreturn shelf\n"
    let error = #expect(throws: LuaFileProblems.self) { try files(text) }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix("lab.shelf, line ") == true)
  }

  @Test func aFileWithoutAHeadIsNamed() throws {
    let error = #expect(throws: LuaFileProblems.self) { try files("local a = {}\nreturn a\n") }
    #expect(error?.lines == ["lab.shelf, line 1: nothing says what the file is; begin it with a comment"])
  }
}
