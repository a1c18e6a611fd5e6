import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Testing

/// What runs hand to scripts, and how it is shown.
@Suite struct RunReportTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function trainer(options)
      local t = { model = perigee.models.mf { data = split, dim = 8, seed = 1 }, loss = perigee.losses.ccl {}, batch = 32,
        sampler = perigee.samplers.uniform { count = 5 }, optimizer = perigee.optimizers.adam { rate = 0.01 }, seed = 1 }
      for key, value in pairs(options or {}) do t[key] = value end
      return perigee.trainer(t)
    end

    """

  private func text(_ source: String, split: Split = smallSplit()) throws -> String {
    let value = try run("return " + source, split: split).first ?? .nil
    return value.asString ?? value.typeName
  }

  @Test func aRunShowsItsEpochsAndHowItEnded() throws {
    let text = try text(
      "tostring(trainer():run { epochs = 9, progress = false, patience = 30, evaluate = { every = 2, metrics = { 'recall@5', 'ndcg@5' } } })",
      split: smallSplit(validShare: true))
    let lines = text.split(separator: "\n")
    #expect(lines.count == 12)
    #expect(lines[0].wholeMatch(of: #/epoch +loss +seconds +ndcg@5 +recall@5/#) != nil)
    #expect(lines[2].wholeMatch(of: #/ +1 +\d+\.\d{5} +\d\.\d\d +- +-/#) != nil)
    #expect(lines[3].wholeMatch(of: #/ +2 +\d+\.\d{5} +\d\.\d\d +\d\.\d{4} +\d\.\d{4}/#) != nil)
    #expect(lines[11].hasPrefix("all 9 epochs trained; the model has the parameters of the best epoch, "))
  }

  @Test func aLongRunShowsItsFirstAndLastEpochs() throws {
    let lines = try text("tostring(trainer():run { epochs = 40, progress = false })").split(separator: "\n")
    #expect(lines.count == 27 && lines[6].contains("...") && lines[25].contains("40"))
  }

  @Test func reportsAreTablesAndShowNumbers() throws {
    let values = try run(
      """
      local t = trainer()
      local batch, epoch = t:step(), t:epoch()
      local keys = {}
      for key in pairs(epoch) do keys[#keys + 1] = key end
      table.sort(keys)
      return tostring(batch), tostring(epoch), table.concat(keys, " "), epoch.loss, tostring(t.history), #t.history
      """)
    #expect(values[0].asString!.hasPrefix("epoch  step     loss  size  ends_epoch\n-----"))
    #expect(values[1].asString!.contains(String(format: "%.5f", values[3].asNumber!)))
    #expect(values[2] == "batches epoch loss seconds terms")
    #expect(values[4].asString!.hasPrefix("epoch     loss  seconds\n") && values[5] == 1)
  }

  @Test func recommendationsShowItemsAndScores() throws {
    let values = try run(
      """
      local model = trainer().model
      local users = split.dataset:users()
      local one, two = model:recommend(users[1], { k = 3 }), model:recommend({ users[1], users[2] }, { k = 3 })
      return tostring(one), #one, tostring(two), #two, two[2].user, one[1].item, one[1].score
      """)
    #expect(values[0].asString!.split(separator: "\n").count == 5)
    #expect(values[0].asString!.contains("score"))
    #expect(values[1] == 3 && values[3] == 2 && values[4].asString == "1")
    #expect(values[2].asString!.hasPrefix("user 0\nitem") && values[2].asString!.contains("\n\nuser 1\nitem"))
    #expect(values[0].asString!.contains(values[5].asString!))
  }

  /// A script may do anything to a table that it was given.
  @Test(
    arguments: [
      "r.epochs = nil", "r.epochs = 3", "r.epochs[1] = 'x'", "r.epochs[1].metrics = 4", "r.epochs[1].loss = {}",
      "r.summary = nil", "r.summary = '\\27[31m'", "for k in pairs(r) do r[k] = nil end",
      "r.epochs[1].loss = 0/0 r.epochs[1].metrics['\\27'] = 1/0",
    ])
  func aChangedReportIsShownAsItStands(_ change: String) throws {
    let shown = try text(
      "(function() local r = trainer():run { epochs = 2, progress = false } \(change) return tostring(r) end)()")
    #expect(!shown.contains("\u{1B}") && !shown.isEmpty)
  }

  @Test func tostringOfAnotherValueIsAnError() {
    #expect(message("getmetatable(trainer():step()).__tostring(4)").contains("want a table, got number"))
  }

  // MARK: The trainer's fields

  @Test func theLossCanBeAssignedBetweenBatches() throws {
    let values = try run(
      """
      local t = trainer()
      t:step()
      t.loss = perigee.losses.bpr {}
      local native = t:step().loss
      t.loss = function(s) return (s.negative - s.positive):softplus():mean "negatives" + 100 end
      local script = t:step().loss
      collectgarbage() collectgarbage()
      t:step()
      t.loss = perigee.losses.hinge { margin = function(epoch) return 2 * epoch end }
      collectgarbage() collectgarbage()
      return native, script, t:step().loss, tostring(t.loss), t.loss.margin ~= nil
      """)
    #expect(abs(values[0].asNumber! - 0.69) < 0.1 && abs(values[1].asNumber! - 100.69) < 0.1)
    #expect(abs(values[2].asNumber! - 2) < 0.3)
    #expect(values[3].asString!.hasPrefix("losses.hinge") && values[4] == true)
    #expect(message("trainer().loss = 3").contains("loss: want a loss or a function"))
    #expect(message("trainer().history = {}").contains("history"))
  }

  @Test func aLossThatIsReplacedWhileItIsCalledCountsToTheEndOfItsBatch() throws {
    let values = try run(
      """
      local t
      t = trainer { loss = function(s)
        t.loss = perigee.losses.bpr {}
        return (s.negative - s.positive):softplus():mean "negatives" + 100
      end }
      return t:step().loss, t:step().loss
      """)
    #expect(values[0].asNumber! > 100 && values[1].asNumber! < 1)
  }

  @Test func historyAndBestAreReadableInCallbacksAndAfterwards() throws {
    let values = try run(
      """
      local t, seen = trainer(), {}
      local none = t.best
      t:run { epochs = 3, progress = false, patience = 9, evaluate = { metrics = { "recall@5" } },
        on_epoch = function(report)
          seen[#seen + 1] = #t.history
          assert(t.best.epoch <= report.epoch)
        end }
      t:run { epochs = 2, progress = false }
      return none, table.concat(seen, " "), #t.history, t.history[2].metrics["recall@5"], t.best.metric, t.best.on,
        t.history[t.best.epoch].metrics["recall@5"] == t.best.value
      """, split: smallSplit(validShare: true))
    #expect(values[0] == .nil && values[1] == "1 2 3" && values[2] == 5 && values[3].asNumber! >= 0)
    #expect(values[4] == "recall@5" && values[5] == "valid" && values[6] == true)
  }

  @Test func progressIsChosen() {
    #expect(message("trainer():run { epochs = 0, progress = 'lines' }") == "no error")
    #expect(message("trainer():run { epochs = 1, progress = 'dots' }").contains("progress: want"))
  }

  // MARK: Interruption

  /// Ctrl-C while the script's own function runs within a run, as a signal would do it.
  @Test(arguments: ["on_epoch = stop", "on_batch = stop"])
  func anInterruptedCallbackEndsTheRunAndTheScriptGoesOn(_ callback: String) throws {
    let values = try interrupted(
      "local r = t:run { epochs = 50, progress = false, \(callback) } return r.ended, t.current_epoch < 50, #t.history")
    #expect(values[0] == "interrupted" && values[1] == true)
  }

  @Test func anInterruptedLossEndsTheRunAndTheScriptGoesOn() throws {
    let values = try interrupted(
      """
      t.loss = function(s) if t.steps == 3 then stop() end return (s.negative - s.positive):softplus():mean "negatives" end
      local r = t:run { epochs = 50, progress = false }
      t.loss = perigee.losses.bpr {}
      return r.ended, t.steps, t:epoch().epoch
      """)
    #expect(values == ["interrupted", 3, 1])
  }

  @Test func theSecondInterruptionEndsTheScript() {
    let error = #expect(throws: LuaError.self) {
      try interrupted("for _ = 1, 2 do t:run { epochs = 50, progress = false, on_batch = stop } end return 1")
    }
    #expect(error?.kind == .interrupted)
  }

  @Test func anEpochOfItsOwnIsInterruptedAsEver() {
    let error = #expect(throws: LuaError.self) { try interrupted("stop(true) t:epoch()") }
    #expect(error?.kind == .interrupted)
  }

  private func interrupted(_ source: String) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.globals.set("split", smallSplit())
    let interruption = state.interruption
    try state.globals.set(
      "stop",
      state.makeFunction("stop") { _ in
        interruption.interrupt()
        return []
      })
    return try state.run(Self.prelude + "local t = trainer() " + source, name: "t.lua")
  }
}
