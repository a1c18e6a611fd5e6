import Interactions
import LuaHost
import LuaLibrary
import Platform
import Ranking
import TestSupport
import Testing

/// Saved models say what they are.
@Suite struct ModelFileTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function mf(options)
      local o = { data = split, dim = 8, seed = 1, init = { std = 0.3 } }
      for key, value in pairs(options or {}) do o[key] = value end
      return perigee.models.mf(o)
    end
    local function simplex(options)
      local o = { data = split, dim = 8, seed = 1, init = { std = 0.3 } }
      for key, value in pairs(options or {}) do o[key] = value end
      return perigee.models.simplex(o)
    end
    local function same(a, b)
      for _, user in ipairs(split.dataset:users()) do
        for _, item in ipairs(split.dataset:items()) do
          if a:score(user, item) ~= b:score(user, item) then return false end
        end
      end
      return tostring(a) == tostring(b)
    end

    """

  private let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/m" }

  /// As many users and items as in the small split, of other names.
  private func strangers() -> String {
    let pairs = (0..<40).flatMap { user in (0..<30).filter { ($0 + user) % 3 == 0 }.map { "u\(user),i\($0)" } }
    return folder.write("strangers.csv", (["user,item"] + pairs).joined(separator: "\n") + "\n")
  }

  @Test(
    arguments: [
      "mf()", "mf { score = 'dot', biases = true, boundary = 'linear_bias', dropout = 0.1, dropout_on = 'parameters' }",
      "mf { score = 'euclidean', dropout = function() return 0.1 end }", "mf { boundary = 'user' }",
      "perigee.models.sml { data = split, dim = 6 }",
      "perigee.models.sml { data = split, dim = 6, boundary = 'user', dropout = 0.1 }",
      "simplex()", "simplex { gate = 1 }",
      "simplex { aggregator = 'user_attention', mask = 'code', history = 'shared', max_history = 3, exclude_positive = false, gate = 0.3 }",
      "simplex { aggregator = 'self_attention', score = 'dot', dropout = 0.25 }",
    ])
  func aFileMakesItsModel(_ model: String) throws {
    let values = try run(
      """
      local model = \(model):save "\(path)"
      local made = perigee.load("\(path)", { data = split })
      return same(model, made), made.name == model.name, type(model.dropout) ~= "number" or made.dropout == model.dropout
      """)
    #expect(values == [true, true, true])
  }

  @Test func whatWasTrainedIsKnownAndGoesOn() throws {
    let values = try run(
      """
      local function trainer(model)
        return perigee.trainer { model = model, loss = perigee.losses.softmax { temperature = 0.2 }, batch = 32, seed = 1,
          sampler = perigee.samplers.uniform { count = 3 }, optimizer = perigee.optimizers.sgd { rate = 1 } }
      end
      local model = mf { dropout = 0.2, dropout_on = "parameters" }
      trainer(model):epoch()
      local made = perigee.load(select(2, model:save "\(path)", "\(path)"), { data = split })
      local other = split.dataset:split { kind = "ratio", test = 0.2, seed = 9 }
      local refused = select(2, pcall(perigee.evaluate, made, other))
      local a, b = trainer(model):epoch(), trainer(made):epoch()
      return a.loss == b.loss, refused, perigee.evaluate(made, split)["recall@20"] > 0
      """)
    #expect(values[0] == true && values[2] == true)
    #expect(values[1].asString?.contains("the model was trained on another split") == true)
  }

  @Test func aDataSetWillDoForRecommending() throws {
    let values = try run(
      """
      local model = mf():save "\(path)"
      local made = perigee.load("\(path)", { data = split.dataset })
      local user = split.dataset:users()[1]
      local known, list = {}, made:recommend(user, { k = 5 })
      for _, best in ipairs(perigee.load("\(path)", { data = split }):recommend(user, { k = 30 })) do known[best.item] = best.score end
      return #list, known[list[1].item] == list[1].score
      """)
    #expect(values == [5, true])
    #expect(
      message(#"simplex():save "\#(path)" perigee.load("\#(path)", { data = split.dataset })"#).contains(
        "kind 'simplex', which reads the train part itself; give data = the split that it was trained on"))
    // One that was trained: nothing is held out of the whole.
    let trained = try run(
      """
      local model = mf()
      perigee.trainer { model = model, loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform {},
        optimizer = perigee.optimizers.sgd {} }:epoch()
      model:save "\(path)"
      return #perigee.load("\(path)", { data = split.dataset }):recommend(split.dataset:users()[1], { k = 5 })
      """)
    #expect(trained == [5])
  }

  @Test(
    arguments: [
      ("mf()", "simplex { gate = 1 }", "holds a model of kind 'mf', and this one is 'simplex'; use perigee.load"),
      ("mf()", "mf { score = 'dot' }", "was saved by a model with score 'cosine', and this one has 'dot'"),
      ("mf()", "mf { dim = 4 }", "holds user [40, 8], item [30, 8]; this model has user [40, 4], item [30, 4]"),
      ("simplex()", "simplex { gate = 0.7 }", "with other settings: gate is 0.5 there and 0.7 here"),
      (
        "simplex { aggregator = 'self_attention' }",
        "simplex { aggregator = 'self_attention', max_history = 2, mask = 'code' }",
        "mask is proper there and code here; max_history is not set there and 2 here"
      ),
      (
        "mf()",
        "mf { data = perigee.data.open(strangers):split { kind = 'ratio' } }",
        "was saved for other users and items, those of \"small\", than those of"
      ),
    ])
  func anotherModelIsRefusedAndKeepsItsParameters(_ saved: String, _ other: String, _ wanted: String) throws {
    let values = try run(
      """
      local strangers = "\(strangers())"
      \(saved):save "\(path)"
      local other = \(other)
      local before = other:user_embeddings():sum():item()
      local _, message = pcall(other.load, other, "\(path)")
      return tostring(message), before == other:user_embeddings():sum():item()
      """)
    #expect(values[0].asString?.contains(wanted) == true, "\(values[0])")
    #expect(values[1] == true)
  }

  @Test func settingsThatOnlyBeginATrainingMayDiffer() throws {
    let values = try run(
      """
      local model = mf():save "\(path)"
      return same(model, mf { seed = 7, init = { kind = "uniform" }, dropout = 0.3 }:load "\(path)")
      """)
    #expect(values == [true])
  }

  @Test func aModelOfAScriptIsMadeByTheScript() throws {
    let model = """
      local function lua_model()
        return perigee.model { data = split, parameters = {
            user = perigee.parameter { name = "user", per = "user", data = split, dim = 8, init = { std = 0.1 } },
            item = perigee.parameter { name = "item", per = "item", data = split, dim = 8, init = { std = 0.1 } } },
          encode = function(users, items, p) return p.user, p.item end }
      end
      lua_model():save "\(path)"

      """
    #expect(
      message(model + #"perigee.load("\#(path)", { data = split })"#).contains(
        "does not say how its model was made: a script wrote the model, or an earlier version of Perigee the file. Make the model as it "
          + "was made, and use model:load"))
    #expect(try run(model + #"lua_model():load "\#(path)" return true"#) == [true])
  }

  @Test func whatIsNoModelIsRefused() throws {
    #expect(message(#"perigee.load("\#(path)", { data = split })"#).contains("no such file"))
    folder.write("m", "not a model")
    #expect(message(#"perigee.load("\#(path)", { data = split })"#).contains("is not a whole saved model"))
    #expect(message(#"mf():save "\#(path)" perigee.load "\#(path)""#).contains("data"))
    #expect(
      message(
        """
        mf():save "\(path)"
        perigee.load("\(path)", { data = perigee.data.open "\(strangers())" })
        """
      ).contains("was saved for other users and items, those of \"small\", than those of"))
  }

  @Test func parametersThatWereKeptWithItComeBack() throws {
    let values = try run(
      """
      local margin = perigee.parameter { name = "margin", per = "user", data = split, init = 0.5 }
      mf():save("\(path)", { also = { margin } })
      local other = perigee.parameter { name = "margin", per = "user", data = split, init = 0 }
      perigee.load("\(path)", { data = split, also = { other } })
      return other:tensor():sum():item()
      """)
    #expect(values == [20])
  }
}
