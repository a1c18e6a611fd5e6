import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Testing

/// Names and defaults that agree with each other, and numbers that are refused where they are given.
@Suite struct DefaultsTests: TrainingScripts {
  static let prelude = "local perigee = require 'perigee'\n"

  @Test func tablesOfUsersAndItemsHaveOneName() throws {
    for make in ["perigee.models.mf { data = split }", "perigee.models.simplex { data = split, gate = 1 }"] {
      let values = try run("local p = \(make).parameters return p.user.per, p.item.per, p.user.rows, p.users")
      #expect(values == ["user", "item", 40, .nil])
    }
  }

  @Test func cosineIsTheScoreOfEveryModel() throws {
    let values = try run(
      """
      local function own(per) return perigee.parameter { name = per, per = per, data = split, dim = 4, init = {} } end
      local model = perigee.model { data = split, parameters = { user = own "user", item = own "item" },
        encode = function(_, _, p) return p.user, p.item end }
      return model.score_function, perigee.models.mf { data = split }.score_function,
        perigee.models.simplex { data = split }.score_function
      """)
    #expect(values == ["cosine", "cosine", "cosine"])
  }

  @Test(arguments: [("cosine", 1e-4), ("dot", 0.1), ("euclidean", 0.1)])
  func rowsStartAsTheScoreWants(_ score: String, _ deviation: Double) throws {
    for model in ["mf", "simplex"] {
      let values = try run(
        "return perigee.models.\(model) { data = split, score = '\(score)' }.parameters.user:tensor():square():mean():item() ^ 0.5"
      )
      #expect(abs(values[0].asNumber! / deviation - 1) < 0.1)
    }
    let own = try run(
      "return perigee.parameter { per = 'user', data = split, dim = 64, init = {} }:tensor():square():mean():item() ^ 0.5"
    )
    #expect(abs(own[0].asNumber! / 0.1 - 1) < 0.1)
  }

  @Test func everyReductionIsAMean() throws {
    let values = try run(
      """
      local found = {}
      for _, name in ipairs { "bpr", "hinge", "bce", "mse", "triplet", "contrastive", "softmax", "infonce", "sampled_softmax",
        "bsl", "ccl", "mml", "uib", "pris", "self_adversarial", "warp", "cml", "tce", "tce_bpr", "rce", "rce_bpr" } do
        local x = { positive = perigee.tensor { -0.3, -0.2 }, negative = perigee.tensor { { -0.1 }, { -0.4 } }, data = split,
          boundary = perigee.tensor { 0.1, 0.2 }, log_proposal = perigee.zeros { 2, 1 },
          positive_log_proposal = perigee.zeros { 2 }, positive_items = { 1, 2 }, negative_items = { 4, 5 } }
        local loss = perigee.losses[name]
        local settings = name:find "^tce" and { drop_rate = 0 } or {}
        local standard = perigee.losses.evaluate(loss(settings), x)
        settings.reduction = "mean"
        if standard ~= perigee.losses.evaluate(loss(settings), x) then found[#found + 1] = name end
      end
      return table.concat(found, " ")
      """)
    #expect(values == [""])
  }

  /// Files of earlier versions, whose tables were called `users` and `items`.
  @Test func filesWithTheEarlierNamesLoad() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let values = try run(
      """
      local function make(ending)
        local function own(per)
          return perigee.parameter { name = per .. ending, per = per, data = split, dim = 4, init = {} }
        end
        return perigee.model { data = split, parameters = { user = own "user", item = own "item" },
          encode = function(_, _, p) return p.user, p.item end }
      end
      local old, new = make "s", make ""
      old.parameters.users:assign(0.5)
      old:save "\(path)"
      new:load "\(path)"
      local _, message = pcall(function() perigee.models.mf { data = split, dim = 3 }:load "\(path)" end)
      return new.parameters.user:tensor():min():item(), message
      """)
    #expect(values[0] == 0.5)
    #expect(
      values[1].asString!.contains("holds item [30, 4], user [40, 4]; this model has user [40, 3], item [30, 3]"))
  }

  // MARK: Numbers

  @Test(
    arguments: [
      ("perigee.optimizers.adam { rate = 1e9 }", "rate: want a number above 0 up to 1000000"),
      ("perigee.optimizers.sgd { rate = 1e7 }", "rate: want a number above 0 up to 1000000"),
      ("perigee.optimizers.adam { clip = 1e-40 }", "clip: want"),
      ("perigee.optimizers.adam { weight_decay = 1e7 }", "weight_decay: want a number from 0 to 1000000"),
      (
        "perigee.optimizers.adam { groups = { { parameters = 'user', rate = 1e9 } } }",
        "rate: want a number above 0 up to"
      ),
      ("perigee.losses.softmax { temperature = 1e-30 }", "temperature: want a number from 1e-06 to 1000000"),
      ("perigee.losses.bsl { temperature = 1e-7 }", "temperature: want"),
      ("perigee.losses.bsl { positive_temperature = 1e7 }", "positive_temperature: want"),
      ("perigee.losses.pris { temperature = 1e-30 }", "temperature: want"),
      ("perigee.losses.infonce {}.temperature = 1e-30", "temperature: want"),
      ("perigee.losses.hinge { margin = 1e7 }", "margin: want a number from -1000000 to 1000000"),
      (
        "perigee.losses.mml { margins = { 1e7 }, weights = { 1 } }",
        "margins: want a list of 1 to 64 numbers from -1000000 to 1000000"
      ),
      (
        "perigee.losses.mml { margins = { 1 }, weights = { 1e10 } }",
        "weights: want a list of 1 to 64 numbers from 0 to 1000000000"
      ),
      ("perigee.losses.ccl { negative_weight = 1e10 }", "negative_weight: want a number from 0 to 1000000000"),
      ("perigee.losses.rce { beta = 1e7 }", "beta: want"),
      ("perigee.losses.uib { alpha = 1e10 }", "alpha: want"),
      ("perigee.losses.warp { maximum_weight = 1e10 }", "maximum_weight: want"),
      ("perigee.models.mf { data = split, dropout = 0.9999 }", "dropout: want a number from 0 to 0.999"),
      ("perigee.samplers.uniform { count = 2000000 }", "count: want an integer from 1 to 1000000"),
      (
        "perigee.losses.evaluate(perigee.losses.sml {}, { positive = perigee.zeros { 1 }, negative = perigee.zeros { 1, 1 }, item_scores = perigee.zeros { 1, 1 } })",
        "give it data, the split whose users and items have them"
      ),
      (
        "perigee.losses.evaluate(perigee.losses.cml {}, { positive = perigee.zeros { 1 }, negative = perigee.zeros { 1, 1 } })",
        "give losses.evaluate data = split"
      ),
    ])
  func numbersAreRefusedWhereTheyAreGiven(_ source: String, _ expected: String) {
    let text = message(source)
    #expect(text.contains(expected), "\(text)")
  }
}
