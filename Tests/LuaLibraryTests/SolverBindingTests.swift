import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Testing

/// Models that `model:fit` fits: made, fitted, evaluated, asked, saved and loaded from a script.
@Suite struct SolverBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local quiet = { progress = false }
    local makers = {
      wrmf = function(options)
        local all = { data = split, dim = 6, alpha = 5, regularization = 0.5, seed = 1 }
        for key, value in pairs(options or {}) do all[key] = value end
        return perigee.models.wrmf(all)
      end,
      popularity = function() return perigee.models.popularity { data = split } end,
      ease = function() return perigee.models.ease { data = split, l2 = 5 } end,
      item_neighbors = function() return perigee.models.item_neighbors { data = split, k = 8, shrinkage = 1 } end,
    }
    local function fit(name)
      local model = makers[name]()
      model:fit { epochs = name == "wrmf" and 5 or nil, progress = false }
      return model
    end

    """

  private static let names = ["wrmf", "popularity", "ease", "item_neighbors"]

  @Test(arguments: names) func itEvaluatesAndRecommends(_ name: String) throws {
    let values = try run(
      """
      local model = fit "\(name)"
      local result = perigee.evaluate(model, split, { metrics = { "recall@5", "auc" } })
      local list = model:recommend("3", { k = 4 })
      local lists = perigee.recommend(model, { "3", "4" }, { k = 4 })
      local same = lists[1][1].item == list[1].item and lists[2].user == "4"
      local score = model:score("3", list[1].item)
      return result["recall@5"], result.auc, #list, same, math.abs(score - list[1].score) < 1e-5, tostring(model)
      """)
    // Whoever sees the planted parity finds it; popularity cannot.
    #expect(values[0].asNumber! > (name == "popularity" ? 0 : 0.4) && values[1].asNumber! > 0.3, "\(values)")
    #expect(values[2...4] == [4, true, true])
    #expect(values[5].asString!.hasPrefix("models.\(name)(40 users, 30 items"))
  }

  @Test(arguments: names) func itSavesAndLoads(_ name: String) throws {
    let path = NSTemporaryDirectory() + "perigee-solver-\(name)-\(getpid()).model"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let values = try run(
      """
      local model = fit "\(name)":save "\(path)"
      local loaded = makers["\(name)"]():load "\(path)"
      local same = true
      for key, parameter in pairs(model.parameters) do
        local gap = (parameter:tensor() - loaded.parameters[key]:tensor()):abs():max():item()
        same = same and gap == 0
      end
      local metrics = { metrics = { "ndcg@5" } }
      local made = perigee.load("\(path)", { data = split })
      local value = perigee.evaluate(made, split, metrics)["ndcg@5"]
      local other = split.dataset:split { kind = "ratio", test = 0.2, seed = 9 }
      local refused = select(2, pcall(perigee.evaluate, loaded, other))
      return same, perigee.evaluate(loaded, split, metrics)["ndcg@5"] == perigee.evaluate(model, split, metrics)["ndcg@5"], refused,
        value == perigee.evaluate(model, split, metrics)["ndcg@5"], made.name, select(2, pcall(made.fit, made))
      """)
    #expect(values[0] == true && values[1] == true)
    #expect("\(values[2])".contains("the model was trained on another split"))
    #expect(values[3] == true && values[4].asString == name)
    #expect("\(values[5])".contains("make it by perigee.models.\(name)"), "\(values[5])")
  }

  @Test func aModelIsNotLoadedIntoAnother() throws {
    let path = NSTemporaryDirectory() + "perigee-solver-other-\(getpid()).model"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text = message("fit 'ease':save '\(path)' makers.item_neighbors():load '\(path)'")
    #expect(text.contains("holds a model of kind 'ease', and this one is 'item_neighbors'"), "\(text)")
  }

  @Test func aRunReportsItsEpochs() throws {
    let values = try run(
      """
      local model, seen = makers.wrmf(), {}
      local run = model:fit {
        epochs = 4, progress = false, evaluate = { on = "test", metrics = "recall@5", every = 2 },
        on_epoch = function(report) seen[#seen + 1] = report.objective end,
      }
      local falls = true
      for n = 2, 4 do falls = falls and run.epochs[n].objective <= run.epochs[n - 1].objective end
      local more = model:fit { epochs = 1, progress = false }
      return #run.epochs, #seen, seen[4] == run.epochs[4].objective, falls, run.ended, run.epochs[1].metrics["recall@5"],
        run.epochs[4].metrics["recall@5"] > 0, more.epochs[1].epoch, tostring(run):match "^epoch +objective +seconds +recall@5" ~= nil,
        run.seconds > 0
      """)
    #expect(values == [4, 4, true, true, "finished", .nil, true, 5, true, true])
  }

  @Test func onEpochEndsAFit() throws {
    let values = try run(
      """
      local model = makers.wrmf()
      local run = model:fit { epochs = 9, progress = false, on_epoch = function(r) return r.epoch < 3 end }
      return #run.epochs, run.ended, run.summary
      """)
    #expect(
      values == [
        3, "callback", "on_epoch ended the fit after epoch 3; the model has the parameters of the last whole epoch",
      ])
  }

  @Test func earlyStoppingPutsTheBestEpochBack() throws {
    let values = try run(
      """
      local model, at = makers.wrmf(), {}
      local run = model:fit {
        epochs = 30, progress = false, patience = 2, evaluate = { metrics = { "ndcg@5", "recall@5" } }, monitor = "recall@5",
        on_epoch = function(r) at[r.epoch] = model.parameters.item:tensor() end,
      }
      local gap = (at[run.best.epoch] - model.parameters.item:tensor()):abs():max():item()
      return run.best.metric, run.best.on, gap, run.best.value == run.epochs[run.best.epoch].metrics["recall@5"]
      """, split: smallSplit(validShare: true))
    #expect(values == ["recall@5", "valid", 0, true])
  }

  @Test func methodsAgreeAndSeedsDecide() throws {
    let values = try run(
      """
      local function rows(options)
        local model = makers.wrmf(options)
        model:fit { epochs = 2, progress = false }
        return model:user_embeddings(), model
      end
      local exact, model = rows()
      local steps = rows { method = "cg", steps = 50 }
      local again, other = rows(), rows { seed = 2 }
      local shifted = rows { confidence = "alpha", alpha = 6 }
      local function gap(a) return (exact - a):abs():max():item() end
      return gap(again), gap(shifted), gap(steps) < 1e-3, gap(other) > 1e-3, model.dim, model.score_function, model.name
      """)
    #expect(values == [0, 0, true, true, 6, "dot", "wrmf"])
  }

  // MARK: Bad input

  @Test(arguments: [
    ("makers.wrmf():fit()", "wrmf is fitted in epochs: say how many, such as epochs = 15"),
    ("makers.ease():fit { epochs = 3 }", "ease has its answer after one pass: leave epochs out"),
    ("makers.popularity():fit { patience = 3 }", "popularity has its answer after one pass: leave patience out"),
    ("makers.wrmf():fit { epochs = 3, patience = 1 }", "early stopping needs evaluate"),
    (
      "makers.wrmf():fit { epochs = 3, patience = 1, evaluate = { on = 'test' } }", "this would select on the test part"
    ),
    ("makers.wrmf():fit { epochs = 3, evaluate = {} }", "has no validation part"),
    ("perigee.models.mf { data = split }:fit { epochs = 1 }", "model 'mf' has no solver: it learns by gradients"),
    ("makers.wrmf { alpha = -1 }", "alpha"), ("makers.wrmf { alpha = 0 / 0 }", "alpha"),
    ("makers.wrmf { alpha = 0, confidence = 'alpha' }", "alpha is 0.0; want a number above 0"),
    ("makers.wrmf { regularization = 0 }", "regularization"), ("makers.wrmf { steps = 3 }", "say method = \"cg\" too"),
    ("perigee.models.ease { data = split, l2 = 0 }", "l2"),
    ("perigee.models.item_neighbors { data = split, k = 0 }", "k"),
    ("perigee.evaluate(makers.ease(), split)", "ease has no scores yet: call model:fit()"),
    ("makers.item_neighbors():recommend('3')", "item_neighbors has no scores yet: call model:fit()"),
    ("fit 'ease':user_embeddings()", "model 'ease' has no rows of users and items"),
  ]) func whatMeansNothing(_ source: String, _ wanted: String) {
    let text = message(source)
    #expect(text.hasPrefix("t.lua:") && text.contains(wanted), "\(text)")
  }

  @Test func aTrainerDoesNotTakeIt() {
    let text = message(
      """
      perigee.trainer { model = makers.wrmf(), loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform {},
        optimizer = perigee.optimizers.adam { rate = 0.01 } }
      """)
    #expect(text.contains("wrmf") && text.contains("fit"), "\(text)")
  }

  @Test func aFitInsideAFitIsRefusedAndAnErrorOfACallbackKeepsWhatWasFitted() throws {
    let values = try run(
      """
      local model = makers.wrmf()
      local inner, told
      model:fit { epochs = 2, progress = false, on_epoch = function()
        _, inner = pcall(function() model:fit { epochs = 1, progress = false } end)
        _, told = pcall(function() makers.ease():fit { progress = false } end)
      end }
      local ok, text = pcall(model.fit, model, { epochs = 2, progress = false, on_epoch = function() error "mine" end })
      return inner, told, ok, text:find("mine", 1, true) ~= nil, model:fit { epochs = 1, progress = false }.epochs[1].epoch
      """)
    #expect("\(values[0])".contains("a fit cannot begin inside a fit of the same model"), "\(values[0])")
    #expect(values[2] == false && values[3] == true && values[4] == 4)
  }

  /// A dim beyond the number of items, users without anything, and one user who has everything.
  @Test func edgesOfTheData() throws {
    let users: [Int32] = [1, 1, 1, 1, 2, 2, 3, 5]
    let items: [Int32] = [0, 1, 2, 3, 0, 1, 2, 3]
    let data = Dataset(name: "edges", userCount: 6, itemCount: 5, users: users, items: items)
    let train = InteractionMatrix(userCount: 6, itemCount: 5, users: users, items: items)
    let test = InteractionMatrix(userCount: 6, itemCount: 5, users: [0, 2, 4], items: [1, 2, 4])
    let split = Split(dataset: data, train: train, valid: nil, test: test, rule: "given")
    let values = try run(
      """
      local model = makers.wrmf { dim = 40 }
      model:fit { epochs = 4, progress = false }
      local all = {}
      for _, name in ipairs { "wrmf", "popularity", "ease", "item_neighbors" } do
        all[#all + 1] = perigee.evaluate(fit(name), split, { metrics = "recall@2" }).users
      end
      return model:user_embeddings()[1]:square():sum():item(), table.concat(all, " ")
      """, split: split)
    #expect(values == [0, "3 3 3 3"])
  }
}
