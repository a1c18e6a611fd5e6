import LuaHost
import LuaLibrary
import TestSupport
import Testing

/// `models.sml` from Lua: its margins are the model's, with the native losses and with the same in Lua.
@Suite struct MetricModelTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local losses = perigee.losses
    local function make(boundary) return perigee.models.sml { data = split, dim = 6, boundary = boundary, seed = 2 } end
    local function train(model, loss, epochs)
      local trainer = perigee.trainer { model = model, loss = loss, batch = 32, seed = 1,
        sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adagrad { rate = 0.1 } }
      for _ = 1, epochs or 3 do trainer:epoch() end
      return model
    end
    local function gap(a, b) return (a:tensor() - b:tensor()):abs():max():item() end

    """

  @Test func itLearnsToRank() throws {
    let values = try run(
      """
      local model = make()
      local before = perigee.evaluate(model, split, { metrics = { "ndcg@5" } })["ndcg@5"]
      train(model, losses.sml { margin_weight = 4 }, 15)
      local after = perigee.evaluate(model, split, { metrics = { "ndcg@5" } })["ndcg@5"]
      local margins = model.parameters.user_margin:tensor()
      return after > before + 0.2, margins:min():item() < 1, margins:max():item() <= 1, model.score_function,
        model:user_embeddings():norm(2):max():item() < 1 + 1e-6
      """)
    #expect(values == [true, true, true, "euclidean", true])
  }

  @Test(arguments: [nil, "linear", "linear_bias", "user"] as [String?])
  func marginsAreSavedWithTheModel(_ boundary: String?) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/m"
    let kind = boundary.map { "'\($0)'" } ?? "nil"
    let values = try run(
      """
      local model = train(make(\(kind)), losses.\(boundary == nil ? "sml" : "sml_uib") { margin_weight = 4 })
      model:save "\(path)"
      local made = perigee.load("\(path)", { data = split })
      local same = true
      for name, parameter in pairs(model.parameters) do same = same and gap(parameter, made.parameters[name]) == 0 end
      return same, gap(make().parameters.user_margin, made.parameters.user_margin) > 0, made.name
      """)
    #expect(values == [true, true, "sml"])
  }

  /// The losses of `lua/losses` as functions, with the model's own margins.
  @Test func aLossInLuaLearnsTheMarginsOfTheModel() throws {
    let values = try run(
      """
      local function loss(model, gamma)
        local user_margin, item_margin = model.parameters.user_margin, model.parameters.item_margin
        return function(s)
          local m, n = user_margin[s.users], item_margin[s.positive_items]
          return (s.negative - s.boundary + m):relu():sum() + 0.4 * (s.boundary - s.positive + m):relu():sum()
            + 0.3 * (s.item_scores - s.positive + n):relu():sum() - gamma * (m:mean() + n:mean())
        end
      end
      local lua, native = make "linear_bias", make "linear_bias"
      train(lua, loss(lua, 4))
      train(native, losses.sml_uib { alpha = 0.4, margin_weight = 4 })
      local far = 0
      for name, parameter in pairs(lua.parameters) do far = math.max(far, gap(parameter, native.parameters[name])) end
      return far, gap(make().parameters.user_margin, lua.parameters.user_margin)
      """)
    #expect(values[0].asNumber! < 1e-3)
    #expect(values[1].asNumber! > 1e-2)
  }

  @Test func mistakesAreNamed() {
    #expect(message("train(make(), losses.sml_uib {})").contains("make it with boundary = \"linear\""))
    #expect(message("perigee.models.sml { data = split, score = 'dot' }").contains("unknown option 'score'"))
  }
}
