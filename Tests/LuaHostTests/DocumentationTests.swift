import Testing

@testable import LuaHost

/// Help, the reference, the editor types and completion all tell what the descriptions say.
@Suite struct DocumentationTests {
  let lab: Lab
  init() throws { lab = try Lab() }

  /// Every function with the name a reader looks for, and its parameters and options.
  static func functions(of module: ModuleDescription, path: String) -> [(name: String, function: FunctionDescription)] {
    module.functions.map { ("\(path).\($0.name)", $0) }
      + module.types.flatMap { type in type.methods.map { ("\(type.name):\($0.name)", $0) } }
      + module.modules.flatMap { functions(of: $0, path: "\(path).\($0.name)") }
  }

  @Test func everyFunctionIsInHelpAndReferenceAndTypes() throws {
    let reference = Reference(of: Counter.module).pages.map(\.text).joined(separator: "\n")
    let types = EditorTypes(of: Counter.module).text
    let all = Self.functions(of: Counter.module, path: "lab")
    #expect(all.count >= 11)
    for (name, function) in all {
      let help = lab.state.help(LuaValue(name))
      #expect(help.hasPrefix(name) && help.contains(function.summary), "\(name): \(help)")
      #expect(reference.contains("```lua\n\(function.signature(name))\n```"), "\(name)")
      #expect(types.contains("function \(name)("), "\(name)")
      for entry in function.parameters + function.options {
        #expect(help.contains(entry.name) && help.contains(entry.summary), "\(name) \(entry.name)")
        #expect(reference.contains("| `\(entry.name)` |"), "\(name) \(entry.name)")
        let annotation =
          "\(entry.name)\(entry.isRequired ? "" : "?") \(entry.type.tables.isEmpty ? entry.type.annotation : "")"
        #expect(types.contains(annotation), "\(name): \(annotation)")
      }
    }
  }

  @Test func theTypesAreLua() throws {
    let types = EditorTypes(of: Counter.module).text
    #expect(try lab.state.run(types, name: "types.lua").first?.asTable != nil)
  }

  @Test func helpTakesValuesAndNames() throws {
    try lab.state.globals.set("lab", lab.run("return lab")[0])
    let byName = lab.state.help(LuaValue("lab.counter"))
    #expect(try lab.state.help(lab.run("return lab.counter")[0]) == byName)
    #expect(try lab.state.help(lab.run("return lab.counter()")[0]).hasPrefix("Counter"))
    #expect(lab.state.help(LuaValue("lab.countr")).contains("lab.counter"))
  }

  @Test(arguments: [
    ("la", ["lab"]), ("lab.coun", ["counter"]), ("lab.counter { sta", ["start"]),
    ("lab.counter { kind = \"ro", ["round"]), ("lab.math.", ["map"]), ("c:ad", ["add"]), ("c.ste", ["step"]),
    ("lab.counter {}:ad", ["add"]), ("lab.counter({ start = 1 }):add(2).ste", ["step"]),
    ("c:add(f(1), { 2 }):", ["add", "grow"]),
    ("x = lab.counter { kind = \"plain\" }:add(1", []), ("{ lab.counter {}.co", ["count"]),
  ])
  func tabCompletes(text: String, wanted: [String]) throws {
    try lab.state.globals.set("lab", lab.run("return lab")[0])
    try lab.state.globals.set("c", lab.run("return lab.counter()")[0])
    let names = lab.state.completions(for: text).candidates
    for name in wanted { #expect(names.contains { $0.hasPrefix(name) }, "\(text) gave \(names)") }
  }

  @Test(arguments: [
    "c[1]:ad", "(c):ad", "lab.counter {} ad", "lab.nothing {}:ad", "c.count():ad", "f(c):ad", "1 .ad", "'x' c.", "}:a",
    ")):a",
  ])
  func tabOffersNoMembersOfWhatIsNotKnown(text: String) throws {
    try lab.state.globals.set("lab", lab.run("return lab")[0])
    try lab.state.globals.set("c", lab.run("return lab.counter()")[0])
    #expect(!lab.state.completions(for: text).candidates.contains("add"), "\(text)")
  }

  @Test func wordsAreSearchedInNamesOptionsAndTexts() throws {
    let found = lab.state.help(LuaValue("STA"))
    #expect(found.contains("Options and arguments with 'sta':\n") && found.contains("lab.counter { start }"))
    #expect(lab.state.help(LuaValue("zzzqqq")).hasPrefix("There is no help for 'zzzqqq'"))
    #expect(lab.state.help(LuaValue(" ")).hasPrefix("There is no help for"))
    let each = lab.state.help(LuaValue("counter zzzqqq"))
    #expect(each.hasPrefix("Nothing has all of 'counter zzzqqq'.\n\nNames with 'counter':\n  lab.counter"))
    #expect(!lab.state.help(LuaValue("akes")).contains("lab.counter"), "in the middle of a word of a text")
    for (name, function) in Self.functions(of: Counter.module, path: "lab") {
      let words = function.summary.split(separator: " ").prefix(3).joined(separator: " ")
      #expect(lab.state.help(LuaValue(words)).contains(name), "\(words)")
    }
  }

  @Test func helpKeepsToItsWidthButForLua() throws {
    for width in [40, 60, 79] {
      lab.state.helpWidth = width
      for text in [
        try lab.run("return tostring(lab)")[0].asString!, lab.state.help(LuaValue("count")),
        lab.state.help(LuaValue("lab.counter")),
      ] {
        let lines = text.split(separator: "\n").prefix { $0 != "Example" }
        #expect(lines.allSatisfy { $0.count <= width }, "\(width): \(text)")
      }
    }
  }

  @Test func longLinesAreBrokenBetweenWords() {
    let text = "one two three\n\n  name  type  what it is for\nunbreakableunbreakable x"
    #expect(text.wrapped(to: 100) == text)
    #expect(
      text.wrapped(to: 14)
        == "one two three\n\n  name  type\n      what it\n      is for\nunbreakableunbreakable\nx")
    for width in 8...40 {
      let lines = text.wrapped(to: width).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(
        lines.allSatisfy { $0.count <= width || !$0.dropFirst(7).contains(" ") }, "\(width)")
      #expect(lines.joined(separator: " ").split(separator: " ") == text.split { $0 == " " || $0 == "\n" })
    }
  }

  @Test func aModulePrintsAsAnOverview() throws {
    let text = try #require(try lab.run("return tostring(lab)")[0].asString)
    #expect(text.hasPrefix("lab: \(Counter.module.summary)") && text.contains("lab.math"))
    #expect(text.contains("counter") && text.hasSuffix("help \"word\" searches."))
    #expect(try lab.run("return tostring(lab.math)")[0].asString?.hasPrefix("lab.math: ") == true)
  }
}
