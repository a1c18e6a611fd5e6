import Interactions
import LuaHost
import LuaLibrary
import Testing

/// `perigee.weighting`, and `weighting` of a trainer.
@Suite struct WeightingBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function made(options)
      options = options or {}
      local model = perigee.models.mf { data = split, dim = 8, score = options.score or "dot", seed = 1,
        biases = options.biases, boundary = options.boundary }
      local importance = options.importance
      if importance == nil then importance = perigee.weighting.triplet_importance { model = model,
        inner_rate = options.inner_rate, states = options.states, seed = options.seed } end
      local trainer = perigee.trainer { model = model, loss = options.loss or perigee.losses.bpr { reduction = "sum" },
        sampler = perigee.samplers.uniform { count = options.count or 1 }, optimizer = perigee.optimizers.adam {
          rate = 0.01, groups = { { parameters = { "importance_hidden", "importance_output" }, rate = options.rate or 0.01 } } },
        batch = 32, seed = 1, weight = options.weight, weighting = importance or nil }
      return trainer, importance
    end

    """

  @Test func weightsAreLearnedAndShown() throws {
    let values = try run(
      """
      local trainer, importance = made()
      assert(importance.weights == nil and importance.states == "attached" and importance.inner_rate == 1e-3)
      local before = importance.hidden:tensor():sum():item()
      local first = trainer:epoch().loss
      local weights = importance.weights
      for _ = 1, 10 do trainer:epoch() end
      assert(trainer.weighting == importance and tostring(importance):find("inner_rate = 0.001", 1, true))
      return weights.count == split.train_count, weights.least > 0 and weights.most < 1 and weights.least <= weights.mean,
        importance.hidden:tensor():sum():item() ~= before, trainer.history[11].loss < first
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true])
  }

  @Test func statesMayBeDetachedAndRatesScheduled() throws {
    let values = try run(
      """
      local function loss(options) local trainer = made(options) trainer:epoch() return trainer:epoch().loss end
      local calls = 0
      local scheduled = loss { inner_rate = function() calls = calls + 1 return 1e-3 end }
      local trainer, importance = made()
      importance.inner_rate = 0
      local hidden = importance.offset:tensor():sum():item()
      trainer:epoch()
      return loss() == scheduled, calls > 0, loss { states = "detached" } ~= loss(), loss { seed = 2 } ~= loss(),
        importance.offset:tensor():sum():item() == hidden
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true, true])
  }

  /// Another weighting, or none, from the next batch on.
  @Test func weightingsAreAssigned() throws {
    let values = try run(
      """
      local trainer, importance = made()
      trainer:step()
      trainer.weighting = false
      local seen = importance.weights.count
      trainer:step()
      local unchanged = importance.weights.count == seen
      trainer.weighting = importance
      trainer:step()
      return unchanged, importance.weights.count > seen
      """)
    #expect(values.map(\.asBoolean) == [true, true])
  }

  @Test(arguments: ["learned", "kmeans"]) func clustersStandInStates(_ clustering: String) throws {
    let values = try run(
      """
      local model = perigee.models.mf { data = split, dim = 8, score = "dot", seed = 1 }
      local importance = perigee.weighting.triplet_importance { model = model, strategy = "multi", clusters = 4,
        clustering = "\(clustering)", alpha = function(epoch) return epoch end, refresh = 1, pretrain = 1 }
      local trainer = perigee.trainer { model = model, loss = perigee.losses.bpr {}, batch = 32, seed = 1,
        sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adam { rate = 0.01 },
        weighting = importance }
      trainer:epoch()
      local clusters = importance.clusters
      assert(importance.weights == nil and clusters.sizes == nil and importance.pretrain == 1)
      local said = trainer:epoch().weights
      assert(said.count == split.train_count and said.mean == importance.weights.mean)
      local before = clusters.centers:tensor():sum():item()
      trainer:epoch()
      local sum = 0
      for _, size in ipairs(clusters.sizes) do sum = sum + size end
      local tenths = 0
      for _, share in ipairs(importance.weights.tenths) do tenths = tenths + share end
      assert(math.abs(tenths - 1) < 1e-9 and #importance.weights.tenths == 10)
      local history = trainer.history
      assert(#history == 3 and history[1].weights == nil and history[2].weights.mean == said.mean)
      assert(history[3].weights.deviation == importance.weights.deviation and history[3].weights.tenths[10])
      assert(clusters.count == 4 and clusters.centers:tensor().shape[1] == 4 and clusters.reseeded >= 0)
      return sum == #split.dataset:items(), clusters.centers:tensor():sum():item() ~= before,
        (clusters.divergence ~= nil) == ("\(clustering)" == "learned")
      """)
    #expect(values.map(\.asBoolean) == [true, true, true])
  }

  /// Networks and graphs with layers too, and the ways of the authors' code.
  @Test(arguments: [
    "perigee.models.neumf { data = split, dim = 8, tower = { 8, 4 } }",
    "perigee.models.gmf { data = split, dim = 8 }", "perigee.models.ncf { data = split, dim = 8, tower = { 16, 4 } }",
    "perigee.models.mgccf { data = split, dim = 8, neighbors = 3 }",
    "perigee.models.lightgcn { data = split, dim = 8 }",
    "perigee.models.mf { data = split, dim = 8, score = 'dot' }",
  ]) func allBackbonesAreWeighed(_ model: String) throws {
    let values = try run(
      """
      local model = \(model)
      local importance = perigee.weighting.triplet_importance { model = model, hypergradient = "second_order",
        activation = "softplus", offset = false, aggregate = "sum", accumulate_outer = true }
      local trainer = perigee.trainer { model = model, loss = perigee.losses.bpr { reduction = "sum" }, batch = 64, seed = 1,
        sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adam { rate = 0.01 },
        weighting = importance }
      local before = importance.output:tensor():sum():item()
      trainer:epoch()
      return importance.weights.count == split.train_count, importance.output:tensor():sum():item() ~= before,
        importance.offset:tensor():item() == 0, importance.activation == "softplus" and importance.aggregate == "sum",
        importance.accumulate_outer and importance.hypergradient == "second_order"
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true, true])
  }

  @Test func whatMeansNothingIsAnError() {
    func multi(_ options: String) -> String {
      message(
        "perigee.weighting.triplet_importance { model = perigee.models.mf { data = split, dim = 8, score = 'dot' }, \(options) }"
      )
    }
    #expect(multi("clusters = 3").contains("say strategy = \"multi\""))
    #expect(multi("strategy = 'multi', clustering = 'kmeans', gamma = 1").contains("no loss of their own"))
    #expect(multi("strategy = 'multi', clusters = 1000000").contains("at most as many clusters as items"))
    #expect(multi("strategy = 'multi', tau = 0").contains("tau"))
    #expect(multi("strategy = 'both'").contains("strategy"))
    #expect(message("made { biases = true }").contains("model 'mf' has biases"))
    #expect(message("made { score = 'cosine' }").contains("model 'mf' has score = \"cosine\""))
    #expect(message("made { score = 'euclidean' }").contains("model 'mf' has score = \"euclidean\""))
    #expect(message("made { boundary = 'user' }").contains("model 'mf' has a boundary"))
    #expect(multi("activation = 'tanh'").contains("activation"))
    #expect(multi("aggregate = 'max'").contains("aggregate"))
    #expect(message("made { loss = perigee.losses.hinge {} }").contains("losses.bpr"))
    #expect(message("made { count = 3 }:step()").contains("draws 3 for each positive"))
    #expect(
      message("made { weight = perigee.ones { split.train_count } }").contains("leave `weight` or `weighting` out"))
    #expect(message("made { inner_rate = -1 }").contains("inner_rate"))
    #expect(message("made().weighting = true").contains("or false for none"))
    #expect(message("perigee.weighting.triplet_importance {}").contains("model"))
    #expect(message("made { importance = 3 }").contains("weighting"))
  }
}
