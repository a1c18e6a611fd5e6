import LuaHost
import LuaLibrary
import Platform
import TestSupport
import Testing

@Suite struct TensorBindingTests {
  static let prelude = """
    local perigee = require "perigee"
    local x = perigee.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
    local function same(tensor, wanted)
      wanted = perigee.tensor(wanted)
      assert(#tensor.shape == #wanted.shape and tensor:eq(wanted):min():item() == 1, tostring(tensor))
    end

    """

  @discardableResult
  func run(_ source: String) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    return try state.run(Self.prelude + source, name: "t.lua")
  }

  /// The message of the error that `statement` raises, without the place in the script.
  func message(_ statement: String) throws -> String {
    let text = try run("return select(2, pcall(function() \(statement) end))")[0].asString ?? "no error"
    let prefix = "t.lua:7: "
    #expect(text.hasPrefix(prefix), "\(text)")
    return String(text.dropFirst(prefix.count).prefix { !$0.isNewline })
  }

  // MARK: Making and converting

  @Test func tensorsAreMadeOfNumbersAndNestedTablesAndComeBackAsTables() throws {
    let values = try run(
      """
      local t = x:totable()
      return #t, #t[2], t[2][3], perigee.tensor(7):totable(), #perigee.tensor {}:totable(), x.rank, x.count, x.shape[2]
      """)
    #expect(values == [2, 3, 6, 7, 0, 2, 6, 3])
  }

  @Test func aTensorOfATensorIsACopy() throws {
    #expect(try run("local y = perigee.tensor(x) y[1] = 0 return x[{ 1, 1 }], y[{ 1, 1 }]") == [1, 0])
  }

  @Test func rangesIncludeTheirEnds() throws {
    try run(
      """
      same(perigee.arange(4), { 1, 2, 3, 4 })
      same(perigee.arange(0, 0.3, 0.1) * 10, { 0, 1, 2, 3 })
      same(perigee.arange(3, 1, -1), { 3, 2, 1 })
      assert(perigee.arange(0).count == 0)
      same(perigee.linspace(0, 1, 3), { 0, 0.5, 1 })
      same(perigee.eye(2), { { 1, 0 }, { 0, 1 } })
      same(perigee.full({ 1, 2 }, 7), { { 7, 7 } })
      same(perigee.one_hot({ 3, 1 }, 3), { { 0, 0, 1 }, { 1, 0, 0 } })
      """)
  }

  @Test func randomTensorsFollowTheirSeed() throws {
    try run(
      """
      local function make(seed) return perigee.random_uniform { shape = { 3, 4 }, low = -1, high = 1, seed = seed } end
      same(make(5), make(5))
      assert(make(5):eq(make(6)):sum():item() < 12)
      assert(make(5):min():item() >= -1 and make(5):max():item() < 1)
      local normal = perigee.random_normal { shape = 20000, mean = 3, std = 2, seed = 1 }
      assert(math.abs(normal:mean():item() - 3) < 0.06 and math.abs(normal:std():item() - 2) < 0.06)
      assert(perigee.xavier_uniform { shape = { 3, 5 }, seed = 1 }:abs():max():item() <= math.sqrt(6 / 8))
      """)
  }

  @Test func npyFilesComeBackAsTheyWere() throws {
    let path = "/tmp/perigee-tensor-binding-\(getpid()).npy"
    defer { unlink(path) }
    try run("x:transpose():write_npy \"\(path)\" same(perigee.read_npy \"\(path)\", { { 1, 4 }, { 2, 5 }, { 3, 6 } })")
    #expect(
      try message("perigee.read_npy 'nowhere.npy'")
        == "perigee.read_npy: nowhere.npy: cannot be opened: No such file or directory")
  }

  // MARK: Indexing

  @Test func positionsCountFromOneOrBackwardsFromTheEnd() throws {
    #expect(
      try run("return x[{ 2, 3 }], x[-1][1], x[1][-1], x[{ -2, -3 }], #x, #x[1], x[2.0][1]") == [6, 4, 3, 1, 2, 3, 4])
    try run(
      """
      same(x[2], { 4, 5, 6 })
      same(x[{ {}, 2 }], { 2, 5 })
      same(x:slice { {}, { 2, 3 } }, { { 2, 3 }, { 5, 6 } })
      same(x:slice { -1, { 1, -1, 2 } }, { 4, 6 })
      same(x:slice { 1, { -1, 1, -1 } }, { 3, 2, 1 })
      same(x:slice { 1, { 3, 2, -1 } }, { 3, 2 })
      assert(x:slice { {}, { 4, 3 } }.count == 0 and x:slice { { 1, 0 } }.count == 0)
      same(x:gather { 2, 2, -2 }, { { 4, 5, 6 }, { 4, 5, 6 }, { 1, 2, 3 } })
      same(x:gather(perigee.tensor { 2 }), { { 4, 5, 6 } })
      """)
  }

  @Test func assignmentWritesNumbersRowsAndTables() throws {
    try run(
      """
      x[1] = 0
      x[{ 2, -1 }] = 9
      same(x, { { 0, 0, 0 }, { 4, 5, 9 } })
      x[1] = { 7, 8, 9 }
      x[{ {}, 1 }] = perigee.tensor { -1, -2 }
      same(x, { { -1, 8, 9 }, { -2, 5, 9 } })
      local row = x[1]
      row[2] = 3
      same(x[1], { -1, 3, 9 })
      same(x:assign(1), { { 1, 1, 1 }, { 1, 1, 1 } })
      """)
  }

  @Test func rangeErrorsReportWhatTheScriptWrote() throws {
    #expect(
      try message("return x[3]")
        == "Tensor: position: 3 is out of range; want 1 to 2, or -2 to -1 from the end, on axis 1 of shape [2, 3]")
    #expect(
      try message("return x[{ 1, -4 }]")
        == "Tensor: position[2]: -4 is out of range; want 1 to 3, or -3 to -1 from the end, on axis 2 of shape [2, 3]")
    #expect(
      try message("x[0] = 1")
        == "Tensor: position: 0 is out of range; want 1 to 2, or -2 to -1 from the end, on axis 1 of shape [2, 3]")
    #expect(
      try message("x:slice { {}, { 2, 5 } }")
        == "Tensor:slice: ranges[2]: 5 is out of range; want 1 to 3, or -3 to -1 from the end, on axis 2 of shape [2, 3]"
    )
    #expect(
      try message("x:gather { 1, 7 }")
        == "Tensor:gather: positions[2]: 7 is out of range; want 1 to 2, or -2 to -1 from the end, of axis 1 of shape [2, 3]"
    )
    #expect(
      try message("x:sum(3)")
        == "Tensor:sum: axis: 3 is out of range; want 1 to 2, or -2 to -1 from the end, for shape [2, 3]")
    #expect(
      try message("perigee.one_hot({ 1, 0 }, 3)")
        == "perigee.one_hot: positions[2]: 0 is out of range; want 1 to 3")
    #expect(
      try message("x:topk(4)") == "Tensor:topk: k: want at most 3, the length of axis 2 of shape [2, 3], got 4")
    #expect(
      try message("return perigee.tensor(1)[1]")
        == "Tensor: position: a tensor of rank 0 has no positions; t:item() gives its number")
    #expect(try message("return x[{ 1, 1, 1 }]").contains("3 entries for shape [2, 3]; want at most one for each axis"))
    #expect(try message("return x.shap") == "Tensor: unknown field 'shap', did you mean 'shape'?")
  }

  // MARK: Arithmetic

  @Test func operatorsTakeNumbersOnEitherSide() throws {
    try run(
      """
      same(x + 1, { { 2, 3, 4 }, { 5, 6, 7 } })
      same(10 - x, { { 9, 8, 7 }, { 6, 5, 4 } })
      same(x * perigee.tensor { 1, 0, 2 }, { { 1, 0, 6 }, { 4, 0, 12 } })
      same(12 / x[1], { 12, 6, 4 })
      same(-x[1] ^ 2, { -1, -4, -9 })
      same(2 ^ x[1], { 2, 4, 8 })
      """)
  }

  @Test func functionsAreThereAsMethodsToo() throws {
    try run(
      """
      for _, name in ipairs { "exp", "log", "log1p", "sqrt", "tanh", "sigmoid", "relu", "softplus", "logsigmoid", "abs" } do
        same(perigee[name](x), x[name](x))
      end
      assert(math.abs(perigee.exp(1):item() - math.exp(1)) < 1e-6)
      assert(math.abs(perigee.logsigmoid(-100):item() + 100) < 1e-4)
      same(x:clamp(2, 5), { { 2, 2, 3 }, { 4, 5, 5 } })
      same(x:clamp(nil, 2), { { 1, 2, 2 }, { 2, 2, 2 } })
      same(x:minimum(3), { { 1, 2, 3 }, { 3, 3, 3 } })
      same(perigee.maximum(3, x), { { 3, 3, 3 }, { 4, 5, 6 } })
      same(x:gt(2) * x:le(5), { { 0, 0, 1 }, { 1, 1, 0 } })
      same(perigee.where(x:ne(4), x, 0), { { 1, 2, 3 }, { 0, 5, 6 } })
      """)
  }

  @Test func shapeErrorsNameTheOperationAndBothShapes() throws {
    #expect(
      try message("return x + perigee.zeros(2)")
        == "Tensor '+': shapes [2, 3] and [2] do not fit; want equal lengths or 1 on each axis, counted from the last")
    #expect(try message("return x:matmul(x)").hasPrefix("Tensor:matmul: shapes [2, 3] and [2, 3] do not fit; want "))
    #expect(
      try message("x:reshape { 4 }")
        == "Tensor:reshape: shapes [2, 3] and [4] do not fit; want a shape of 6 elements, at most one length -1")
    #expect(
      try message("x[1] = { 1, 2 }")
        == "Tensor: shapes [2] and [3] do not fit; want equal lengths or 1 on each axis, counted from the last")
    #expect(
      try message("perigee.concatenate({ x, perigee.zeros { 3, 3 } }, 2)")
        == "perigee.concatenate: shapes [2, 3] and [3, 3] do not fit; want equal lengths except on axis 2")
    #expect(
      try message("return x + 'a'")
        == "Tensor '+': right: want a Tensor, a Parameter, a BatchRows, a number or a LossValue, got \"a\"")
    #expect(try message("x:item()") == "Tensor:item: got shape [2, 3]; want a single element")
  }

  @Test func tablesThatAreNoGridAreRefusedWithTheirPlace() throws {
    #expect(
      try message("perigee.tensor { { 1, 2 }, { 3 } }")
        == "perigee.tensor: data[2]: has 1 entries, data[1] has 2; want equal lengths")
    #expect(
      try message("perigee.tensor { { 1, 2 }, { 3, 'a' } }")
        == "perigee.tensor: data[2][2]: want a number like the entries beside it, got a string")
    #expect(
      try message("perigee.tensor { 1, { 2 } }")
        == "perigee.tensor: data[2]: want a number like the entries beside it, got a table")
    #expect(
      try message("perigee.tensor { { 1 }, 2 }")
        == "perigee.tensor: data[2]: want a table like the entries beside it, got a number")
    #expect(
      try message("perigee.tensor { 1, 2, n = 2 }")
        == "perigee.tensor: data: want entries 1, 2, ... without gaps, it has the key n")
  }

  // MARK: Along axes

  @Test func reductionsTakeAxesFromOneAndKeepThem() throws {
    try run(
      """
      assert(x:sum():item() == 21 and x:mean():item() == 3.5)
      same(x:sum(1), { 5, 7, 9 })
      same(x:sum(-1, { keep = true }), { { 6 }, { 15 } })
      same(x:max({ 1, 2 }), 6)
      same(x:prod(2), { 6, 120 })
      same(x:argmax(2), { 3, 3 })
      assert(x:argmin():item() == 1)
      same(perigee.tensor { 3, 4 }:norm(), 5)
      same(perigee.tensor { 3, -4 }:norm(nil, { order = 1 }), 7)
      same(perigee.tensor { 1, 3 }:variance(1, { correction = 1 }), 2)
      same(perigee.zeros(2):softmax(), { 0.5, 0.5 })
      assert(math.abs(perigee.full(2, 1000):logsumexp():item() - (1000 + math.log(2))) < 1e-3)
      """)
  }

  @Test func sortingGivesPositionsFromOne() throws {
    try run(
      """
      local y = perigee.tensor { 3, 1, 2 }
      same(y:sort(), { 1, 2, 3 })
      same(y:argsort(1, { descending = true }), { 1, 3, 2 })
      local values, positions = y:topk(2)
      same(values, { 3, 2 })
      same(positions, { 1, 3 })
      same(y:gather(y:argsort()), { 1, 2, 3 })
      """)
  }

  @Test func viewsAndProducts() throws {
    try run(
      """
      same(x:reshape { 3, -1 }, { { 1, 2 }, { 3, 4 }, { 5, 6 } })
      same(x:transpose(), { { 1, 4 }, { 2, 5 }, { 3, 6 } })
      same(x:permute { 2, 1 }, x:transpose(1, 2):totable())
      same(perigee.ones { 1, 2 }:expand { 2, 2 }, { { 1, 1 }, { 1, 1 } })
      same(x:matmul(perigee.ones(3)), { 6, 15 })
      same(perigee.matmul(x, x:transpose()), { { 14, 32 }, { 32, 77 } })
      same(perigee.concatenate({ x[1], x[2] }), { 1, 2, 3, 4, 5, 6 })
      same(perigee.stack({ x[1], x[2] }, 2), { { 1, 4 }, { 2, 5 }, { 3, 6 } })
      assert(x:unsqueeze(-1).shape[3] == 1 and x:unsqueeze(1):squeeze().rank == 2)
      """)
  }

  // MARK: Printing and memory

  @Test func tensorsPrintThemselves() throws {
    let texts = try run(
      "return tostring(x / 2), tostring(perigee.tensor(2)), tostring(perigee.zeros { 3000, 4000 }), tostring(perigee.zeros(0))"
    ).map { $0.asString ?? "" }
    #expect(texts[0] == "Tensor [2, 3]\n[[0.5000, 1.0000, 1.5000],\n [2.0000, 2.5000, 3.0000]]")
    #expect(texts[1] == "Tensor []\n2")
    #expect(texts[2].hasPrefix("Tensor [3000, 4000]\n[[0, 0, 0, ..., 0, 0, 0],"))
    #expect(texts[2].count < 300)
    #expect(texts[3] == "Tensor [0]\n[]")
  }

  @Test func temporariesAreCollectedAndViewsKeepTheirElements() throws {
    // 4 GB of temporaries: without their true sizes the collector would let them pile up.
    let values = try run(
      """
      local row
      for i = 1, 1000 do
        local large = perigee.full({ 10, 100000 }, i)
        row = large[10]
      end
      local _, peak = perigee.memory()
      local large = perigee.ones { 2, 2 }
      local view = large[2]
      large:free()
      return row[100000], view[1], peak
      """)
    #expect(values[0] == 1000 && values[1] == 1)
    if !Sanitizer.isAny { #expect(try #require(values[2].asNumber) < 1500) }
  }

  @Test func modelsGiveTheirRows() throws {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.globals.set("split", smallSplit())
    let values = try state.run(
      Self.prelude + """
        local model = perigee.models.mf { data = split, dim = 8, seed = 1, score = "dot" }
        local users, items = model:user_embeddings(), model:item_embeddings()
        local score = (users[3] * items[5]):sum():item()
        local distance = math.abs(score - model:score("2", "4"))
        return users.shape[1], items.shape[1], items.shape[2], distance < 1e-5 * math.abs(score), score ~= 0
        """, name: "t.lua")
    #expect(values == [40, 30, 8, true, true])
  }
}
