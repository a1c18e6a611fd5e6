import Testing

@testable import LuaHost

/// Pages of the reference lead to each other.
@Suite struct ReferenceLinkTests {
  let reference = Reference(of: Counter.module)

  @Test(arguments: [
    ("reference/lab.md", "reference/types/Counter.md", "types/Counter.md"),
    ("reference/types/Counter.md", "reference/lab.md", "../lab.md"),
    ("guide/1.md", "reference/types/Counter.md", "../reference/types/Counter.md"),
    ("README.md", "guide/1.md", "guide/1.md"),
  ])
  func theWayBetweenPages(from: String, to: String, way: String) {
    #expect(ReferencePage.way(from: from, to: to) == way)
  }

  @Test(arguments: [
    ("Call `lab.counter { start = 1 }` first.", "Call [`lab.counter { start = 1 }`](../lab.md#lab.counter) first."),
    ("`counter:add()` and `Counter.step`", "[`counter:add()`](#Counter:add) and [`Counter.step`](#fields)"),
    ("`nobody` knows `lab.nobody`", "`nobody` knows `lab.nobody`"),
    ("[`lab.counter`](elsewhere)", "[`lab.counter`](elsewhere)"),
    ("```lua\n`lab.counter`\n```", "```lua\n`lab.counter`\n```"), ("a lone ` mark", "a lone ` mark"),
  ])
  func codeLeadsToWhatItNames(text: String, linked: String) {
    #expect(reference.names.linked(text, from: "reference/types/Counter.md") == linked)
  }

  @Test func nothingLeadsToItself() {
    #expect(reference.names.linked("`lab.counter`", from: "reference/lab.md", at: "lab.counter") == "`lab.counter`")
  }

  @Test(arguments: [
    ("list of Counters", "list of [Counters](types/Counter.md)"),
    ("fun(Counter: Counter): table<string, any>", "fun(Counter: [Counter](types/Counter.md)): table\\<string, any>"),
    ("\"Counter\" or \"a\"", "\"Counter\" or \"a\""), ("integer in [0, 1)", "integer in [0, 1)"),
  ])
  func typesLeadToTheirPages(brief: String, linked: String) {
    #expect(reference.names.linked(type: brief, from: "reference/lab.md") == linked)
  }

  @Test func tablesWithinOptionsHaveRows() {
    let inner: LuaType = .list(.options([.init("rate", .number, "Its step.", default: 0.5)]))
    let function = FunctionDescription(
      "f", "Does.",
      options: [
        .init("groups", inner, "Some.", optional: true),
        .init("draw", .string.or(.table([.init("count", .integer, "How many.")])), "What."),
      ], body: { _ in [] })
    let text = Reference(of: ModuleDescription("lab", "", functions: [function])).pages[1].text
    #expect(text.contains("| `groups[].rate` | number | `0.5` | Its step. |"))
    #expect(text.contains("| `draw.count` | integer | required | How many. |"))
    let types = EditorTypes(of: ModuleDescription("lab", "", functions: [function])).text
    #expect(types.contains("---@field groups? lab.f.options.groups[] Some."))
    #expect(types.contains("---@field draw string|lab.f.options.draw|table What."))
    #expect(types.contains("---@field rate? number Its step. Default 0.5."))
  }
}
