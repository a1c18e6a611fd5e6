import Platform
import TestSupport
import Testing

@testable import LuaHost

/// What Tab offers inside strings.
@Suite struct StringCompletionTests {
  let state = LuaState()
  let folder = TemporaryFolder()

  init() throws {
    let measure = FunctionDescription(
      "measure", "Measures.",
      parameters: [.init("model", .any, "What."), .init("path", .string, "Where to.", optional: true)],
      options: [
        .init("metrics", .string.or(.table), "Which.", optional: true).completing { typed in
          typed.contains("@") ? ["recall@10", "recall@20"] : ["recall@", "auc"]
        },
        .init("checkpoint", .string, "A file.", optional: true),
        .init("mode", .choice(["fast", "slow"]), "How.", optional: true),
        .init(
          "inner", .options([.init("name", .string, "A name.", optional: true).completing { _ in ["ann", "amy"] }]),
          "More.", optional: true),
      ]
    ) { _ in [] }
    let open = FunctionDescription(
      "open", "Opens.",
      parameters: [.init("name", .string, "A name or path.").completing(paths: true) { _ in ["gowalla", "ml-100k"] }]
    ) { _ in [] }
    try state.install(ModuleDescription("lab", "A laboratory.", functions: [measure, open]))
    try state.globals.set("lab", state.run("return require 'lab'", name: "t")[0])
    try state.globals.set("x", 1)
  }

  func offered(_ text: String) -> [String] { state.completions(for: text).candidates }

  @Test func wordsOfTheirFunction() {
    #expect(offered("lab.open \"g") == ["gowalla\""])
    #expect(offered("lab.open('ml") == ["ml-100k'"])
    #expect(offered("lab.measure(x, { metrics = { \"re") == ["recall@"])
    #expect(offered("lab.measure(x, { metrics = { \"auc\", \"recall@") == ["recall@10\"", "recall@20\""])
    #expect(offered("lab.measure(x, { metrics = \"a") == ["auc\""])
    #expect(offered("lab.measure(x, { mode = \"") == ["fast\"", "slow\""])
    #expect(offered("lab.measure(x, { inner = { name = \"a") == ["amy\"", "ann\""])
    #expect(offered("lab.measure(x, { other = \"") == [])
    #expect(offered("print \"g") == [] && offered("nothing.at.all \"g") == [] && offered("\"") == [])
  }

  @Test func anArgumentIsItsOwnAlsoBehindACall() {
    #expect(offered("print(lab.measure(x), lab.open \"g") == ["gowalla\""])
    #expect(offered("lab.measure(lab.open(\"gowalla\"), { metrics = { \"a") == ["auc\""])
    #expect(offered("lab.open \"gowalla\" lab.open 'go") == ["gowalla'"])
  }

  @Test func pathsWhereOneIsTaken() {
    folder.write("data/train.csv", "")
    folder.write("data/test.csv", "")
    folder.write("data/.hidden", "")
    folder.write("deep/er/x", "")
    let path = folder.path
    #expect(offered("lab.open \"\(path)/d") == ["\(path)/data/", "\(path)/deep/"])
    #expect(offered("lab.open \"\(path)/data/t") == ["\(path)/data/test.csv\"", "\(path)/data/train.csv\""])
    #expect(offered("lab.open \"\(path)/data/") == ["\(path)/data/test.csv\"", "\(path)/data/train.csv\""])
    #expect(offered("lab.open \"\(path)/data/.") == ["\(path)/data/.hidden\""])
    #expect(offered("lab.measure(x, '\(path)/data/tr") == ["\(path)/data/train.csv'"])
    #expect(offered("lab.measure('\(path)/data/tr") == [], "the first argument is no path")
    #expect(offered("lab.measure(x, { checkpoint = \"\(path)/de") == ["\(path)/deep/"])
    #expect(offered("lab.open \"\(path)/none/") == [])
  }
}
