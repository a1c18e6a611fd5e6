import LuaHost
import LuaLibrary
import Testing

@Suite struct GradientBindingTests {
  private static let prelude = """
    local perigee = require "perigee"
    local x = perigee.tensor { 1, 2, 3 }:requires_gradient()
    local function same(tensor, wanted)
      wanted = perigee.tensor(wanted)
      assert(#tensor.shape == #wanted.shape and tensor:eq(wanted):min():item() == 1, tostring(tensor))
    end

    """

  @discardableResult
  private func run(_ source: String) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    return try state.run(Self.prelude + source, name: "t.lua")
  }

  private func message(_ statement: String) throws -> String {
    let text = try run("return select(2, pcall(function() \(statement) end))")[0].asString ?? "no error"
    let prefix = "t.lua:7: "
    #expect(text.hasPrefix(prefix), "\(text)")
    return String(text.dropFirst(prefix.count).prefix { !$0.isNewline })
  }

  // MARK: Gradients

  @Test func backwardBringsGradientsToWhatRequiresThem() throws {
    try run(
      """
      assert(x.gradient == nil and x.recorded)
      x:square():sum():backward()
      same(x.gradient, { 2, 4, 6 })
      local doubled = x * 2
      doubled:backward { gradient = perigee.tensor { 1, 0, 1 } }
      same(x.gradient, { 4, 4, 8 })
      assert(x:clear_gradient() == x and x.gradient == nil)
      local y = x:exp():sum()
      y:backward { retain_graph = true }
      y:backward()
      assert(x:requires_gradient() == x)
      """)
  }

  @Test func gradientReturnsOneForEachInput() throws {
    try run(
      """
      local w = perigee.tensor { 2, 2, 2 }:requires_gradient()
      local dx, dw = perigee.gradient((x * w):sum(), { x, w })
      same(dx, { 2, 2, 2 })
      same(dw, { 1, 2, 3 })
      local one = perigee.gradient((x * w):sum(), x)
      one[1] = 9
      same(dx, { 2, 2, 2 })
      local y = x ^ 3
      local slope = perigee.gradient(y:sum(), x, { create_graph = true })
      same(perigee.gradient(slope:sum(), x), { 6, 12, 18 })
      same(perigee.gradient(y * 1, y, { gradient = perigee.tensor { 1, 2, 3 } }), { 1, 2, 3 })
      local a, b = perigee.gradient(x:sum(), { x, w }, { allow_unused = true })
      assert(a and b == nil and x.gradient == nil)
      """)
  }

  @Test func rowGradientsNameTheirPositions() throws {
    try run(
      """
      local t = perigee.ones { 5, 2 }:requires_gradient()
      local positions, values = perigee.row_gradient((t:gather { 4, 2, -2 } * perigee.tensor { 1, 2 }):sum(), t)
      assert(#positions == 2 and positions[1] == 2 and positions[2] == 4)
      same(values, { { 1, 2 }, { 2, 4 } })
      """)
  }

  @Test func nothingIsRecordedWithinNoGradient() throws {
    try run(
      """
      local recorded, sum = perigee.no_gradient(function(a, b) return (x * 2).recorded, a + b end, 3, 4)
      assert(recorded == false and sum == 7)
      assert(not pcall(perigee.no_gradient, function() error "inside" end))
      assert((x * 2).recorded and not x:gt(1).recorded)
      local rate = 0.5
      x:square():sum():backward()
      perigee.no_gradient(function() x:assign(x - rate * x.gradient) end)
      same(x, { 0, 0, 0 })
      perigee.no_gradient(function() x[2] = 5 end)
      same(x, { 0, 5, 0 })
      same(perigee.gradient((x * perigee.stop_gradient(x)):sum(), x), { 0, 5, 0 })
      same(perigee.gradient((x * x:detach()):sum(), x), { 0, 5, 0 })
      """)
  }

  @Test func layersAreFunctionsAndMethods() throws {
    try run(
      """
      local y = perigee.tensor { { 3, 4 }, { -6, 8 } }
      same(y:leaky_relu(0.5), { { 3, 4 }, { -3, 8 } })
      same(perigee.leaky_relu(y, 0.5), { { 3, 4 }, { -3, 8 } })
      same(y:normalize() * 10, { { 6, 8 }, { -6, 8 } })
      same(perigee.normalize(y, 1, { floor = 100 }) * 100, y:totable())
      same(y:cumsum(1), { { 3, 4 }, { -3, 12 } })
      same(perigee.segment_sum(x, { 2, 1, 2 }, 3), { 2, 4, 0 })
      same(x:segment_mean(perigee.tensor { 2, 1, 2 }, 2), { 2, 2 })
      same(x:dropout { rate = 0.5, seed = 1, position = 3 }, perigee.dropout(x, { rate = 0.5, seed = 1, position = 3 }))
      local p = perigee.tensor { 0.2, 0.7 }:requires_gradient()
      local choice = perigee.straight_through(p:gt(0.5), p)
      same(choice, { 0, 1 })
      same(perigee.gradient((choice * 3):sum(), p), { 3, 3 })
      """)
  }

  @Test func sparseMatricesMultiply() throws {
    try run(
      """
      local m = perigee.sparse { shape = { 2, 3 }, rows = { 2, 1, 2 }, columns = { 1, 2, 3 }, values = { 1, 2, 3 } }
      local n = perigee.sparse { shape = { 2, 3 }, starts = { 1, 2, 4 }, columns = { 2, 1, 3 }, values = perigee.tensor { 2, 1, 3 } }
      same(m:matmul(x), { 4, 10 })
      same(n:matmul(x), { 4, 10 })
      same(m:transposed_matmul(perigee.tensor { 1, 10 }), { 10, 2, 30 })
      same(perigee.gradient(m:matmul(x):sum(), x), { 1, 2, 3 })
      assert(m.count == 3 and m.shape[2] == 3 and tostring(m) == "SparseMatrix(2 x 3, 3 entries)")
      """)
    #expect(
      try message("perigee.sparse { shape = { 2, 3 }, rows = { 3 }, columns = { 1 } }")
        == "perigee.sparse: rows[1]: 3 is out of range; want 1 to 2")
    #expect(
      try message("perigee.sparse { shape = { 2, 3 }, starts = { 1, 2 }, columns = { 1 } }")
        == "perigee.sparse: starts: want 3 ascending numbers from 1 to 2, the number of entries and 1")
    #expect(
      try message("perigee.sparse { shape = { 2, 3 }, columns = { 1 } }")
        == "perigee.sparse: want either rows or starts")
    #expect(
      try message("perigee.sparse { shape = { 2, 3 }, rows = { 1 }, columns = { 1 } }:matmul(perigee.ones { 2, 3 })")
        == "SparseMatrix:matmul: shapes [2, 3] and [2, 3] do not fit; want as many rows on the right as columns on the left"
    )
  }

  // MARK: Checks and errors

  @Test func theCheckSaysWhichElementDisagrees() throws {
    try run(
      """
      local a, b = perigee.tensor { { 0.5, -1 }, { 2, 0.25 } }, perigee.tensor { 1, 2 }
      assert(perigee.check_gradient(function(u, v) return (u * v):tanh() end, { a, b }) < 1e-3)
      assert(perigee.check_gradient(function(u) return u:exp():sum() end, a) < 1e-3)
      -- A gradient within the function: its own derivative is checked.
      assert(perigee.check_gradient(function(u)
        return perigee.gradient((u ^ 3):sum(), u, { create_graph = true })
      end, a) < 1e-2)
      """)
    let text = try message(
      "perigee.check_gradient(function(u, v) return u + v + perigee.stop_gradient(v) * perigee.tensor { 0, 1, 0 } end, { x, x })"
    )
    #expect(text.hasPrefix("perigee.check_gradient: input 2, element { 2 }: backward gives "))
    #expect(text.hasSuffix("; 1 of 3 elements of this input disagree"))
    #expect(
      try message("perigee.check_gradient(function(u) return 1 end, x)")
        == "perigee.check_gradient: body: want a function that returns a Tensor, it returned number")
  }

  @Test func whatCannotWorkSaysWhatToDo() throws {
    #expect(
      try message("perigee.tensor { 1 }:backward()").hasPrefix(
        "Tensor:backward: nothing that the result depends on requires a gradient; call requiringGradient() (in Lua requires_gradient())"
      ))
    #expect(
      try message("x:backward()")
        == "Tensor:backward: got shape [3]; want a single number, or a gradient of this shape; sum() or mean() makes one number"
    )
    #expect(
      try message("local y = x:sum() y:backward() y:backward()")
        == "Tensor:backward: the graph behind 'sum' was used by an earlier backward pass, which freed it; pass retain_graph (retainGraph: true) to the earlier one"
    )
    #expect(
      try message("perigee.gradient(x:sum(), { x, perigee.ones(2) })")
        == "perigee.gradient: inputs[2]: the tensor of shape [2] does not require a gradient; call x:requires_gradient() before computing with it"
    )
    #expect(
      try message("perigee.gradient(x:sum(), { x, perigee.ones(2):requires_gradient() })")
        == "perigee.gradient: inputs[2]: the result does not depend on it; pass allow_unused = true to get nil for it")
    #expect(
      try message("x[1] = 3")
        == "Tensor: the tensor requires a gradient, and a write in place is not recorded; write into a copy, or within no_gradient (withoutGradient)"
    )
    #expect(try message("local y = x:exp() y[1] = 3").contains("is the result of the recorded operation 'exp'"))
    #expect(try message("perigee.zeros(3):assign(x)").contains("the source requires a gradient"))
    #expect(
      try message("local a = perigee.ones(3) local y = (x * a):sum() a[2] = 0 y:backward()")
        == "Tensor:backward: a tensor of shape [3] that the recorded operation 'multiply' needs was changed in place afterwards; write into a copy() instead"
    )
  }

  // MARK: Second order

  private static let hyper = """
    -- The losses of 20 examples, weighed by softplus(lambda); the outer loss after one step of SGD on the inner one.
    local inputs = perigee.random_normal { shape = { 20, 4 }, seed = 1 }
    local targets = perigee.random_uniform { shape = 20, seed = 2 }:round()
    local start = perigee.random_normal { shape = 4, seed = 3 }
    local function losses(theta)
      local scores = inputs:matmul(theta)
      return targets * (-scores):softplus() + (1 - targets) * scores:softplus()
    end
    local function outer(lambda)
      local theta = start:copy():requires_gradient()
      local inner = (losses(theta) * lambda:softplus()):mean()
      local slope = perigee.gradient(inner, theta, { create_graph = true })
      return losses(theta - 0.5 * slope):square():mean()
    end
    local lambda = perigee.random_normal { shape = 20, seed = 4 }

    """

  @Test func theGradientThroughOneStepAgreesWithFiniteDifferences() throws {
    let values = try run(
      Self.hyper + """
        local leaf = lambda:copy():requires_gradient()
        local gradient = perigee.gradient(outer(leaf), leaf)
        local h, largest, length = 0.0625, 0, 0
        for i = 1, 20 do
          local up, down = lambda:copy(), lambda:copy()
          up[i] = up[i] + h
          down[i] = down[i] - h
          local difference = (outer(up):item() - outer(down):item()) / (2 * h)
          largest = math.max(largest, math.abs(difference - gradient[i]))
          length = math.max(length, math.abs(difference))
        end
        return length, largest / length
        """)
    #expect(try #require(values[0].asNumber) > 1e-3)
    #expect(try #require(values[1].asNumber) < 1e-3)
  }

  @Test func memoryStaysFlatOverAThousandRepeats() throws {
    let values = try run(
      Self.hyper + """
        local ballast = perigee.ones { 500, 1000 }:requires_gradient()   -- 2 MB a repeat, if they stayed
        local function once()
          local leaf = lambda:copy():requires_gradient()
          perigee.gradient(outer(leaf) + ballast:square():mean(), leaf)
          local y = outer(leaf) * ballast:exp():mean()
          y:backward { create_graph = true }
          ballast:clear_gradient()
        end
        for _ = 1, 20 do once() end
        local before = perigee.memory()
        for _ = 1, 1000 do once() end
        return perigee.memory() - before
        """)
    #expect(try #require(values[0].asNumber) < 300)
  }
}
