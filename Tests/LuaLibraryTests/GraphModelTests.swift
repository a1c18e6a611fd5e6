import Foundation
import LuaHost
import LuaLibrary
import Testing

/// `lightgcn` and `mgccf` from Lua, and what it takes to write the first with tensors.
@Suite struct GraphModelTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function train(model, options)
      options = options or {}
      local trainer = perigee.trainer { model = model, batch = 32, seed = 1, loss = options.loss or perigee.losses.bpr {},
        sampler = perigee.samplers.uniform { count = 2 }, regularization = options.regularization,
        optimizer = options.optimizer or perigee.optimizers.adam { rate = 0.02 } }
      local losses = {}
      for _ = 1, 3 do losses[#losses + 1] = trainer:epoch().loss end
      return losses
    end
    local function rows(p) return perigee.concatenate { p.user:tensor(), p.item:tensor() } end
    local function gap(a, b) return (a - b):abs():max():item() end

    """

  /// Another way to the same numbers: a matrix of all nodes, products and their derivatives by tensors.
  @Test(
    arguments: ["symmetric", "row"],
    ["adam { rate = 0.02 }", "sgd { rate = 0.5, momentum = 0.9 }", "adagrad { rate = 0.05 }"])
  func theNativeModelLosesAsTheOneInLua(_ normalization: String, _ optimizer: String) throws {
    let values = try run(
      """
      local graph = split:matrix { normalize = "\(normalization)" }
      local function parameter(per) return perigee.parameter { name = per, per = per, data = split, dim = 6, init = { std = 0.3 } } end
      local lua = perigee.model { data = split, score = "dot", parameters = { user = parameter "user", item = parameter "item" },
        encode = function(users, items, p)
          local layer = perigee.concatenate { p.user, p.item }
          local sum = 0.5 * layer
          for _, weight in ipairs { 0.25, 0.25 } do
            layer = graph:matmul(layer)
            sum = sum + weight * layer
          end
          return sum:gather(users:positions()), sum:gather(items:positions() + split.user_count)
        end }
      local native = perigee.models.lightgcn { data = split, dim = 6, layers = 2, layer_weights = { 0.5, 0.25, 0.25 },
        normalization = "\(normalization)" }
      for _, side in ipairs { "user", "item" } do native.parameters[side]:assign(lua.parameters[side]:tensor()) end
      local start = rows(lua.parameters)
      local a = train(lua, { optimizer = perigee.optimizers.\(optimizer) })
      local b = train(native, { optimizer = perigee.optimizers.\(optimizer) })
      local far = 0
      for epoch = 1, 3 do far = math.max(far, math.abs(a[epoch] / b[epoch] - 1)) end
      local metrics = { metrics = { "ndcg@5" } }
      return a[3] < a[1], far, gap(start, rows(lua.parameters)), gap(rows(lua.parameters), rows(native.parameters)),
        gap(lua:user_embeddings(), native:user_embeddings()),
        math.abs(perigee.evaluate(lua, split, metrics)["ndcg@5"] - perigee.evaluate(native, split, metrics)["ndcg@5"])
      """)
    #expect(values[0] == .boolean(true))
    #expect(values[1].asNumber! < 1e-5)
    #expect(values[2].asNumber! > 0.05)
    for value in values[3...4] { #expect(value.asNumber! < 2e-3) }
    #expect(values[5].asNumber! < 0.02)
  }

  @Test func theMatrixOfASplitHasEachPairTwice() throws {
    let values = try run(
      """
      local plain, normal, own = split:matrix(), split:matrix { normalize = "symmetric" }, split:matrix { normalize = "row" }
      local nodes = split.user_count + split.item_count
      local degrees = plain:matmul(perigee.ones { nodes })
      local back = normal:matmul(degrees:sqrt())          -- A has the roots of degrees for an eigenvector
      return plain.count == 2 * split.train_count, plain.shape[1] == nodes, gap(back, degrees:sqrt()),
        gap(own:matmul(perigee.ones { nodes }), perigee.ones { nodes }), own.count == plain.count + nodes,
        degrees:sum():item() == plain.count
      """)
    #expect(values[2].asNumber! < 1e-5 && values[3].asNumber! < 1e-6)
    for place in [0, 1, 4, 5] { #expect(values[place] == .boolean(true)) }
  }

  @Test(arguments: [
    "lightgcn { data = split, dim = 5, layers = 2 }",
    "lightgcn { data = split, dim = 5, layers = 2, layer_weights = { 0.1, 1, -0.5 }, normalization = 'row' }",
    "mgccf { data = split, dim = 5, neighbors = 3 }",
  ])
  func savedModelsComeBack(_ make: String) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("graph-\(UUID().uuidString).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let values = try run(
      """
      local model = perigee.models.\(make)
      local before = model:user_embeddings()
      train(model)
      model:save "\(path)"
      local again = perigee.models.\(make):load "\(path)"
      local metrics = { metrics = { "ndcg@5" } }
      return gap(before, model:user_embeddings()), gap(again:user_embeddings(), model:user_embeddings()),
        gap(again:item_embeddings(), model:item_embeddings()),
        perigee.evaluate(again, split, metrics)["ndcg@5"] - perigee.evaluate(model, split, metrics)["ndcg@5"],
        #again:recommend(split.dataset:users()[1], { k = 3 }),
        gap(perigee.load("\(path)", { data = split }):user_embeddings(), model:user_embeddings())
      """)
    #expect(values[0].asNumber! > 1e-3)
    #expect(
      values[1] == .number(0) && values[2] == .number(0) && values[3] == .number(0) && values[4] == 3
        && values[5] == .number(0))
  }

  /// The memory that a pass works in is the model's: a pass between the two of a batch must not disturb it.
  @Test(arguments: ["lightgcn { data = split, dim = 5, layers = 3, dropout = 0.1 }", "mgccf { data = split, dim = 5 }"])
  func aLossMayEvaluateTheModel(_ make: String) throws {
    let values = try run(
      """
      local function loss(look)
        local model
        local function bpr(s)
          if look then perigee.evaluate(model, split, { metrics = "ndcg@5" }); model:item_embeddings() end
          return (s.negative - s.positive):softplus():mean()
        end
        model = perigee.models.\(make)
        return train(model, { loss = bpr }), model:user_embeddings()
      end
      local a, rows_a = loss(false)
      local b, rows_b = loss(true)
      return a[3] - b[3], gap(rows_a, rows_b)
      """)
    #expect(values == [.number(0), .number(0)])
  }

  /// A loss may read the ego rows themselves, where they have one number: their gradients add to those of the graph.
  @Test func aLossMayReadEgoRows() throws {
    let values = try run(
      """
      local function trained(penalty, regularization)
        local model = perigee.models.lightgcn { data = split, dim = 1, layers = 2 }
        local function loss(s)
          local value = (s.negative - s.positive):softplus():mean "negatives"
          if penalty then value = value + 0.25 * model.parameters.user[s.users] ^ 2 end
          return value:mean()
        end
        train(model, { loss = perigee.losses.traced(loss, { fuse = false }), regularization = regularization,
          optimizer = perigee.optimizers.sgd { rate = 0.5 } })
        return model.parameters.user:tensor(), model.parameters.item:tensor()
      end
      local plain, own = trained(false), trained(true)
      return gap(plain, own), own:square():sum():item() < plain:square():sum():item()
      """)
    #expect(values[0].asNumber! > 1e-3)
    #expect(values[1] == .boolean(true))
  }

  @Test(arguments: ["batch", "batch_mean", "per_sample", "tables", "tables_touched"])
  func penaltiesShrinkTheRows(_ scope: String) throws {
    let values = try run(
      """
      local function length(weight)
        local model = perigee.models.lightgcn { data = split, dim = 5, layers = 1 }
        train(model, { regularization = weight and { weight = weight, scope = "\(scope)" } })
        return rows(model.parameters):square():sum():item()
      end
      return length(nil), length(0.5)
      """)
    #expect(values[1].asNumber! < 0.9 * values[0].asNumber!)
  }

  @Test(arguments: [
    ("lightgcn { data = split, layers = 0 }", "layers"), ("lightgcn { data = split, layers = -1 }", "layers"),
    ("lightgcn { data = split, layers = 2.5 }", "layers"),
    (
      "lightgcn { data = split, layers = 2, layer_weights = { 1, 1 } }",
      "2 weights for 2 layers; want 3, the first for the ego rows"
    ),
    ("lightgcn { data = split, layer_weights = { 0, 0, 0, 0 } }", "not all 0"),
    ("lightgcn { data = split, layer_weights = { 1, 1, 1, 1 / 0 } }", "layer_weights"),
    ("lightgcn { data = split, normalization = 'none' }", "symmetric"),
    ("mgccf { data = split, neighbors = 0 }", "neighbors"), ("mgccf { data = split, dim = 0 }", "dim"),
  ]) func settingsThatMeanNothingAreRefused(_ make: String, _ expected: String) {
    let text = message("return perigee.models.\(make)")
    #expect(text.contains("t.lua:") && text.contains(expected), "\(text)")
  }

  @Test func rowsStartAtDeviationATenthWhateverTheScore() throws {
    for make in ["lightgcn", "mgccf"] {
      for score in ["dot", "cosine"] {
        let values = try run(
          "return perigee.models.\(make) { data = split, score = '\(score)' }.parameters.user:tensor():square():mean():item() ^ 0.5"
        )
        #expect(abs(values[0].asNumber! / 0.1 - 1) < 0.1)
      }
    }
  }
}
