import LuaHost
import LuaLibrary
import Testing

/// A model's boundary as scripts ask for it.
@Suite struct BoundaryBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function train(model, loss)
      local trainer = perigee.trainer { model = model, loss = loss or perigee.losses.uib { alpha = 1 }, batch = 32, seed = 1,
        sampler = perigee.samplers.uniform { count = 2 }, optimizer = perigee.optimizers.adam { rate = 0.02 } }
      for _ = 1, 15 do trainer:epoch() end
      return model
    end
    local function mf(options)
      local o = { data = split, dim = 8, score = "dot", boundary = "linear", init = { std = 0.3 }, seed = 1 }
      for key, value in pairs(options or {}) do o[key] = value end
      return perigee.models.mf(o)
    end

    """

  static let models = [
    "mf()", "mf { boundary = 'linear_bias', biases = true }", "mf { boundary = 'user' }", "mf { score = 'cosine' }",
    "mf { score = 'euclidean', boundary = 'linear_bias' }",
    "perigee.models.sml { data = split, dim = 8, boundary = 'linear_bias' }",
    "perigee.models.lightgcn { data = split, dim = 8, boundary = 'linear' }",
    "perigee.models.mgccf { data = split, dim = 8, neighbors = 3, boundary = 'linear_bias' }",
    "perigee.models.ncf { data = split, dim = 8, boundary = 'linear_bias', init = { std = 0.3 } }",
    "perigee.models.neumf { data = split, dim = 8, boundary = 'linear', init = { std = 0.3 } }",
  ]

  /// What the loss was given of users in training is what the model says of them, and decisions are comparisons with it.
  @Test(arguments: models) func boundariesAreThoseOfTraining(_ model: String) throws {
    let values = try run(
      """
      local model = \(model)
      local far = 0
      train(model)
      local users = split.dataset:users()
      local all = model:boundary()
      local spread = 0
      for place, user in ipairs(users) do
        if model:boundary(user) ~= all[place] then return "one is not as among all" end
        spread = math.max(spread, math.abs(all[place] - all[1]))
      end
      local two = model:boundary { users[3], users[1] }
      if two[1] ~= all[3] or two[2] ~= all[1] or #two ~= 2 then return "a list is in another order" end
      -- One batch of one pair without a step: its loss is softplus(b - s_p) + softplus(s_n - b).
      local trainer = perigee.trainer { model = model, batch = 1, seed = 3, shuffle = false, sampler = perigee.samplers.uniform { count = 1 },
        optimizer = perigee.optimizers.sgd { rate = 1e-30 }, loss = perigee.losses.uib {} }
      for _ = 1, 8 do
        local batch = trainer:next_batch()
        local forward = batch:forward()
        local b = model:boundary(users[batch.users:positions():item()])
        local p, n = forward.positive[1], forward.negative[{ 1, 1 }]
        local wanted = math.log(1 + math.exp(b - p)) + math.log(1 + math.exp(n - b))
        far = math.max(far, math.abs(wanted - forward.loss), math.abs(b - forward.boundary[1]))
        batch:step()
      end
      return far, spread > 1e-3, #all
      """)
    let far = try #require(values[0].asNumber, "\(values)")
    #expect(far < 1e-4)
    #expect(values[1] == .boolean(true) && values[2] == .integer(40))
  }

  @Test(arguments: models) func decisionsAreComparisons(_ model: String) throws {
    let values = try run(
      """
      local model = train(\(model))
      local users, items = split.dataset:users(), split.dataset:items()
      local right, above = 0, 0
      for place, user in ipairs(users) do
        local decisions = model:interested(user, items)
        for i, item in ipairs(items) do
          local gap = model:score(user, item) - model:boundary(user)
          if math.abs(gap) < 1e-5 or (gap > 0) == decisions[i] then right = right + 1 end
          if decisions[i] then above = above + 1 end
        end
        if place == 1 then
          if model:interested(user, items[1]) ~= decisions[1] then return "one is not as in a list" end
          if model:interested(user, items[1], { offset = 1000 }) or not model:interested(user, items[1], { offset = -1000 }) then
            return "the offset does not count"
          end
        end
      end
      local quality = perigee.evaluate_boundary(model, split, { offsets = { -1000, 0, 1000 } })
      return right == #users * #items, math.abs(quality[2].predicted * #users - above) < 1e-6, quality.users, quality.items,
        quality[1].filtered_share, quality[3].filtered_share, quality[1].recall, quality[3].f1,
        quality[2].filtered + quality[2].predicted
      """)
    #expect(values == [true, true, 40, 30, 0.0, 1.0, 1.0, 0.0, 30.0])
  }

  @Test func qualityOfPartsAndUsers() throws {
    let values = try run(
      """
      local model = train(mf())
      local function quality(o) return perigee.evaluate_boundary(model, split, o) end
      local users = split.dataset:users()
      local all, train_part, test = quality(), quality { on = "train" }, quality { on = "test" }
      local some = quality { users = { users[2], users[1], users[2] } }
      return #all, all[1].offset, train_part[1].recall > test[1].recall, test[1].precision < train_part[1].precision,
        all[1].predicted == train_part[1].predicted, some.users, (tostring(all):find "40 users") ~= nil
      """)
    #expect(values == [1, 0, true, true, true, 2, true])
    #expect(
      message("perigee.evaluate_boundary(train(mf()), split, { on = 'valid' })", split: smallSplit()).contains(
        "validation part"))
  }

  @Test func distributionsOfScores() throws {
    let values = try run(
      """
      local model = train(mf())
      local spread = perigee.score_distributions(model, split, { bins = 10, range = { -20, 20 }, values = true, seed = 3 })
      local again = perigee.score_distributions(model, split, { bins = 10, range = { -20, 20 }, seed = 3 })
      local sum = 0
      for _, count in ipairs(spread.positive.counts) do sum = sum + count end
      local total = 0
      for _, user in ipairs(split:users()) do total = total + #split:items_of(user) + #split:items_of(user, "test") end
      return sum == total, spread.positive.count == total, spread.negative.count == total, spread.boundary.count,
        spread.positive.mean > spread.boundary.mean, spread.boundary.mean > spread.negative.mean, #spread.positive.edges,
        #spread.negative.values == total, again.negative.mean == spread.negative.mean, again.positive.values == nil,
        (tostring(spread):find "deviation") ~= nil
      """)
    #expect(values == [true, true, true, 40, true, true, 11, true, true, true, true])
    let without = try run(
      "local d = perigee.score_distributions(perigee.models.mf { data = split, dim = 4 }, split) return d.boundary, d.positive.count > 0"
    )
    #expect(without == [.nil, true])
  }

  @Test(arguments: [
    (
      "perigee.models.mf { data = split, dim = 4 }:boundary()",
      "model 'mf' has no boundary; make it with boundary = \"linear\" and train it with a loss that reads it, such as losses.uib"
    ),
    ("perigee.models.sml { data = split }:interested(split.dataset:users()[1], {})", "such as losses.sml_uib"),
    ("perigee.evaluate_boundary(perigee.models.mf { data = split, dim = 4 }, split)", "model 'mf' has no boundary"),
    (
      "perigee.models.popularity { data = split }:boundary()",
      "model 'popularity' has no boundary, and none of its kind has"
    ),
    ("mf():boundary 'nobody'", "no user 'nobody'"),
    ("mf():interested(split.dataset:users()[1], 'nothing')", "no item 'nothing'"),
    ("perigee.score_distributions(mf(), split, { range = { 1, 1 } })", "want the lower edge before the upper one"),
  ]) func mistakesAreNamed(_ source: String, _ expected: String) {
    let text = message(source)
    #expect(text.contains(expected), "\(text)")
  }
}
