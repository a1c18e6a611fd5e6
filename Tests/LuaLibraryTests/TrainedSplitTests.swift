import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Testing

/// A model knows the train parts that it learned from, and is not measured on another split by mistake.
@Suite struct TrainedSplitTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function cut(seed) return split.dataset:split { kind = "ratio", test = 0.3, valid = 0.1, seed = seed } end
    local function make(data, score)
      return perigee.models.mf { data = data, dim = 8, score = score or "cosine", init = { std = 0.1 }, seed = 1 }
    end
    local function trainer(model, data, seed)
      return perigee.trainer { model = model, data = data, loss = perigee.losses.bpr {}, batch = 64, seed = seed or 1,
        sampler = perigee.samplers.uniform { count = 2 }, optimizer = perigee.optimizers.adam { rate = 0.01 } }
    end
    local one, two = cut(1), cut(2)

    """

  private let refusal = "the model was trained on another split, ratio("

  @Test func anotherSplitIsRefusedAndTakenOnPurpose() throws {
    let text = message("local m = make(one) trainer(m, one):epoch() return perigee.evaluate(m, two)")
    #expect(text.contains(refusal) && text.contains("any_split = true"), "\(text)")
    let values = try run(
      """
      local m = make(one)
      local untrained = perigee.evaluate(m, two).users
      trainer(m, one):epoch()
      return untrained, perigee.evaluate(m, one).users, perigee.evaluate(m, one, { on = "valid" }).users,
        perigee.evaluate(m, cut(1)).users, perigee.evaluate(m, two, { any_split = true }).users
      """)
    #expect(values.allSatisfy { $0.asInteger! > 0 })
  }

  @Test func aTrainerOfOneBatchCounts() {
    #expect(message("local m = make(one) trainer(m, one):step() perigee.evaluate(m, two)").contains(refusal))
  }

  @Test func goingOnWithAnotherSplitIsNotedButNotRefused() throws {
    let values = try run(
      """
      local m = make(one)
      trainer(m, one):epoch()
      local t = trainer(m, two)
      t:run { epochs = 2, progress = false }
      local run = t:run { epochs = 1, progress = false, evaluate = { on = "test", any_split = true } }
      return run.epochs[1].metrics["recall@20"] > 0, perigee.evaluate(m, two, { any_split = true }).users
      """)
    #expect(values[0] == true)
    for call in [
      "perigee.evaluate(m, two)", "perigee.evaluate(m, one)",
      "trainer(m, two):run { epochs = 1, progress = false, evaluate = { on = \"test\" } }",
    ] {
      let text = message("local m = make(one) trainer(m, one):epoch() trainer(m, two):epoch() \(call)")
      #expect(text.contains(refusal), "\(call): \(text)")
    }
  }

  @Test func eachFoldWithAModelOfItsOwnIsFine() throws {
    let values = try run(
      """
      local count = 0
      for fold = 1, 3 do
        local data = split.dataset:split { kind = "kfold", folds = 3, fold = fold, seed = 1 }
        local m = make(data)
        trainer(m, data):run { epochs = 1, progress = false, evaluate = { on = "test", metrics = "recall@5" } }
        count = count + (perigee.evaluate(m, data).users > 0 and 1 or 0)
      end
      return count
      """)
    #expect(values == [3])
  }

  @Test func recommendationsLeaveOutWhatTheTrainerHad() throws {
    let values = try run(
      """
      local m = make(one)
      trainer(m, two):epoch()
      local user = two:users()[1]
      local known = {}
      for _, item in ipairs(two:items_of(user)) do known[item] = true end
      for _, best in ipairs(m:recommend(user, { k = 10, mask = "train" })) do
        if known[best.item] then return false end
      end
      return true
      """)
    #expect(values == [true])
    #expect(
      message("local m = make(one) trainer(m, one):epoch() trainer(m, two):epoch() m:recommend(two:users()[1])")
        .contains(
          refusal))
  }

  @Test func aLoadedModelKnowsItToo() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let values = try run(
      """
      local m = make(one)
      trainer(m, one):epoch()
      m:save "\(path)"
      local loaded = make(two):load "\(path)"
      local user = two:users()[1]
      local refused, why = pcall(perigee.recommend, loaded, user)
      return perigee.evaluate(loaded, one).users > 0, perigee.evaluate(loaded, two, { any_split = true }).users > 0,
        #perigee.recommend(loaded, user, { any_split = true }), #perigee.recommend(loaded, user, { mask = "none" }), refused, why
      """)
    #expect(Array(values[..<5]) == [true, true, 10, 10, false])
    #expect(values[5].asString?.contains(refusal) == true)
    #expect(message("perigee.evaluate(make(two):load \"\(path)\", two)").contains(refusal))
    #expect(
      message("make(one, \"dot\"):load \"\(path)\"").contains(
        "was saved by a model with score 'cosine', and this one has 'dot'"))
    // A model that was made anew, and loads, forgets what it learned before.
    #expect(
      try run(
        "local m = make(two) trainer(m, two):epoch() m:load \"\(path)\" return perigee.evaluate(m, one).users > 0")
        == [true])
  }

  /// A user all of whose rankable items are in the part has no area under the curve.
  @Test func anUndefinedAreaIsNanWithoutASign() throws {
    let dataset = Dataset(name: "full", userCount: 2, itemCount: 3, users: [0, 0, 0, 1], items: [0, 1, 2, 0])
    func matrix(_ users: [Int32], _ items: [Int32]) -> InteractionMatrix {
      InteractionMatrix(userCount: 2, itemCount: 3, users: users, items: items)
    }
    let nobody = Split(
      dataset: dataset, train: matrix([0], [0]), valid: nil, test: matrix([0, 0], [1, 2]), rule: "test")
    let script = """
      local result = perigee.evaluate(perigee.models.mf { data = split, dim = 2 }, split, { metrics = { "recall@1", "auc" } })
      return tostring(result), result.auc_users, result.users
      """
    let source = "local perigee = require 'perigee'\n" + script
    func result(_ split: Split) throws -> [LuaValue] {
      let state = LuaState()
      try state.install(PerigeeLibrary.module())
      try state.globals.set("split", split)
      return try state.run(source, name: "t.lua")
    }
    let undefined = try result(nobody)
    #expect(undefined[0].asString?.contains("auc nan") == true)
    #expect(Array(undefined[1...]) == [0, 1])
    let some = Split(
      dataset: dataset, train: matrix([0, 1], [0, 1]), valid: nil, test: matrix([0, 0, 1], [1, 2, 0]), rule: "test")
    #expect(Array(try result(some)[1...]) == [1, 2])
  }
}
