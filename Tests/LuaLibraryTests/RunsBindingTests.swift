import LuaHost
import LuaLibrary
import Platform
import TestSupport
import Testing

/// The store of runs as scripts see it.
@Suite struct RunsBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function train(options, temperature)
      local model = perigee.models.mf { data = split, dim = 4, seed = 1, init = { std = 0.3 } }
      local trainer = perigee.trainer {
        model = model, loss = perigee.losses.softmax { temperature = temperature or 0.2 }, batch = 32, seed = 5,
        sampler = perigee.samplers.uniform { count = 3 }, optimizer = perigee.optimizers.adam { rate = 0.01 },
      }
      local all = { epochs = 2, progress = false }
      for key, value in pairs(options) do all[key] = value end
      return trainer:run(all), model, trainer
    end

    """

  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/runs.sqlite" }
  private var open: String { "local store = perigee.runs.open { path = \"\(path)\" }\n" }

  @Test func aRunIsRecordedWithWhatIsEvaluatedAfterwards() throws {
    let values = try run(
      """
      local run, model = train({
        store = "\(path)", name = "mine", tags = { "a", "b" }, notes = "note", patience = 3, evaluate = { metrics = "ndcg@5" },
      })
      local result = perigee.evaluate(model, split, { metrics = { "ndcg@5", "recall@5" }, per_user = true })
      \(open)
      local kept = store:get(run.id, { per_user = true })
      local users = kept.per_user.test["ndcg@5"]
      for index, user in ipairs(result.per_user.user) do
        assert(users.user[index] == user and users.value[index] == result.per_user["ndcg@5"][index])
      end
      assert(kept.results.test["recall@5"] == result["recall@5"] and kept.results.valid["ndcg@5"] == run.best.value)
      for index, epoch in ipairs(run.epochs) do
        assert(kept.epochs[index].loss == epoch.loss and kept.metrics[index].value == epoch.metrics["ndcg@5"])
      end
      assert(kept.best.epoch == run.best.epoch and kept.message == run.summary and kept.checkpoint == nil)
      return kept.name, table.concat(kept.tags, " "), kept.notes, kept.state, kept.model, kept.data, kept.split, kept.seed,
        kept.settings.batch, kept.settings.loss, kept.kind, kept.epoch_count, #kept.epochs, kept.script == nil, #users.user
      """, split: smallSplit(validShare: true))
    #expect(
      values == [
        "mine", "a b", "note", "finished", "mf", "small", "ratio(test = 0.2, valid = 0.1, seed = 3)", 5, "32",
        "losses.softmax(temperature = 0.2, reduction = mean)", "trainer", 2, 2, true, 40,
      ])
  }

  @Test func nothingIsRecordedUnlessSomebodyWantsIt() throws {
    #expect(getenv("PERIGEE_STORE") == nil)
    let values = try run("local run = train { name = 'x' } return run.id, train({ store = false }).id")
    #expect(values == [.nil, .nil])
  }

  @Test func evaluationsDuringTheRunBelongToItsEpochs() throws {
    let values = try run(
      """
      local other = perigee.models.popularity { data = split }
      other:fit()
      local model = perigee.models.mf { data = split, dim = 4, seed = 1, init = { std = 0.3 } }
      local trainer = perigee.trainer {
        model = model, loss = perigee.losses.bpr {}, batch = 32, seed = 5, sampler = perigee.samplers.uniform { count = 3 },
        optimizer = perigee.optimizers.adam { rate = 0.01 },
      }
      local seen = {}
      local run = trainer:run { epochs = 2, progress = false, store = "\(path)", on_epoch = function()
        perigee.evaluate(other, split, { metrics = "recall@5" })      -- of another model, and so nobody's
        seen[#seen + 1] = perigee.evaluate(model, split, { metrics = "ndcg@5" })["ndcg@5"]
      end }
      \(open)
      local kept = store:get(run.id, { per_user = true })
      for epoch = 1, 2 do
        local metric = kept.metrics[epoch]
        assert(metric.epoch == epoch and metric.on == "test" and metric.name == "ndcg@5" and metric.value == seen[epoch])
      end
      return #kept.metrics, kept.results.test["ndcg@5"] == seen[2], next(kept.per_user)
      """)
    #expect(values == [2, true, .nil])
  }

  @Test func aFitIsRecorded() throws {
    let values = try run(
      """
      local model = perigee.models.wrmf { data = split, dim = 4, seed = 1 }
      local run = model:fit { epochs = 3, progress = false, store = "\(path)" }
      perigee.evaluate(model, split)
      \(open)
      local kept = store:list {}[1]
      return kept.id == run.id, kept.name, kept.kind, kept.epoch_count, kept.results.test["ndcg@20"] ~= nil,
        kept.settings.alpha, kept.seed
      """)
    #expect(values == [true, "wrmf", "solver", 3, true, "40.0", 1])
  }

  @Test func anErrorOfACallbackIsRecorded() throws {
    let values = try run(
      """
      local ok = pcall(train, { store = "\(path)", on_epoch = function() error "no luck" end })
      \(open)
      local kept = store:list { state = "failed" }
      return ok, #kept, kept[1].message:find("no luck", 1, true) ~= nil
      """)
    #expect(values == [false, 1, true])
  }

  @Test func runsAreListedAndChanged() throws {
    let values = try run(
      """
      \(open)
      local ids = {}
      for i = 1, 4 do
        ids[i] = store:add {
          name = i % 2 == 0 and "even" or "odd", seed = i, results = { ["ndcg@20"] = i / 10 }, settings = { rate = 10 ^ -i, fast = true },
          tags = "t" .. i, started = 1000 + i, seconds = 2,
        }
      end
      local function names(options)
        local found = {}
        for _, run in ipairs(store:list(options)) do found[#found + 1] = run.seed end
        return table.concat(found, " ")
      end
      store:tag(ids[1], { "x", "y" }):untag(ids[1], "x"):note(ids[1], "n"):rename(ids[1], "other"):delete(ids[2])
      local one = store:get(ids[1])
      return names {}, names { where = { "ndcg@20 > 0.15", "rate < 0.01" } }, names { sort = "ndcg@20", reverse = true, limit = 2 },
        names { tags = "y" }, names { since = 1004 }, names { name = "odd" }, table.concat(one.tags, " "), one.notes, one.name,
        one.settings.fast, one.finished - one.started, tostring(store:list { limit = 1 }):match "^id +name"
      """)
    #expect(values.dropLast() == ["4 3 1", "4 3", "1 3", "1", "4", "3", "t1 y", "n", "other", "true", 2])
    #expect(values.last?.asString != nil)
  }

  @Test func groupsAreCompared() throws {
    let values = try run(
      """
      for _, temperature in ipairs { 0.1, 1 } do
        for seed = 1, 2 do
          local run, model = train({ store = "\(path)", name = "t " .. temperature, epochs = 1 + 4 * (seed - 1) }, temperature)
          perigee.evaluate(model, split, { metrics = { "ndcg@5", "recall@5" } })
        end
      end
      \(open)
      local comparison = store:compare { baseline = "t 1", rounds = 99 }
      local first, second = comparison.groups[1], comparison.groups[2]
      assert(tostring(comparison) == comparison.text and comparison.csv:find "^name,metric" and comparison.latex:find "tabular")
      assert(#first.ids == 2 and first["recall@5"].mean > 0 and second["recall@5"].against == nil)
      local ids = { first.ids[1], second.ids[2] }
      local pair = store:compare { ids = ids, by = "id", metrics = "ndcg@5", test = "wilcoxon" }
      return first.name, second.name, first["ndcg@5"].against, first["ndcg@5"].users, first["ndcg@5"].p_t <= 1,
        #comparison.warnings, #pair.groups, pair.groups[1]["recall@5"], pair.markdown:match "^| id | runs | ndcg@5 |"
      """)
    #expect(values == ["t 0.1", "t 1", "t 1", 40, true, 0, 2, .nil, "| id | runs | ndcg@5 |"])
  }

  @Test func mistakesAreNamed() {
    func problem(_ source: String) -> String { message(open + source) }
    #expect(problem("store:get 'kodafemi'").contains("RunStore:get: there is no run 'kodafemi' in \(path)"))
    #expect(problem("store:list { where = 'ndcg' }").contains("\"ndcg\" is no condition; want a name"))
    #expect(problem("store:list { since = 'soon' }").contains("\"soon\" is no moment; want a day"))
    #expect(problem("store:list { tag = 'x' }").contains("unknown option 'tag', did you mean 'tags'?"))
    #expect(problem("store:compare {}").contains("RunStore:compare: no runs to compare"))
    #expect(
      problem("store:add { name = 'x', settings = { a = {} } }").contains(
        "settings: want numbers, strings and booleans by name"))
    let text = folder.write("letter", "this is no database but a letter of some length\n")
    #expect(
      message("train { store = '\(text)' }").contains("Trainer:run: the store of runs \(text) is no SQLite database"))
    #expect(
      message("perigee.runs.open { path = '\(text)' }").contains("perigee.runs.open: the store of runs \(text) is no"))
  }
}
