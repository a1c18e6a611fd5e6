import Interactions
import LuaHost
import LuaLibrary
import Testing

@Suite struct TrainerBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local model = perigee.models.mf { data = split, dim = 8, seed = 1 }
    local function trainer(options)
      local t = { model = model, loss = perigee.losses.ccl {}, sampler = perigee.samplers.uniform { count = 5 },
        optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 32, seed = 1 }
      for key, value in pairs(options or {}) do t[key] = value end
      return perigee.trainer(t)
    end

    """

  @Test func anEpochLowersTheLoss() throws {
    let values = try run(
      "local t = trainer() local a = t:epoch() for _ = 1, 20 do t:epoch() end return a.loss, t:epoch().loss, t.current_epoch"
    )
    #expect(values[0].asNumber! > values[1].asNumber!)
    #expect(values[2] == 22)
  }

  @Test func aLoopOverBatchesIsTheSameAsAnEpoch() throws {
    let values = try run(
      """
      local a = trainer():epoch().loss
      model = perigee.models.mf { data = split, dim = 8, seed = 1 }
      local t, sum, n = trainer(), 0, 0
      for batch in t:batches() do sum, n = sum + batch:step().loss, n + 1 end
      return a, sum / n, n, t.batches_per_epoch
      """)
    #expect(values[0] == values[1])
    #expect(values[2] == values[3])
  }

  @Test func aBatchThatIsNotTrainedEndsTheLoopWithAnError() {
    #expect(
      message("for batch in trainer():batches() do end").contains(
        "batch 1 was not trained; call batch:step(), apply or skip in the loop, or break"))
  }

  @Test func schedulesAreCalledWithEpochAndStepFromOne() throws {
    let values = try run(
      """
      local seen = {}
      local t = trainer { optimizer = perigee.optimizers.adam { rate = function(epoch, step)
        seen[#seen + 1] = epoch .. ":" .. step
        return 0.01 / epoch
      end } }
      t:epoch() t:epoch()
      return seen[1], seen[#seen], t.steps
      """)
    #expect(values[0] == "1:1")
    #expect(values[1].asString == "2:\(values[2].asInteger!)")
  }

  @Test func fieldsCanBeAssignedBetweenSteps() throws {
    let values = try run(
      """
      local t = trainer()
      t:step()
      t.rate = 0.5
      t.loss.negative_weight = 3
      t.sampler.count = 7
      t.model.dropout = 0.25
      t:step()
      return t.rate, t.optimizer.rate, t.loss.negative_weight, t.sampler.count, t.model.dropout
      """)
    #expect(values == [0.5, 0.5, 3.0, 7.0, 0.25])
  }

  @Test func anErrorInACallbackNamesItsLineAndLeavesTheTrainerUsable() throws {
    let values = try run(
      """
      local t = trainer()
      local ok, message = pcall(t.run, t, { epochs = 3, progress = false, on_epoch = function(report)
        if report.epoch == 2 then error("stop here") end
      end })
      local epoch = t.current_epoch
      t:epoch()
      return ok, message, epoch, t.current_epoch
      """)
    #expect(values[0] == false)
    #expect(values[1].asString!.contains("stop here"))
    #expect(values[1].asString!.contains("t.lua:"))
    #expect(values[2] == 2)
    #expect(values[3] == 3)
  }

  @Test func earlyStoppingRefusesTheTestPart() {
    let text = message(
      "trainer():run { epochs = 2, progress = false, patience = 1, evaluate = { on = \"test\", metrics = \"recall@5\" } }"
    )
    #expect(text.contains("this would select on the test part"))
    #expect(text.contains("select_on_test = true"))
  }

  @Test func evaluationOnAMissingValidationPartSaysHowToGetOne() {
    let text = message("trainer():run { epochs = 1, progress = false, evaluate = { metrics = \"recall@5\" } }")
    #expect(text.contains("has no validation part; split with valid = 0.1"))
  }

  @Test func earlyStoppingEndsAndReportsTheBest() throws {
    let values = try run(
      """
      local run = trainer():run { epochs = 200, progress = false, patience = 2, evaluate = { metrics = { "recall@5" } } }
      return run.ended, run.best.epoch, run.best.value, #run.epochs
      """, split: smallSplit(validShare: true))
    #expect(values[0] == "early_stop")
    #expect(values[1].asInteger! + 2 == values[3].asInteger!)
    #expect(values[2].asNumber! > 0)
  }

  @Test func unknownOptionsSuggestTheNearestName() {
    #expect(message("trainer { sede = 3 }").contains("unknown option 'sede', did you mean 'seed'?"))
    #expect(message("perigee.losses.mml { margin = { 1 } }").contains("did you mean 'margins'?"))
    #expect(message("perigee.losses.mmll {}").contains("mml"))
  }

  @Test func badNumbersAreNamedWithWhatTheyWere() {
    #expect(message("perigee.optimizers.adam { rate = 0/0 }").contains("rate"))
    #expect(message("perigee.optimizers.adam { rate = -1 }").contains("-1"))
    #expect(message("perigee.models.mf { data = split, dim = 64.5 }").contains("64.5"))
    #expect(
      message("trainer { optimizer = perigee.optimizers.adam { rate = function() return 0/0 end } }:step()").contains(
        "nan at epoch 1, step 1"))
    #expect(
      message("perigee.losses.mml { margins = { 0.5, 0.7 }, weights = { 1 } }").contains(
        "one for each of the 2 margins"))
    #expect(
      message("trainer { loss = perigee.losses.mml { margins = { 0.7, 0.5 }, weights = { 1, 1 } } }:step()").contains(
        "margins must ascend"))
  }

  @Test func aUserWithEveryItemIsLeftOutWhereNegativesExcludePositives() throws {
    let dataset = Dataset(name: "full", userCount: 2, itemCount: 2, users: [0, 0, 1], items: [0, 1, 0])
    let split = Split(
      dataset: dataset, train: dataset.interactions, valid: nil, test: dataset.interactions, rule: "test")
    let result = try run(
      """
      local t = trainer { sampler = perigee.samplers.uniform { exclude_positives = true }, batch = 1 }
      local report = t:epoch()
      return #t.left_out_users, t.left_out_users[1], t.batches_per_epoch, report.batches
      """, split: split)
    #expect(result == [1, "0", 1, 1])
  }

  @Test func aLossThatOverflowsStopsTheRunAndSaysWhatToTry() {
    let text = message(
      "local t = trainer { loss = perigee.losses.mse {}, model = perigee.models.mf { data = split, score = \"dot\", init = { std = 1 } }, optimizer = perigee.optimizers.sgd { rate = 1e5 } } for _ = 1, 50 do t:epoch() end"
    )
    #expect(text.contains("the loss 'mse' is"))
    #expect(text.contains("Try a lower rate"))
  }
}
