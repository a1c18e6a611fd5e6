import LuaHost
import LuaLibrary
import Platform
import TestSupport
import Testing

/// `perigee.plot` as scripts see it.
@Suite struct PlotBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function message(data, options) return select(2, pcall(perigee.plot, data, options)) end

    """

  private let folder = TemporaryFolder()

  private func text(_ script: String) throws -> String {
    try run("return tostring(perigee.plot(\(script)))").first?.asString ?? "nothing"
  }

  @Test func oneCurveInManyForms() throws {
    let wanted = try text("{ 3, 1, 2 }")
    for form in [
      "perigee.tensor { 3, 1, 2 }", "{ values = { 3, 1, 2 } }", "{ { 1, 3 }, { 2, 1 }, { 3, 2 } }",
      "{ points = { { 1, 3 }, { 2, 1 }, { 3, 2 } } }", "{ x = { 1, 2, 3 }, y = perigee.tensor { 3, 1, 2 } }",
      "perigee.tensor { { 1, 3 }, { 2, 1 }, { 3, 2 } }",
    ] {
      #expect(try text(form) == wanted, "\(form)")
    }
    #expect(wanted.contains("3.0┤") && wanted.contains("1.0┤"))
  }

  @Test func severalCurvesByNameOrInAList() throws {
    let wanted = try text("{ b = { 1, 2 }, a = { 2, 1 } }")
    #expect(wanted.hasSuffix("A a   B b"), "\(wanted)")
    #expect(
      try text("{ { name = 'a', values = { 2, 1 } }, { name = 'b', points = { { 1, 1 }, { 2, 2 } } } }") == wanted)
    #expect(try text("{ { 1, 2, 3 }, { 3, 2, 1 } }").hasSuffix("A 1   B 2"))
    #expect(try text("{}").hasSuffix("(nothing to show)"))
    #expect(try text("{ { name = 'a', points = {} }, { name = 'b', points = { { 1, 2 } } } }").contains("A a   B b"))
  }

  @Test func barsOfNumbersByName() throws {
    let wanted = try text("{ b = 2, a = 1 }, { ascii = true, width = 20 }")
    #expect(wanted == "a ######## 1\nb ############### 2", "\(wanted)")
    #expect(
      try text("{ { name = 'a', value = 1 }, { name = 'b', value = 2 } }, { ascii = true, width = 20 }") == wanted)
    let groups = try text(
      "{ { users = 3, ndcg = 0.5 }, { users = 2, ndcg = 0.25 } }, { show = 'ndcg', ascii = true, width = 20 }")
    #expect(groups == "ndcg\n1 ############ 0.5\n2 ###### 0.25", "\(groups)")
    let two = try text("{ bpr = { recall = 1, ndcg = 2 } }, { ascii = true, width = 30 }")
    #expect(two == "bpr  ndcg   ############### 2\n     recall ######## 1", "\(two)")
  }

  @Test func histograms() throws {
    let one = try text("{ 1, 2, 2 }, { kind = 'histogram', x = 'n', ascii = true, width = 24 }")
    #expect(one == "n: count\n1 to 2 ####### 1\n2 to 3 ############## 2", "\(one)")
    let spread = "{ name = 'p', edges = { 0, 1, 2 }, counts = { 1, 2 } }"
    #expect(
      try text("\(spread), { ascii = true, width = 24 }")
        == one.replacing("1 to 2", with: "0 to 1").replacing("2 to 3", with: "1 to 2").replacing(
          "n: count", with: "count"))
    #expect(try text("{ a = { 1, 2 }, b = { 2, 3 } }, { kind = 'histogram' }").hasSuffix("A a   B b"))
    #expect(try text("{ p = \(spread), n = { edges = { 0, 2, 4 }, counts = { 0, 3 } } }").hasPrefix("density\n"))
  }

  @Test func curvesOfRuns() throws {
    let prelude = """
      local model = perigee.models.mf { data = split, dim = 4, seed = 1 }
      local trainer = perigee.trainer {
        model = model, loss = perigee.losses.bpr {}, batch = 32, seed = 5, sampler = perigee.samplers.uniform { count = 3 },
        optimizer = perigee.optimizers.adam { rate = 0.01 },
      }
      local run = trainer:run {
        epochs = 4, progress = false, evaluate = { metrics = { "ndcg@5", "recall@5" } }, store = "\(folder.path)/runs.sqlite",
      }
      local kept = perigee.runs.open { path = "\(folder.path)/runs.sqlite" }:get(run.id)
      local fit = perigee.models.wrmf { data = split, dim = 4, seed = 1 }:fit { epochs = 2, progress = false }

      """
    let values = try run(
      prelude + """
        local text = tostring(perigee.plot(run))
        assert(text == tostring(perigee.plot(trainer.history)) and text == tostring(perigee.plot(kept)))
        assert(text:find("^loss\\n") and text:find("\\n\\n.*A ndcg@5   B recall@5$"), text)
        local one = tostring(perigee.plot({ mine = run, other = kept }, { show = "ndcg@5" }))
        assert(one:find("^ndcg@5\\n") and one:find("A mine   B other$"), one)
        assert(tostring(perigee.plot(fit)):find("^objective\\n"))
        return message(run, { show = "ndcg@6" }), message(run, { kind = "histogram" }), message({ a = run, b = 3 })
        """, split: smallSplit(validShare: true))
    #expect(
      values == [
        "t.lua:2: perigee.plot: show: no run has 'ndcg@6'; did you mean 'ndcg@5'? (loss, ndcg@5, recall@5)",
        "t.lua:2: perigee.plot: kind: a run is drawn as \"line\" or \"points\", not as \"histogram\"",
        "t.lua:2: perigee.plot: data: 'a' is a run, and 'b' is a number; want all of one sort",
      ])
  }

  @Test func spreadsOfScores() throws {
    let values = try run(
      """
      local model = perigee.models.mf { data = split, dim = 4, seed = 1, init = { std = 0.3 } }
      local chart = perigee.plot(perigee.score_distributions(model, split, { bins = 10 }))
      return chart.text:find("density", 1, true), chart.text:find("A negative   B positive$") ~= nil
      """)
    #expect(values == [1, true])
  }

  @Test func aPictureInAFile() throws {
    let path = "\(folder.path)/x.svg"
    let values = try run(
      """
      local chart = perigee.plot({ 1, 0 / 0, 3 }, { file = "\(path)", title = "T <1>", log = "y" })
      local file = io.open "\(path)"
      return file:read "a" == chart.svg, chart.svg:find("T &lt;1&gt;", 1, true) ~= nil, chart.text:find "1 value is" ~= nil
      """)
    #expect(values == [true, true, true])
  }

  @Test(arguments: [
    ("{ 1 }, { file = 'x.png' }", "file: 'x.png': want a name that ends in .svg"),
    ("{ 1 }, { file = '/no/x.svg' }", "file: /no/x.svg cannot be written: No such file or directory"),
    ("'x'", "data: want numbers (a list or a Tensor), points { x, y }, numbers by name, or a run; got a string"),
    (
      "perigee.zeros { 2, 3 }",
      "data: want a tensor of one axis, or of points [n, 2], got [2, 3]; `x:flatten()` makes one axis of all"
    ),
    ("{ x = { 1 }, y = { 1, 2 } }", "data: x has 1 numbers and y 2; want equally many"),
    ("{ a = { { { 1 } } } }", "data.a: want numbers, points { x, y } or numbers by name, got a table of tables"),
    ("{ 1 }, { bins = 3 }", "bins: are for a histogram: give kind = \"histogram\" too"),
    ("{ edges = { 1, 1 }, counts = { 1 } }", "data: want ascending edges and whole counts, one less"),
    ("{ { 1, 2 } }, { kind = 'bar' }", "kind: a curve is drawn as \"line\" or \"points\", not as \"bar\""),
    (
      "{ a = 1 }, { log = 'x' }", "log: the horizontal axis of a bar chart has no logarithms; \"y\" is its values' axis"
    ),
  ])
  func whatCannotBeDrawn(script: String, wanted: String) throws {
    #expect(try run("return message(\(script))") == [LuaValue("t.lua:2: perigee.plot: \(wanted)")])
  }
}
