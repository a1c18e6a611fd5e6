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
    Pair("bpr"), Pair("hinge", "{ margin = 0.7 }"), Pair("bce"), Pair("bce", "{ reduction = 'sum' }"), Pair("mse"),
    Pair("softmax"),
    Pair("softmax", "{ temperature = 0.3 }"), Pair("infonce"), Pair("infonce", "{ temperature = 0.5 }"),
    Pair("triplet"), Pair("triplet", "{ margin = 0.4, distance = 'cosine' }"),
    Pair("triplet", "{ margin = 0.4, distance = 'root' }", scores: "distance"),
    Pair("contrastive", scores: "distance"), Pair("contrastive", "{ reduction = 'sum' }", scores: "distance"),
    Pair("contrastive", "{ form = 'linear' }", scores: "distance"),
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
    Pair("uib", "{ alpha = 0.2, released_weights = true }"), Pair("uib", "{ reduction = 'sum' }"),
    Pair(
      "sml", "{ item_weight = 0.4, margin_weight = 5 }", lua: "{ item_weight = 0.4, margin_weight = 5, data = split }"),
    Pair(
      "sml_uib", "{ alpha = 0.2, margin_weight = 5 }", lua: "{ alpha = 0.2, margin_weight = 5, data = split }"),
    Pair(
      "sml", "{ margin_weight = 5 }",
      lua: "{ margin_weight = 5, margins = perigee.models.sml { data = split }.parameters }"),
    Pair(
      "sml_uib", "{ margin_weight = 5 }",
      lua: "{ margin_weight = 5, margins = perigee.models.sml { data = split }.parameters }"),
    Pair("pris"), Pair("pris", "{ gradient_through_weights = false, temperature = 0.5 }"), Pair("self_adversarial"),
    Pair("self_adversarial", "{ temperature = 0.5 }"), Pair("warp", lua: "{ items = 30 }"),
    Pair("warp", "{ margin = 0.2, maximum_weight = 2 }", lua: "{ margin = 0.2, maximum_weight = 2, items = 30 }"),
    Pair("cml", lua: "{ items = 30 }", scores: "distance"),
    Pair("warp", "{ reduction = 'sum' }", lua: "{ reduction = 'sum', items = 30 }"),
    Pair("cml", "{ reduction = 'sum' }", lua: "{ reduction = 'sum', items = 30 }", scores: "distance"),
    Pair("cml", "{ margin = 0.2 }", lua: "{ margin = 0.2, items = 30 }", scores: "distance"),
    Pair("tce", "{ drop_rate = 0.1, gradual_steps = 0 }"), Pair("tce", "{ drop_rate = 0.15, gradual_steps = 5 }"),
    Pair("tce_bpr", "{ drop_rate = 0.3, gradual_steps = 2 }"), Pair("tce_bpr", step: 1), Pair("rce"),
    Pair("rce", "{ beta = 0.7 }"), Pair("rce_bpr"),
    Pair(
      "weighted_bpr", "{ weights = function(batch) return batch.users / 4 end }",
      lua: "{ weights = function(s) return trust[s.users] end }"),
    Pair(
      "weighted_bpr", "{ reduction = 'sum', weights = function(batch) return batch.users / 4 end }",
      lua: "{ reduction = 'sum', weights = function(s) return trust[s.users] end }"),
  ]

  private func state() throws -> LuaState {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.addSearchPaths([Self.repository.appendingPathComponent("lua").path])
    try state.globals.set("split", smallSplit())
    return state
  }

  /// A batch that both losses are given: users repeat.
  struct Batch: Sendable, CustomTestStringConvertible {
    let form: String
    let rows: Int
    let negatives: Int
    var testDescription: String { "\(form) scores, \(rows) positives with \(negatives) negatives" }
  }

  /// `spread` scores are far apart over a small temperature, also those of one user's positives; `extreme` ones are where exp and ln
  /// leave the floats.
  static let batches: [Batch] = [
    Batch(form: "random", rows: 12, negatives: 6), Batch(form: "random", rows: 1, negatives: 6),
    Batch(form: "random", rows: 12, negatives: 1), Batch(form: "random", rows: 1, negatives: 1),
    Batch(form: "spread", rows: 12, negatives: 6), Batch(form: "spread", rows: 2, negatives: 1),
    Batch(form: "extreme", rows: 12, negatives: 6), Batch(form: "extreme", rows: 12, negatives: 1),
    Batch(form: "extreme", rows: 1, negatives: 1), Batch(form: "equal", rows: 12, negatives: 6),
    Batch(form: "equal", rows: 1, negatives: 1),
  ]

  /// Both losses on the same scores.
  private static let comparison = """
    local perigee = require "perigee"
    local losses = perigee.losses
    local trust = perigee.parameter { name = "trust", per = "user", data = split, init = 0 }
    do
      local rows = perigee.zeros { 40, 1 }
      for user = 1, 40 do rows[{ user, 1 }] = user / 4 end
      trust:assign(rows)
    end
    local extremes = { 0, 1e-20, 1, 45, 89, 104, 800, 1e4 }
    local function random(shape, seed)
      local drawn = perigee.random_uniform { shape = shape, seed = seed, low = -1, high = 1 }
      if form == "equal" then drawn = drawn * 0 - 0.27 end
      if form == "spread" then drawn = drawn * 60 end
      if form == "extreme" then
        for b = 1, shape[1] do
          for j = 1, shape[2] or 1 do
            local place = (b * 5 + j * 3 + seed * 7) % #extremes + 1
            drawn[shape[2] and { b, j } or b] = extremes[place] * ((b + j + seed) % 2 * 2 - 1)
          end
        end
      end
      -- Away from 0, where a root has no derivative.
      return kind == "distance" and -drawn:abs() - 0.05 or drawn
    end
    local function places(count, bound, seed)
      local list = {}
      for i = 1, count do list[i] = (i * 7919 + seed * 104729 + i * i * 31) % bound + 1 end
      return list
    end
    local scores = {
      positive = random({ rows }, 1), negative = random({ rows, negatives }, 2), boundary = random({ rows }, 3),
      item_scores = random({ rows, negatives }, 4),
      log_proposal = perigee.random_uniform { shape = { rows, negatives }, seed = 5, low = -3 },
      positive_log_proposal = perigee.random_uniform { shape = { rows }, seed = 6, low = -3 },
      users = places(rows, 5, 1), positive_items = places(rows, 30, 2), negative_items = places(rows * negatives, 30, 3),
      data = split, step = step,
    }
    local native, native_gradients = losses.evaluate(NATIVE, scores)
    local lua, lua_gradients = losses.evaluate(LUA, scores)
    assert(native == native and math.abs(native - lua) <= 1e-6 + 2e-6 * math.abs(native),
      ("native %.9g, in Lua %.9g"):format(native, lua))
    local compared = 0
    local function compare(name, a, b)
      assert(a and b, name .. " has derivatives in one of them only")
      -- Of equally hard negatives the native one takes the first, that in Lua shares the derivative.
      if shares_ties and name == "negative" then a, b = a:sum(2), b:sum(2) end
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

  @Test(arguments: pairs, batches) func bothComputeTheSame(_ pair: Pair, _ batch: Batch) throws {
    let state = try state()
    try state.globals.set("form", batch.form)
    try state.globals.set("rows", batch.rows)
    try state.globals.set("negatives", batch.negatives)
    try state.globals.set("shares_ties", pair.name == "cml")
    try state.globals.set("kind", pair.scores)
    try state.globals.set("step", pair.step)
    let script = Self.comparison.replacing("NATIVE", with: "losses.\(pair.name) \(pair.native)")
      .replacing("LUA", with: "require 'losses.\(pair.name)' (\(pair.lua))")
    let values = try state.run(script, name: "\(pair.name).lua")
    #expect(values[0].asNumber!.isFinite)
    let isOrdinary = batch.form == "random" && batch.rows > 1
    #expect(values[1].asInteger! >= 2 || !isOrdinary, "derivatives of 0 compare to anything")
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
    let others: Set = ["traced", "evaluate", "measure", "cluster_assignments", "corrupted_rate"]
    #expect(names == Set(native.split(separator: " ").map(String.init)).subtracting(others))
    #expect(names.subtracting(["cluster_kl"]) == Set(Self.pairs.map(\.name)))
  }

  @Test(arguments: ["{}", "{ tau = 2.5 }", "{ through_target = true }", "{ tau = 2, through_target = true }"])
  func bothClusterAlike(_ options: String) throws {
    let values = try state().run(
      """
      local perigee = require "perigee"
      local items = perigee.random_normal { shape = { 20, 5 }, seed = 1 }:requires_gradient()
      local centers = perigee.random_normal { shape = { 4, 5 }, seed = 2 }:requires_gradient()
      local value, at_items, at_centers = perigee.losses.cluster_kl(items, centers, \(options))
      local loss = require "losses.cluster_kl" (\(options)) (items, centers)
      local lua_items, lua_centers = perigee.gradient(loss, { items, centers })
      local function gap(a, b) return (a - b):abs():max():item() / a:abs():max():item() end
      return value, loss:item(), gap(at_items, lua_items), gap(at_centers, lua_centers)
      """, name: "clusters.lua")
    let numbers = values.map { $0.asNumber! }
    #expect(abs(numbers[0] - numbers[1]) < 1e-5 * abs(numbers[0]))
    #expect(numbers[2] < 1e-4 && numbers[3] < 1e-4)
  }
}

/// Options of the losses in Lua are checked as those of native ones are.
@Suite struct LuaLossOptionTests {
  private func message(_ source: String) throws -> String {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("lua")
    try state.addSearchPaths([folder.path])
    do {
      _ = try state.run(source, name: "t.lua")
      return "no error"
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("hinge", "{ margn = 1 }", "t.lua:1: losses.hinge: unknown option 'margn', did you mean 'margin'?"),
    ("mse", "{ margin = 1 }", "t.lua:1: losses.mse: unknown option 'margin', it takes none"),
    ("ccl", "{ 3 }", "losses.ccl: unknown option '1', it takes margin, negative_weight, negatives"),
    ("ccl", "3", "losses.ccl: want a table of options, got number"),
    (
      "bsl", "{ mode = 'mutli' }",
      "t.lua:1: losses.bsl: option 'mode' is mutli; want one of multi, reweight, single, paper"
    ),
    ("warp", "{}", "t.lua:1: losses.warp: option 'items' is missing"),
    ("sml", "nil", "losses.sml: option 'data' is missing"),
  ]) func mistakesAreNamed(_ loss: String, _ options: String, _ expected: String) throws {
    let text = try message("require 'losses.\(loss)' (\(options))")
    #expect(text.contains(expected), "\(text)")
  }

  @Test(arguments: [
    "bce", "bpr", "bsl", "ccl", "cluster_kl", "cml", "contrastive", "hinge", "infonce", "mml", "mse", "pris", "rce",
    "rce_bpr", "sampled_softmax", "self_adversarial", "sml", "sml_uib", "softmax", "tce", "tce_bpr", "triplet", "uib",
    "warp", "weighted_bpr",
  ]) func everyLossRefusesWhatItDoesNotKnow(_ loss: String) throws {
    #expect(
      try message("require 'losses.\(loss)' { nonsense = 1 }").contains("losses.\(loss): unknown option 'nonsense'"))
  }
}
