import LuaHost
import LuaLibrary
import Platform
import TestSupport
import Testing

/// `perigee.search` as scripts see it.
@Suite struct SearchBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local space = perigee.space
    local function search(options)
      local all = { name = "s", method = "random", trials = 4, progress = false, run = function() return 1 end,
        space = { x = space.uniform(0, 1) } }
      for key, value in pairs(options) do all[key] = value end
      if options.trials == false then all.trials = nil end
      return perigee.search(all)
    end

    """

  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/runs.sqlite" }
  private var store: String { "store = \"\(path)\"" }

  @Test func tablesOfSettingsAreSearched() throws {
    let values = try run(
      """
      local seen = {}
      local study = search { \(store), trials = 30, space = {
          rate = space.log_uniform(1e-4, 1e-1), dim = space.integer(8, 64, { log = true }), margin = space.uniform(-1, 1),
          loss = { "bpr", "ccl" }, mixed = space.choice { 1, 2.5, "x", true }, epochs = 20,
        },
        run = function(settings, trial)
          assert(settings.rate >= 1e-4 and settings.rate <= 1e-1 and math.type(settings.rate) == "float")
          assert(settings.dim >= 8 and settings.dim <= 64 and math.type(settings.dim) == "integer")
          assert(settings.epochs == 20 and trial.seed == 1 and trial.study == "s" and not trial.pruned)
          seen[settings.mixed] = true
          assert(tostring(trial) == "Trial(" .. trial.number .. " of 's', seed 1)")
          return -math.abs(math.log(settings.rate, 10) + 2)
        end }
      local best, table_ = study:best(), study:table {}
      assert(seen[1] and seen[2.5] and seen.x and seen[true] and math.type(table_[1].settings.dim) == "integer")
      assert(best.number == table_[1].number and best.value == table_[1].value and #table_ == 30)
      for index = 2, 30 do assert(table_[index - 1].value >= table_[index].value) end
      assert(study:table { sort = "number" }[7].number == 7 and #study:table { limit = 3 } == 3)
      local shares = study:importance()
      return #study.trials, shares[1].name, shares[1].share > 0.5, study.goal, study.interrupted, study.name,
        tostring(best):match "^trial +value", tostring(shares):match "^setting +share",
        tostring(study):match "^study 's': 30 finished; best %-0%.%d+ by trial"
      """)
    #expect(
      values.prefix(8) == [
        30, "rate", true, "maximize", false, "s", .string(values[6].asString.map { LuaString($0) }!),
        .string(values[7].asString.map { LuaString($0) }!),
      ])
    #expect(values[8].asString != nil)
  }

  @Test func functionsAskUnderConditions() throws {
    let values = try run(
      """
      local count = { bpr = 0, ccl = 0 }
      local study = search { \(store), method = "grid", trials = false, goal = "minimize",
        space = function(s)
          local kind = s:choice("loss", { "bpr", "ccl" })
          if kind == "ccl" then
            local margin = s:uniform("margin", 0, 1, { points = 3 })
            if margin > 0.7 then s:integer("count", 1, 2) end
          end
        end,
        run = function(settings)
          count[settings.loss] = count[settings.loss] + 1
          assert((settings.margin ~= nil) == (settings.loss == "ccl"))
          return (settings.margin or 5) + (settings.count or 0)
        end }
      return count.bpr, count.ccl, study:best().value, study:best().settings.margin, study.trials[5].settings.count
      """)
    #expect(values == [1, 4, 0, 0, 2])
  }

  @Test func trialsPlugIntoRunsAndAreRecorded() throws {
    let values = try run(
      """
      local data = split
      local study = search { \(store), trials = 3, seeds = { 7, 8 }, prune = { by = "median", trials = 1 },
        space = { rate = { 0.01, 0.02, 0.05 }, dim = 4 }, method = "grid", name = "grid of rates",
        run = function(settings, trial)
          local model = perigee.models.mf { data = data, dim = settings.dim, seed = trial.seed, init = { std = 0.3 } }
          local trainer = perigee.trainer {
            model = model, loss = perigee.losses.softmax { temperature = 0.2 }, batch = 32, seed = trial.seed,
            sampler = perigee.samplers.uniform { count = 3 }, optimizer = perigee.optimizers.adam { rate = settings.rate },
          }
          local run = trainer:run { epochs = 3, progress = false, patience = 3, evaluate = { metrics = { "ndcg@5", "recall@5" } },
            on_epoch = trial:watch "recall@5" }
          assert(run.id and trial.pruned == (run.ended == "callback"))
          return run
        end }
      local runs = study.store:list { tags = "grid of rates", sort = "seed" }
      local names, finished = {}, 0
      for _, run in ipairs(runs) do names[run.name] = (names[run.name] or 0) + 1 end
      for _, trial in ipairs(study.trials) do
        assert(#trial.runs == names["grid of rates " .. trial.number])
        if trial.state == "finished" then
          finished = finished + 1
          local sum = 0
          for index, id in ipairs(trial.runs) do
            local run = study.store:get(id)
            assert(run.seed == trial.values[index].seed and run.best.value == trial.values[index].value)
            sum = sum + run.best.value
          end
          assert(#trial.values == 2 and math.abs(trial.value - sum / 2) < 1e-12)
        end
      end
      local outside = perigee.models.wrmf { data = data, dim = 2 }:fit { epochs = 1, progress = false }
      return finished >= 1, outside.id, #study.store:study("grid of rates").trials, study.store:studies()[1],
        tostring(study.store:studies()):match "grid of rates +grid +maximize" ~= nil
      """, split: smallSplit(validShare: true))
    #expect(values == [true, .nil, 3, "grid of rates", true])
  }

  @Test func aFailedTrialIsKeptWithItsMessage() throws {
    let values = try run(
      """
      local study = search { \(store), trials = 6, run = function(_, trial)
        if trial.number == 2 then error "no luck" end
        if trial.number == 3 then return 0 / 0 end
        if trial.number == 4 then return end
        if trial.number == 5 then return "1" end
        return trial.number
      end }
      local messages = {}
      for index, trial in ipairs(study.trials) do messages[index] = trial.message or "" end
      return study:best().value, table.concat(messages, "|")
      """)
    #expect(values[0] == 6)
    #expect(
      values[1].asString?.contains("no luck|run returned nan; want a finite number|run returned no number|") == true)
    #expect(values[1].asString?.hasSuffix("run returned a string; want a number|") == true)
  }

  @Test func aStudyThatIsDoneRunsNothing() throws {
    let values = try run(
      """
      local calls = 0
      local function count() calls = calls + 1 return calls end
      search { \(store), run = count }
      local study = search { \(store), run = count }
      search { \(store), run = count, trials = 6 }
      return calls, #study.trials, study:best().value
      """)
    #expect(values == [6, 6, 6])
  }

  @Test func mistakesAreNamed() {
    func problem(_ options: String) -> String { message("search { \(store), \(options) }") }
    #expect(problem("space = {}").contains("perigee.search: the space is empty"))
    #expect(problem("space = function() end").contains("the space is empty"))
    #expect(problem("space = { x = print }").contains("space.x: want a dimension of perigee.space, a list"))
    #expect(problem("space = { x = {} }").contains("space.x: want at least one value to choose from"))
    #expect(
      problem("space = { x = { low = 0, high = 1 } }").contains(
        "space.x: want a list to choose from; a range is made by"))
    #expect(
      problem("space = { x = { {} } }").contains(
        "space.x: want strings, numbers and booleans to choose from, got a table"))
    #expect(problem("space = { 1, 2 }").contains("space: settings have names"))
    #expect(
      problem("space = { x = space.uniform(1, 0) }").contains("perigee.space.uniform: want low < high, got 1.0 and 0.0")
    )
    #expect(problem("space = { x = space.unifrom(0, 1) }").contains("did you mean 'uniform'?"))
    #expect(problem("space = function(s) s:uniform('x', 1, 0) end").contains("Space:uniform: 'x': want low < high"))
    #expect(problem("space = function(s) s:range('x', 0, 1) end").contains("unknown field 'range'"))
    #expect(
      problem("space = function(s) return { x = s:uniform('y', 0, 1) } end").contains("the function returned a table"))
    #expect(problem("space = function(s) s:integer('x', 0, 1) s:integer('x', 0, 1) end").contains("asks for 'x' twice"))
    #expect(problem("trials = 0").contains("trials: want an integer from 1 to 100000, got 0"))
    #expect(problem("trials = false").contains("say how many trials a random search is to have"))
    #expect(problem("method = 'grid'").contains("'x': uniform(0.0, 1.0) has no end of values: say how many"))
    #expect(problem("method = 'bayes'").contains("want \"tpe\", \"random\" or \"grid\""))
    #expect(problem("prune = 'halfing'").contains("prune"))
    #expect(problem("prune = { factor = 1 }").contains("prune.factor: want an integer from 2 to 100, got 1"))
    #expect(problem("seeds = { 1, 1 }").contains("seeds: a seed stands there twice"))
    #expect(problem("seeds = 0").contains("seeds: want"))
    #expect(problem("name = ''").contains("name: want a name"))
    #expect(
      problem("run = function() error 'no' end, trials = 9").contains(
        "5 trials in a row have failed, the last, 5, with: t.lua"))
    #expect(
      problem("name = 'p', parallel = 2").contains(
        "parallel: further processes run the script again, and there is none here"))
    #expect(
      problem("name = 'n', failures = 1, run = function() return search { \(store), name = 'm' } end").contains(
        "a search cannot begin inside a trial of another"))
    #expect(
      message("perigee.search { space = { x = 1 }, run = print, trials = 1, \(store) }").contains("give name = \"...\"")
    )
  }

  @Test func theTrialAndTheSpaceAreOverWhenTheirCallsAre() {
    #expect(
      message("local kept search { \(store), run = function(_, trial) kept = trial return 1 end } kept:report(1, 1)")
        .contains(
          "Trial:report: trial 4 is over"))
    #expect(
      message(
        "local kept search { \(store), name = 'k', space = function(s) kept = s s:integer('x', 0, 1) end } kept:integer('y', 0, 1)"
      ).contains("Space:integer: the settings of this trial are complete"))
    #expect(
      message("search { \(store), failures = 1, name = 'v', run = function(_, trial) trial:report(1, 0 / 0) end }")
        .contains(
          "value: want a finite number"))
    #expect(
      message("search { \(store), failures = 1, name = 'w', run = function(_, trial) trial:watch() {} end }").contains(
        "this function is for on_epoch"))
  }

  @Test func aStoreThatCannotBeWrittenIsNamed() throws {
    let text = folder.write("letter", "this is no database but a letter of some length\n")
    #expect(message("search { store = '\(text)' }").contains("is no SQLite database"))
    #expect(
      message("search { store = '/proc/none/runs.sqlite' }").contains(
        "store: the store of runs /proc/none/runs.sqlite cannot be opened; a search keeps its trials there: give store = \"FILE\""
      ))
  }

  @Test func aLimitOfTheStateIsNoInterruption() throws {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    state.limitMemory(to: state.memory.lua + 4 << 20)
    #expect(throws: LuaError.self) {
      try state.run(
        Self.prelude + "search { \(store), trials = 9, run = function() return #(('x'):rep(1 << 24)) end }",
        name: "t.lua")
    }
  }

  @Test func anInterruptionGivesTheTrialBack() throws {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    let interruption = state.interruption
    try state.globals.set(
      "interrupt",
      state.makeFunction("interrupt") { _ in
        interruption.interrupt(); return []
      })
    try state.globals.set("split", smallSplit())
    let values = try state.run(
      Self.prelude + """
        local function run(settings, trial)
          local model = perigee.models.mf { data = split, dim = 4, seed = 1, init = { std = 0.3 } }
          local trainer = perigee.trainer {
            model = model, loss = perigee.losses.bpr {}, batch = 32, seed = 5, sampler = perigee.samplers.uniform { count = 3 },
            optimizer = perigee.optimizers.adam { rate = 0.01 },
          }
          trainer:run { epochs = 2, progress = false, on_batch = function(report)
            if trial.number == 3 and report.step == 2 then interrupt() end
          end }
          return trial.number
        end
        local study = search { \(store), run = run }
        return study.interrupted, #study.trials, study.trials[3].state, study:best().value, study.trials[3].value
        """, name: "t.lua")
    #expect(values == [true, 3, "waiting", 2, .nil])
  }
}
