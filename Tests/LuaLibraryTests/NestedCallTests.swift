import Interactions
import LuaHost
import LuaLibrary
import Testing

/// Scripts that call the library from inside of what the library calls: losses, schedules, `encode`, callbacks.
@Suite struct NestedCallTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function mf(dim) return perigee.models.mf { data = split, dim = dim or 8, seed = 1, score = "dot", init = { std = 0.1 } } end
    local function trainer(options)
      local t = { loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform { count = 5 },
        optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 32, seed = 1 }
      for key, value in pairs(options or {}) do t[key] = value end
      t.model = t.model or mf()
      return perigee.trainer(t)
    end
    local function soft(s) return (s.negative - s.positive):softplus():mean() end
    local function refusal(f, ...) local ok, text = pcall(f, ...) assert(not ok, "not refused") return text end

    """

  // MARK: The trainer itself

  @Test func aTrainerRefusesToTrainInsideItsOwnBatch() throws {
    let values = try run(
      """
      local t, texts = nil, {}
      local function inside()
        texts[#texts + 1] = refusal(t.step, t)
        texts[#texts + 1] = refusal(t.epoch, t)
        texts[#texts + 1] = refusal(t.run, t, { epochs = 1, progress = false })
      end
      t = trainer { loss = function(s) inside() return soft(s) end }
      t.rate = function() inside() return 0.01 end
      local a, b = t:step().loss, t:step().loss
      local u = trainer { loss = soft }
      return #texts, texts[1], a == u:step().loss, b == u:step().loss
      """)
    #expect(values[0] == 12)
    #expect(values[1].asString!.contains("Trainer:step: a batch cannot begin inside a batch (epoch 1, step 1)"))
    #expect(values[2] == true && values[3] == true)
  }

  @Test func encodeCannotTrainItsOwnTrainerEitherNorChangeTheModel() throws {
    let values = try run(
      """
      local t, texts = nil, {}
      local p = perigee.parameter { name = "p", per = "user", data = split, dim = 4, init = { std = 0.1 } }
      local q = perigee.parameter { name = "q", per = "item", data = split, dim = 4, init = { std = 0.1 } }
      local model = perigee.model { data = split, score = "dot", parameters = { p = p, q = q }, encode = function(users, items, x)
        if t then
          texts = { refusal(t.step, t), refusal(p.assign, p, 0), refusal(function() trainer { model = t.model } end),
            refusal(perigee.model, { data = split, score = "cosine", parameters = { p = p, q = q },
              encode = function() return p, q end }) }
        end
        return x.p[users] * 1, x.q
      end }
      t = trainer { model = model, loss = soft }
      local first = t:epoch().loss
      for _ = 1, 8 do t:epoch() end
      return first, texts[1], texts[2], texts[3], texts[4], t:epoch().loss
      """)
    #expect(values[1].asString!.contains("a batch cannot begin inside a batch"))
    for place in 2...4 { #expect(values[place].asString!.contains("in the middle of a batch")) }
    #expect(values[5].asNumber! < values[0].asNumber!)
  }

  @Test func callbacksOfARunCannotTrain() throws {
    let values = try run(
      """
      local t, texts = trainer(), {}
      t:run { epochs = 2, progress = false,
        on_batch = function() texts[1] = refusal(t.run, t, { epochs = 1, progress = false }) texts[2] = refusal(t.epoch, t) end,
        on_epoch = function() texts[3] = refusal(t.run, t, { epochs = 1, progress = false }) texts[4] = refusal(t.step, t) end }
      return t.current_epoch, t.steps == 2 * t.batches_per_epoch, table.unpack(texts)
      """)
    #expect(values[0] == 2 && values[1] == true)
    #expect(values[2].asString!.contains("a run cannot begin inside epoch 2 of the same trainer"))
    #expect(values[4].asString!.contains("Return false from on_epoch to end it"))
  }

  @Test func aLoopOverBatchesThatIsOvertakenEnds() throws {
    for body in [
      "batch:step() t:epoch()", "batch:step() t:run { epochs = 1, progress = false }", "t:step()",
      "for inner in t:batches() do inner:step() end batch:step()",
    ] {
      let text = message("local t = trainer()\nfor batch in t:batches() do \(body) end")
      #expect(text.contains("of epoch 1 is over: the trainer was done with"), "\(body): \(text)")
      #expect(text.hasPrefix("t.lua:\(firstLine + 1):"), "\(body): \(text)")
    }
  }

  @Test func aHeldBatchDoesNotTrainOneOfTheNextEpoch() {
    let text = message("local t = trainer() local held = t:next_batch() t:epoch() held:step()")
    #expect(text.contains("Batch:step: batch 1 of epoch 1 is over"))
    #expect(
      message("trainer():next_batch(trainer():next_batch())").contains("previous: this is a batch of another trainer"))
  }

  @Test func assignmentsInsideALossCountFromTheNextBatchOn() throws {
    let values = try run(
      """
      local t
      t = trainer { loss = function(s) t.batch = 7 return soft(s) end }
      return t:step().size, t:step().size
      """)
    #expect(values == [32, 7])
  }

  @Test func aLossCannotYieldAndAnErrorLeavesTheTrainerUsable() throws {
    let values = try run(
      """
      local bad = true
      local t = trainer { loss = function(s) if bad == "error" then error("on purpose") elseif bad then coroutine.yield(1) end return soft(s) end }
      local _, first = coroutine.resume(coroutine.create(function() t:step() end))
      bad = "error"
      local _, second = pcall(t.step, t)
      bad = false
      local u = trainer { loss = soft }
      return first, second, t:step().loss == u:step().loss, t.steps
      """)
    #expect(values[0].asString!.contains("attempt to yield across a C-call boundary"))
    #expect(values[1].asString!.contains("on purpose (in the loss, epoch 1, batch 1)"))
    #expect(values[2] == true && values[3] == 1)
  }

  @Test func freeingHandlesInsideIsAnErrorAtMost() throws {
    let values = try run(
      """
      local t
      t = trainer { loss = function(s) t:free() return soft(s) end }
      local report = t:step()
      local ok, text = pcall(t.step, t)
      local l; l = perigee.losses.traced(function(s) l:free() return soft(s) end)
      local u = trainer { loss = l }
      u:step()
      return report.step, ok, text, select(2, pcall(u.step, u))
      """)
    #expect(values[0] == 1 && values[1] == false)
    #expect(values[2].asString!.contains("the Trainer was freed"))
    #expect(values[3].asString!.contains("the handle that owned this value is gone"))
  }

  // MARK: Others inside

  @Test func anotherTrainerMayTrainInsideALossAScheduleOrAnEncoding() throws {
    let values = try run(
      """
      local other = trainer { model = mf(4), loss = soft }
      local function plain(s) return soft(s) end
      local t = trainer { loss = function(s) local l = soft(s) other:step() return l end }
      t.rate = function() other:epoch() return 0.01 end
      local u = trainer { loss = plain }
      local same = true
      for _ = 1, 5 do same = same and t:step().loss == u:step().loss end
      return same, other.current_epoch
      """)
    #expect(values[0] == true)
    #expect(values[1].asInteger! >= 5)
  }

  /// A parameter is a value of the loss in the loss, but a number for a model that is evaluated or trained inside of it.
  @Test func parametersOfAnInnerEncodingAreNotPartOfTheOuterLoss() throws {
    let values = try run(
      """
      local w = perigee.parameter { name = "w", shape = { 4, 4 }, init = { std = 0.3 } }
      local u = perigee.parameter { name = "u", per = "user", data = split, dim = 4, init = { std = 0.1 } }
      local i = perigee.parameter { name = "i", per = "item", data = split, dim = 4, init = { std = 0.1 } }
      local inner = perigee.model { data = split, score = "dot", parameters = { u = u, i = i, w = w },
        encode = function(users, items, p) return perigee.matmul(p.u[users], p.w:tensor()), p.i end }
      local scale = perigee.parameter { name = "scale", init = 2 }
      local other = trainer { model = inner, loss = soft }
      local before = w:tensor():sum():item()
      local t = trainer { loss = function(s)
        local value = (s.negative - s.positive) * scale:exp()
        perigee.evaluate(inner, split)
        other:step()
        return (value + scale):softplus():mean()
      end }
      t:epoch()
      return before ~= w:tensor():sum():item(), scale:tensor():item() ~= 2, #t.loss.parameters
      """)
    #expect(values == [true, true, 1])
  }

  @Test func aLossInsideALossKeepsItsValuesApart() throws {
    let values = try run(
      """
      local scores = { positive = perigee.tensor { 1, 2 }, negative = perigee.tensor { { 0, 1 }, { 3, 0 } } }
      local a = perigee.parameter { name = "a", init = 0.5 }
      local b = perigee.parameter { name = "b", init = 0.25 }
      local function inner(s) return ((s.negative - s.positive) * b:exp()):softplus():mean() end
      local alone = perigee.losses.evaluate(inner, scores)
      local nested, gradients
      local value = perigee.losses.evaluate(function(s)
        local x = a:exp()
        nested, gradients = perigee.losses.evaluate(inner, scores)
        return ((s.negative - s.positive) * x * a:sigmoid()):softplus():mean()
      end, scores)
      local plain, own = perigee.losses.evaluate(function(s)
        return ((s.negative - s.positive) * a:exp() * a:sigmoid()):softplus():mean()
      end, scores)
      return nested == alone, value == plain, gradients.parameters.b ~= nil, gradients.parameters.a == nil,
        own.parameters.a ~= nil, own.parameters.b == nil
      """)
    #expect(values == [true, true, true, true, true, true])
  }

  @Test func aValueOfTheOuterLossIsRefusedByTheInnerOne() {
    let text = message(
      """
      local scores = { positive = perigee.tensor { 1, 2 }, negative = perigee.tensor { { 0, 1 }, { 3, 0 } } }
      perigee.losses.evaluate(function(s)
        perigee.losses.evaluate(function(x) return s.positive:mean() end, scores)
        return soft(s)
      end, scores)
      """)
    #expect(text.contains("this value belongs to a batch that is over"))
    #expect(text.hasPrefix("t.lua:\(firstLine + 2):"), "\(text)")
  }

  @Test func rowsOfABatchThatIsOverAreRefused() {
    let text = message(
      """
      local margin = perigee.parameter { name = "m", per = "user", data = split, init = 0.1 }
      local kept
      local t = trainer { loss = function(s) kept = kept or s.users return (soft(s) + margin[kept]:mean()) end }
      t:step() t:step()
      """)
    #expect(text.contains("these rows belong to a batch that is over"))
    #expect(text.hasPrefix("t.lua:\(firstLine + 2):"), "\(text)")
  }

  @Test func aLossThatUsesItselfIsRefused() {
    let text = message(
      """
      local scores = { positive = perigee.tensor { 1 }, negative = perigee.tensor { { 0 } } }
      local loss
      loss = perigee.losses.traced(function(s) perigee.losses.evaluate(loss, scores) return soft(s) end, { name = "mine" })
      trainer { loss = loss }:step()
      """)
    #expect(text.contains("loss 'mine' is in the middle of a batch"))
    #expect(text.hasPrefix("t.lua:\(firstLine + 2):"), "\(text)")
  }

  @Test func aPlateauFollowsItsTrainerWhereverItIsCalled() throws {
    let values = try run(
      """
      local function plateau() return perigee.schedules.plateau { from = 1, factor = 0.5, patience = 1, metric = "recall@5" } end
      local p = { plateau(), plateau(), plateau() }
      local user = perigee.parameter { name = "user", per = "user", data = split, dim = 4, init = { std = 0.1 } }
      local item = perigee.parameter { name = "item", per = "item", data = split, dim = 4, init = { std = 0.1 } }
      local model = perigee.model { data = split, score = "dot", parameters = { u = user, i = item },
        encode = function(users, items, x) p[3](1) return x.u[users] * 1, x.i end }
      local t = trainer { model = model, loss = function(s) return soft(s) * p[2](s.epoch) end }
      t.rate = function(epoch) return 1e-30 * p[1](epoch) end
      t:run { epochs = 4, progress = false, evaluate = { on = "test", metrics = "recall@5" } }
      return p[1].value, p[2].value, p[3].value
      """)
    // Nothing learns: each evaluation after the first is a miss. The last is noted by no batch.
    #expect(values == [0.25, 0.25, 0.25])
  }

  @Test func parametersThatTheScoreFunctionReadsAreTrained() throws {
    let values = try run(
      """
      local u = perigee.parameter { name = "u", per = "user", data = split, dim = 4, init = { std = 0.3 } }
      local i = perigee.parameter { name = "i", per = "item", data = split, dim = 4, init = { std = 0.3 } }
      local w = perigee.parameter { name = "w", shape = { 4 }, init = 1 }
      local model = perigee.model { data = split, parameters = { u = u, i = i, w = w }, encode = function(users, items) return u, i end,
        score = function(users, items) return (users * items * w:tensor()):sum(3) end }
      trainer { model = model, loss = soft }:epoch()
      local moved = (w:tensor() - 1):abs():sum():item()
      return moved > 0
      """)
    #expect(values == [true])
  }

  @Test func theBoundaryOfAModelInLuaIsTrained() throws {
    let values = try run(
      """
      local u = perigee.parameter { name = "u", per = "user", data = split, dim = 4, init = { std = 0.3 } }
      local i = perigee.parameter { name = "i", per = "item", data = split, dim = 4, init = { std = 0.3 } }
      local model = perigee.model { data = split, parameters = { u = u, i = i }, boundary = "linear",
        encode = function(_, _, p) return p.u, p.i end }
      local before = model.parameters.boundary:tensor()
      trainer { model = model, loss = perigee.losses.uib {} }:epoch()
      return (model.parameters.boundary:tensor() - before):abs():sum():item() > 0
      """)
    #expect(values == [true])
  }

  /// The losses of the second model are the same whether or not others score with its parameters in another way in between.
  @Test func modelsThatShareParametersScoreEachInItsOwnWay() throws {
    let values = try run(
      """
      local function losses(others)
        local u = perigee.parameter { name = "u", per = "user", data = split, dim = 4, init = { std = 0.3 } }
        local i = perigee.parameter { name = "i", per = "item", data = split, dim = 4, init = { std = 0.3 } }
        local function model(score)
          return perigee.model { data = split, score = score, parameters = { u = u, i = i }, encode = function(_, _, p) return p.u, p.i end }
        end
        if others then trainer { model = model("dot") } end
        local t = trainer { model = model("cosine") }
        local found = {}
        for k = 1, 4 do
          found[k] = t:step().loss
          if others then model(k % 2 == 0 and "euclidean" or "dot") end
        end
        return table.concat(found, " ")
      end
      local plain = losses(false)
      return plain == losses(true)
      """)
    #expect(values == [true])
  }
}
