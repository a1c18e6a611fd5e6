import Interactions
import LuaHost
import LuaLibrary
import Testing

/// Losses that scripts write.
@Suite struct LuaLossTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function close(a, b, what)
      local gap = (a - b):abs():max():item()
      assert(gap <= 1e-6, (what or "tensors") .. " differ by " .. gap)
    end
    local function scores(rows, negatives)
      return { positive = perigee.random_uniform { shape = { rows }, low = -1, seed = 1 },
        negative = perigee.random_uniform { shape = { rows, negatives }, low = -1, seed = 2 } }
    end
    local function trainer(loss, options)
      local t = { model = perigee.models.mf { data = split, dim = 8, seed = 1 }, loss = loss,
        sampler = perigee.samplers.uniform { count = 5 }, optimizer = perigee.optimizers.adam { rate = 0.01 },
        batch = 32, seed = 1 }
      for key, value in pairs(options or {}) do t[key] = value end
      return perigee.trainer(t)
    end

    """

  // MARK: Training

  @Test func aFunctionTrainsLikeTheNativeLoss() throws {
    let values = try run(
      """
      local function ccl(s)
        return ((1 - s.positive):relu() + 150 * (s.negative - 0.9):relu():mean("negatives")):mean()
      end
      local native, own = trainer(perigee.losses.ccl { margin = 0.9, negative_weight = 150 }), trainer(ccl)
      local gap = 0
      for _ = 1, 5 do gap = math.max(gap, math.abs(native:epoch().loss - own:epoch().loss)) end
      collectgarbage()
      own:epoch()
      return gap, own.loss.compiled, own.loss.fused
      """)
    #expect(values[0].asNumber! < 1e-6)
    #expect(values[1] == 1)
    #expect(values[2] == true)
  }

  @Test func anUpvalueThatChangesBetweenBatchesCounts() throws {
    let values = try run(
      """
      local weight = 1
      local function loss(s) return weight * (s.negative - s.positive):softplus():mean() end
      local given, handle = scores(6, 4), perigee.losses.traced(loss)
      local one = perigee.losses.evaluate(handle, given)
      weight = 3
      return one, perigee.losses.evaluate(handle, given), handle.compiled
      """)
    #expect(abs(values[1].asNumber! - 3 * values[0].asNumber!) < 1e-6)
    #expect(values[2] == 1)
  }

  @Test func theEpochAndTheSizesOfTheBatchAreNumbers() throws {
    let values = try run(
      """
      local seen = {}
      local t = trainer(function(s)
        seen[#seen + 1] = { s.epoch, s.step, s.batch_size, s.negative_count }
        return (s.negative - s.positive):softplus():mean()
      end)
      t:epoch() t:epoch()
      local last = seen[#seen]
      return last[1], last[2] == t.steps, last[3] < 32, last[4]
      """)
    #expect(values == [2, true, true, 5])
  }

  @Test func parametersOfALossLearn() throws {
    let values = try run(
      """
      local temperature = perigee.parameter { name = "temperature", init = 1, min = 0.5 }
      local margin = perigee.parameter { name = "margin", per = "user", data = split, init = 0.5, min = 0, max = 1 }
      local offset = perigee.parameter { name = "offset", per = "item", data = split }
      local t = trainer(function(s)
        local x = (s.negative + offset[s.negative_items] - s.positive - offset[s.positive_items]) / temperature
        return (x + margin[s.users]):softplus():mean() - 0.1 * margin[s.users]:mean()
      end)
      for _ = 1, 30 do t:epoch() end
      local m = margin:tensor()
      return temperature:tensor():item(), m:min():item(), m:max():item(), offset:tensor():abs():max():item(), #t.loss.parameters
      """)
    #expect(values[0].asNumber! >= 0.5 && values[0].asNumber! != 1)
    #expect(values[1].asNumber! >= 0 && values[2].asNumber! <= 1 && values[1].asNumber! < 0.5)
    #expect(values[3].asNumber! > 0)
    #expect(values[4] == 3)
  }

  @Test func aBoundaryLossTrainsAModelThatHasOne() throws {
    let values = try run(
      """
      local function boundary_loss(s)
        local up = perigee.softplus(s.boundary - s.positive)
        local down = perigee.softplus(s.negative - s.boundary):mean("negatives")
        return (up + 2 * down):mean()
      end
      local t = trainer(boundary_loss, { model = perigee.models.mf { data = split, dim = 8, score = "dot", boundary = "linear_bias", init = { std = 0.1 } } })
      local first = t:epoch().loss
      for _ = 1, 20 do t:epoch() end
      return first, t:epoch().loss
      """)
    #expect(values[1].asNumber! < values[0].asNumber!)
  }

  // MARK: Operations

  @Test func everyOperationWorksAsMethodFunctionAndOperator() throws {
    _ = try run(
      """
      local given = scores(7, 5)
      local function same(a, b, what)
        local x, gx = perigee.losses.evaluate(a, given)
        local y, gy = perigee.losses.evaluate(b, given)
        assert(math.abs(x - y) <= 1e-6, what)
        close(gx.negative, gy.negative, what)
        close(gx.positive, gy.positive, what)
      end
      for _, name in ipairs { "exp", "square", "abs", "tanh", "sigmoid", "relu", "softplus", "logsigmoid" } do
        same(function(s) return s.negative[name](s.negative):mean() end, function(s) return perigee[name](s.negative):mean() end, name)
      end
      for _, name in ipairs { "log", "log1p", "sqrt", "reciprocal" } do
        same(function(s) return (s.negative + 2)[name](s.negative + 2):mean() end,
          function(s) return perigee[name](2 + s.negative):mean() end, name)
      end
      for _, name in ipairs { "minimum", "maximum", "pow" } do
        same(function(s) local x = s.negative + 2 return x[name](x, s.positive):mean() end,
          function(s) return perigee[name](s.negative + 2, s.positive):mean() end, name)
      end
      same(function(s) return s.negative:gt(s.positive) * s.negative end and function(s) return (s.negative:gt(s.positive) * s.negative):mean() end,
        function(s) return perigee.where(s.positive:lt(s.negative), s.negative, 0):mean() end, "gt, lt, where")
      same(function(s) return (s.negative:ge(0) * s.negative - s.negative:le(0) * s.negative):mean() end,
        function(s) return s.negative:abs():mean() end, "ge, le")
      same(function(s) return (s.negative:ne(s.positive) * s.negative + s.negative:eq(s.positive)):mean() end,
        function(s) return s.negative:mean() end, "ne, eq")
      same(function(s) return ((s.negative + 2) ^ 2 / 2 - -s.negative):mean() end,
        function(s) return (0.5 * (2 + s.negative):square() + s.negative):mean() end, "operators")
      same(function(s) return s.negative:softmax():square():sum() end, function(s)
        return (s.negative - s.negative:logsumexp("negatives")):exp():square():sum()
      end, "softmax, logsumexp")
      same(function(s) return s.negative:logsoftmax():mean() end,
        function(s) return (s.negative - s.negative:logsumexp("negatives")):mean() end, "logsoftmax")
      same(function(s) return s.negative:clamp(-0.5, 0.5):mean() end, function(s)
        return perigee.minimum(perigee.maximum(s.negative, -0.5), 0.5):mean()
      end, "clamp")
      same(function(s) return s.negative:leaky_relu(0.2):mean() end,
        function(s) return (s.negative:relu() - 0.2 * (-s.negative):relu()):mean() end, "leaky_relu")
      same(function(s) return (s.negative:max("negatives") - s.negative:min("negatives")):sum("batch") end, function(s)
        local largest, smallest = s.negative:rank("negatives"):eq(5), s.negative:rank("negatives"):eq(1)
        return (largest * s.negative - smallest * s.negative):sum()
      end, "max, min, rank")
      same(function(s) return s.negative:cumsum():mean() end, function(s)
        return (s.negative * perigee.tensor { 5, 4, 3, 2, 1 }):mean()
      end, "cumsum, a tensor for each place")
      same(function(s) return (perigee.tensor { 1, 2, 3, 4, 5 } * s.negative - perigee.tensor(2) * s.positive):mean() end, function(s)
        return (s.negative * perigee.tensor { 1, 2, 3, 4, 5 } + s.positive * -2):mean()
      end, "a tensor on the left")
      same(function(s) return (s.positive:same_user_mean() * s.negative:stop_gradient()):mean() end,
        function(s) return (s.positive * s.negative:stop_gradient()):mean() end, "same_user_mean of different users")
      """)
  }

  @Test func nativeAndOwnLossesEvaluateOnGivenScores() throws {
    let values = try run(
      """
      local given = scores(5, 3)
      given.boundary = perigee.zeros { 5 }
      given.item_scores = perigee.zeros { 5, 3 }
      given.log_proposal = perigee.ones { 5, 3 }
      given.users = { 1, 1, 2, 3, 3 }
      local value, gradients = perigee.losses.evaluate(function(s)
        return (s.boundary - s.positive):softplus():same_user_sum() + (s.item_scores * s.log_proposal):mean("negatives")
      end, given)
      local bpr, other = perigee.losses.evaluate(perigee.losses.bpr {}, given)
      return value > 0, gradients.boundary.shape[1], gradients.item_scores.shape[2], other.boundary, bpr > 0,
        gradients.item_scores:sum():item()
      """)
    #expect(values[..<5].elementsEqual([true, 5, 3, .nil, true]))
    #expect(abs(values[5].asNumber! - 1) < 1e-6)
  }

  // MARK: With tensors

  @Test func computedWithTensorsItGivesTheSame() throws {
    _ = try run(
      """
      local given = scores(9, 4)
      given.users = { 1, 2, 1, 2, 3, 4, 5, 5, 5 }
      local t = perigee.parameter { name = "temperature", init = 0.5 }
      local function loss(s)
        local down = (s.negative / t):logsumexp("negatives") - math.log(s.negative_count)
        return (1.1 * down - (s.positive / t):exp():same_user_mean():log()):mean()
      end
      local plain = perigee.losses.traced(loss, { fuse = false })
      assert(not plain.fused)
      local a, ga = perigee.losses.evaluate(loss, given)
      local b, gb = perigee.losses.evaluate(plain, given)
      assert(math.abs(a - b) < 1e-5)
      close(ga.positive, gb.positive)
      close(ga.negative, gb.negative)
      local gap = (ga.parameters.temperature - gb.parameters.temperature):abs():item()
      assert(gap < 1e-5, gap)
      """)
  }

  @Test func anOperationOfTensorsOnlyIsComputedWithTensors() throws {
    let values = try run(
      """
      local calls = 0
      local function hardest(s)
        calls = calls + 1
        local values = (s.negative - s.positive):topk(2)
        return values:softplus():mean()
      end
      local function same(s)
        local x = s.negative - s.positive
        return (perigee.where(x:rank("negatives"):gt(2), x:softplus(), 0):sum("negatives") / 2):mean()
      end
      local given, loss = scores(6, 4), perigee.losses.traced(hardest)
      local a, ga = perigee.losses.evaluate(loss, given)
      local b, gb = perigee.losses.evaluate(same, given)
      close(ga.positive, gb.positive)
      close(ga.negative, gb.negative)
      local own = trainer(function(s) return (s.negative - s.positive):tensor():softplus():mean() end)
      local bpr = trainer(perigee.losses.bpr {})
      local gap = math.abs(own:epoch().loss - bpr:epoch().loss)
      return a - b, calls, loss.fused, gap, own.loss.fused
      """)
    #expect(abs(values[0].asNumber!) < 1e-6)
    #expect(values[1] == 2)  // recorded in vain, then computed
    #expect(values[2] == false)
    #expect(values[3].asNumber! < 1e-5)
    #expect(values[4] == false)
  }

  @Test func parametersLearnWithTensorsAsWell() throws {
    let values = try run(
      """
      local function train(fuse)
        local margin = perigee.parameter { name = "margin", per = "user", data = split, init = 0.5 }
        local t = trainer(perigee.losses.traced(function(s)
          return (s.negative - s.positive + margin[s.users]):softplus():mean() - 0.3 * margin[s.users]:mean()
        end, { fuse = fuse }))
        for _ = 1, 3 do t:epoch() end
        return margin:tensor()
      end
      local a, b = train(true), train(false)
      return (a - b):abs():max():item(), (a - 0.5):abs():max():item()
      """)
    #expect(values[0].asNumber! < 1e-4)
    #expect(values[1].asNumber! > 0.01)
  }

  // MARK: Errors

  @Test func resultsThatAreNoLossAreExplained() {
    let evaluate = { (body: String) in
      self.message("perigee.losses.evaluate(function(s) \(body) end, scores(3, 2))")
    }
    #expect(evaluate("").contains("returned nothing"))
    #expect(evaluate("return 1").contains("forgets to use the scores"))
    #expect(evaluate("return {}").contains("returned a table"))
    #expect(evaluate("return s.negative").contains("a value for each negative"))
    #expect(evaluate("return s.positive:sign()").contains("no gradient"))
    #expect(
      evaluate("return s.boundary").contains(
        "the loss reads the users' boundary, and the model has none; make it with boundary"))
    #expect(evaluate("return s.negatives").contains("did you mean 'negative'?"))
    #expect(evaluate("return s.positive:softplus_():mean()").contains("did you mean 'softplus'?"))
    #expect(evaluate("return s.positive:mean('negatives')").contains("the axis that is left is \"batch\""))
    #expect(evaluate("return s.positive:mean('rows')").contains("want \"negatives\" or \"batch\""))
    #expect(
      evaluate("return s.positive + 'x'").contains("want a LossValue, a number, a Parameter or a Tensor, got \"x\""))
    #expect(evaluate("return s.positive[1]").contains("cannot be indexed"))
  }

  @Test func comparisonsInAnIfExplainWhere() {
    for comparison in ["s.positive < 0", "0 < s.positive", "s.positive <= s.positive", "s.positive == s.negative"] {
      let text = message(
        "perigee.losses.evaluate(function(s) if \(comparison) then return s.positive end end, scores(3, 2))")
      #expect(text.contains("perigee.where(x:"), "\(comparison): \(text)")
      #expect(text.hasPrefix("t.lua:\(firstLine): "))
    }
  }

  @Test func anErrorInTheLossSaysItsLineEpochAndBatch() {
    let text = message(
      """
      local t = trainer(function(s)
        if s.epoch == 2 and s.step % 3 == 0 then error("I do not like this batch") end
        return (s.negative - s.positive):softplus():mean()
      end)
      t:epoch()
      t:epoch()
      """)
    #expect(text.hasPrefix("t.lua:\(firstLine + 1): I do not like this batch (in the loss, epoch 2, batch "), "\(text)")
  }

  @Test func aLossIsNamedByItsPlaceOrByTheScript() throws {
    let values = try run(
      "local f = function(s) return s.positive end return tostring(perigee.losses.traced(f)), tostring(perigee.losses.traced(f, { name = 'mine' }))"
    )
    #expect(values[0].asString == "losses.traced(loss at t.lua:\(firstLine))")
    #expect(values[1].asString == "losses.traced(mine)")
  }

  @Test func aLossThatIsNotANumberStopsTraining() {
    let text = message(
      "trainer(function(s) return ((s.negative - s.positive):softplus() * 0 + (s.positive * 0):log()):mean() end):epoch()"
    )
    #expect(text.contains("the loss 'loss at t.lua:\(firstLine)' is "), "\(text)")
    #expect(text.contains("epoch 1, step 1"))
  }

  @Test func valuesOfAnEarlierBatchAreRefused() {
    let values = message(
      "local kept local t = trainer(function(s) kept = kept or s.positive return (s.negative - kept):softplus():mean() end) t:step() t:step()"
    )
    #expect(values.contains("belongs to a batch that is over"), "\(values)")
    let whole = message(
      "local kept local t = trainer(function(s) kept = kept or s return (s.negative - kept.positive):softplus():mean() end) t:step() t:step()"
    )
    #expect(whole.contains("belong to a batch that is over"), "\(whole)")
  }

  @Test func parametersOutsideALossSayWhereTheyBelong() {
    let parameter = "local m = perigee.parameter { name = 'm', per = 'user', data = split } "
    #expect(message(parameter + "return m:same_user_sum()").contains("a parameter alone has a value only there"))
    #expect(message(parameter + "return m[1]").contains("in a loss only"))
    #expect(
      message(parameter + "perigee.losses.evaluate(function(s) return s.positive + m end, scores(2, 2))")
        .contains("write m[s.users]"))
    #expect(
      message(
        parameter + "perigee.losses.evaluate(function(s) return s.positive + m[s.positive_items] end, scores(2, 2))"
      )
      .contains("a row for each user"))
    #expect(
      message(parameter + "perigee.losses.evaluate(function(s) return s.positive + m[s.users] end, scores(2, 2))")
        .contains("give the users"))
  }

  @Test func theProgramCanBeRead() throws {
    let values = try run(
      "local l = perigee.losses.traced(function(s) return s.negative:relu():mean() end) perigee.losses.evaluate(l, scores(2, 20)) return l:program()"
    )
    #expect(values[0].asString!.contains("relu"))
    #expect(values[0].asString!.contains("to d negative"))
  }

  @Test func valuesOfPastBatchesDoNotPileUp() throws {
    let values = try run(
      """
      local loss = perigee.losses.traced(function(s)
        local cost = 0
        for k = 1, 10 do cost = cost + (s.negative - k / 10):relu() end
        return cost:mean()
      end)
      perigee.losses.measure(loss, { batch = 2, negatives = 2, repeats = 10000 })
      return collectgarbage("count")
      """)
    // 300,000 values were made; the few that live take kilobytes.
    #expect(values[0].asNumber! < 4096)
  }

  @Test func whatALossCostsCanBeMeasured() throws {
    let values = try run(
      "local m = perigee.losses.measure(function(s) return s.negative:relu():mean() end, { batch = 8, negatives = 4, repeats = 3 }) return m.prepare, m.first, m.evaluate"
    )
    #expect(values.allSatisfy { $0.asNumber! > 0 })
  }
}
