import Foundation
import LuaHost
import LuaLibrary
import Testing

/// Every native loss and the Lua file of the same name: the same value and the same derivatives on the same scores.
@Suite struct LossPairTests {
  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  struct Pair: Sendable, CustomTestStringConvertible {
    let name: String
    /// Options of the native loss, and of the Lua loss where they differ.
    let native: String
    let lua: String
    /// "cosine", in -1...1, or "distance", below 0.
    let scores: String
    let step: Int
    var testDescription: String { "\(name) \(native)" }

    init(_ name: String, _ native: String = "{}", lua: String? = nil, scores: String = "cosine", step: Int = 3) {
      self.name = name
      self.native = native
      self.lua = lua ?? native
      self.scores = scores
      self.step = step
    }
  }

  static let pairs: [Pair] = [
    Pair("bpr"), Pair("hinge", "{ margin = 0.7 }"), Pair("bce"), Pair("mse"), Pair("softmax"),
    Pair("softmax", "{ temperature = 0.3 }"), Pair("infonce"), Pair("infonce", "{ temperature = 0.5 }"),
    Pair("triplet"), Pair("triplet", "{ margin = 0.4, distance = 'cosine' }"),
    Pair("triplet", "{ margin = 0.4, distance = 'root' }", scores: "distance"),
    Pair("contrastive", scores: "distance"), Pair("contrastive", "{ form = 'linear' }", scores: "distance"),
    Pair("contrastive", "{ margin = 1.5, distance = 'negated' }", scores: "distance"),
    Pair("contrastive", "{ form = 'linear', margin = 1.5, distance = 'cosine' }"),
    Pair("sampled_softmax", "{ temperature = 0.5 }"),
    Pair("sampled_softmax", "{ temperature = 0.5, correction = 'negatives' }"),
    Pair("sampled_softmax", "{ correction = 'none' }"), Pair("ccl", "{ margin = 0.3 }"),
    Pair("ccl", "{ margin = 0.3, negatives = 'sum' }"),
    Pair(
      "mml", "{ margins = { -0.2, 0.1, 0.4 }, weights = { 0.2, 0.3, 0.5 }, positive_weight = 2, negative_weight = 40 }"),
    Pair("bsl", "{ temperature = 0.3, negative_exponent = 1.2 }"),
    Pair("bsl", "{ mode = 'reweight', temperature = 0.3, negative_exponent = 1.2 }"),
    Pair("bsl", "{ mode = 'single', temperature = 0.3 }"),
    Pair("bsl", "{ mode = 'paper', temperature = 0.3, positive_temperature = 0.4 }"),
    Pair("bsl", "{ mode = 'paper', temperature = 0.3 }"), Pair("uib", "{ alpha = 0.5 }"),
    Pair("uib", "{ alpha = 0.5, form = 'margin', margin = 0.3, negatives = 'mean' }"),
    Pair("uib", "{ alpha = 0.2, released_weights = true }"),
    Pair(
      "sml", "{ item_weight = 0.4, margin_weight = 5 }", lua: "{ item_weight = 0.4, margin_weight = 5, data = split }"),
    Pair(
      "sml_uib", "{ alpha = 0.2, margin_weight = 5 }", lua: "{ alpha = 0.2, margin_weight = 5, data = split }"),
    Pair("pris"), Pair("pris", "{ gradient_through_weights = false, temperature = 0.5 }"), Pair("self_adversarial"),
    Pair("self_adversarial", "{ temperature = 0.5 }"), Pair("warp", lua: "{ items = 30 }"),
    Pair("warp", "{ margin = 0.2, maximum_weight = 2 }", lua: "{ margin = 0.2, maximum_weight = 2, items = 30 }"),
    Pair("cml", lua: "{ items = 30 }", scores: "distance"),
    Pair("cml", "{ margin = 0.2 }", lua: "{ margin = 0.2, items = 30 }", scores: "distance"),
    Pair("tce", "{ drop_rate = 0.1, gradual_steps = 0 }"), Pair("tce", "{ drop_rate = 0.15, gradual_steps = 5 }"),
    Pair("tce_bpr", "{ drop_rate = 0.3, gradual_steps = 2 }"), Pair("tce_bpr", step: 1), Pair("rce"),
    Pair("rce", "{ beta = 0.7 }"), Pair("rce_bpr"),
    Pair(
      "weighted_bpr", "{ weights = function(batch) return batch.users / 4 end }",
      lua: "{ weights = function(s) return trust[s.users] end }"),
  ]

  private func state() throws -> LuaState {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.addSearchPaths([Self.repository.appendingPathComponent("lua").path])
    try state.globals.set("split", smallSplit())
    return state
  }

  /// Both losses on random scores of 12 positives with 6 negatives; users repeat.
  private static let comparison = """
    local perigee = require "perigee"
    local losses = perigee.losses
    local trust = perigee.parameter { name = "trust", per = "user", data = split, init = 0 }
    do
      local rows = perigee.zeros { 40, 1 }
      for user = 1, 40 do rows[{ user, 1 }] = user / 4 end
      trust:assign(rows)
    end
    local function random(shape, seed)
      if kind == "distance" then return perigee.random_uniform { shape = shape, seed = seed, low = -2, high = -0.05 } end
      return perigee.random_uniform { shape = shape, seed = seed, low = -1, high = 1 }
    end
    local function places(count, bound, seed)
      local list = {}
      for i = 1, count do list[i] = (i * 7919 + seed * 104729 + i * i * 31) % bound + 1 end
      return list
    end
    local scores = {
      positive = random({ 12 }, 1), negative = random({ 12, 6 }, 2), boundary = random({ 12 }, 3),
      item_scores = random({ 12, 6 }, 4), log_proposal = perigee.random_uniform { shape = { 12, 6 }, seed = 5, low = -3 },
      positive_log_proposal = perigee.random_uniform { shape = { 12 }, seed = 6, low = -3 },
      users = places(12, 5, 1), positive_items = places(12, 30, 2), negative_items = places(72, 30, 3),
      data = split, step = step,
    }
    local native, native_gradients = losses.evaluate(NATIVE, scores)
    local lua, lua_gradients = losses.evaluate(LUA, scores)
    assert(native == native and math.abs(native - lua) <= 1e-6 + 2e-6 * math.abs(native),
      ("native %.9g, in Lua %.9g"):format(native, lua))
    local compared = 0
    local function compare(name, a, b)
      assert(a and b, name .. " has derivatives in one of them only")
      local worst, size = (a - b):abs():max():item(), a:abs():max():item()
      assert(worst <= 1e-6 + 1e-5 * size, ("%s: derivatives differ by %g of %g"):format(name, worst, size))
      compared = compared + (size > 0 and 1 or 0)
    end
    for _, name in ipairs { "positive", "negative", "boundary", "item_scores" } do
      if native_gradients[name] or lua_gradients[name] then compare(name, native_gradients[name], lua_gradients[name]) end
    end
    for name, gradient in pairs(native_gradients.parameters) do compare(name, gradient, lua_gradients.parameters[name]) end
    return native, compared
    """

  @Test(arguments: pairs) func bothComputeTheSame(_ pair: Pair) throws {
    let state = try state()
    try state.globals.set("kind", pair.scores)
    try state.globals.set("step", pair.step)
    let script = Self.comparison.replacing("NATIVE", with: "losses.\(pair.name) \(pair.native)")
      .replacing("LUA", with: "require 'losses.\(pair.name)' (\(pair.lua))")
    let values = try state.run(script, name: "\(pair.name).lua")
    #expect(values[0].asNumber!.isFinite)
    #expect(values[1].asInteger! >= 2, "derivatives of 0 compare to anything")
  }

  @Test func everyLossHasAFileAndEveryFileAPair() throws {
    let folder = Self.repository.appendingPathComponent("lua/losses")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".lua") }
    let names = Set(files.map { String($0.dropLast(4)) })
    let native = try state().run(
      """
      local names = {}
      for name in pairs(require("perigee").losses) do names[#names + 1] = name end
      return table.concat(names, " ")
      """, name: "names.lua")[0].asString!
    // What is no loss of scores.
    let others: Set = ["traced", "evaluate", "measure", "cluster_assignments"]
    #expect(names == Set(native.split(separator: " ").map(String.init)).subtracting(others))
    #expect(names.subtracting(["cluster_kl"]) == Set(Self.pairs.map(\.name)))
  }

  @Test(arguments: ["{}", "{ tau = 2.5 }", "{ through_target = true }", "{ tau = 2, through_target = true }"])
  func bothClusterAlike(_ options: String) throws {
    let values = try state().run(
      """
      local perigee = require "perigee"
      local items = perigee.random_normal { shape = { 20, 5 }, seed = 1 }:requires_gradient()
      local centres = perigee.random_normal { shape = { 4, 5 }, seed = 2 }:requires_gradient()
      local value, at_items, at_centres = perigee.losses.cluster_kl(items, centres, \(options))
      local loss = require "losses.cluster_kl" (\(options)) (items, centres)
      local lua_items, lua_centres = perigee.gradient(loss, { items, centres })
      local function gap(a, b) return (a - b):abs():max():item() / a:abs():max():item() end
      return value, loss:item(), gap(at_items, lua_items), gap(at_centres, lua_centres)
      """, name: "clusters.lua")
    let numbers = values.map { $0.asNumber! }
    #expect(abs(numbers[0] - numbers[1]) < 1e-5 * abs(numbers[0]))
    #expect(numbers[2] < 1e-4 && numbers[3] < 1e-4)
  }
}
