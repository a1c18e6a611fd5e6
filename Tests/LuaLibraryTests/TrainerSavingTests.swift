import LuaHost
import LuaLibrary
import TestSupport
import Testing

/// A trainer's file and a run's checkpoints, as scripts see them.
@Suite struct TrainerSavingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function mf(options)
      local o = { data = split, dim = 8, seed = 1, init = { std = 0.3 } }
      for key, value in pairs(options or {}) do o[key] = value end
      return perigee.models.mf(o)
    end
    local function same(a, b)
      local x, y = a:user_embeddings():totable(), b:user_embeddings():totable()
      for row = 1, #x do
        for column = 1, #x[row] do
          if x[row][column] ~= y[row][column] then return false end
        end
      end
      return true
    end
    local function trainer(options)
      local o = { model = mf(), batch = 32, seed = 1, loss = perigee.losses.softmax { temperature = 0.2 },
        sampler = perigee.samplers.uniform { count = 3 }, optimizer = perigee.optimizers.adam { rate = 0.01 } }
      for key, value in pairs(options or {}) do o[key] = value end
      return perigee.trainer(o)
    end

    """

  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/m" }

  @Test func aTrainerIsSavedAndLoaded() throws {
    let values = try run(
      """
      local margin
      local function make()
        margin = perigee.parameter { name = "margin", per = "user", data = split, init = 0.5 }
        local margin = margin
        return trainer { loss = function(s)
          return (margin[s.users] - s.positive + s.negative:mean "negatives"):softplus():mean()
        end }
      end
      local whole = make()
      for _ = 1, 4 do whole:epoch() end
      local wanted = margin:tensor():sum():item()
      local first = make()
      first:epoch()
      first:step()
      first:save "\(path)"
      local second = make():load "\(path)"
      local steps = second.steps == first.steps and second.current_epoch == 2
      while #second.history < 4 do second:epoch() end
      return steps, second.history[4].loss == whole.history[4].loss, margin:tensor():sum():item() == wanted, wanted ~= 20,
        same(second.model, whole.model)
      """)
    #expect(values == [true, true, true, true, true])
  }

  @Test func aNumberOfTheLossThatWasAssignedComesBack() throws {
    let values = try run(
      """
      local first = trainer()
      first:epoch()
      first.loss.temperature = 0.5
      first:save "\(path)"
      first:epoch()
      local second = trainer():load "\(path)"
      local temperature = second.loss.temperature
      second:epoch()
      return temperature, same(first.model, second.model)
      """)
    #expect(values == [0.5, true])
  }

  @Test func anotherScriptsTrainerIsRefused() {
    func refusal(_ options: String) -> String {
      message(#"trainer():save "\#(path)" trainer { \#(options) }:load "\#(path)""#)
    }
    #expect(refusal("batch = 16").contains("was saved by another trainer: batch is 32 there and 16 here. Make"))
    #expect(
      refusal("loss = perigee.losses.softmax { temperature = 0.3 }").contains(
        "loss is losses.softmax(temperature = 0.2, reduction = mean) there and losses.softmax(temperature = 0.3, "
          + "reduction = mean) here"))
    #expect(refusal("loss = function(s) return s.positive end").contains("there and a function here"))
    #expect(
      refusal("model = perigee.models.simplex { data = split, dim = 8 }").contains(
        "model's gate is not set there and 0.5 here"))
    #expect(refusal("model = mf { dropout = 0.1 }").contains("dropout is 0 on scoring there and 0.1 on scoring here"))
    #expect(
      refusal("regularization = { weight = 1 }").contains("regularization is none there and 1 of batch_mean here"))
    #expect(refusal("shuffle = false").contains("shuffle is true there and false here"))
    #expect(message(#"trainer():load "\#(path)-none""#).contains("no such file"))
  }

  @Test func aRunGoesOnFromItsCheckpoint() throws {
    let values = try run(
      """
      local function go(t, path, stop)
        return pcall(t.run, t, { epochs = 6, progress = false, patience = 3, evaluate = { metrics = { "recall@5" } },
          checkpoint = path, checkpoint_seconds = 0, on_batch = function(b) if b.step == stop then error "killed" end end })
      end
      local whole = trainer()
      local _, wanted = go(whole, "\(path)-whole")
      local second
      for _, stop in ipairs { 3, 20, 33 } do assert(not go(trainer(), "\(path)", stop)) end
      second = trainer()
      local _, found = go(second, "\(path)")
      return found.summary == wanted.summary, same(second.model, whole.model), second.best.value == whole.best.value, found.ended
      """, split: smallSplit(validShare: true))
    #expect(values[0] == true && values[1] == true && values[2] == true)
    #expect(values[3].asString == "finished" || values[3].asString == "early_stop")
    #expect(
      message("trainer():run { epochs = 1, checkpoint_every = 2 }").contains("give checkpoint = \"FILE\" too")
    )
  }
}
