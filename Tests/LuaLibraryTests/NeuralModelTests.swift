import LuaHost
import LuaLibrary
import Testing

/// `perigee.models.ncf`, `gmf` and `neumf` from scripts.
@Suite struct NeuralModelTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local models = perigee.models
    local function train(model, options)
      options = options or {}
      local trainer = perigee.trainer { model = model, batch = 32, seed = 1, loss = options.loss or perigee.losses.bce {},
        sampler = perigee.samplers.uniform { count = 4 },
        optimizer = options.optimizer or perigee.optimizers.adam { rate = 0.02 } }
      for _ = 1, options.epochs or 3 do trainer:epoch() end
      return trainer
    end
    local function names(model)
      local list = {}
      for name in pairs(model.parameters) do list[#list + 1] = name end
      table.sort(list)
      return table.concat(list, " ")
    end

    """

  /// Of a model whose scores are asked for block by block: a block of no users has no length.
  @Test func nobodyIsRecommendedNothing() throws {
    #expect(
      try run("return #models.ncf { data = split }:recommend({}), #models.mf { data = split }:recommend({})") == [0, 0])
  }

  @Test(arguments: [
    ("ncf { data = split, dim = 8, init = { std = 0.3 } }"), ("gmf { data = split, dim = 8, init = { std = 0.3 } }"),
    ("neumf { data = split, dim = 8, mlp_dim = 4, init = { std = 0.3 } }"),
    ("ncf { data = split, tower = { 16, 8, 4 }, boundary = \"linear\", dropout = 0.1, dropout_on = \"layers\", init = { std = 0.3 } }"),
  ])
  func trainsRanksAndSaves(_ make: String) throws {
    let result = try run(
      """
      local function make() return models.\(make) end
      local model = make()
      train(model, { epochs = 15, loss = \(make.contains("boundary") ? "perigee.losses.uib {}" : "nil") })
      local ndcg = perigee.evaluate(model, split, { on = "test", metrics = "ndcg@5" })["ndcg@5"]
      local user = split:users()[3]
      local list = model:recommend(user, { k = 3 })
      for _, entry in ipairs(list) do
        assert(math.abs(model:score(user, entry.item) - entry.score) < 1e-4, entry.item)
      end
      local path = os.tmpname()
      model:save(path)
      local loaded = make():load(path)
      local made = perigee.load(path, { data = split })
      os.remove(path)
      assert(tostring(made) == tostring(model) and made.dropout == model.dropout)
      assert(made:score(user, list[1].item) == model:score(user, list[1].item))
      assert(loaded:score(user, list[1].item) == model:score(user, list[1].item))
      return ndcg, #list, model.score_function
      """)
    #expect(result[0].asNumber! > 0.4, "ndcg@5 is \(result[0].asNumber!)")
    #expect(result[1].asInteger == 3 && result[2].asString == "function")
  }

  @Test func parametersHaveNames() throws {
    let result = try run(
      """
      return names(models.ncf { data = split, layers = { 4, 2 }, boundary = "linear_bias" }), names(models.gmf { data = split }),
        names(models.gmf { data = split, bias = false }), names(models.neumf { data = split, layers = { 4 } })
      """)
    #expect(
      result.map(\.asString) == [
        "boundary item layer1_bias layer1_weight layer2_bias layer2_weight output_bias output_weight user",
        "item output_bias output_weight user", "item output_weight user",
        "gmf_output_weight item layer1_bias layer1_weight mlp_item mlp_user output_bias output_weight user",
      ])
  }

  @Test func sizesComeFromLayersOrTowerOrHalve() throws {
    let result = try run(
      """
      local function shape(model, layer)
        local shape = model.parameters["layer" .. layer .. "_weight"]:tensor().shape
        return shape[1] .. "x" .. shape[2]
      end
      local plain, layers = models.ncf { data = split }, models.ncf { data = split, dim = 5, layers = { 7 } }
      local tower, narrow = models.ncf { data = split, tower = { 12, 9, 2 } }, models.ncf { data = split, dim = 1 }
      return shape(plain, 1), shape(plain, 2), shape(plain, 3), shape(layers, 1), shape(tower, 1), shape(tower, 2), tower.dim,
        shape(narrow, 3), shape(models.neumf { data = split, dim = 4, mlp_dim = 6 }, 1)
      """)
    let texts = result.map { $0.asString ?? "\($0.asInteger!)" }
    #expect(texts == ["32x64", "16x32", "8x16", "7x10", "9x12", "2x9", "6", "1x1", "6x12"])
  }

  @Test func layersMayHaveARateOfTheirOwn() throws {
    let result = try run(
      """
      local model = models.ncf { data = split, dim = 4 }
      local before, users = model.parameters.layer1_weight:tensor(), model.parameters.user:tensor()
      train(model, { epochs = 1, optimizer = perigee.optimizers.adagrad { rate = 1,
        groups = { { parameters = { "layer*", "output*" }, rate = 1e-9 } } } })
      return (model.parameters.layer1_weight:tensor() - before):abs():max():item(),
        (model.parameters.user:tensor() - users):abs():max():item()
      """)
    #expect(result[0].asNumber! < 1e-6 && result[1].asNumber! > 0.5)
  }

  @Test func startsFromTrainedParts() throws {
    let result = try run(
      """
      local gmf, mlp = models.gmf { data = split, dim = 6, seed = 1 }, models.ncf { data = split, dim = 4, layers = { 5 }, seed = 2 }
      train(gmf) train(mlp)
      local both = models.neumf { data = split, pretrained = { gmf = gmf, mlp = mlp, alpha = 0.25 } }
      local user, item = split:users()[1], split.dataset:items()[2]
      local gap = both:score(user, item) - 0.25 * gmf:score(user, item) - 0.75 * mlp:score(user, item)
      train(both)
      return gap, both.dim, both.parameters.mlp_user:tensor().shape[2]
      """)
    #expect(abs(result[0].asNumber!) < 1e-5)
    #expect(result[1].asInteger == 6 && result[2].asInteger == 4)
  }

  /// What the parts have seen, the whole has: it is not to be evaluated on another split.
  @Test func partsBringWhatTheyWereTrainedOn() {
    let text = message(
      """
      local gmf, mlp = models.gmf { data = split }, models.ncf { data = split }
      train(mlp, { epochs = 1 })
      local both = models.neumf { data = split, pretrained = { gmf = gmf, mlp = mlp } }
      local other = split.dataset:split { kind = "ratio", test = 0.3, seed = 9 }
      perigee.evaluate(both, other, { on = "test", metrics = "ndcg@5" })
      """)
    #expect(text.contains("the model was trained on another split"), "\(text)")
  }

  @Test(arguments: [
    (
      "models.ncf { data = split, layers = {} }",
      "layers: want a list of 1 to 16 integers from 1 to 4096, got 0 entries"
    ),
    (
      "models.ncf { data = split, layers = { 8, 0 } }",
      "layers: want a list of 1 to 16 integers from 1 to 4096, but entry [2] is 0"
    ),
    ("models.ncf { data = split, layers = { 8 }, tower = { 64, 8 } }", "tower: says the same as layers"),
    ("models.ncf { data = split, tower = { 15, 8 } }", "tower: begins with 15; want the length of two embeddings"),
    (
      "models.ncf { data = split, dim = 8, tower = { 64, 8 } }",
      "tower: begins with 64, and two embeddings of dim = 8 are 16 long; leave dim out"
    ),
    ("models.ncf { data = split, layer_init = \"glorot\" }", "layer_init: "),
    ("models.ncf { data = split, score = \"dot\" }", "unknown option 'score'"),
    ("models.gmf { data = split, layers = { 8 } }", "unknown option 'layers'"),
    (
      "models.neumf { data = split, pretrained = { gmf = models.ncf { data = split }, mlp = models.ncf { data = split } } }",
      "pretrained.gmf: is models.ncf; want models.gmf"
    ),
    (
      "models.neumf { data = split, dim = 16, pretrained = { gmf = models.gmf { data = split }, mlp = models.ncf { data = split } } }",
      "neumf: the pretrained gmf has dim = 32, and this model dim = 16"
    ),
    (
      "models.neumf { data = split, layers = { 8 }, pretrained = { gmf = models.gmf { data = split }, mlp = models.ncf { data = split } } }",
      "neumf: the pretrained mlp has layers [32, 16, 8], and this model layers [8]"
    ),
    (
      """
      local other = perigee.data.synthetic { users = 40, items = 36, interests = 2, interactions_per_user = 8, seed = 5 }:split { kind = "ratio", test = 0.2, seed = 1 }
      models.neumf { data = split, pretrained = { gmf = models.gmf { data = other }, mlp = models.ncf { data = split } } }
      """, "pretrained.gmf: was made for other users and items than those of small"
    ),
    (
      "models.neumf { data = split, pretrained = { gmf = models.gmf { data = split }, mlp = models.ncf { data = split }, alpha = 2 } }",
      "pretrained.alpha: want a number from 0 to 1, got 2"
    ),
    (
      "train(models.ncf { data = split }, { loss = perigee.losses.uib {} })",
      "the model has none; make it with boundary"
    ),
  ])
  func badInputIsRefused(_ source: String, _ expected: String) {
    let text = message(source)
    #expect(text.contains(expected), "\(text)")
  }
}
